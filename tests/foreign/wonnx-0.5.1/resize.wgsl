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

	if (gidx < 432u) {
		var rest = gidx;
				let d_0 = rest / 432u;
				rest = gidx % 432u;

				let d_1 = rest / 216u;
				rest = gidx % 216u;

				let d_2 = rest / 18u;
				rest = gidx % 18u;

				let d_3 = rest;


		let index =u32(floor(
					(f32(d_0) + 0.5) / 1.0
				)) * 70u
					+u32(floor(
					(f32(d_1) + 0.5) / 1.0
				)) * 35u
					+u32(floor(
					(f32(d_2) + 0.5) / 2.4
				)) * 7u
					+u32(floor(
					(f32(d_3) + 0.5) / 2.6
				)) * 1u;

		output_0.data[gidx] = input_0.data[index];
	}
}
