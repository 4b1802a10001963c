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


struct Indices {
	data: array<i32>
};

struct Chunk {
	data: array<vec4<f32>>
};

@group(0) @binding(0)
var<storage, read> input_0: Chunk; // data

@group(0) @binding(1)
var<storage, read> input_1: Indices; // indices

@group(0) @binding(2)
var<storage, read_write> output_0: Chunk;

@compute @workgroup_size(64, 1)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>) {
	let index_index = global_id.x; // Index of the index in the indices array that we are currently processing
	let chunk_index = global_id.y; // Chunk of elements that we are copying for this index (chunk size determined dynamically)
	let index_stride = 4u;

	// Negative indexing is apparently allowed; see https://github.com/onnx/onnx/blob/main/docs/Operators.md#inputs-38
	var index = input_1.data[index_index];
	if(index < 0) {
		index = 12 + index;
	}

	output_0.data[(index_index * index_stride) + chunk_index] = input_0.data[(index * i32(index_stride)) + i32(chunk_index)];
}
