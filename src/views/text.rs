//! Words, glyphs and numbers as every format writes them.

use super::document::{Finding, Mark, Weight};
use crate::facts::{Consequence, Reason, Soundness};
use crate::model::CaseId;
pub(crate) use crate::model::words::{count, fact, list, number, percent, plural, quoted, short, ulp};
use crate::record::{Engine, Level, OwnKernel, Provenance, Record, Role, SWEEP, Settings, Status, TRAIN};

/// A status as a mark.
pub(crate) fn mark(status: Status) -> Mark {
    match status {
        Status::BitExact => Mark::BitExact,
        Status::WithinSpecification => Mark::Within,
        Status::Unjudged => Mark::Unjudged,
        Status::NotRepeatable => Mark::NotRepeatable,
        Status::OutsideSpecification => Mark::Outside,
        Status::Skipped => Mark::Skipped,
        Status::Failed => Mark::Failed,
    }
}

/// For tools: what keeps a record or a set from being relied on, after `side`.
pub(crate) fn faults(soundness: &Soundness, side: &str) -> Vec<Finding> {
    let finding = |reason: &Reason| {
        let (weight, what) = match reason.fault.consequence() {
            Consequence::Invalid => (Weight::Error, "Invalid"),
            Consequence::Incomplete => (Weight::Error, "Incomplete"),
            Consequence::Unproved => (Weight::Warning, "Not controlled"),
        };
        let of = reason.record.as_ref().map(|r| format!("{r}: ")).unwrap_or_default();
        let (engine, case) = (reason.engine.as_deref().unwrap_or_default(), reason.case.as_deref().unwrap_or_default());
        Finding::new(weight, reason.fault.name(), engine, case, format!("{side}{what}: {of}{}", reason.text))
    };
    soundness.reasons.iter().map(finding).collect()
}

/// Every status with its meaning in a sentence.
pub(crate) const STATUSES: [(Status, &str); 7] = [
    (Status::BitExact, "Every bit of every run equals the strict CPU reference."),
    (
        Status::WithinSpecification,
        "Every run gave the same bits. They differ from the strict reference (or there is no reference to equal), and the \
         WGSL specification allows them.",
    ),
    (
        Status::Unjudged,
        "Every run gave the same bits. They differ from the strict reference (or there is no reference to equal); what the WGSL \
         specification allows of this kernel is not known here, and was not judged.",
    ),
    (
        Status::NotRepeatable,
        "Runs of the same program on the same input gave different bits; each is allowed, where that is known.",
    ),
    (Status::OutsideSpecification, "A result that the WGSL specification does not allow."),
    (Status::Skipped, "Not run: the engine lacks what the case needs. The reason is listed."),
    (Status::Failed, "It should have run and did not: a crash, a hang, a lost device or an error."),
];

/// A level in words.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::NotGuaranteed => "not guaranteed",
        Level::RunToRun => "run to run",
        Level::ConfigInvariant => "configuration invariant",
        Level::DriverToDriver => "driver to driver",
        Level::GpuToGpu => "GPU to GPU",
        Level::CpuGpuBitwise => "CPU = GPU, bitwise",
    }
}

/// What a level demands, beyond those before it.
pub(crate) fn level_meaning(level: Level) -> &'static str {
    match level {
        Level::NotGuaranteed => "Nothing held.",
        Level::RunToRun => "The same bits in every run.",
        Level::ConfigInvariant => "The same bits for every workgroup size, tile and thread count tested.",
        Level::DriverToDriver => "The same bits from every driver or backend of the same hardware.",
        Level::GpuToGpu => "The same bits on every other adapter.",
        Level::CpuGpuBitwise => "The same bits as the strict CPU reference.",
    }
}

/// How often something ran: `5 runs`, or `5 orders of execution` where each run was a chosen one.
pub(crate) fn runs(engine: Option<&Engine>, n: u32) -> String {
    let orders = engine.is_some_and(Engine::takes_orders);
    match (orders, n) {
        (true, 1) => "1 order of execution".to_owned(),
        (true, n) => format!("{n} orders of execution"),
        (false, n) => plural(n as usize, "run"),
    }
}

/// The command that runs a case, or all cases of a problem, again, quoted for a POSIX shell. A kernel of the user's own is
/// named as it was.
pub(crate) fn command(record: &Record, case: &str) -> String {
    command_of(record.provenance.own.as_ref(), &[case])
}

/// [`command`] of several cases of one kernel on an engine, as it was asked for.
pub(crate) fn command_on(asked: &Provenance, engine: Option<&Engine>, cases: &[&str]) -> String {
    let command = command_of(asked.own.as_ref(), cases);
    let Some(engine) = engine else { return command };
    if cases.iter().all(|case| sweep_command(case).is_none()) {
        return command + &engine_options(&asked.settings, engine);
    }
    // A sweep takes no variable; it has those that it is started with.
    let variables = engine.variables.iter().map(|(name, value)| format!("{name}={} ", quoted(value)));
    let planted = asked.settings.planted.iter().filter(|_| engine.role() == Role::Planted);
    let planted: Vec<String> = planted.map(|mode| format!(" --planted {}", quoted(mode))).collect();
    format!("{}{command}{}", variables.collect::<String>(), planted.concat())
}

/// The command that makes a sweep again; nothing for another case.
fn sweep_command(case: &str) -> Option<String> {
    let id = CaseId::parse(case).ok().filter(|id| id.kernel() == SWEEP)?;
    let dtype = if id.parameter("dtype") == Some("f16") { " --dtype f16" } else { "" };
    let inputs = if id.parameter("inputs") == Some("all") { "" } else { " --inputs stratified" };
    Some(format!("repro-audit sweep {}{dtype}{inputs}", quoted(id.variant())))
}

/// The command that makes a training again; nothing for another case.
fn train_command(case: &str) -> Option<String> {
    let id = CaseId::parse(case).ok().filter(|id| id.kernel() == TRAIN)?;
    let option = |name: &str, parameter: &str| {
        id.parameter(parameter).map(|value| format!(" --{name} {}", quoted(value))).unwrap_or_default()
    };
    let order = if id.parameter("order") == Some("reversed") { " --reversed" } else { "" };
    let launch = format!("{}{}{order}", option("workgroup", "wg"), option("parts", "parts"));
    Some(format!(
        "repro-audit train --factor adapter{}{}{launch}",
        option("arithmetic", "arithmetic"),
        option("seed", "seed")
    ))
}

/// [`command`] of several cases of one kernel, with what is known of the user's own.
pub(crate) fn command_of(own: Option<&OwnKernel>, cases: &[&str]) -> String {
    if let Some(command) = cases.first().and_then(|case| sweep_command(case).or_else(|| train_command(case))) {
        return command;
    }
    let own = own.filter(|own| cases.iter().all(|case| own.is_of(case)));
    let (start, option) = own.map_or_else(|| ("repro-audit case".to_owned(), ""), |own| (own_command(own), " --case"));
    let ids: Vec<String> = cases.iter().map(|id| format!("{option} '{}'", id.replace('\'', r"'\''"))).collect();
    start + &ids.concat()
}

/// The options that bring an engine back: what was planted in it, the variables that were set, or the command that it is.
pub(crate) fn engine_options(settings: &Settings, engine: &Engine) -> String {
    let mut out = String::new();
    // Places of interpreters follow from all of them.
    for mode in settings.planted.iter().filter(|_| engine.role() == Role::Planted) {
        out.push_str(&format!(" --planted {}", quoted(mode)));
    }
    for file in settings.models.iter().filter(|_| engine.role() == Role::Planted) {
        out.push_str(&format!(" --as {}", quoted(file)));
    }
    if let Some(threads) = engine.variables.get("threads").filter(|_| engine.role() == Role::Cpu) {
        // What another count changes shows beside the one that all are compared with.
        let first = settings.threads.first().map(ToString::to_string).filter(|first| first != threads);
        let both = first.map_or_else(|| threads.clone(), |first| format!("{first},{threads}"));
        out.push_str(&format!(" --threads {}", quoted(&both)));
    }
    for (name, value) in engine.variables.iter().filter(|_| engine.role() != Role::Cpu) {
        out.push_str(&format!(" --vary {}", quoted(&format!("{name}={value}"))));
    }
    if let Some(command) = remote(settings, engine) {
        out.push_str(&format!(" --engine {}", quoted(command)));
    }
    out
}

/// The command that starts a remote engine.
pub(crate) fn remote<'s>(settings: &'s Settings, engine: &Engine) -> Option<&'s str> {
    let adapter = engine.adapter.as_ref().filter(|_| engine.role() == Role::Remote)?;
    settings.engines.get(adapter.index).map(String::as_str)
}

/// The command that audits the user's own kernel again.
pub(crate) fn own_command(own: &OwnKernel) -> String {
    let words: Vec<String> = own.arguments.iter().map(|a| quoted(a)).collect();
    format!("repro-audit kernel {}", words.join(" "))
}
