//! What a case's outputs are measured against: twins, the exact answer, and the specification.

use std::sync::Arc;

use crate::kernels::{Allowance, Exact, Problem};
use crate::model::bits::Bits;
use crate::numerics::arith::Arithmetic;

/// The references of one case.
pub(super) struct Truth {
    pub(super) problem: Box<dyn Problem>,
    twins: Vec<Twin>,
    pub(super) exact: Option<Arc<Exact>>,
    pub(super) allowance: Allowance,
    threads: usize,
}

/// A twin's output in one arithmetic.
pub(super) struct Twin {
    pub(super) arithmetic: Arithmetic,
    pub(super) bits: Bits,
    pub(super) digest: String,
}

impl Truth {
    /// Computes the strict twin and the allowance. The exact answer is that of the inputs: `known` where another
    /// configuration of the problem had it computed.
    pub(super) fn new(problem: Box<dyn Problem>, threads: usize, known: Option<Option<Arc<Exact>>>) -> Self {
        let exact = known.unwrap_or_else(|| problem.exact().map(Arc::new));
        let mut truth = Self { exact, allowance: problem.allowance(), problem, twins: Vec::new(), threads };
        truth.compute(Arithmetic::STRICT);
        truth
    }

    /// Computes the twins in the other arithmetics.
    pub(super) fn complete(&mut self) {
        for arithmetic in self.problem.arithmetics() {
            if !self.twins.iter().any(|t| t.arithmetic == *arithmetic) {
                self.compute(*arithmetic);
            }
        }
    }

    fn compute(&mut self, arithmetic: Arithmetic) {
        if let Some(bits) = self.problem.twin(arithmetic, self.threads) {
            let digest = bits.digest();
            self.twins.push(Twin { arithmetic, bits, digest });
        }
    }

    /// The strict twin, where an order is defined.
    pub(super) fn strict(&self) -> Option<&Twin> {
        self.twins.iter().find(|t| t.arithmetic == Arithmetic::STRICT)
    }

    /// The twins computed so far, the strict one first.
    pub(super) fn twins(&self) -> &[Twin] {
        &self.twins
    }

    /// The arithmetics whose twins have this digest.
    pub(super) fn equals(&self, digest: &str) -> Vec<Arithmetic> {
        self.twins.iter().filter(|t| t.digest == digest).map(|t| t.arithmetic).collect()
    }
}
