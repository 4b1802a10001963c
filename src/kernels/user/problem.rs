//! One case of a kernel of the user's own: its program, and what the interpreter says of it.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

use super::specified::Unspecified;
use crate::engines::RunError;
use crate::engines::interpreter::{Defects, Examined, Mode, Runner};
use crate::kernels::{Allowance, Exact, Problem, Program};
use crate::model::bits::{Bits, Dtype};
use crate::model::{Examination, Finding, FindingKind, Skip};
use crate::numerics::arith::Arithmetic;

/// Legal orders of execution that are tried before a kernel is said to have a result.
const ORDERS: u32 = 6;

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
    /// The most loop iterations that one invocation goes through in a dispatch.
    pub iterations: u64,
    /// Whether it computes with floating point, and no liberty that the interpreter can take changes the result.
    pub insensitive: bool,
    /// The line of the loop that goes round most often, where there is one.
    pub longest_loop: Option<u32>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Why there is no reference.
#[derive(Debug)]
pub enum Unrun {
    /// The interpreter cannot run it.
    Skip(Skip),
    /// It failed.
    Failed(RunError),
}

/// What cases share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) program: Program,
    pub(super) unspecified: Option<Unspecified>,
    pub(super) has_fma: bool,
    /// The dispatch, where nobody said what it is.
    pub(super) guessed: Option<[u32; 3]>,
    pub(super) reference: OnceLock<Result<Reference, Unrun>>,
    /// The line of the loop that the interpreter is in.
    pub(super) at: Arc<AtomicU32>,
}

impl Shared {
    /// The reference, computed once.
    pub(super) fn reference(&self) -> &Result<Reference, Unrun> {
        self.reference.get_or_init(|| reference(&self.program, self.unspecified, &self.at))
    }
}

fn reference(program: &Program, unspecified: Option<Unspecified>, at: &Arc<AtomicU32>) -> Result<Reference, Unrun> {
    let examined = match Runner::open(Mode::default()).telling(at).examine(program, ORDERS) {
        Ok(Ok(examined)) => examined,
        Ok(Err(skip)) => return Err(Unrun::Skip(skip)),
        Err(error) => return Err(Unrun::Failed(error)),
    };
    let Examined { runs, iterations, longest_loop, insensitive } = examined;
    let has = |kinds: &[FindingKind]| runs.findings.iter().any(|f| kinds.contains(&f.kind));
    let bits = match runs.distinct.as_slice() {
        [only] => only.bits.clone(),
        _ => None,
    };
    // Why there is no reference.
    let undefined = if has(&[FindingKind::DataRace, FindingKind::NonUniformBarrier]) {
        Some("a defect of the shader leaves its results undefined")
    } else if bits.is_none() {
        Some("its results depend on the order of execution")
    } else if has(&[FindingKind::Undefined]) {
        Some("its results rest on arguments for which WGSL does not say what a built-in function gives")
    } else if has(&[FindingKind::InactiveLane]) {
        Some("it reads invocations of a subgroup that are not active, which may give any value")
    } else if has(&[FindingKind::SubgroupSize]) {
        Some("its results depend on the size of a subgroup, which is the adapter's choice")
    } else {
        None
    };
    let clamped = has(&[FindingKind::OutOfBounds])
        .then_some("it goes out of bounds, and adapters may differ in what they make of that");
    Ok(Reference {
        bits: bits.filter(|_| undefined.is_none()),
        unjudged: undefined.or(clamped).or(unspecified.map(Unspecified::reason)).map(str::to_owned),
        iterations,
        insensitive: insensitive && unspecified == Some(Unspecified::Floats),
        longest_loop,
        findings: runs.findings,
    })
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
        match (self.0.unspecified, self.0.has_fma) {
            (Some(Unspecified::Floats), true) => &WITH_FMA,
            (Some(Unspecified::Floats), false) => &Arithmetic::CONTRACTION,
            _ => &[Arithmetic::STRICT],
        }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let strict = self.0.reference().as_ref().ok()?.bits.as_ref()?;
        if arithmetic == Arithmetic::STRICT {
            return Some(strict.clone());
        }
        let mut defects = Defects::default();
        arithmetic.liberties().into_iter().for_each(|liberty| defects.take(liberty));
        let mut runner = Runner::open(Mode { defects, ..Mode::default() }).with_threads(threads);
        Some(self.0.program.output.gather(runner.compute(&self.0.program).ok()?))
    }

    fn findings(&self) -> Vec<Finding> {
        self.0.reference().as_ref().map(|reference| reference.findings.clone()).unwrap_or_default()
    }

    fn examination(&self) -> Examination {
        let reference = self.0.reference().as_ref();
        reference
            .map(|r| Examination { iterations: r.iterations, insensitive: r.insensitive, ..Examination::default() })
            .unwrap_or_default()
    }

    fn longest_loop(&self) -> Option<u32> {
        self.0.reference().as_ref().ok()?.longest_loop
    }

    fn limited(&self, iterations: u64) -> Option<Bits> {
        self.0.reference().as_ref().ok()?.bits.as_ref()?;
        Runner::open(Mode::default()).limited(&self.0.program, iterations).ok()
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
