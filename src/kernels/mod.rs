//! The kernels that are audited. Each is one file here and one of the same stem in `shaders/`; this file is the
//! registry, one line a kernel.

pub use elementwise::Elementwise;

mod elementwise;
mod known_answers;
mod param;
mod problem;
mod rowwise;
mod shader;

pub mod activation;
pub mod arithmetic;
pub mod builtins;
pub mod case;
pub mod control;
pub mod conversion;
pub mod dot;
pub mod dropout;
pub mod init;
pub mod layer_norm;
pub mod logsumexp;
pub mod matmul;
pub mod max;
pub mod mean_variance;
pub mod normal;
pub mod permutation;
pub mod philox;
pub mod scatter_add;
pub mod softmax;
pub mod specials;
pub mod split;
pub mod sum;
pub mod sweep;
pub mod threefry;
pub mod train;
pub mod uniform;
pub mod user;
pub mod work;

pub use crate::model::task::{Buffer, Feature, OutputView, Pass, Pattern, Program, Slot};
pub use crate::model::{Allowance, Exact, Interval, Observation, Origin, Profile};
pub use param::{Param, Range};
pub use problem::{MOST_ITERATIONS, Problem};
pub use shader::Shader;

use crate::kernels::case::{Case, CaseError};

/// An algorithm of a kernel.
#[derive(Debug)]
pub struct Variant {
    /// Its name in a case id.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// Its parameters, in the order of the id.
    pub params: &'static [Param],
}

/// An operation that is audited.
pub trait Kernel: Sync + Send {
    /// Its name in a case id, and the stem of its two files.
    fn name(&self) -> &'static str;

    /// What it computes and where training uses it, in one sentence.
    fn about(&self) -> &'static str;

    /// Its variants.
    fn variants(&self) -> &'static [Variant];

    /// The cases of a profile. The same on every machine.
    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case>;

    /// What names the inputs of a case and the order of its operations: cases of which this is equal have the same references,
    /// exact answer and allowance. Unless a kernel says otherwise, nothing is shared.
    fn algorithm(&self, case: &Case) -> String {
        case.to_string()
    }

    /// The problem of a case: checks its parameters and draws its inputs.
    ///
    /// # Errors
    /// A parameter out of range, or parameters that do not go together.
    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError>;
}

/// Every kernel, in the order in which it is audited and reported.
static REGISTRY: &[&dyn Kernel] = &[
    &matmul::Matmul,
    &sum::Sum,
    &dot::Dot,
    &max::Max,
    &mean_variance::MeanVariance,
    &softmax::Softmax,
    &logsumexp::LogSumExp,
    &layer_norm::LayerNorm,
    &scatter_add::ScatterAdd,
    &philox::Philox,
    &threefry::Threefry,
    &uniform::Uniform,
    &normal::Normal,
    &init::Init,
    &permutation::Permutation,
    &split::Split,
    &dropout::Dropout,
    &arithmetic::KERNEL,
    &builtins::KERNEL,
    &activation::KERNEL,
    &conversion::KERNEL,
    &specials::KERNEL,
    // The controls stay last; they are in every plan and in no filter.
    &control::Control,
];

/// Every kernel.
#[must_use]
pub fn all() -> &'static [&'static dyn Kernel] {
    REGISTRY
}

/// The names of all kernels.
#[must_use]
pub fn names() -> Vec<&'static str> {
    REGISTRY.iter().map(|k| k.name()).collect()
}

/// The kernel of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Kernel> {
    REGISTRY.iter().copied().find(|k| k.name() == name)
}

/// The problem of a case.
///
/// # Errors
/// As [`Kernel::problem`].
pub fn problem(case: &Case) -> Result<Box<dyn Problem>, CaseError> {
    let kernel =
        find(case.kernel()).ok_or_else(|| CaseError::new(format!("no kernel is called '{}'", case.kernel())))?;
    let problem = kernel.problem(case)?;
    let iterations = problem.iterations();
    if iterations > MOST_ITERATIONS {
        return Err(CaseError::new(format!(
            "'{case}' would loop {iterations} times in an invocation, and Mesa's software drivers stop without a word after \
             65535; choose a larger wg or groups, or a smaller n, so that it is at most {MOST_ITERATIONS}"
        )));
    }
    Ok(problem)
}
