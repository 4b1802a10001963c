//! Random numbers on each adapter against a plain write of as many words.
//!
//! `cargo bench --bench draws`
//!
//! Each pair is one submission of each shader, in turn, waited for; buffers stay on the device. The plain write stores the
//! element's index, in the same loop and the same launch. Nothing that writes its numbers once can exceed 1 but by chance.

#[path = "ratio/mod.rs"]
#[expect(dead_code, reason = "the lines name adapters, not threads")]
mod ratio;

use repro_audit::kernels::case::Case;
use repro_audit::kernels::{self, Buffer, Program};

/// 32 MiB.
const N: usize = 1 << 23;
const LAUNCH: &str = "wg=256&groups=256";

const CASES: [&str; 7] = [
    "philox/element",
    "uniform/scale",
    "uniform/high24",
    "uniform/bits",
    "dropout/element",
    "normal/box_muller",
    "normal/inverse_cdf",
];

/// Dispatches in one submission, so that the submission itself weighs little.
const DISPATCHES: usize = 2;

const PLAIN: &str = "
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = arrayLength(&output);
    for (var block = id.x; 4u * block < n; block += groups.x * 256u) {
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
            if i < n {
                output[i] = i ^ input[0];
            }
        }
    }
}
";

/// A program on a device, ready to be run.
struct Ready {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    groups: [u32; 3],
}

fn ready(device: &wgpu::Device, queue: &wgpu::Queue, program: &Program, output: &wgpu::Buffer) -> Ready {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(program.source.as_str().into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let buffers: Vec<wgpu::Buffer> = program
        .buffers
        .iter()
        .map(|buffer| match buffer {
            Buffer::Input(words) => {
                let made = device.create_buffer(&wgpu::BufferDescriptor {
                    label: None,
                    size: 4 * words.len() as u64,
                    usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                });
                queue.write_buffer(&made, 0, bytemuck::cast_slice(words));
                made
            }
            _ => output.clone(),
        })
        .collect();
    let entries: Vec<_> = (0u32..)
        .zip(&buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    });
    Ready { pipeline, group, groups: program.passes[0].groups }
}

fn run(device: &wgpu::Device, queue: &wgpu::Queue, ready: &Ready) {
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    for _ in 0..DISPATCHES {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&ready.pipeline);
        pass.set_bind_group(0, &ready.group, &[]);
        let [x, y, z] = ready.groups;
        pass.dispatch_workgroups(x, y, z);
    }
    queue.submit([encoder.finish()]);
    device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
}

fn main() {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    for adapter in pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all())) {
        let info = adapter.get_info();
        let label = format!("{} [{}]", info.name, info.backend);
        let wanted = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let Ok((device, queue)) = pollster::block_on(adapter.request_device(&wanted)) else {
            println!("{label}: no device");
            continue;
        };
        let output = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 4 * N as u64,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        let of = |id: &str| {
            let case = Case::parse(id).expect("a case");
            kernels::problem(&case).expect("a problem").program().expect("a program")
        };
        let mut plain = of(&format!("philox/element?n={N}&{LAUNCH}"));
        plain.source = PLAIN.to_owned();
        let plain = ready(&device, &queue, &plain, &output);
        for case in CASES {
            let program = of(&format!("{case}?n={N}&{LAUNCH}"));
            let ours = ready(&device, &queue, &program, &output);
            let median = ratio::median(|| run(&device, &queue, &ours), || run(&device, &queue, &plain));
            println!("ratio  {case} / plain write, {label}: {median:.2}");
        }
    }
}
