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
var<storage, read> input_1: ArrayMatrix3;// Bias
	@group(0) @binding(2)
	var<storage, read> input_2: ArrayVector;

	@group(0) @binding(3)
	var<storage, read_write> output_0: Array;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>) {
	let gidx = global_id.x;
	if (gidx < 198u) {
		let batch = gidx / 198u;
		var rest = gidx % 198u;

		let m = rest / 99u;
		rest = rest % 99u;

		let y = rest / 11u;
		let x = rest % 11u;

		var result = Vec4(Scalar(), Scalar(), Scalar(), Scalar());

		let root_index = batch * 297u;
		let root_kernel_index = m * 12u;

		for(var c: u32 = 0u; c < 3u; c = c + 1u) {
			let base_index = root_index + c * 99u;
			let base_kernel_index = root_kernel_index + c;

			var kernel_matrix_0 = input_1.data[base_kernel_index];
			var kernel_matrix_1 = input_1.data[base_kernel_index + 3u];
			var kernel_matrix_2 = input_1.data[base_kernel_index + 6u];
			var kernel_matrix_3 = input_1.data[base_kernel_index + 9u];

			for(var i: u32 = 0u; i < 3u; i = i + 1u) {
				var tmp_vec = Vec3(Scalar(), Scalar(), Scalar());
				let tmp_y = y * 1u + i * 1u - 1u;

				if ((tmp_y < 9u) && (tmp_y >= 0u)) {
					for(var j: u32 = 0u; j < 3u; j = j + 1u) {
						let tmp_x = x * 1u + j * 1u - 1u;

						if ((tmp_x < 11u) && (tmp_x >= 0u)) {
							let tmp_index = base_index + tmp_y * 11u + tmp_x;
							let index_kernel = base_kernel_index + i * 3u + j;

							tmp_vec[j] = input_0.data[tmp_index];
						}
					}
				}

				result = tmp_vec * Mat4x3(
					kernel_matrix_0[i],
					kernel_matrix_1[i],
					kernel_matrix_2[i],
					kernel_matrix_3[i]
				) + result;
			}
		}

		result = result + input_2.data[m];



		let base_index_2 = batch * 792u + m * 396u + y * 11u + x;

		for(var index_vec: u32 = 0u; index_vec < 4u; index_vec = index_vec + 1u) {
			let index = base_index_2 + index_vec * 99u;
			output_0.data[index] = result[index_vec];
		}
	}
}
