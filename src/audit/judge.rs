//! From comparisons to verdicts. Knows only what is in the record.

use crate::arith::Arithmetic;
use crate::drift::Drift;
use crate::record::{
    AxisLevel, CaseRecord, Comparison, Engine, Execution, Level, LevelState, Outcome, Status, Verdict,
};

/// What an execution's row says. `strict` is the strict twin's digest; `outside` the number of elements that the
/// specification does not allow, over all distinct results that were kept.
pub(super) fn status(digests: &[&str], strict: Option<&str>, outside: u64) -> Status {
    match digests {
        [] => Status::Failed,
        [only] if strict == Some(*only) => Status::BitExact,
        _ if outside > 0 => Status::OutsideSpecification,
        [_] => Status::WithinSpecification,
        _ => Status::NotRepeatable,
    }
}

/// The verdicts over all cases: one for each problem on each engine that ran it.
pub(super) fn verdicts(engines: &[Engine], cases: &[&CaseRecord]) -> Vec<Verdict> {
    let mut problems: Vec<&str> = Vec::new();
    for case in cases {
        if !problems.contains(&case.problem.as_str()) {
            problems.push(&case.problem);
        }
    }
    let mut out = Vec::new();
    for problem in problems {
        let group: Vec<_> = cases.iter().copied().filter(|c| c.problem == problem).collect();
        for engine in engines {
            out.extend(verdict(engine, &group));
        }
    }
    out
}

fn verdict(engine: &Engine, group: &[&CaseRecord]) -> Option<Verdict> {
    let ran: Vec<(&CaseRecord, &Execution)> = group
        .iter()
        .filter_map(|case| Some((*case, case.executions.iter().find(|e| e.engine == engine.id)?)))
        .filter(|(_, e)| matches!(e.outcome, Outcome::Ran { .. }))
        .collect();
    let (first, _) = ran.first()?;
    let runs = ran
        .iter()
        .filter_map(|(_, e)| if let Outcome::Ran { runs, .. } = e.outcome { Some(runs) } else { None })
        .min()
        .unwrap_or(0);
    let levels: Vec<_> = [
        (Level::RunToRun, repeats(&ran, runs)),
        (Level::ConfigInvariant, pairs(engine, &ran, &[AxisLevel::Config, AxisLevel::Threads])),
        (Level::DriverToDriver, pairs(engine, &ran, &[AxisLevel::Driver])),
        (Level::GpuToGpu, pairs(engine, &ran, &[AxisLevel::Adapter])),
        (Level::CpuGpuBitwise, pairs(engine, &ran, &[AxisLevel::Engine])),
    ]
    .into_iter()
    .collect();
    let mut level = Level::NotGuaranteed;
    for (candidate, found) in &levels {
        match found.state {
            LevelState::Held => level = *candidate,
            LevelState::Failed => break,
            LevelState::Untested => {}
        }
    }
    let failed = levels.iter().find(|(_, found)| found.state == LevelState::Failed);
    Some(Verdict {
        problem: first.problem.clone(),
        kernel: first.kernel.clone(),
        variant: first.variant.clone(),
        engine: engine.id.clone(),
        level,
        status: ran.iter().map(|(_, e)| e.status).max().unwrap_or(Status::Failed),
        runs,
        because: failed.map(|(_, f)| f.because.clone()).unwrap_or_default(),
        evidence: failed.and_then(|(_, f)| f.case.clone()),
        levels: levels.into_iter().map(|(level, found)| (level, found.state)).collect(),
    })
}

/// What was found of one level.
struct Found {
    state: LevelState,
    because: String,
    case: Option<String>,
}

impl Found {
    fn untested() -> Self {
        Self { state: LevelState::Untested, because: String::new(), case: None }
    }
}

fn repeats(ran: &[(&CaseRecord, &Execution)], runs: u32) -> Found {
    let distinct = |e: &Execution| if let Outcome::Ran { distinct, .. } = &e.outcome { distinct.len() } else { 0 };
    if let Some((case, execution)) = ran.iter().max_by_key(|(_, e)| distinct(e)).filter(|(_, e)| distinct(e) > 1) {
        let Outcome::Ran { runs, .. } = execution.outcome else { return Found::untested() };
        return Found {
            state: LevelState::Failed,
            because: format!(
                "{} distinct results in {runs} runs: the order of operations is not fixed",
                distinct(execution)
            ),
            case: Some(case.id.clone()),
        };
    }
    // One run says nothing of another.
    if runs < 2 {
        return Found::untested();
    }
    Found { state: LevelState::Held, because: String::new(), case: None }
}

fn pairs(engine: &Engine, ran: &[(&CaseRecord, &Execution)], axes: &[AxisLevel]) -> Found {
    let mut tested = false;
    let mut worst: Option<(&CaseRecord, &Execution, &Comparison)> = None;
    for (case, execution) in ran {
        for comparison in &case.comparisons {
            let concerned = comparison.right == engine.id || comparison.left == engine.id;
            if !axes.contains(&comparison.axis) || !concerned {
                continue;
            }
            tested = true;
            let worse = worst.is_none_or(|(_, _, w)| weight(&comparison.drift) > weight(&w.drift));
            if !comparison.drift.is_none() && worse {
                worst = Some((case, execution, comparison));
            }
        }
    }
    match worst {
        Some((case, execution, comparison)) => Found {
            state: LevelState::Failed,
            because: explain(engine, execution, comparison),
            case: Some(case.id.clone()),
        },
        None if tested => Found { state: LevelState::Held, because: String::new(), case: None },
        None => Found::untested(),
    }
}

/// Worse drift weighs more: NaN, then infinities, then how many elements and how far.
fn weight(drift: &Drift) -> (u64, u64, u64, u64) {
    (drift.classes.nan_versus_number, drift.classes.infinite, drift.max_ulp, drift.differing)
}

/// Why a comparison differs, in one sentence, as far as the twins tell.
fn explain(engine: &Engine, execution: &Execution, comparison: &Comparison) -> String {
    let drift = &comparison.drift;
    let size = size(drift);
    match comparison.axis {
        AxisLevel::Config => format!("differs from {}: {size}", comparison.left),
        AxisLevel::Threads => format!("{} differs from {}: {size}", comparison.right, comparison.left),
        AxisLevel::Driver | AxisLevel::Adapter => {
            let other = if comparison.left == engine.id { &comparison.right } else { &comparison.left };
            format!("differs from {other}: {size}")
        }
        AxisLevel::Repeat => format!("differs from run to run: {size}"),
        AxisLevel::Engine => match cause(&execution.equals, drift) {
            Some(cause) => format!("{cause}: {size}"),
            None => format!("rounds or orders differently from the twin: {size}"),
        },
    }
}

/// How large a drift is, in words.
pub(super) fn size(drift: &Drift) -> String {
    let c = &drift.classes;
    let mut parts = Vec::new();
    if c.finite > 0 {
        parts.push(format!("{} of {} elements, up to {} ulp", c.finite, drift.elements, drift.max_ulp));
    }
    let kinds = [
        (c.flushed, "zero against subnormal"),
        (c.zero_sign, "zero of the other sign"),
        (c.infinite, "infinity against a number"),
        (c.nan_versus_number, "NaN against a number"),
        (c.nan_payload, "NaN of another payload"),
    ];
    parts.extend(kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} × {what}")));
    parts.join(", ")
}

/// What the twins say of a drift from the strict one.
fn cause(equals: &[Arithmetic], drift: &Drift) -> Option<&'static str> {
    if equals.contains(&Arithmetic { fused: true, flush: false }) {
        return Some("multiply and add are fused (equals the fused twin)");
    }
    if equals.contains(&Arithmetic { fused: false, flush: true }) {
        return Some("subnormals are flushed (equals the flushing twin)");
    }
    if equals.contains(&Arithmetic { fused: true, flush: true }) {
        return Some("multiply and add are fused and subnormals flushed (equals that twin)");
    }
    let c = &drift.classes;
    if c.flushed > 0 && c.flushed == drift.differing {
        return Some("some subnormals are flushed");
    }
    (c.nan_payload == drift.differing).then_some("only the payloads of NaN differ")
}
