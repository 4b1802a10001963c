//! Whether a record's parts fit one another. A file that was damaged, or made to do harm, must be refused where it is
//! read: what comes after relies on it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::size;
use crate::model::CaseId;
use crate::model::Side;
use crate::model::bits::is_digest;
use crate::model::explained::Explained;
use crate::model::record::CaseView;
use crate::model::record::training_id;
use crate::model::record::{CaseRecord, Comparison, Engine, Outcome, Record};
use crate::model::record::{DamagedOutput, FormatVersion, Outputs};
use crate::model::sweep::{EngineSweep, Inputs, SAMPLE, Swept};
use crate::model::training::{Epoch, TrainingFile};

/// What of a record does not fit the rest of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Two cases of one id.
    #[error("the case '{0}' is in it twice")]
    CaseTwice(String),
    /// Two engines of one id.
    #[error("the engine '{0}' is in it twice")]
    EngineTwice(String),
    /// Two executions of a case on one engine.
    #[error("'{case}' is twice on the engine '{engine}'")]
    ExecutionTwice {
        /// The case.
        case: String,
        /// The engine.
        engine: String,
    },
    /// Something else where a digest must be.
    #[error("'{case}' has '{found}' in the place of a digest")]
    NoDigest {
        /// The case.
        case: String,
        /// What is there.
        found: String,
    },
    /// Bits of a result that its digest does not prove, or of one that has more elements than one.
    #[error("'{case}' has a value, {bits}, that its digest {digest} does not prove")]
    Value {
        /// The case.
        case: String,
        /// What is there.
        bits: String,
        /// The result's digest.
        digest: String,
    },
    /// An execution that ran and has no result.
    #[error("'{case}' ran on '{engine}' without a result")]
    NoResult {
        /// The case.
        case: String,
        /// The engine.
        engine: String,
    },
    /// A case or verdict of an engine that is not in the list.
    #[error("'{of}' names the engine '{engine}', which it does not list")]
    Unlisted {
        /// The case, or the verdict's problem.
        of: String,
        /// The engine.
        engine: String,
    },
    /// A stored output of another length than its case's.
    #[error("the stored output {digest} has {words} words, and '{case}' has {expected}")]
    Length {
        /// The output's digest.
        digest: String,
        /// How many words it has.
        words: u64,
        /// The case.
        case: String,
        /// How many words the case has.
        expected: u64,
    },
    /// A stored output that is the first result of no case.
    #[error("the stored output {0} belongs to no case")]
    Unused(String),
    /// A sample that its digest does not prove, in a format whose samples carry proofs.
    #[error("the stored output {0} is a sample that nothing proves")]
    Unproven(String),
    /// What explains a case that is not in it.
    #[error("it explains '{0}', a case that it does not have")]
    NoCase(String),
    /// A training that is given twice, or whose parts contradict each other.
    #[error("the training '{id}' {what}")]
    Training {
        /// The id of its last case.
        id: String,
        /// What is wrong.
        what: &'static str,
    },
    /// What explains a result with counts of elements that it cannot have.
    #[error("what explains '{case}' on '{engine}' counts other elements than differ")]
    Elements {
        /// The case.
        case: String,
        /// The engine.
        engine: String,
    },
    /// A function of a sweep that is given twice, or whose counts and digests contradict each other.
    #[error("the sweep of '{function}' on '{engine}' {what}")]
    Sweep {
        /// The engine.
        engine: String,
        /// The function.
        function: String,
        /// What is wrong.
        what: &'static str,
    },
    /// More of something than any audit writes.
    #[error("it has {found} {list}, and at most {most} are read")]
    Many {
        /// What there are too many of.
        list: &'static str,
        /// How many there are.
        found: usize,
        /// How many are read.
        most: usize,
    },
    /// A stored output is damaged.
    #[error(transparent)]
    Output(#[from] DamagedOutput),
}

/// Checks a record's references, digests and lengths.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(record: &Record) -> Result<(), Unfit> {
    size::lists(record)?;
    size::fits("cases", record.cases.len(), size::CASES)?;
    size::fits("verdicts", record.verdicts.len(), size::VERDICTS)?;
    let engines = engines(&record.engines)?;
    let mut cases = BTreeSet::new();
    for case in &record.cases {
        if !cases.insert(case.id.as_str()) {
            return Err(Unfit::CaseTwice(case.id.clone()));
        }
        self::case(case)?;
        listed(&case.id, case.executions.iter().map(|x| x.engine.as_str()), &engines)?;
    }
    for verdict in &record.verdicts {
        listed(&verdict.problem, [verdict.engine.as_str()], &engines)?;
    }
    explained(&record.explained, &engines, &cases)?;
    record.explained.iter().try_for_each(|one| elements(one, &record.cases))?;
    sweeps(&record.sweeps, &engines)?;
    trainings(&record.trainings, &engines)?;
    let views: Vec<CaseView> = record.cases.iter().map(CaseView::from).collect();
    outputs(views.iter(), &record.outputs, &BTreeMap::new(), record.format)
}

/// Checks that what is explained is of this record: engines that it lists, each once, and cases that it has.
pub(super) fn explained(all: &[Explained], engines: &BTreeSet<&str>, cases: &BTreeSet<&str>) -> Result<(), Unfit> {
    let mut seen = BTreeSet::new();
    for one in all {
        listed(EXPLAINED, [one.engine.as_str()], engines)?;
        if !seen.insert(one.engine.as_str()) {
            return Err(Unfit::EngineTwice(one.engine.clone()));
        }
        let mut told = BTreeSet::new();
        let of = one.pairs.iter().map(|p| &p.case).chain(one.unasked.iter().map(|u| &u.case));
        let conflicting = one.conflicts.iter().flat_map(|c| c.excluded.iter().chain([&c.shown]));
        if let Some(case) = conflicting.into_iter().find(|case| !cases.contains(case.as_str())) {
            return Err(Unfit::NoCase(case.clone()));
        }
        for case in of {
            if !cases.contains(case.as_str()) {
                return Err(Unfit::NoCase(case.clone()));
            }
            if !told.insert(case) {
                return Err(Unfit::CaseTwice(case.clone()));
            }
        }
    }
    Ok(())
}

/// Checks that what is explained counts the elements that differ: as a comparison with the strict reference counts them, where
/// there is one, and no more than the output has.
fn elements(one: &Explained, cases: &[CaseRecord]) -> Result<(), Unfit> {
    let by_id: BTreeMap<&str, &CaseRecord> = cases.iter().map(|case| (case.id.as_str(), case)).collect();
    for pair in &one.pairs {
        let Some(case) = by_id.get(pair.case.as_str()) else { continue };
        let is_it =
            |c: &&Comparison| c.left == Side::STRICT && matches!(&c.right, Side::Engine(id) if *id == one.engine);
        let differing = case.comparisons.iter().find(is_it).map(|c| c.drift.differing);
        let right = pair.reproduced <= pair.elements
            && pair.elements <= case.elements
            && differing.is_none_or(|differing| differing == pair.elements);
        if !right {
            return Err(Unfit::Elements { case: pair.case.clone(), engine: one.engine.clone() });
        }
    }
    Ok(())
}

/// Checks sweeps: their engines are listed, each function is there once an engine and type, and what is counted adds up.
pub(super) fn sweeps(sweeps: &[EngineSweep], engines: &BTreeSet<&str>) -> Result<(), Unfit> {
    size::fits("sweeps", sweeps.len(), size::LIST)?;
    let mut seen = BTreeSet::new();
    for sweep in sweeps {
        listed("a sweep", [sweep.engine.as_str()], engines)?;
        size::fits("functions of a sweep", sweep.functions.len().saturating_add(sweep.missing.len()), size::LIST)?;
        let swept = sweep.functions.iter().map(|s| (s.function.as_str(), Some(s.dtype), Some(s.inputs), fault(s)));
        let missing = sweep.missing.iter().map(|m| (m.function.as_str(), m.dtype, m.inputs, None));
        for (function, dtype, inputs, fault) in swept.chain(missing) {
            let named = !function.is_empty() && function.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let once = seen.insert((sweep.engine.as_str(), function, dtype, inputs));
            let what = match (named, once) {
                (false, _) => Some("names no function"),
                (_, false) => Some("is there twice"),
                _ => fault,
            };
            if let Some(what) = what {
                let (engine, function) = (sweep.engine.clone(), function.to_owned());
                return Err(Unfit::Sweep { engine, function, what });
            }
        }
    }
    Ok(())
}

/// Checks trainings: each is there once, its engines are listed, its epochs go forwards, and what they end with is what is
/// told of the whole.
pub(super) fn trainings(all: &[TrainingFile], engines: &BTreeSet<&str>) -> Result<(), Unfit> {
    size::fits("trainings", all.len(), size::LIST)?;
    let mut seen = BTreeSet::new();
    for file in all {
        let id = training_id(file, file.steps);
        let refuse = |what| Err(Unfit::Training { id: id.clone(), what });
        for len in [file.epochs.len(), file.trainings.len(), file.spreads.len(), file.controls.len()] {
            size::fits("parts of a training", len, size::LIST)?;
        }
        if file.network_name().is_empty() || CaseId::parse(&id).is_err() {
            return refuse("names no network");
        }
        if !seen.insert(id.clone()) {
            return refuse("is there twice");
        }
        if !is_digest(&file.reference) || file.epochs.last().is_none_or(|e| e.digest != file.reference) {
            return refuse("has another reference than its last epoch");
        }
        let forwards = |epochs: &[Epoch]| {
            epochs.windows(2).all(|w| w[0].step < w[1].step)
                && epochs.iter().all(|e| is_digest(&e.digest) && file.epochs.iter().any(|there| there.step == e.step))
        };
        let mut once = BTreeSet::new();
        for engine in file.engines() {
            listed(&id, [engine.engine.as_str()], engines)?;
            if !once.insert(engine.engine.as_str()) {
                return Err(Unfit::EngineTwice(engine.engine.clone()));
            }
            size::fits("epochs of a training", engine.epochs.len(), size::LIST)?;
            let last = engine.epochs.last();
            if !forwards(&engine.epochs) || last.map(|e| &e.digest) != engine.final_digest.as_ref() {
                return refuse("has epochs on an engine that contradict its end");
            }
            if last.map_or(0, |e| e.step) != engine.steps {
                return refuse("has another number of steps on an engine than its epochs");
            }
            // A difference of weights is one of words; words may differ where weights do not.
            let apart =
                engine.epochs.iter().any(|e| file.epochs.iter().any(|r| r.step == e.step && r.digest != e.digest));
            if engine.equal == Some(true) && apart || engine.equal.is_some() != last.is_some() {
                return refuse("is told as equal on an engine against its digests");
            }
            if last.is_none() && engine.failure.is_none() {
                return refuse("was not made on an engine, and no failure says why");
            }
        }
        if !forwards(&file.epochs) || file.epochs.last().is_none_or(|e| e.step != file.steps) {
            return refuse("has epochs that are not its own");
        }
    }
    Ok(())
}

/// What names an engine in the part that explains.
const EXPLAINED: &str = "explained";

/// What contradicts itself in a sweep.
fn fault(swept: &Swept) -> Option<&'static str> {
    let inputs = if swept.inputs == Inputs::Stratified { SAMPLE } else { swept.every() };
    let sum = |of: &[u64]| of.iter().try_fold(0u64, |sum, n| sum.checked_add(*n));
    let c = &swept.classes;
    let kinds = [c.zero_sign, c.nan_payload, c.nan_versus_number, c.infinite, c.not_finite, c.flushed, c.finite];
    let wrong = swept.count.checked_sub(swept.right);
    let counted = wrong.is_some()
        && sum(&[swept.allowed, swept.unlimited, swept.outside]) == wrong
        && sum(&kinds) == wrong
        && sum(&swept.histogram.iter().map(|b| b.count).collect::<Vec<_>>()) == Some(c.finite);
    let digests = [&swept.digest, &swept.reference, &swept.shader];
    let outside = [swept.first_outside.is_some(), swept.worst_outside.is_some()];
    let checks = [
        (swept.count == inputs && inputs <= SAMPLE, "has another number of inputs"),
        (counted, "has counts that do not add up"),
        (digests.into_iter().all(|d| is_digest(d)), "has no digest"),
        ((swept.digest == swept.reference) == (wrong == Some(0)), "has a digest that its counts contradict"),
        (outside == [swept.outside > 0; 2], "has a forbidden result or none against its counts"),
    ];
    checks.into_iter().find(|(good, _)| !good).map(|(_, what)| what)
}

/// The engines' ids.
pub(super) fn engines(engines: &[Engine]) -> Result<BTreeSet<&str>, Unfit> {
    let mut ids = BTreeSet::new();
    match engines.iter().find(|e| !ids.insert(e.id.as_str())) {
        Some(twice) => Err(Unfit::EngineTwice(twice.id.clone())),
        None => Ok(ids),
    }
}

/// Checks one case by itself.
pub(super) fn case(case: &CaseRecord) -> Result<(), Unfit> {
    size::parts(case)?;
    let results = case.executions.iter().flat_map(|x| match &x.outcome {
        Outcome::Ran { distinct, .. } => distinct.as_slice(),
        _ => &[],
    });
    let kept = || results.clone().filter_map(|d| Some((d, d.bits.as_ref()?)));
    if let Some((one, bits)) = kept().find(|(d, _)| case.elements != 1 || d.value().is_none()) {
        return Err(Unfit::Value { case: case.id.clone(), bits: bits.clone(), digest: one.digest.clone() });
    }
    let digests = results.map(|d| &d.digest).chain(case.twins.iter().map(|t| &t.digest)).chain(&case.shader);
    if let Some(other) = digests.into_iter().find(|d| !is_digest(d)) {
        return Err(Unfit::NoDigest { case: case.id.clone(), found: other.clone() });
    }
    let mut seen = BTreeSet::new();
    for execution in &case.executions {
        let (id, engine) = (|| case.id.clone(), || execution.engine.clone());
        if !seen.insert(execution.engine.as_str()) {
            return Err(Unfit::ExecutionTwice { case: id(), engine: engine() });
        }
        if matches!(&execution.outcome, Outcome::Ran { distinct, .. } if distinct.is_empty()) {
            return Err(Unfit::NoResult { case: id(), engine: engine() });
        }
    }
    Ok(())
}

/// Checks that the engines of a case or verdict are listed.
pub(super) fn listed<'a>(
    of: &str,
    used: impl IntoIterator<Item = &'a str>,
    engines: &BTreeSet<&str>,
) -> Result<(), Unfit> {
    match used.into_iter().find(|e| !engines.contains(e)) {
        Some(engine) => Err(Unfit::Unlisted { of: of.to_owned(), engine: engine.to_owned() }),
        None => Ok(()),
    }
}

/// Words of an output of a case.
pub(super) fn words_of(case: &CaseView) -> u64 {
    case.elements.div_ceil(case.dtype.per_word() as u64)
}

/// The digests under which a case's outputs are stored, if they are.
pub(super) fn storable(case: &CaseView) -> impl Iterator<Item = &String> {
    case.executions.iter().filter_map(|x| x.digests.first())
}

/// Checks a record's stored outputs: each is the first result of a case, of its length, and proven by its digest, but for
/// the samples of a `format` that had no proofs. Of those that were checked before, `known`, there are the words.
pub(super) fn outputs<'a>(
    cases: impl Iterator<Item = &'a CaseView>,
    outputs: &Outputs,
    known: &BTreeMap<&str, u64>,
    format: FormatVersion,
) -> Result<(), Unfit> {
    if let Some((digest, _)) = outputs.iter().find(|(_, stored)| format.has_proofs() && !stored.is_proven()) {
        return Err(Unfit::Unproven(digest.clone()));
    }
    // The words of each, and whether a case has it.
    let all = outputs.iter().map(|(digest, stored)| (digest.as_str(), stored.words()));
    let known = known.iter().map(|(digest, words)| (*digest, Some(*words)));
    let mut all: HashMap<&str, (Option<u64>, bool)> = all.chain(known).map(|(d, w)| (d, (w, false))).collect();
    for case in cases {
        let expected = words_of(case);
        for digest in storable(case) {
            let Some((words, used)) = all.get_mut(digest.as_str()) else { continue };
            *used = true;
            if let Some(words) = words.filter(|w| *w != expected) {
                return Err(Unfit::Length { digest: digest.clone(), words, case: case.id.clone(), expected });
            }
        }
    }
    match all.iter().filter(|(_, (_, used))| !used).map(|(digest, _)| *digest).min() {
        Some(unused) => Err(Unfit::Unused(unused.to_owned())),
        None => Ok(outputs.verify()?),
    }
}
