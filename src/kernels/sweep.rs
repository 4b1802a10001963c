//! The functions that can be swept over all their inputs, and their programs.

use super::shader::Shader;
use super::{Buffer, Feature, OutputView, Pass, Program, arithmetic, builtins};
use crate::model::bits::Dtype;
use crate::numerics::arith::format::Format;
use crate::numerics::sweep::Function;
use crate::numerics::sweep::order::Chunk;

/// Invocations in a workgroup, so that the largest chunk is one dispatch.
const WG: usize = 256;

/// A function, its expression in WGSL, and what it needs.
#[derive(Debug, Clone, Copy)]
pub struct Sweepable {
    /// The function.
    pub function: Function,
    /// The kernel of which it is a variant.
    pub kernel: &'static str,
    wgsl: &'static str,
    needs: Option<Feature>,
}

/// The functions of one operand, and in binary16 also those of two: built-ins and operators whose operands and result are
/// of the type `dtype`, in the order in which `repro-audit kernels` lists them.
#[must_use]
pub fn functions(format: Format) -> Vec<Sweepable> {
    let kernels = [&builtins::KERNEL, &arithmetic::KERNEL];
    let mut found = Vec::new();
    for kernel in kernels {
        for row in kernel.rows() {
            let wanted = match row.draws.len() {
                1 => kernel.name == "builtins",
                2 => format == Format::F16 && (PAIRS.contains(&row.name) || OPERATORS.contains(&row.name)),
                _ => false,
            };
            let typed = row.output == Dtype::F32 && !row.takes_words();
            if !wanted || !typed || format == Format::F16 && !kernel.takes_half(row) {
                continue;
            }
            let function =
                Function { name: row.name, operands: row.draws.len(), format, exact: row.exact, allowed: row.allowed };
            found.push(Sweepable { function, kernel: kernel.name, wgsl: row.wgsl, needs: row.needs });
        }
    }
    found
}

/// The built-ins of two floats.
const PAIRS: [&str; 5] = ["atan2", "max", "min", "pow", "step"];

/// The operators of two floats.
const OPERATORS: [&str; 5] = ["add", "div", "mul", "rem", "sub"];

impl Sweepable {
    /// The program for chunks of this shape, and which of its buffers has the parameters of each chunk.
    #[must_use]
    pub fn program(&self, chunk: Chunk) -> (Program, usize) {
        let (dtype, n) = (self.function.dtype(), chunk.count());
        let half = dtype == Dtype::F16;
        let scalar = if half { "f16" } else { "f32" };
        let source = Shader::new("//#include shared/sweep.wgsl")
            .define("SCALAR", scalar)
            .define("EXPRESSION", self.wgsl.replace("scalar", scalar))
            .define("STEP", 1u32 << 31)
            .define("WG", WG)
            .define("N", n)
            .flag("HALF", half)
            .flag("SAMPLE", chunk.sample)
            .source();
        let mut buffers = vec![Buffer::Output(n.div_ceil(dtype.per_word())), Buffer::Input(chunk.parameters())];
        let mut features: Vec<_> = self.needs.into_iter().collect();
        if half {
            buffers.push(Buffer::Input((0..1u32 << 15).map(|k| (2 * k) | ((2 * k + 1) << 16)).collect()));
            features.push(Feature::ShaderF16);
        }
        let groups = u32::try_from(n.div_ceil(WG)).unwrap_or(u32::MAX);
        let passes = vec![Pass::new("main", [groups, 1, 1])];
        (Program::new(source, buffers, passes, OutputView::whole(0, dtype, n)).needing(features), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sweep::Inputs;
    use crate::numerics::sweep::order::Order;

    #[test]
    fn programs_parse_and_names_are_one_function_each() {
        for (format, least) in [(Format::F32, 28), (Format::F16, 36)] {
            let all = functions(format);
            assert!(all.len() >= least, "{format:?}: {}", all.len());
            let mut names: Vec<_> = all.iter().map(|s| s.function.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all.len(), "each name once");
            for sweepable in all {
                for inputs in [Inputs::All, Inputs::Stratified] {
                    let order = Order { inputs, bits: sweepable.function.bits(), blocks: 4, most: None, from: 0 };
                    let chunk = order.chunks().next().expect("a chunk");
                    let (program, _) = sweepable.program(chunk);
                    let parsed = naga::front::wgsl::parse_str(&program.source);
                    assert!(parsed.is_ok(), "{}", parsed.unwrap_err().emit_to_string(&program.source));
                }
            }
        }
    }
}
