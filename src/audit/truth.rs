//! What a case's outputs are measured against: twins, the exact answer, and the specification.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kernels::case::Case;
use crate::kernels::{self, Allowance, Exact, Problem};
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

/// What cases share whose inputs and order of operations are the same.
struct Shared {
    twins: Vec<Twin>,
    allowance: Allowance,
}

impl Truth {
    /// Computes the strict twin and the allowance, but for what other cases had computed.
    pub(super) fn new(problem: Box<dyn Problem>, case: &Case, threads: usize, known: &mut Known) -> Self {
        let exact = known.exact(case).unwrap_or_else(|| problem.exact().map(Arc::new));
        let shared = known.shared(case);
        let Shared { twins, allowance } =
            shared.unwrap_or_else(|| Shared { twins: Vec::new(), allowance: problem.allowance() });
        let mut truth = Self { problem, twins, exact, allowance, threads };
        truth.compute(Arithmetic::STRICT);
        truth
    }

    /// Computes the twins in the other arithmetics.
    pub(super) fn complete(&mut self) {
        for arithmetic in self.problem.arithmetics() {
            self.compute(*arithmetic);
        }
    }

    fn compute(&mut self, arithmetic: Arithmetic) {
        if self.twins.iter().any(|t| t.arithmetic == arithmetic) {
            return;
        }
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

/// What was computed for cases before and serves for others that come.
#[derive(Default)]
pub(super) struct Known {
    /// How many cases are left that share references, and exact answers, by what they share.
    left: BTreeMap<String, usize>,
    shared: BTreeMap<String, Shared>,
    exact: BTreeMap<String, Option<Arc<Exact>>>,
}

/// What names the references of a case.
fn algorithm(case: &Case) -> String {
    kernels::find(case.kernel()).map_or_else(|| case.to_string(), |kernel| kernel.algorithm(case))
}

/// What names the exact answer of a case.
fn inputs(case: &Case) -> String {
    format!("exact {}", case.problem())
}

impl Known {
    /// For these cases.
    pub(super) fn of<'c>(cases: impl Iterator<Item = &'c Case>) -> Self {
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        for case in cases {
            *left.entry(algorithm(case)).or_default() += 1;
            *left.entry(inputs(case)).or_default() += 1;
        }
        Self { left, ..Self::default() }
    }

    fn exact(&mut self, case: &Case) -> Option<Option<Arc<Exact>>> {
        self.exact.get(&inputs(case)).cloned()
    }

    fn shared(&mut self, case: &Case) -> Option<Shared> {
        self.shared.remove(&algorithm(case))
    }

    /// Whether another case after this one has the same name for something.
    fn goes_on(&mut self, name: &str) -> bool {
        let left = self.left.entry(name.to_owned()).or_default();
        *left = left.saturating_sub(1);
        *left > 0
    }

    /// Keeps what further cases share with this one, and forgets the rest.
    pub(super) fn done(&mut self, case: &Case, truth: Option<Truth>) {
        let (algorithm, inputs) = (algorithm(case), inputs(case));
        let (again, exact_again) = (self.goes_on(&algorithm), self.goes_on(&inputs));
        if !again {
            self.shared.remove(&algorithm);
        }
        if !exact_again {
            self.exact.remove(&inputs);
        }
        let Some(Truth { twins, allowance, exact, .. }) = truth else { return };
        if again {
            self.shared.insert(algorithm, Shared { twins, allowance });
        }
        if exact_again {
            self.exact.insert(inputs, exact);
        }
    }

    /// How many references and exact answers are kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.shared.len() + self.exact.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kernels::Profile;

    /// What is shared is what each case would have computed.
    #[test]
    fn cases_share_what_is_equal() {
        let mut by: BTreeMap<String, Vec<Case>> = BTreeMap::new();
        for case in kernels::all().iter().flat_map(|k| k.plan(Profile::Quick, 7)) {
            by.entry(algorithm(&case)).or_default().push(case);
        }
        let mut shared = 0;
        for cases in by.into_values().filter(|cases| cases.len() > 1) {
            let first = kernels::problem(&cases[0]).unwrap();
            for case in &cases[1..] {
                let other = kernels::problem(case).unwrap();
                assert_eq!(first.arithmetics(), other.arithmetics(), "{case} and {}", cases[0]);
                for arithmetic in first.arithmetics() {
                    let [a, b] = [&first, &other].map(|p| p.twin(*arithmetic, 2));
                    assert!(a == b, "{case} and {} in {}", cases[0], arithmetic.name());
                }
                assert!(first.allowance() == other.allowance(), "{case} and {}: what is allowed", cases[0]);
                shared += 1;
            }
        }
        assert!(shared > 150, "{shared} cases need no reference of their own");
    }

    #[test]
    fn what_no_case_needs_any_more_is_forgotten() {
        let [a, b, c] = ["wg=64", "wg=128", "wg=64&n=128"].map(|q| Case::parse(&format!("matmul/naive?{q}")).unwrap());
        let other = Case::parse("matmul/tiled").unwrap();
        let mut known = Known::of([&a, &b, &c, &other].into_iter());
        let mut take = |case: &Case| {
            let truth = Truth::new(kernels::problem(case).unwrap(), case, 1, &mut known);
            let digest = truth.strict().map(|t| t.digest.clone());
            known.done(case, Some(truth));
            (digest, known.len())
        };
        let (first, kept) = take(&a);
        assert_eq!(kept, 2, "references and exact answer of the first product");
        assert_eq!(
            take(&b),
            (first.clone(), 1),
            "another launch: the exact answer is done with, the references are not"
        );
        assert_eq!(take(&c).1, 1, "another product");
        assert_eq!(take(&other), (first, 0), "another variant with the same order");
    }
}
