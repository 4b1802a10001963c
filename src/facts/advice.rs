//! What to use, from what was tested and held; and what to do next.

use std::collections::BTreeSet;

use serde::Serialize;

use super::soundness::{Consequence, Fault, Reason, Soundness};
use super::verdict::{gave_nothing, state};
use crate::model::Profile;
use crate::model::Role;
use crate::model::record::{Engine, EngineStatus, Level, LevelState, Record, Verdict};

/// Kernels that look into arithmetic and are no operation that a training is made of: nobody chooses among them.
const PROBES: [&str; 5] = ["arithmetic", "builtins", "specials", "conversion", "control"];

/// Whether a kernel looks into arithmetic and is no operation that a training is made of.
#[must_use]
pub fn is_probe(kernel: &str) -> bool {
    PROBES.contains(&kernel)
}

/// Variants of a kernel that agreed where others did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The kernel.
    pub kernel: String,
    /// Its variants that held on every level named in `held`, and broke none.
    pub variants: Vec<String>,
    /// The levels that were tested and held for each of these variants on each of these engines.
    pub held: Vec<Level>,
    /// The levels that at least one of these variants was not tested on, on at least one of these engines.
    pub untested: Vec<Level>,
    /// The engines that were tested: adapters with a driver that finished, without variations.
    pub engines: Vec<String>,
    /// Variants that broke a level.
    pub instead_of: Vec<String>,
}

/// The axes of these levels, in words: "run to run, across launches".
#[must_use]
pub fn axes_in_words(levels: &[Level]) -> String {
    let words: Vec<&str> = levels
        .iter()
        .map(|level| match level {
            Level::NotGuaranteed => "nowhere",
            Level::RunToRun => "from run to run",
            Level::ConfigInvariant => "across launches",
            Level::DriverToDriver => "across drivers",
            Level::GpuToGpu => "across adapters",
            Level::CpuGpuBitwise => "against the strict CPU reference",
        })
        .collect();
    match &words[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

impl Advice {
    /// The advice in a sentence without its full stop.
    #[must_use]
    pub fn text(&self) -> String {
        let untested = match &self.untested[..] {
            [] => String::new(),
            some => format!(". Not tested on every adapter: {}", axes_in_words(some)),
        };
        format!(
            "{}: {} gave the same bits {} on {}; {} did not in at least one of these comparisons{untested}",
            self.kernel,
            self.variants.join(", "),
            axes_in_words(&self.held),
            self.engines.join(", "),
            self.instead_of.join(", ")
        )
    }
}

/// Advice for each kernel of which a variant broke a level and another was tested there and held. `verdicts` are those of
/// [`super::verdicts`]. None where the record cannot be relied on.
#[must_use]
pub fn advice(record: &Record, soundness: &Soundness, verdicts: &[Verdict]) -> Vec<Advice> {
    if soundness.is_invalid() || record.provenance.own.is_some() {
        return Vec::new();
    }
    let mut kernels: Vec<&str> = Vec::new();
    for verdict in verdicts {
        if !kernels.contains(&verdict.kernel.as_str()) && !PROBES.contains(&verdict.kernel.as_str()) {
            kernels.push(&verdict.kernel);
        }
    }
    let driver = |e: &&Engine| e.is_driver() && e.variables.is_empty() && e.status == EngineStatus::Complete;
    let engines: Vec<&str> = record.engines.iter().filter(driver).map(|e| e.id.as_str()).collect();
    kernels.iter().flat_map(|kernel| of_kernel(record, kernel, &engines, verdicts)).collect()
}

/// What was found of a variant's level over all engines and problems.
fn over(record: &Record, verdicts: &[&Verdict], engines: &[&str], level: Level) -> LevelState {
    // A configuration that gave nothing differs from nothing, and speaks for nothing.
    let state = |v: &Verdict, level: Level| match state(v, level) {
        LevelState::Failed if level == Level::ConfigInvariant && gave_nothing(record, v) => LevelState::Untested,
        found => found,
    };
    let of = |engine: &str| {
        let states = verdicts.iter().filter(|v| v.engine == engine).map(|v| state(v, level));
        states.fold(LevelState::Untested, |so_far, s| match (so_far, s) {
            (LevelState::Failed, _) | (_, LevelState::Failed) => LevelState::Failed,
            (LevelState::Held, _) | (_, LevelState::Held) => LevelState::Held,
            _ => LevelState::Untested,
        })
    };
    let states: Vec<LevelState> = engines.iter().map(|e| of(e)).collect();
    // What failed on the CPU's threads or in the interpreter alone did not fail on these, and is nothing to advise either.
    let elsewhere = || verdicts.iter().any(|v| state(v, level) == LevelState::Failed);
    if states.contains(&LevelState::Failed) {
        LevelState::Failed
    } else if states.is_empty() || states.contains(&LevelState::Untested) || elsewhere() {
        LevelState::Untested
    } else {
        LevelState::Held
    }
}

fn of_kernel(record: &Record, kernel: &str, engines: &[&str], verdicts: &[Verdict]) -> Vec<Advice> {
    let mine: Vec<&Verdict> = verdicts.iter().filter(|v| v.kernel == kernel).collect();
    let mut variants: Vec<&str> = Vec::new();
    for verdict in &mine {
        if !variants.contains(&verdict.variant.as_str()) {
            variants.push(&verdict.variant);
        }
    }
    let found: Vec<(&str, Vec<(Level, LevelState)>)> = variants
        .iter()
        .map(|variant| {
            let of: Vec<&Verdict> = mine.iter().copied().filter(|v| v.variant == *variant).collect();
            (*variant, Level::ALL.into_iter().map(|level| (level, over(record, &of, engines, level))).collect())
        })
        .collect();
    let with = |levels: &[(Level, LevelState)], state: LevelState| -> Vec<Level> {
        levels.iter().filter(|(_, s)| *s == state).map(|(l, _)| *l).collect()
    };
    let broke: Vec<(&str, Vec<Level>)> = found
        .iter()
        .map(|(variant, levels)| (*variant, with(levels, LevelState::Failed)))
        .filter(|(_, levels)| !levels.is_empty())
        .collect();
    // That a variant without a reference kept its bits is chance, or this machine's order: no advice to others.
    let fixed = |variant: &str| {
        let mut cases = record.cases.iter().filter(|c| c.kernel == kernel && c.variant == variant);
        cases.all(|c| !c.twins.is_empty())
    };
    let mut out: Vec<Advice> = Vec::new();
    let kept = found.iter().filter(|(v, levels)| with(levels, LevelState::Failed).is_empty() && fixed(v));
    for (variant, levels) in kept {
        let held = with(levels, LevelState::Held);
        let untested = with(levels, LevelState::Untested);
        // Advice is against something: a variant that broke what this one held.
        let instead_of: Vec<String> = broke
            .iter()
            .filter(|(_, broken)| broken.iter().any(|l| held.contains(l)))
            .map(|(v, _)| (*v).to_owned())
            .collect();
        if instead_of.is_empty() {
            continue;
        }
        match out.iter_mut().find(|a| a.held == held && a.instead_of == instead_of) {
            Some(same) => same.variants.push((*variant).to_owned()),
            None => out.push(Advice {
                kernel: kernel.to_owned(),
                variants: vec![(*variant).to_owned()],
                held,
                untested,
                engines: engines.iter().map(|e| (*e).to_owned()).collect(),
                instead_of,
            }),
        }
    }
    out
}

/// What was asked for when a record was made or shown: what is done next is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// `gpu`, or a record that it wrote.
    Audit,
    /// `case`.
    Case,
    /// `kernel`.
    Kernel,
}

/// How many runs are advised for a kernel of the user's own.
pub const MORE_RUNS: u32 = 50;

/// Something to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Do not use this record; nothing is to be done with it but to report it.
    Discard,
    /// See which adapters the system offers.
    Adapters,
    /// Run a case again, on the engine that shows something.
    Case {
        /// The case.
        case: String,
        /// The engine.
        engine: String,
        /// Defects to plant in the interpreter, each a hypothesis about the cause; none where nothing is asked.
        planted: Vec<String>,
    },
    /// Audit the other variants of a kernel.
    Kernel {
        /// The kernel.
        kernel: String,
    },
    /// An audit of all kernels, where some were asked for.
    AllKernels,
    /// A longer audit.
    Longer {
        /// The profile.
        profile: Profile,
    },
    /// The same kernel of the user's own with more runs.
    MoreRuns {
        /// With other inputs too: another seed gives such.
        inputs: bool,
    },
}

/// What to do next: the one step that tells most; `None` where there is none that was not just done.
#[must_use]
pub fn next(record: &Record, soundness: &Soundness, verdicts: &[Verdict], asked: Asked) -> Option<Step> {
    if soundness.reasons.first().is_some_and(|r| r.fault == Fault::NothingRan) {
        return Some(Step::Adapters);
    }
    if soundness.consequence() == Some(Consequence::Invalid) {
        return Some(Step::Discard);
    }
    // What to do about a remote engine is not to look for adapters.
    let remote =
        |r: &Reason| r.engine.as_ref().and_then(|id| record.engine(id)).is_some_and(|e| e.role() == Role::Remote);
    let failures = soundness.reasons.iter().filter(|r| matches!(r.fault, Fault::EngineFailed | Fault::CaseFailed));
    let failed = failures.into_iter().find(|r| r.case.is_some() || !remote(r));
    let case =
        |case: &str, engine: &str| Step::Case { case: case.to_owned(), engine: engine.to_owned(), planted: Vec::new() };
    if let Some(reason) = failed {
        return match (&reason.case, &reason.engine, asked) {
            (Some(c), Some(engine), Asked::Audit) => Some(case(c, engine)),
            _ => Some(Step::Adapters),
        };
    }
    let own = record.provenance.own.as_ref();
    if !record.engines.iter().any(Engine::is_driver) && asked == Asked::Audit && own.is_none() {
        return Some(Step::Adapters);
    }
    let worst = verdicts
        .iter()
        .filter(|v| v.levels.iter().any(|(_, s)| *s == LevelState::Failed))
        .max_by(|a, b| a.status.cmp(&b.status).then(b.level.cmp(&a.level)));
    if let Some(own) = own {
        // Without other inputs, and after as many runs as are advised, there is nothing that was not just done.
        let runs = record.provenance.settings.repeats < MORE_RUNS;
        return (!own.unseeded || runs).then_some(Step::MoreRuns { inputs: !own.unseeded });
    }
    match (worst, asked) {
        (Some(v), Asked::Audit) => v.evidence.as_ref().map(|c| case(c, &v.engine)),
        (Some(v), Asked::Case) => planted(record, v),
        (None, Asked::Audit) if !record.provenance.settings.kernels.is_empty() => Some(Step::AllKernels),
        (None, Asked::Audit) => longer(record.provenance.settings.profile).map(|profile| Step::Longer { profile }),
        _ => None,
    }
}

/// The profile after this one.
fn longer(profile: Profile) -> Option<Profile> {
    Profile::ALL.into_iter().find(|p| *p > profile)
}

/// A case that was just run says more with hypotheses about its cause, where none was tried.
fn planted(record: &Record, verdict: &Verdict) -> Option<Step> {
    // Results that do not repeat have their cause: no arithmetic explains them.
    if state(verdict, Level::RunToRun) == LevelState::Failed {
        return None;
    }
    let tried: BTreeSet<&String> = record.provenance.settings.planted.iter().collect();
    let modes = ["contract", "reassociate", "reciprocal", "flush", "builtins=1"];
    let open: Vec<String> = modes.iter().map(|m| (*m).to_owned()).filter(|m| !tried.contains(m)).collect();
    let case = verdict.evidence.clone()?;
    tried.is_empty().then(|| Step::Case { case, engine: verdict.engine.clone(), planted: open })
}
