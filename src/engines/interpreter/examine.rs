//! Looking closely at a program: whether its results rest on what WGSL leaves open, whether they are finite, and whether
//! anything could change them.

use super::execute::{Execution, Ready};
use super::machine::{Indeterminate, Notice};
use super::runner::{Ran, is_undefined};
use super::{Defects, Mode, Runner};
use crate::engines::{RunError, Runs};
use crate::model::bits::Bits;
use crate::model::task::{Feature, Program};
use crate::model::{Finding, FindingKind, Skip};

/// Subgroup sizes that adapters have.
const SUBGROUPS: [u32; 4] = [4, 8, 64, 128];

/// What is read of an inactive invocation of a subgroup in a second try.
const ABSENT: u32 = 0xcafe_f00d;

/// 1234, which binary16 has too: what a power without a value gives in a second try.
const NO_VALUE: u32 = 0x449a_4000;

/// Every defect of arithmetic at once.
const ALL: Defects = Defects {
    contract: true,
    split_fma: true,
    flush: true,
    reciprocal: true,
    reassociate: true,
    round_twice: true,
    operand_nan: true,
    zero_product: true,
    zero_sum: true,
    self_difference: true,
    // With contraction a product is not there any more that could be taken apart.
    factor: false,
    constant_reciprocal: true,
    fold_constants: true,
    compare_select: true,
    dot_order: super::mode::DotOrder::Pairs,
    builtin_ulps: 3,
};

/// What strict arithmetic gives, and what that rests on.
#[derive(Debug)]
pub struct Examined {
    /// The runs under legal orders of execution, with all that was noticed.
    pub runs: Runs,
    /// The most passes through the bodies of loops that one invocation makes in a dispatch, those that leave a loop included.
    pub iterations: u64,
    /// The line of the loop that goes round most often, where there is one.
    pub longest_loop: Option<u32>,
    /// Whether no defect of arithmetic that can be planted changes the one result that there is.
    pub insensitive: bool,
}

impl Runner {
    /// Runs `program` under `orders` legal orders of execution, and where these give one result looks at what it rests on.
    /// Only for strict arithmetic.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn examine(&mut self, program: &Program, orders: u32) -> Result<Result<Examined, Skip>, RunError> {
        let ran = match self.run_watched(program, orders)? {
            Ok(ran) => ran,
            Err(skip) => return Ok(Err(skip)),
        };
        let only = match ran.runs.distinct.as_slice() {
            [only] => only.bits.clone(),
            _ => None,
        };
        let mut found = Vec::new();
        let mut insensitive = false;
        if let Some(result) = only.filter(|_| !is_undefined(&ran.runs.findings)) {
            found.extend(self.left_open(program, &ran, &result)?);
            found.extend(self.subgroups(program, &ran, &result)?);
            // Of results that rest on what is open there is nothing else to say.
            if found.is_empty() {
                found.extend(not_finite(&ran, &result));
            }
            if found.is_empty() {
                found.extend(one_value(&ran, &result));
            }
            let mut planted = Self::open(Mode { defects: ALL, ..self.mode });
            // What the defects keep from ending is changed by them.
            insensitive = planted.compute(program).is_ok_and(|words| program.output.gather(words) == result);
        }
        let Ran { mut runs, watched, .. } = ran;
        runs.findings.extend(found);
        let (iterations, line) = watched.iterations;
        Ok(Ok(Examined { runs, iterations, longest_loop: Some(line).filter(|l| *l > 0), insensitive }))
    }

    /// The result if every loop is left after so many iterations of an invocation, all loops counted together.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn limited(&self, program: &Program, iterations: u64) -> Result<Bits, RunError> {
        let how = Execution { loop_limit: Some(iterations), ..self.how(self.mode.order(0)) };
        Ok(program.output.gather(Ready::new(program, &self.mode)?.execute(program, how)?.words))
    }

    /// What WGSL says nothing of, where another value for it changes the result.
    fn open_values(
        &self,
        program: &Program,
        ran: &Ran,
        result: &Bits,
        (kind, indeterminate): (FindingKind, Indeterminate),
    ) -> Result<Vec<Finding>, RunError> {
        let met: Vec<&Finding> = ran.watched.indeterminate.iter().filter(|f| f.kind == kind).collect();
        if met.is_empty() {
            return Ok(Vec::new());
        }
        let how = Execution { indeterminate, ..self.how(self.mode.order(0)) };
        let other = program.output.gather(ran.ready.execute(program, how)?.words);
        let resting: Vec<usize> = (0..result.len).filter(|i| result.get(*i) != other.get(*i)).collect();
        let Some(first) = resting.first() else { return Ok(Vec::new()) };
        let so = format!("{} of {} results rest on it, the first at element {first}", resting.len(), result.len);
        Ok(met.into_iter().map(|f| Finding { message: format!("{}; {so}", f.message), ..f.clone() }).collect())
    }

    fn left_open(&self, program: &Program, ran: &Ran, result: &Bits) -> Result<Vec<Finding>, RunError> {
        let lanes = (FindingKind::InactiveLane, Indeterminate::Lanes(ABSENT));
        let functions = (FindingKind::Undefined, Indeterminate::Functions(NO_VALUE));
        let mut found = self.open_values(program, ran, result, lanes)?;
        found.extend(self.open_values(program, ran, result, functions)?);
        Ok(found)
    }

    /// What other sizes of a subgroup change.
    fn subgroups(&self, program: &Program, ran: &Ran, result: &Bits) -> Result<Vec<Finding>, RunError> {
        let mut found: Vec<Finding> = Vec::new();
        if !program.features.contains(&Feature::Subgroup) {
            return Ok(found);
        }
        let mut sizes = Vec::new();
        for subgroup in SUBGROUPS {
            let Ok(other) = Self::open(Mode { subgroup, ..self.mode }).run(program, 1)? else { continue };
            // What a smaller subgroup does not synchronise is a race there.
            let races = [FindingKind::DataRace, FindingKind::NonUniformBarrier];
            for finding in other.findings.into_iter().filter(|f| races.contains(&f.kind)) {
                let message = format!("{} (with subgroups of {subgroup})", finding.message);
                if !found.iter().any(|f| (f.kind, f.line) == (finding.kind, finding.line)) {
                    found.push(Finding { message, ..finding });
                }
            }
            if let Some(bits) = other.distinct.first().and_then(|d| d.bits.as_ref()).filter(|bits| *bits != result) {
                sizes.push((subgroup, bits.clone()));
            }
        }
        if let Some((size, bits)) = sizes.first().filter(|_| found.is_empty()) {
            let place = (0..result.len).find(|i| bits.get(*i) != result.get(*i)).unwrap_or(0);
            let lines = ran.ready.subgroup_lines();
            let on = match lines.as_slice() {
                [] => String::new(),
                [line] => format!("; the subgroup operation is on line {line}"),
                lines => format!(
                    "; the subgroup operations are on lines {}",
                    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                ),
            };
            let hex = |bits: &Bits| bits.dtype.hex(bits.get(place));
            found.push(Finding {
                kind: FindingKind::SubgroupSize,
                line: lines.first().copied(),
                message: format!(
                    "the results depend on the size of a subgroup, which is the adapter's choice: element {place} is {} with \
                     subgroups of {}, {} with {size}{on}",
                    hex(result),
                    self.mode.subgroup,
                    hex(bits)
                ),
            });
        }
        Ok(found)
    }
}

/// Where results that are NaN or infinite come from.
fn not_finite(ran: &Ran, result: &Bits) -> Vec<Finding> {
    if !result.dtype.is_float() {
        return Vec::new();
    }
    let count = |what: fn(f64) -> bool| (0..result.len).filter(|i| what(result.value(*i))).count();
    let (nan, infinite) = (count(f64::is_nan), count(f64::is_infinite));
    let first = |wanted: bool| {
        ran.watched.not_finite.iter().find_map(|notice| match notice {
            Notice::NotFinite { line, nan, from_infinity } if *nan == wanted => Some((*line, *from_infinity)),
            _ => None,
        })
    };
    let parts: Vec<String> = [(nan, "NaN"), (infinite, "infinite")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    let so = format!("of {} results, {} on strict arithmetic", result.len, parts.join(" and "));
    let mut found = Vec::new();
    let arises = first(true).filter(|_| nan > 0);
    // A NaN that comes of an infinity comes of what made the infinity.
    let overflow = first(false).filter(|_| infinite > 0 || arises.is_some_and(|(_, from_infinity)| from_infinity));
    if let Some((line, _)) = overflow {
        let message = format!("{so}: an infinity first arises from finite numbers on line {line}");
        found.push(Finding { kind: FindingKind::Overflow, line: Some(line), message });
    }
    if let Some((line, from_infinity)) = arises {
        let of = if from_infinity { "infinities" } else { "finite numbers" };
        let message = format!("{so}: a NaN first arises from {of} on line {line}");
        found.push(Finding { kind: FindingKind::NanArises, line: Some(line), message });
    }
    found
}

/// Results that are all the same on strict arithmetic. Whether they are on every engine, the facts know.
fn one_value(ran: &Ran, result: &Bits) -> Option<Finding> {
    let value = (result.len > 1).then(|| result.get(0))?;
    if (1..result.len).any(|i| result.get(i) != value) {
        return None;
    }
    let idle = ran.watched.idle.first().copied().filter(|line| *line > 0);
    let because = idle
        .map(|line| format!("; no invocation completes an iteration of the loop on line {line}"))
        .unwrap_or_default();
    Some(Finding {
        kind: FindingKind::OneValue,
        line: idle,
        message: format!("all {} results are {} on strict arithmetic{because}", result.len, result.dtype.hex(value)),
    })
}
