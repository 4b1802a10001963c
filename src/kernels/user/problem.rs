//! One case of a kernel of the user's own: its program, and what the embedded interpreter says of it.

use std::sync::{Arc, OnceLock};

use super::specified::Liberty;
use crate::engines::RunError;
use crate::engines::interpreter::{Defects, Mode, Runner};
use crate::kernels::{Allowance, Exact, Feature, Problem, Program};
use crate::model::bits::{Bits, Dtype};
use crate::model::{Finding, FindingKind, Skip};
use crate::numerics::arith::Arithmetic;

/// Legal orders of execution that are tried before a kernel is said to have a result.
const ORDERS: u32 = 6;

/// Subgroup sizes that adapters have.
const SUBGROUPS: [u32; 4] = [4, 8, 64, 128];

/// What is read of an inactive invocation of a subgroup in a second try, besides zero.
const ABSENT: u32 = 0xcafe_f00d;

/// Those of a shader with the built-in `fma`; one that has none needs no [`Arithmetic::SPLIT`].
const WITH_FMA: [Arithmetic; 6] = [
    Arithmetic::STRICT,
    Arithmetic::FUSED,
    Arithmetic::SPLIT,
    Arithmetic::FLUSH,
    Arithmetic { flush: true, ..Arithmetic::FUSED },
    Arithmetic { flush: true, ..Arithmetic::SPLIT },
];

/// What strict arithmetic gives, and whether that is the only answer.
#[derive(Debug)]
pub struct Reference {
    /// The result; `None` where legal executions differ, or where the shader has a defect that leaves it undefined.
    pub bits: Option<Bits>,
    /// Why the specification is not judged; `None` where it allows the result's bits alone.
    pub unjudged: Option<String>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Why there is no reference.
#[derive(Debug)]
pub enum Unrun {
    /// The interpreter can not run it.
    Skip(Skip),
    /// It failed.
    Failed(RunError),
}

/// What cases share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) program: Program,
    pub(super) liberty: Option<Liberty>,
    pub(super) has_fma: bool,
    /// The dispatch, where nobody said what it is.
    pub(super) guessed: Option<[u32; 3]>,
    pub(super) reference: OnceLock<Result<Reference, Unrun>>,
}

impl Shared {
    /// The reference, computed once.
    pub(super) fn reference(&self) -> &Result<Reference, Unrun> {
        self.reference.get_or_init(|| reference(&self.program, self.liberty))
    }
}

fn reference(program: &Program, liberty: Option<Liberty>) -> Result<Reference, Unrun> {
    let mut runs = match Runner::open(Mode::default()).run(program, ORDERS) {
        Ok(Ok(runs)) => runs,
        Ok(Err(skip)) => return Err(Unrun::Skip(skip)),
        Err(error) => return Err(Unrun::Failed(error)),
    };
    let found = |kinds: &[FindingKind]| runs.findings.iter().any(|f| kinds.contains(&f.kind));
    let mut bits = match runs.distinct.as_slice() {
        [only] => only.bits.clone(),
        _ => None,
    };
    let mut unjudged = liberty.map(|l| l.reason().to_owned());
    if found(&[FindingKind::DataRace, FindingKind::NonUniformBarrier]) {
        bits = None;
        unjudged = Some("a defect of the shader leaves its results undefined".to_owned());
    } else if bits.is_none() {
        unjudged = Some("its results depend on the order of execution".to_owned());
    } else if found(&[FindingKind::OutOfBounds]) {
        unjudged = Some("it goes out of bounds, and adapters may differ in what they make of that".to_owned());
    }
    if let Some(result) = bits.as_ref().filter(|_| program.features.contains(&Feature::Subgroup)) {
        let result = result.clone();
        for subgroup in SUBGROUPS {
            let mut runner = Runner::open(Mode { subgroup, ..Mode::default() });
            let other = match runner.run(program, 1) {
                Ok(Ok(other)) => other,
                Ok(Err(skip)) => return Err(Unrun::Skip(skip)),
                Err(error) => return Err(Unrun::Failed(error)),
            };
            let defects = [FindingKind::DataRace, FindingKind::NonUniformBarrier];
            // What a smaller subgroup does not synchronise is a race there.
            for finding in other.findings.into_iter().filter(|f| defects.contains(&f.kind)) {
                bits = None;
                unjudged = Some("a defect of the shader leaves its results undefined".to_owned());
                let message = format!("{} (with subgroups of {subgroup})", finding.message);
                if !runs.findings.iter().any(|f| (f.kind, f.line) == (finding.kind, finding.line)) {
                    runs.findings.push(Finding { message, ..finding });
                }
            }
            if bits.is_some() && other.distinct.first().and_then(|d| d.bits.as_ref()) != Some(&result) {
                bits = None;
                unjudged =
                    Some("its results depend on the size of a subgroup, which is the adapter's choice".to_owned());
            }
        }
        let other = Runner::open(Mode::default()).compute_with_absent(program, ABSENT).map_err(Unrun::Failed)?;
        if bits.is_some() && program.output.gather(other) != result {
            bits = None;
            unjudged =
                Some("it reads invocations of a subgroup that are not active, which may give any value".to_owned());
        }
    }
    Ok(Reference { bits, unjudged, findings: runs.findings })
}

/// A case.
#[derive(Debug)]
pub(super) struct OwnProblem(pub(super) Arc<Shared>);

impl Problem for OwnProblem {
    fn shape(&self) -> (Dtype, usize) {
        (self.0.program.output.dtype, self.0.program.output.len)
    }

    fn program(&self) -> Option<Program> {
        Some(self.0.program.clone())
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        match (self.0.liberty, self.0.has_fma) {
            (Some(Liberty::Floats), true) => &WITH_FMA,
            (Some(Liberty::Floats), false) => &Arithmetic::CONTRACTION,
            _ => &[Arithmetic::STRICT],
        }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let strict = self.0.reference().as_ref().ok()?.bits.as_ref()?;
        if arithmetic == Arithmetic::STRICT {
            return Some(strict.clone());
        }
        let Arithmetic { fused, flush, split } = arithmetic;
        let defects = Defects { contract: fused, flush, split_fma: split, ..Defects::default() };
        let mut runner = Runner::open(Mode { defects, ..Mode::default() }).with_threads(threads);
        Some(self.0.program.output.gather(runner.compute(&self.0.program).ok()?))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    fn allowance(&self) -> Allowance {
        match self.0.reference() {
            Ok(Reference { unjudged: None, .. }) => Allowance::Exact,
            _ => Allowance::Unjudged,
        }
    }
}
