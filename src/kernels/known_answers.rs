//! Random123's known answers, computed on the adapter from their counters and keys: the form that the generators share.

use super::{Allowance, Buffer, Exact, OutputView, Pass, Problem, Program, Shader};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;

/// A table of counters, keys and results.
#[derive(Debug)]
pub(super) struct KnownAnswers {
    /// The counter and the key of each row, one after another.
    inputs: Vec<u32>,
    /// The published results.
    published: Vec<u32>,
    /// Our own.
    computed: Vec<u32>,
    rows: usize,
    shader: Shader,
    wg: u32,
}

impl KnownAnswers {
    /// Rows of `N` words of which the last `R` are the result of `compute` on the others. `shader` computes them with
    /// workgroups of `wg`.
    pub(super) fn new<const N: usize, const R: usize>(
        rows: &[[u32; N]],
        compute: impl Fn(&[u32]) -> [u32; R],
        shader: Shader,
        wg: u32,
    ) -> Self {
        let (mut inputs, mut published, mut computed) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let (input, result) = row.split_at(N - R);
            inputs.extend(input);
            published.extend(result);
            computed.extend(compute(input));
        }
        Self { inputs, published, computed, rows: rows.len(), shader: shader.define("WG", wg), wg }
    }
}

impl Problem for KnownAnswers {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::U32, self.published.len())
    }

    fn program(&self) -> Option<Program> {
        let groups = u32::try_from(self.rows).unwrap_or(u32::MAX).div_ceil(self.wg);
        let len = self.published.len();
        Some(Program::new(
            self.shader.source(),
            vec![Buffer::Input(self.inputs.clone()), Buffer::Output(len)],
            vec![Pass::new("main", [groups, 1, 1])],
            OutputView::whole(1, Dtype::U32, len),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        Some(Bits::words(Dtype::U32, self.computed.clone()))
    }

    /// The results that Random123 publishes, and not our own.
    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: self.published.iter().copied().map(f64::from).collect() })
    }

    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }
}
