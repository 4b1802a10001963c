//! A program's buffers where its shader has them: layouts and bind groups, in any group and with gaps.

use super::runner::Held;
use crate::model::task::{Buffer, Program};

/// A program's bind groups.
#[derive(Debug)]
pub(super) struct Bound {
    /// The layout of its pipelines.
    pub(super) layout: wgpu::PipelineLayout,
    /// By number; `None` for numbers that the shader leaves out.
    pub(super) groups: Vec<Option<wgpu::BindGroup>>,
}

impl Bound {
    /// Binds each of a program's buffers in its slot.
    pub(super) fn new(device: &wgpu::Device, program: &Program, buffers: &[Held]) -> Self {
        let count = (0..program.buffers.len()).map(|index| program.slot(index).group + 1).max().unwrap_or(0);
        let (layouts, groups): (Vec<_>, Vec<_>) =
            (0..count).map(|group| bind(device, program, buffers, group).unzip()).unzip();
        let layouts: Vec<_> = layouts.iter().map(Option::as_ref).collect();
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &layouts,
            immediate_size: 0,
        });
        Self { layout, groups }
    }
}

/// One group; `None` where it has no buffer.
fn bind(
    device: &wgpu::Device,
    program: &Program,
    buffers: &[Held],
    group: u32,
) -> Option<(wgpu::BindGroupLayout, wgpu::BindGroup)> {
    let mine: Vec<_> = (0..program.buffers.len()).filter(|index| program.slot(*index).group == group).collect();
    if mine.is_empty() {
        return None;
    }
    let entries: Vec<_> = mine
        .iter()
        .map(|index| wgpu::BindGroupLayoutEntry {
            binding: program.slot(*index).binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match program.buffers[*index] {
                    Buffer::Uniform(_) => wgpu::BufferBindingType::Uniform,
                    Buffer::Input(_) => wgpu::BufferBindingType::Storage { read_only: true },
                    Buffer::Output(_) | Buffer::InOut(_) => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
    let entries: Vec<_> = mine
        .iter()
        .map(|index| wgpu::BindGroupEntry {
            binding: program.slot(*index).binding,
            resource: buffers[*index].used.as_entire_binding(),
        })
        .collect();
    let bound =
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries });
    Some((layout, bound))
}
