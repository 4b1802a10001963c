//! Any text: refused with an error, or executed within a step limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use naga::AddressSpace;
use repro_audit::bits::Dtype;
use repro_audit::engines::embedded;
use repro_audit::kernels::{Buffer, OutputView, Pass, Program, Slot};

/// Words in every buffer.
const WORDS: usize = 64;

/// Steps that a workgroup may take.
const STEPS: u64 = 1 << 12;

/// A program for a module's first compute entry point; `None` where it has none, or writes no buffer.
fn program(source: &str) -> Option<Program> {
    let module = naga::front::wgsl::parse_str(source).ok()?;
    let entry = module.entry_points.iter().find(|e| e.stage == naga::ShaderStage::Compute)?.name.clone();
    let (mut buffers, mut slots, mut output) = (Vec::new(), Vec::new(), None);
    for (_, variable) in module.global_variables.iter() {
        let Some(binding) = &variable.binding else { continue };
        let words: Vec<u32> = (0..WORDS as u32).map(|i| i.wrapping_mul(0x9e37_79b9)).collect();
        slots.push(Slot { group: binding.group, binding: binding.binding });
        buffers.push(match variable.space {
            AddressSpace::Uniform => Buffer::Uniform(words),
            AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE) => {
                output = Some(buffers.len());
                Buffer::InOut(words)
            }
            _ => Buffer::Input(words),
        });
    }
    let view = OutputView::whole(output?, Dtype::U32, WORDS);
    let passes = vec![Pass::new(entry, [2, 1, 1])];
    Some(Program { slots, ..Program::new(source.to_owned(), buffers, passes, view) })
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = std::str::from_utf8(bytes) else { return };
    // naga itself recurses on the depth of blocks and parentheses.
    if source.len() > 4096 {
        return;
    }
    let Some(program) = program(source) else { return };
    let mut runner = embedded::Runner::open(embedded::Mode::default()).with_most_steps(STEPS);
    // An error is as good as an answer; a skip, too.
    let _ = runner.run(&program, 2);
});
