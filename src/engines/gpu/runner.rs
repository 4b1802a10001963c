//! Runs a program on one adapter, many times in few submissions, with poisoned outputs.

use std::sync::{Arc, Mutex};

use super::bind::Bound;
use super::compiled::Compiled;
use super::readback::Staging;
use crate::engines::collect::{Collected, POISON};
use crate::engines::unsupported;
use crate::model::task::{Buffer, Feature, Program};
use crate::model::{RunError, Runs, Skip};
use crate::wgsl::specialise;

/// How many bytes of outputs are read back at once.
const STAGING_BYTES: u64 = 64 << 20;

/// At most so much poison is kept, and copied as often as an output needs it: outputs may have a gigabyte.
const POISON_BYTES: u64 = 16 << 20;

/// A program's buffer on the device.
#[derive(Debug)]
pub(super) struct Held {
    /// What the shader uses.
    pub(super) used: wgpu::Buffer,
    /// What is copied there before every run, where that is not the poison.
    initial: Option<wgpu::Buffer>,
}

/// A device, and what is kept between cases.
#[derive(Debug)]
pub struct Runner {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) features: Vec<Feature>,
    pub(super) compiled: Compiled,
    staging: Staging,
    poison: [Option<wgpu::Buffer>; 2],
    /// What the driver said outside any error scope.
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Runner {
    /// Opens a device with every limit and every optional capability that the adapter has.
    pub(super) fn open(adapter: &wgpu::Adapter) -> Result<Self, RunError> {
        let features = super::features(adapter);
        let required = features.iter().fold(wgpu::Features::empty(), |all, f| all | super::wgpu_feature(*f));
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("repro-audit"),
            required_features: required,
            required_limits: adapter.limits(),
            ..Default::default()
        }))
        .map_err(|e| RunError::Driver(format!("no device: {e}")))?;
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&complaints);
        device.on_uncaptured_error(Arc::new(move |error| note(&heard, error.to_string())));
        let heard = Arc::clone(&complaints);
        device.set_device_lost_callback(move |reason, message| {
            if reason != wgpu::DeviceLostReason::Destroyed {
                note(&heard, format!("device lost: {message}"));
            }
        });
        Ok(Self {
            device,
            queue,
            features,
            compiled: Compiled::default(),
            staging: Staging::default(),
            poison: [None, None],
            complaints,
        })
    }

    /// Runs `program` `repeats` times.
    ///
    /// Returns the reason where the adapter cannot run it.
    ///
    /// # Errors
    /// When the driver fails, refuses the shader, or leaves output elements unwritten.
    pub fn run(&mut self, program: &Program, repeats: u32) -> Result<Result<Runs, Skip>, RunError> {
        if let Some(skip) = unsupported(program, &specialise(program)?, &self.features, &self.device.limits()) {
            return Ok(Err(skip));
        }
        self.checked(|runner| runner.run_unchecked(program, repeats.max(1))).map(Ok)
    }

    /// Does `work`, and fails where the driver reported an error meanwhile.
    pub(super) fn checked<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, RunError>) -> Result<T, RunError> {
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let result = work(self);
        let errors = [internal.pop(), memory.pop(), validation.pop()].map(pollster::block_on);
        if let Some(error) = errors.into_iter().flatten().next() {
            self.compiled.clear();
            return Err(match error {
                wgpu::Error::Validation { description, .. } => RunError::Shader(description),
                other => RunError::Driver(other.to_string()),
            });
        }
        let complaint = self.complaints.lock().ok().and_then(|mut c| c.drain(..).next());
        if let Some(message) = complaint {
            return Err(RunError::Driver(message));
        }
        result
    }

    fn run_unchecked(&mut self, program: &Program, repeats: u32) -> Result<Runs, RunError> {
        let started = std::time::Instant::now();
        let buffers: Vec<_> = program.buffers.iter().map(|b| self.buffer(b)).collect();
        let bound = Bound::new(&self.device, program, &buffers);
        let pipelines = self.compiled.pipelines(&self.device, program, &bound.layout);
        let compile_seconds = started.elapsed().as_secs_f64();

        let started = std::time::Instant::now();
        let view = &program.output;
        let words = view.span();
        let bytes = 4 * words as u64;
        let per_batch = u32::try_from((STAGING_BYTES / bytes.max(1)).clamp(1, 64)).unwrap_or(1);
        let mut collected = Collected::new(program);
        let mut done = 0;
        while done < repeats || (done == 1 && collected.suspicious()) {
            let runs = per_batch.min(repeats.saturating_sub(done)).max(1);
            self.staging.at_least(&self.device, bytes * u64::from(runs));
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for run in 0..runs {
                self.encode(&mut encoder, program, &buffers, &bound, &pipelines, done + run);
                let staging = self.staging.at_least(&self.device, bytes);
                encoder.copy_buffer_to_buffer(
                    &buffers[view.buffer].used,
                    4 * view.first_word as u64,
                    staging,
                    bytes * u64::from(run),
                    bytes,
                );
            }
            self.queue.submit([encoder.finish()]);
            let counted = done;
            self.staging.read(&self.device, bytes * u64::from(runs), |all| {
                for (run, one) in (counted..).zip(all.chunks_exact(4 * words)) {
                    collected.add(bytemuck::pod_collect_to_vec(one), run, run < repeats);
                }
            })?;
            done += runs;
        }
        let distinct = collected.finish()?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(Runs { distinct, runs: repeats, seconds, compile_seconds, findings: Vec::new() })
    }

    pub(super) fn buffer(&mut self, buffer: &Buffer) -> Held {
        let (label, usage) = match buffer {
            Buffer::Input(_) => ("input", wgpu::BufferUsages::STORAGE),
            Buffer::Uniform(_) => ("uniform", wgpu::BufferUsages::UNIFORM),
            Buffer::Output(_) | Buffer::InOut(_) => {
                ("output", wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC)
            }
        };
        let size = 4 * buffer.words() as u64;
        let make = |label, usage| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage: usage | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let used = make(label, usage);
        let mut initial = None;
        match buffer {
            Buffer::Input(words) | Buffer::Uniform(words) => {
                self.queue.write_buffer(&used, 0, bytemuck::cast_slice(words));
            }
            Buffer::Output(_) => (0..POISON.len()).for_each(|which| self.poison(which, size)),
            Buffer::InOut(words) => {
                let first = make("initial contents", wgpu::BufferUsages::COPY_SRC);
                self.queue.write_buffer(&first, 0, bytemuck::cast_slice(words));
                initial = Some(first);
            }
        }
        Held { used, initial }
    }

    /// Makes sure that poison buffer `which` holds at least `size` bytes, or [`POISON_BYTES`].
    fn poison(&mut self, which: usize, size: u64) {
        let size = size.min(POISON_BYTES);
        if self.poison[which].as_ref().is_some_and(|b| b.size() >= size) {
            return;
        }
        let size = size.next_power_of_two();
        let made = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("poison"),
            size,
            usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let block = vec![POISON[which]; 1 << 18];
        let block: &[u8] = bytemuck::cast_slice(&block);
        let mut at = 0;
        while at < size {
            let part = block.len().min(usize::try_from(size - at).unwrap_or(block.len()));
            self.queue.write_buffer(&made, at, &block[..part]);
            at += part as u64;
        }
        self.poison[which] = Some(made);
    }

    pub(super) fn encode(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        program: &Program,
        buffers: &[Held],
        bound: &Bound,
        pipelines: &[wgpu::ComputePipeline],
        run: u32,
    ) {
        let poison = self.poison[(run % 2) as usize].as_ref();
        for (spec, buffer) in program.buffers.iter().zip(buffers) {
            let before = if matches!(spec, Buffer::Output(_)) { poison } else { buffer.initial.as_ref() };
            let (Some(before), size) = (before, buffer.used.size()) else { continue };
            let mut at = 0;
            while at < size {
                let part = before.size().min(size - at);
                encoder.copy_buffer_to_buffer(before, 0, &buffer.used, at, part);
                at += part;
            }
        }
        let rounds = (0..program.rounds).flat_map(|_| program.passes.iter().zip(pipelines));
        for (pass, pipeline) in rounds {
            // A compute pass of its own for each dispatch: writes of one are seen by the next either way, and a
            // driver that gets that wrong should meet the plainest form.
            let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            compute.set_pipeline(pipeline);
            for (group, number) in bound.groups.iter().zip(0..) {
                if let Some(group) = group {
                    compute.set_bind_group(number, group, &[]);
                }
            }
            compute.dispatch_workgroups(pass.groups[0], pass.groups[1], pass.groups[2]);
        }
    }
}

fn note(complaints: &Mutex<Vec<String>>, message: String) {
    if let Ok(mut list) = complaints.lock() {
        list.push(message);
    }
}
