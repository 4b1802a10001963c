//! The same training on one adapter again and again: with each value of an environment variable, and while another process
//! keeps the adapter busy. Each is made twice without a change as well: of an adapter that does not repeat by itself nothing
//! shows what a change does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::engines::{self, Engine, History, Made};
use super::{TrainPlan, TrainProgress};
use crate::audit::AuditError;
use crate::audit::run::variations;
use crate::model::AdapterIdentity;
use crate::model::training::{Factor, NOTHING, Spread};

/// One training.
struct Wanted {
    changed: String,
    variables: BTreeMap<String, String>,
    contended: bool,
}

/// The trainings of a factor on an adapter: two without a change, then those with one. Empty where nothing can be changed
/// there.
fn wanted(plan: &TrainPlan, factor: Factor, adapter: &AdapterIdentity) -> Vec<Wanted> {
    if adapter.is_embedded() {
        return Vec::new();
    }
    let plain = || Wanted { changed: NOTHING.to_owned(), variables: BTreeMap::new(), contended: false };
    let mut out = vec![plain(), plain()];
    if factor == Factor::Vary {
        for variables in variations(&plan.vary, false, adapter).into_iter().filter(|v| !v.is_empty()) {
            let changed: Vec<String> = variables.iter().map(|(n, v)| format!("{n}={v}")).collect();
            out.push(Wanted { changed: changed.join(" "), variables, contended: false });
        }
    } else {
        let busy = |_| Wanted { changed: "another process trains there".to_owned(), contended: true, ..plain() };
        out.extend((2..plan.replicas.max(3)).map(busy));
    }
    if out.len() > 2 { out } else { Vec::new() }
}

/// Whether a factor can be changed on an adapter of the plan.
#[must_use]
pub fn can_vary(plan: &TrainPlan, factor: Factor) -> bool {
    plan.adapters.iter().any(|adapter| !wanted(plan, factor, adapter).is_empty())
}

/// Makes the trainings of a factor on each adapter on which it can be changed; how far they part is told by adapter.
pub(super) fn on_each(
    plan: &TrainPlan,
    factor: Factor,
    history: &History,
    scratch: &Path,
    progress: &mut dyn TrainProgress,
) -> Result<(Vec<Engine>, Vec<Spread>), AuditError> {
    let (mut out, mut spreads) = (Vec::new(), Vec::new());
    for adapter in &plan.adapters {
        let mut made = Vec::new();
        for (replica, one) in (0..).zip(wanted(plan, factor, adapter)) {
            let how = Made { factor, replica, changed: one.changed, variables: one.variables };
            let what = format!("{} on {}, number {replica}", factor.name(), adapter.id());
            progress.begin(&what, plan.steps);
            let engine = if one.contended {
                contended(plan, history, adapter, how, scratch, progress)?
            } else {
                engines::on(plan, history, adapter, how, scratch, progress)?
            };
            progress.end(engine.trained.failure.as_deref());
            made.push(engine);
        }
        let spread = engines::spread(plan, factor, &made);
        spreads.extend(spread.map(|s| Spread { engine: Some(adapter.id()), ..s }));
        out.extend(made);
    }
    Ok((out, spreads))
}

/// A training while another process makes the first epoch there over and over. That one begins before, and where it did not
/// last the training is none under load, and failed.
fn contended(
    plan: &TrainPlan,
    history: &History,
    adapter: &AdapterIdentity,
    how: Made,
    scratch: &Path,
    progress: &mut dyn TrainProgress,
) -> Result<Engine, AuditError> {
    let (stop, ended, rounds) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut load = engines::Load::new(plan, history, adapter, scratch);
            let mut failure = None;
            while failure.is_none() && !stop.load(Ordering::Relaxed) {
                match load.again() {
                    Ok(()) => drop(rounds.fetch_add(1, Ordering::Relaxed)),
                    Err(reason) => failure = Some(reason),
                }
            }
            ended.store(true, Ordering::Relaxed);
            failure
        });
        // Its process starts, and its driver compiles: load is what comes after.
        while rounds.load(Ordering::Relaxed) == 0 && !ended.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let before = rounds.load(Ordering::Relaxed);
        let made = engines::on(plan, history, adapter, how, scratch, progress);
        let lasted = !ended.load(Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
        let failure = busy.join().unwrap_or_else(|_| Some("its thread ended".to_owned()));
        let mut engine = made?;
        if !lasted || rounds.load(Ordering::Relaxed) == before {
            let why = failure.unwrap_or_else(|| "it made no epoch meanwhile".to_owned());
            let told = format!("the process that was to keep the adapter busy did not: {why}");
            engine.trained.failure.get_or_insert(told);
        }
        Ok(engine)
    })
}
