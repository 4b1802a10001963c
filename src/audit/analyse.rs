//! One case's answers, measured and put in the record's form.

use super::AuditError;
use super::blobs::Blobs;
use super::compare::{FirstConfig, Pairs, Responded, compare};
use super::truth::Truth;
use super::worker::{Response, respond_to};
use crate::engines::Engine as _;
use crate::engines::cpu::Cpu;
use crate::facts::status_of;
use crate::kernels::case::Case;
use crate::kernels::{Allowance, Profile};
use crate::model::bits::{Bits, Dtype};
use crate::model::{Examination, Finding, FindingKind};
use crate::numerics::drift::{Accuracy, accuracy};
use crate::record::{CaseRecord, Content, Dispersion, Distinct, Execution, Outcome, Role, Sample, Status, TwinDigest};

/// Outputs of up to this many elements are stored whole.
const WHOLE: usize = 16;

/// Measures the answers to one case.
pub(super) fn analyse(
    blobs: &Blobs,
    profile: Profile,
    case: &Case,
    truth: &mut Truth,
    responses: &[Responded<'_>],
    firsts: &[FirstConfig],
) -> Result<CaseRecord, AuditError> {
    let (dtype, len) = truth.problem.shape();
    let strict = truth.strict().map(|t| t.digest.clone());
    let drifting = responses.iter().any(|h| h.digest().is_some() && h.digest() != strict.as_deref());
    // Small cases say of every result which arithmetics it equals; for large ones the other twins are computed only
    // where there is something to explain.
    if drifting || profile == Profile::Quick {
        truth.complete();
    }
    let mut pairs = Pairs::new(blobs, dtype, len);
    let comparisons = compare(responses, truth, firsts, &mut pairs)?;
    let mut executions = Vec::with_capacity(responses.len());
    for one in responses {
        executions.push(execution(one, truth, &comparisons, &mut pairs)?);
    }
    disordered(responses, truth, &mut executions);
    let program = truth.problem.program();
    let translation = program.as_ref().map(crate::wgsl::gaps::met).unwrap_or_default();
    let mut record = CaseRecord {
        id: case.to_string(),
        kernel: case.kernel().to_owned(),
        variant: case.variant().to_owned(),
        problem: case.problem(),
        config: case.config(),
        dtype,
        elements: len as u64,
        quantity: Some(truth.problem.quantity()),
        shader: program.map(|p| blake3::hash(p.source.as_bytes()).to_hex()[..32].to_owned()),
        twins: truth
            .twins()
            .iter()
            .map(|t| TwinDigest { arithmetic: t.arithmetic, digest: t.digest.clone() })
            .collect(),
        twin_accuracy: truth
            .strict()
            .filter(|_| is_judged(truth))
            .map(|t| accuracy(&t.bits, truth.exact.as_deref(), &truth.allowance, Some(&t.bits))),
        origin: truth.problem.origin(),
        examination: Examination { translation, ..truth.problem.examination() },
        executions,
        comparisons,
    };
    let statuses: Vec<Status> = record.executions.iter().map(|x| status_of(&record, x)).collect();
    record.executions.iter_mut().zip(statuses).for_each(|(x, status)| x.status = status);
    Ok(record)
}

/// Whether it is known what the specification allows.
fn is_judged(truth: &Truth) -> bool {
    !matches!(truth.allowance, Allowance::Unjudged)
}

fn execution(
    one: &Responded<'_>,
    truth: &Truth,
    comparisons: &[crate::record::Comparison],
    pairs: &mut Pairs<'_>,
) -> Result<Execution, AuditError> {
    let engine = one.engine.id.clone();
    let nothing = |outcome, status| Execution {
        engine: engine.clone(),
        outcome,
        status,
        equals: Vec::new(),
        accuracy: None,
        observations: Vec::new(),
        findings: Vec::new(),
        content: None,
        samples: Vec::new(),
        seconds: 0.0,
    };
    let (runs, distinct, kept, seconds, findings) = match one.response {
        Response::Ran { runs, distinct, kept, seconds, findings } => (*runs, distinct, *kept, *seconds, findings),
        Response::Skipped { why } => return Ok(nothing(Outcome::Skipped { why: why.clone() }, Status::Skipped)),
        Response::Adapters { .. }
        | Response::Opened { .. }
        | Response::Sweeping { .. }
        | Response::Swept { .. }
        | Response::Explained { .. }
        | Response::Named { .. }
        | Response::Training { .. }
        | Response::Trained { .. } => {
            let reason = super::ChildError::Other("a case").to_string();
            return Ok(nothing(Outcome::Failed { reason }, Status::Failed));
        }
        Response::Unwritten { reason, .. } | Response::Failed { reason, .. } => {
            return Ok(nothing(Outcome::Failed { reason: reason.clone() }, Status::Failed));
        }
    };
    let strict = truth.strict();
    let twin = strict.map(|t| &t.bits);
    let measure = |bits: &Bits| accuracy(bits, truth.exact.as_deref(), &truth.allowance, twin);
    // WGSL promises nothing of what computes otherwise.
    let judged = is_judged(truth) && one.engine.role() != Role::Remote;
    let mut found: Option<Accuracy> = None;
    let mut values = Vec::new();
    for result in distinct.iter().take(kept) {
        let bits = pairs.bits(&result.digest)?;
        values.push(if bits.len == 1 { bits.value(0) } else { f64::NAN });
        if !judged {
            continue;
        }
        let measured = measure(bits);
        found = Some(match found {
            None => measured,
            // Every result must be allowed, not only the first.
            Some(first) => Accuracy {
                outside: first.outside.max(measured.outside),
                first_outside: first.first_outside.or(measured.first_outside),
                vacuous: first.vacuous.max(measured.vacuous),
                undecided: first.undecided || measured.undecided,
                specification_ratio: first.specification_ratio.max(measured.specification_ratio),
                ..first
            },
        });
    }
    if let Some(found) = &mut found {
        found.unmeasured = distinct.len().saturating_sub(kept) as u64;
    }
    let digests: Vec<_> = distinct.iter().map(|d| d.digest.as_str()).collect();
    let first = pairs.bits(digests.first().copied().unwrap_or_default())?;
    // An interpreter's runs are chosen, or all the same: they estimate no rate.
    let random = !one.engine.is_embedded();
    Ok(Execution {
        // Concluded from all of this, once it is together.
        status: Status::Unjudged,
        content: Some(Content::of(first)),
        equals: digests.first().map(|d| truth.equals(d)).unwrap_or_default(),
        observations: truth.problem.observe(first),
        findings: noticed(one, truth, findings),
        samples: samples(first, truth, places(&engine, first.len, found.as_ref(), comparisons)),
        accuracy: found,
        outcome: Outcome::Ran {
            runs,
            distinct: distinct.clone(),
            dispersion: dispersion(runs, distinct, &values, random),
        },
        engine,
        seconds,
    })
}

/// What was noticed in the runs, and on the reference what was noticed in looking closer.
fn noticed(one: &Responded<'_>, truth: &Truth, findings: &[Finding]) -> Vec<Finding> {
    let mut all = findings.to_vec();
    if one.engine.role() == Role::Reference {
        for finding in truth.problem.findings() {
            if !all.iter().any(|f| (f.kind, f.line) == (finding.kind, finding.line)) {
                all.push(finding);
            }
        }
    }
    all
}

/// Without the reference among the engines, that a program's result depends on the order of execution is kept where the
/// first engine ran it: no result of it can be promised on any.
fn disordered(responses: &[Responded<'_>], truth: &Truth, executions: &mut [Execution]) {
    if responses.iter().any(|r| r.engine.role() == Role::Reference) {
        return;
    }
    let Some(first) = executions.iter_mut().find(|x| matches!(x.outcome, Outcome::Ran { .. })) else { return };
    let found = truth.problem.findings().into_iter();
    first.findings.extend(found.filter(|f| matches!(f.kind, FindingKind::DataRace | FindingKind::OrderDependent)));
}

/// Which elements are stored: all of a small output; of a large one the ends, evenly spaced ones, and the remarkable.
fn places(
    engine: &str,
    len: usize,
    accuracy: Option<&Accuracy>,
    comparisons: &[crate::record::Comparison],
) -> Vec<usize> {
    if len <= WHOLE {
        return (0..len).collect();
    }
    let mut places: Vec<usize> = vec![0, 1, len - 2, len - 1];
    places.extend((1..8).map(|k| k * (len / 8)));
    let remarkable = comparisons
        .iter()
        .filter(|c| c.right == engine || c.left == engine)
        .flat_map(|c| [&c.drift.first, &c.drift.worst])
        .flatten()
        .map(|e| e.index)
        .chain(accuracy.and_then(|a| a.worst))
        .chain(accuracy.and_then(|a| a.first_outside));
    places.extend(remarkable.filter_map(|i| usize::try_from(i).ok()).filter(|i| *i < len));
    places.sort_unstable();
    places.dedup();
    places
}

fn samples(bits: &Bits, truth: &Truth, places: Vec<usize>) -> Vec<Sample> {
    let dtype: Dtype = bits.dtype;
    places
        .into_iter()
        .map(|i| Sample {
            index: i as u64,
            bits: dtype.hex(bits.get(i)),
            value: bits.value(i),
            twin: truth.strict().map(|t| dtype.hex(t.bits.get(i))),
            exact: truth.exact.as_ref().and_then(|e| e.values.get(i).copied()),
        })
        .collect()
}

/// `values` are the kept results' values where the output has one element.
fn dispersion(runs: u32, distinct: &[Distinct], values: &[f64], random: bool) -> Dispersion {
    let n = f64::from(runs.max(1));
    let shares = || distinct.iter().map(|d| f64::from(d.runs) / n);
    let first = values.first().copied().unwrap_or(f64::NAN);
    // NaN, which says that there is no such number, where one of the results is none or has more than one element.
    let apart = |v: &f64| if *v == first { 0.0 } else { (1.0 - (v / first).abs()).abs() };
    let larger = |m: f64, x: f64| if m.is_nan() || x.is_nan() { f64::NAN } else { m.max(x) };
    let variability = values.iter().map(apart).fold(0.0, larger);
    Dispersion {
        entropy: if distinct.len() < 2 { 0.0 } else { -shares().map(|p| p * libm::log2(p)).sum::<f64>() },
        mode_share: shares().fold(0.0, f64::max),
        rate_below: match distinct.len() {
            _ if !random => f64::NAN,
            1 => (3.0 / n).min(1.0),
            _ => 1.0,
        },
        variability,
    }
}

/// The answer of the CPU's threads.
pub(super) fn threaded(truth: &Truth, threads: usize, runs: u32, blobs: &Blobs) -> Response {
    let problem = &truth.problem;
    let mut cpu = Cpu::new("threads", Box::new(|_| problem.threaded(threads)));
    respond_to(cpu.run(&problem.task(), runs), blobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variability_is_none_where_it_is_undefined() {
        let distinct = |n: usize| vec![Distinct { digest: String::new(), runs: 1, bits: None }; n];
        let of = |values: &[f64]| dispersion(4, &distinct(values.len()), values, true).variability;
        assert_eq!(of(&[2.0, 3.0, 2.5]), 0.5, "the largest");
        assert_eq!(of(&[0.0]), 0.0, "one result, zero");
        assert_eq!(of(&[0.0, 1.0]), f64::INFINITY, "from zero");
        assert!(of(&[2.0, f64::NAN]).is_nan(), "a NaN does not vanish");
        assert!(of(&[f64::NAN]).is_nan(), "more elements than one");
    }

    #[test]
    fn chosen_orders_estimate_no_rate() {
        let one = [Distinct { digest: String::new(), runs: 6, bits: None }];
        assert_eq!(dispersion(6, &one, &[1.0], true).rate_below, 0.5, "the rule of three");
        assert!(dispersion(6, &one, &[1.0], false).rate_below.is_nan(), "runs that are no random draws");
    }
}
