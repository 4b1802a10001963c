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
var<storage, read> input_1: Array;

// Bias
	@group(0) @binding(2)
	var<storage, read> input_2: Array;

	@group(0) @binding(3)
	var<storage, read_write> output_0: Array;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>) {
	let gidx = global_id.x;
	if (gidx < 495u) {
		let batch = gidx / 495u;
		var rest = gidx % 495u;

		let m = rest / 99u;
		rest = rest % 99u;

		let y = rest / 11u;
		let x = rest % 11u;

		let M = 5u;
		let current_group: u32 = m * 1u / M;

		var result: Scalar = Scalar();

		let root_index = batch * 297u;
		let root_kernel_index = m * 27u;

		for(var c: u32 = current_group * 3u; c < (current_group + 1u) * 3u; c = c + 1u) {
			let base_index = root_index + c * 99u;
			let base_kernel_index = root_kernel_index + c % 3u * 9u;

			for(var i: u32 = 0u; i < 3u; i = i + 1u) {
				let tmp_y = i32(y) * 1i + i32(i) * 1i - 1i;

				if ((tmp_y < 9i) && (tmp_y >= 0i)) {
					for(var j: u32 = 0u; j < 3u; j = j + 1u) {
						let tmp_x = i32(x) * 1i + i32(j) * 1i - 1i;

						if ((tmp_x < 11i) && (tmp_x >= 0i)) {
							let tmp_index = base_index + u32(tmp_y) * 11u + u32(tmp_x);
							let index_kernel = base_kernel_index + i * 3u + j;
							result = input_0.data[tmp_index] * input_1.data[index_kernel] + result;
						}
					}
				}
			}
		}

		result = result + input_2.data[m];

		output_0.data[gidx] = max(result, Scalar());
	}
}
