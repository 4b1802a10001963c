//! What of a case is needed to relate many records: a small part of it, once for all records that share it.

use super::evidence::Evidence;
use super::format::CaseRecord;
use super::result::{Outcome, Status};
use crate::model::Arithmetic;
use crate::model::bits::Dtype;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseView {
    /// The case's id.
    pub id: String,
    /// The id without configuration.
    pub problem: String,
    /// The kernel.
    pub kernel: String,
    /// The variant.
    pub variant: String,
    /// The output's element type.
    pub dtype: Dtype,
    /// The output's number of elements.
    pub elements: u64,
    /// The shader's digest; `None` for cases of the CPU's threads.
    pub shader: Option<String>,
    /// The strict reference's digest; `None` where no order is defined.
    pub strict: Option<String>,
    /// Whether there is any reference: an order of operations is defined.
    pub has_reference: bool,
    /// A digest of the references and what the output is: where two records have different ones, they mean two cases.
    pub meaning: [u8; 32],
    /// The arithmetics whose reference differs from the strict one.
    pub tells: Vec<Arithmetic>,
    /// What each engine did.
    pub executions: Vec<ExecutionView>,
}

/// One engine's part in a case.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionView {
    /// The engine.
    pub engine: String,
    /// The digests of its distinct results, the first run's first; empty where it did not run.
    pub digests: Vec<String>,
    /// How often it ran.
    pub runs: u32,
    /// What the row states.
    pub status: Status,
    /// What its status follows from.
    pub evidence: Evidence,
    /// How many elements of its first result are NaN; `None` where the record does not say.
    pub nan: Option<u64>,
    /// The arithmetics whose references have its first result's digest, whatever the row states.
    pub equals: Vec<Arithmetic>,
    /// Why it failed; `None` where it did not.
    pub failed: Option<String>,
}

impl From<&CaseRecord> for CaseView {
    fn from(case: &CaseRecord) -> Self {
        let strict = case.strict().map(str::to_owned);
        let differs = |d: &String| strict.as_ref().is_some_and(|s| s != d);
        Self {
            id: case.id.clone(),
            problem: case.problem.clone(),
            kernel: case.kernel.clone(),
            variant: case.variant.clone(),
            dtype: case.dtype,
            elements: case.elements,
            shader: case.shader.clone(),
            meaning: meaning(case),
            has_reference: !case.twins.is_empty(),
            tells: case.twins.iter().filter(|t| differs(&t.digest)).map(|t| t.arithmetic).collect(),
            strict: strict.clone(),
            executions: case
                .executions
                .iter()
                .map(|x| ExecutionView {
                    engine: x.engine.clone(),
                    digests: match &x.outcome {
                        Outcome::Ran { distinct, .. } => distinct.iter().map(|d| d.digest.clone()).collect(),
                        _ => Vec::new(),
                    },
                    runs: x.runs(),
                    status: x.status,
                    nan: x.content.as_ref().map(|c| c.nan),
                    equals: case.equalled(x),
                    evidence: Evidence::of(case, x),
                    failed: match &x.outcome {
                        Outcome::Failed { reason } => Some(reason.clone()),
                        _ => None,
                    },
                })
                .collect(),
        }
    }
}

fn meaning(case: &CaseRecord) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut take = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    let output = format!("{} {:?}", case.elements, case.dtype);
    [&case.kernel, &case.variant, &output].into_iter().for_each(|text| take(text));
    // An audit computes the others only where something drifts: a machine that has them computed the same case.
    for twin in case.twins.iter().filter(|t| t.arithmetic == Arithmetic::STRICT) {
        take(&twin.digest);
    }
    *hasher.finalize().as_bytes()
}
