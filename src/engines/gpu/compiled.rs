//! Pipelines by all that they are made from: cases that differ in their data alone are compiled once.

use std::collections::HashMap;

use crate::model::task::{Buffer, Program, Slot};

/// So many are kept: the kernels come one after another, and few have more forms.
const MOST: usize = 128;

/// What a module is made from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Source {
    text: String,
    /// The buffers where the shader has them, and whether each is a uniform, is read only, or is written.
    layout: Vec<(Slot, u8)>,
    /// Overrides, their values as bits.
    overrides: Vec<(String, u64)>,
    zeroed: bool,
}

impl Source {
    fn of(program: &Program) -> Self {
        let kind = |buffer: &Buffer| match buffer {
            Buffer::Uniform(_) => 0,
            Buffer::Input(_) => 1,
            Buffer::Output(_) | Buffer::InOut(_) => 2,
        };
        Self {
            text: program.source.clone(),
            layout: program.buffers.iter().enumerate().map(|(at, b)| (program.slot(at), kind(b))).collect(),
            overrides: program.overrides.iter().map(|(name, value)| (name.clone(), value.to_bits())).collect(),
            zeroed: program.zeroed,
        }
    }
}

/// A module, and its pipelines by entry point.
#[derive(Debug)]
struct Made {
    module: wgpu::ShaderModule,
    pipelines: HashMap<String, wgpu::ComputePipeline>,
}

/// What one device has compiled.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    made: HashMap<Source, Made>,
}

impl Compiled {
    /// A pipeline for each of a program's passes.
    pub(super) fn pipelines(
        &mut self,
        device: &wgpu::Device,
        program: &Program,
        layout: &wgpu::PipelineLayout,
    ) -> Vec<wgpu::ComputePipeline> {
        let source = Source::of(program);
        if self.made.len() >= MOST && !self.made.contains_key(&source) {
            self.made.clear();
        }
        let made = self.made.entry(source).or_insert_with(|| Made {
            module: device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: None,
                source: wgpu::ShaderSource::Wgsl(program.source.as_str().into()),
            }),
            pipelines: HashMap::new(),
        });
        let constants: Vec<_> = program.overrides.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let Made { module, pipelines } = made;
        let make = |entry: &String| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(entry),
                layout: Some(layout),
                module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    zero_initialize_workgroup_memory: program.zeroed,
                },
                cache: None,
            })
        };
        let mut pipeline = |entry: &str| pipelines.entry(entry.to_owned()).or_insert_with_key(make).clone();
        program.passes.iter().map(|pass| pipeline(&pass.entry)).collect()
    }

    /// Forgets all: one that failed stays unusable, and would be told of as another failure.
    pub(super) fn clear(&mut self) {
        self.made.clear();
    }
}
