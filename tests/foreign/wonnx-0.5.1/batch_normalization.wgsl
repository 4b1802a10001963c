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


struct Block {
	data: array<f32>
};

// X (input)
@group(0) @binding(0)
var<storage, read> input_0: Block;

// Scale
@group(0) @binding(1)
var<storage, read> input_1: Array;

// B (bias)
@group(0) @binding(2)
var<storage, read> input_2: Array;

// Input mean
@group(0) @binding(3)
var<storage, read> input_3: Array;

// Input variance
@group(1) @binding(0)
var<storage, read> input_4: Array;

// Y (Output)
@group(1) @binding(1)
var<storage, read_write> output_0: Block;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>) {
	let channel = global_id.y;
	let batch = global_id.z;
	let index = global_id.x + batch * 120u + channel * 40u;

	// Y = (X - input_mean) / sqrt(input_var + epsilon) * scale + B
	let x = input_0.data[index];
	let channel_scale = input_1.data[channel];
	let channel_bias = input_2.data[channel];
	let channel_mean = input_3.data[channel];
	let channel_var = input_4.data[channel];

	output_0.data[index] = (x - channel_mean) / sqrt(channel_var + 0.00001) * channel_scale + channel_bias;
}
