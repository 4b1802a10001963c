//! Adapters through wgpu: who they are, and running a program on one.

mod adapter;
mod bind;
mod compiled;
mod identity;
mod readback;
mod runner;
mod stream;

pub use adapter::{backend_names, enumerate, open};
pub use runner::Runner;

use crate::model::task::Feature;

/// The optional capabilities that an adapter has.
fn features(adapter: &wgpu::Adapter) -> Vec<Feature> {
    let halves = adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::SHADER_F16_IN_F32);
    let has = |f: &Feature| match f {
        Feature::HalfConversions => halves,
        other => adapter.features().contains(wgpu_feature(*other)),
    };
    Feature::ALL.into_iter().filter(has).collect()
}

/// The wgpu feature (or downlevel flag) behind each optional capability.
fn wgpu_feature(feature: Feature) -> wgpu::Features {
    match feature {
        Feature::ShaderF16 => wgpu::Features::SHADER_F16,
        Feature::Subgroup => wgpu::Features::SUBGROUP,
        Feature::Float32Atomic => wgpu::Features::SHADER_FLOAT32_ATOMIC,
        Feature::HalfConversions => wgpu::Features::empty(),
        Feature::ShaderF64 => wgpu::Features::SHADER_F64,
        Feature::ShaderInt64 => wgpu::Features::SHADER_INT64,
        Feature::Int64AtomicMinMax => wgpu::Features::SHADER_INT64_ATOMIC_MIN_MAX,
        Feature::Int64Atomic => wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS,
    }
}
