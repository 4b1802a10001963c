// From wonnx 0.5.1 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
alias Scalar = f32;
alias GemmVec = vec4<f32>;
alias GemmMat = mat4x4<f32>;

struct GemmArrayVector {
	data: array<GemmVec>
};

@group(0) @binding(0)
var<storage, read> input_left: GemmArrayVector;

@group(0) @binding(1)
var<storage, read> input_right: GemmArrayVector;

 // Bias
	@group(0) @binding(2)
	var<storage, read> input_bias: GemmArrayVector;

	@group(0) @binding(3)
	var<storage, read_write> output_0: GemmArrayVector;


@compute @workgroup_size(48, 1)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>) {
	let y = global_id.x % 6u;
	let x = global_id.x / 6u;


	let stack_index = global_id.y;
	let left_offset = stack_index * 0u;
	let right_offset = stack_index * 0u;
	let output_offset = stack_index * 0u;

	let index = output_offset + (x * 24u) + y;


	let zero_vec = GemmVec(

			Scalar(),
			Scalar(),
			Scalar(),
			Scalar()
	);

	let zero_matrix = GemmMat(

			zero_vec,
			zero_vec,
			zero_vec,
			zero_vec
	);

	var tmpsum = zero_matrix;
	var product = zero_matrix;

	for(var k: u32 = 0u; k < 4u; k = k + 1u) {
		let index_left = left_offset + (x * 16u) + k;
		let index_right = right_offset + (k * 24u) + y;

		let mat_left = GemmMat(

				input_left.data[index_left + 0u],
				input_left.data[index_left + 4u],
				input_left.data[index_left + 8u],
				input_left.data[index_left + 12u]
		);

		let mat_right = GemmMat(

				input_right.data[index_right + (0u)],
				input_right.data[index_right + (6u)],
				input_right.data[index_right + (12u)],
				input_right.data[index_right + (18u)]
		);

		product = mat_right * mat_left;
		tmpsum = tmpsum + product;
	}


		let bias_index =
			 (x * 24u) +
			 y ;

		for(var index_mat: u32 = 0u; index_mat < 4u; index_mat = index_mat + 1u) {


				let bias = input_bias.data[bias_index  + (index_mat * 6u) ];


			output_0.data[index + (index_mat * 6u)] =tmpsum[index_mat] +bias;
		}

}
