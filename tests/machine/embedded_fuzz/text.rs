//! Text that is almost WGSL: an error, or an end within the step limit.

use naga::AddressSpace;
use repro_audit::engines::interpreter;
use repro_audit::kernels::{Buffer, OutputView, Pass, Program, Slot};
use repro_audit::model::bits::Dtype;

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
        let words: Vec<u32> = (0u32..).take(WORDS).map(|i| i.wrapping_mul(0x9e37_79b9)).collect();
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

/// Runs a text as far as it goes; says whether it ended with an answer.
pub(crate) fn run(source: &str) -> bool {
    let Some(program) = program(source) else { return false };
    let mut runner = interpreter::Runner::open(interpreter::Mode::default()).with_most_steps(STEPS);
    // An error is as good as an answer; a skip, too.
    matches!(runner.run(&program, 2), Ok(Ok(_)))
}

/// A text with some of its words replaced by others of it, doubled, or left out.
pub(crate) fn mutated(source: &str, bytes: &[u8]) -> String {
    let mut words: Vec<&str> = source.split_inclusive([' ', '(', ')', ',', ';', '[', '.', '\n']).collect();
    let original = words.clone();
    for change in bytes.chunks_exact(5) {
        let number = |k: usize| usize::from(u16::from_le_bytes([change[k], change[k + 1]]));
        let (at, from) = (number(0) % words.len().max(1), number(2) % original.len().max(1));
        match change[4] % 4 {
            0 if words.len() > 1 => {
                words.remove(at);
            }
            1 => words.insert(at, original[from]),
            _ => words[at] = original[from],
        }
    }
    words.concat()
}
