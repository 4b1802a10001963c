// From wonnx 0.5.1 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
alias Scalar = f32;
alias Vec3 = vec3<f32>;
alias Vec4 = vec4<f32>;

struct Array {
	data: array<Scalar>
};

struct ArrayVector {
	data: array<Vec4>
};



	alias Mat3x3 = mat3x3<f32>;
	alias Mat4x4 = mat4x4<f32>;
	alias Mat4x3 = mat4x3<f32>;

	struct ArrayMatrix {
		data: array<Mat4x4>
	};

	struct ArrayMatrix3 {
		data: array<Mat3x3>
	};





@group(0) @binding(0)
var<storage, read> input_0: Array;

@group(0) @binding(1)
var<storage, read_write> output_0: Array;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>) {
	let gidx = global_id.x;


	if ( gidx < 297u ) {

		let batch = gidx / 297u;
		var rest = gidx % 297u;

		let m = rest / 99u;
		rest = rest % 99u;

		let y = rest / 11u;
		let x = rest % 11u;

		var result = Scalar();

		var value = result;

		let base_index = batch * 297u + m * 99u;
		var tmp_y = 0u;
		var tmp_x = 0u;
		var tmp_index = 0u;
		var counter = Scalar();

		for(var i: u32 = 0u; i < 3u; i = i + 1u) {
			tmp_y = y * 1u + i * 1u - 1u;

			if ((tmp_y < 9u) && (tmp_y >= 0u)) {
				for(var j: u32 = 0u; j < 3u; j = j + 1u) {
					tmp_x = x * 1u + j * 1u - 1u;
						if ((tmp_x < 11u) && (tmp_x >= 0u)) {
							tmp_index  = base_index + tmp_y * 11u + tmp_x;

							value = input_0.data[tmp_index];result = result + value;
								counter = counter + f32(1);}
				}
			}
		}


			result = result / counter;


		output_0.data[gidx] = result;
	}

}
