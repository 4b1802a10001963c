//! Adapters through wgpu: who they are, and running a program on one.

mod adapter;
mod identity;
mod readback;
mod runner;

pub use adapter::{AdapterIdentity, FloatControls, backend_names, enumerate, open};
pub use runner::Runner;

use crate::kernels::Feature;

/// The wgpu feature (or downlevel flag) behind each optional capability.
fn wgpu_feature(feature: Feature) -> wgpu::Features {
    match feature {
        Feature::ShaderF16 => wgpu::Features::SHADER_F16,
        Feature::Subgroup => wgpu::Features::SUBGROUP,
        Feature::Float32Atomic => wgpu::Features::SHADER_FLOAT32_ATOMIC,
        Feature::HalfConversions => wgpu::Features::empty(),
    }
}
