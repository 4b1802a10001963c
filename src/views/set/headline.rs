//! The verdict on merged records in a few sentences.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::set::{Class, Kernel, Related, SetEngine, Update};
use crate::model::words::{count, list, plural};
use crate::views::document::{Mark, Section, Tone};

/// Variations of driver and variables that these engines are.
fn variations<'v>(engines: impl Iterator<Item = &'v SetEngine>) -> usize {
    engines.filter(|e| e.is_driver).map(|e| &e.label).collect::<BTreeSet<_>>().len()
}

/// Adapters and remote engines, each counted as what they are.
fn named(view: &Related) -> String {
    let adapters = plural(view.adapters - view.remotes, "adapter");
    match (view.remotes, view.adapters - view.remotes) {
        (0, _) => adapters,
        (remotes, 0) => plural(remotes, "remote engine"),
        (remotes, _) => format!("{adapters} and {}", plural(remotes, "remote engine")),
    }
}

/// Adapters with the variations of driver and variables that are counted apart from them.
fn adapters(view: &Related) -> String {
    let engines = variations(view.engines.iter());
    let adapters = named(view);
    if engines == view.adapters {
        adapters
    } else {
        format!("{adapters} in {} of driver and variables", plural(engines, "variation"))
    }
}

/// So many of the adapters.
fn some(view: &Related, n: usize) -> String {
    match (n == view.adapters, view.remotes) {
        (true, _) => adapters(view),
        (false, 0) => format!("{} of {}", count(n as u64), adapters(view)),
        // Which of them are adapters is not counted.
        (false, _) => format!("{} of {}", count(n as u64), plural(view.adapters, "engine")),
    }
}

/// Results of one engine that differ between machines or systems.
fn elsewhere(view: &Related) -> usize {
    view.conflicts.iter().filter(|c| !c.same_machine).count()
}

/// The title, and how it is to be taken. What keeps the set from being relied on comes first.
pub(super) fn title(view: &Related) -> (Tone, String) {
    let of_drivers = |c: &&Class| c.engines.iter().any(|e| view.engines[*e].is_driver);
    let classes = view.classes.iter().filter(of_drivers).count();
    let nondeterminism = view.conflicts.len() - elsewhere(view);
    let (tone, title) = if !view.references.is_empty() {
        (Tone::Bad, "The strict reference itself differs between records: do not rely on them together".to_owned())
    } else if nondeterminism > 0 {
        (Tone::Bad, format!("Not repeatable on one machine: {}", plural(nondeterminism, "result")))
    } else if view.adapters == 0 {
        (Tone::Plain, "No adapter with a driver in these records".to_owned())
    } else if !view.engines.iter().any(|e| e.is_driver && e.settled > 0) {
        (Tone::Plain, "No adapter gave a result that repeats".to_owned())
    } else if view.apart == 0 && elsewhere(view) > 0 {
        let results = plural(elsewhere(view), "result");
        (Tone::Broke, format!("Not the same on all machines or systems: {results} of one device and driver"))
    } else if view.apart == 0 && view.compared == 0 {
        let none = match view.adapters {
            1 => format!("Nothing that repeats ran twice on {}", named(view)),
            _ => format!("Nothing that repeats ran on two of {}", adapters(view)),
        };
        (Tone::Plain, format!("{none}: nothing is known to be the same"))
    } else if view.apart == 0 {
        let cases = plural(view.compared, "case");
        let text = match view.adapters {
            1 => format!("{} agrees bit for bit in {cases} that repeat and ran twice or more", adapters(view)),
            _ => {
                let met = some(view, view.met);
                format!("{met} agree bit for bit in {cases} that repeat and that two or more of them ran")
            }
        };
        (Tone::Good, text)
    } else if classes < 2 {
        let cases = format!("{} of {}", count(view.apart as u64), plural(view.cases, "case"));
        (Tone::Broke, format!("{} do not agree: {cases} told two of them apart", adapters(view)))
    } else {
        let loose = variations(view.engines.iter().filter(|e| !e.is_placed()));
        let rest = if loose > 0 { format!("; {} cannot be placed", plural(loose, "variation")) } else { String::new() };
        let placed = some(view, view.placed);
        (Tone::Broke, format!("{placed} fall into {classes} classes that differ in bits{rest}"))
    };
    match view.soundness.title() {
        Some(unsound) => (Tone::Bad, format!("{unsound}. {title}")),
        None => (tone, title),
    }
}

/// What was looked at.
pub(super) fn lead(view: &Related) -> String {
    let machines: BTreeSet<&str> = view.records.iter().map(|r| r.machine.as_str()).collect();
    format!(
        "{} of {}; {}, {}; {} of all engines.",
        plural(view.records.len(), "record"),
        plural(machines.len(), "machine"),
        plural(view.cases, "case"),
        adapters(view),
        plural(view.results, "settled result"),
    )
}

/// What held and what did not, sentence by sentence.
pub(super) fn statements(view: &Related, out: &mut Section) {
    classes(view, out);
    drivers(view, out);
    conflicts(view, out);
    open(view, out);
    specification(view, out);
    if !view.references.is_empty() {
        let text =
            format!("The strict reference's bits are not the same in all records in {}.", list(&view.references, 3));
        out.statement(Mark::Attention, "Reference", text);
    }
    completeness(view, out);
}

fn classes(view: &Related, out: &mut Section) {
    let undecided = view.engines.iter().filter(|e| !e.class.is_empty() && !e.is_placed()).count();
    let split: Vec<String> = view.kernels.iter().filter(|k| k.classes > 1).map(|k| k.kernel.clone()).collect();
    let one = || view.kernels.iter().filter(|k| k.classes <= 1);
    let disputed = |k: &&Kernel| view.conflicts.iter().any(|c| c.kernel == k.kernel);
    let whole = one().filter(|k| k.compared > 0 && !disputed(k)).count();
    let idle = one().filter(|k| k.compared == 0 && !disputed(k)).count();
    let mut rest = String::new();
    let told =
        [(one().filter(disputed).count(), "records of one engine disagree"), (idle, "nothing that repeats ran twice")];
    for (n, what) in told.into_iter().filter(|(n, _)| *n > 0) {
        rest.push_str(&format!(" In {} {what}.", plural(n, "kernel")));
    }
    if undecided > 0 {
        let variations = plural(undecided, "variation");
        rest.push_str(&format!(" {variations} cannot be placed: too little was run on both sides."));
    }
    if view.classes.is_empty() {
        out.statement(Mark::Untested, "Classes", "No engine gave a result that repeats.");
    } else if split.is_empty() {
        let text = if view.apart > 0 {
            format!(
                "{} told two adapters apart, which too few cases relate to the others.{rest}",
                plural(view.apart, "case")
            )
        } else {
            format!("No case tells any two engines apart.{rest}")
        };
        let mark = match (view.apart + elsewhere(view), view.compared) {
            (1.., _) => Mark::Differs,
            (0, 0) => Mark::Untested,
            (0, _) => Mark::Holds,
        };
        out.statement(mark, "Classes", text);
    } else {
        let text = format!(
            "In {} of {} kernels the engines do not all give the same bits: {}. {}.{rest}",
            split.len(),
            view.kernels.len(),
            list(&split, 8),
            match whole {
                0 => "None is the same on all engines that ran it".to_owned(),
                1 => "1 is the same on all engines that ran it".to_owned(),
                n => format!("{n} are the same on all engines that ran them"),
            }
        );
        out.statement(Mark::Differs, "Classes", text);
    }
}

/// Updates of a driver, each counted once however many adapters and settings of variables show it.
fn drivers<'v>(view: &'v Related, out: &mut Section) {
    let mut updates: Vec<(&str, (&str, &str), &'v Update)> = Vec::new();
    for timeline in &view.timelines {
        for version in &timeline.versions {
            let both = |u: &'v Update| (timeline.adapter.as_str(), (u.from.as_str(), version.release.as_str()), u);
            updates.extend(version.update.as_ref().map(both));
        }
    }
    let those = |is: fn(&Update) -> bool| -> BTreeSet<(&str, &str)> {
        updates.iter().filter(|(_, _, u)| is(u)).map(|(_, both, _)| *both).collect()
    };
    let (ran, changed) = (those(|u| u.compared > 0), those(|u| u.changed > 0));
    let adapters = |is: fn(&Update) -> bool| {
        let shown = updates.iter().filter(|(_, both, u)| changed.contains(both) && is(u));
        shown.map(|(adapter, ..)| *adapter).collect::<BTreeSet<&str>>().len()
    };
    let named = |all: &BTreeSet<(&str, &str)>| {
        let names: Vec<String> = all.iter().map(|(from, to)| format!("{from} → {to}")).collect();
        list(&names, 3)
    };
    let all = plural(ran.len(), "driver update");
    if view.timelines.is_empty() {
        out.statement(Mark::Untested, "Drivers", "No adapter is here with two versions of its driver.");
    } else if ran.is_empty() {
        let text = "No case that repeats ran on a version of a driver and on the next, under the same variables.";
        out.statement(Mark::Untested, "Drivers", text);
    } else if changed.is_empty() {
        let text = if ran.len() == 1 {
            format!("The driver update {} changed no bit of what repeats and ran on both versions.", named(&ran))
        } else {
            format!("None of {all} changed a bit of what repeats and ran on both versions: {}.", named(&ran))
        };
        out.statement(Mark::Holds, "Drivers", text);
    } else {
        let versions = if changed.len() == 1 { "both versions" } else { "both versions of one" };
        let on = match (adapters(|u| u.changed > 0), adapters(|_| true)) {
            (1, 1) => format!("on the one adapter that has {versions}"),
            (n, all) => format!("on {n} of {all} adapters that have {versions}"),
        };
        let text = if ran.len() == 1 {
            format!("The driver update {} changed bits {on}.", named(&changed))
        } else {
            format!("{} of {all} changed bits, {on}: {}.", changed.len(), named(&changed))
        };
        out.statement(Mark::Differs, "Drivers", text);
    }
}

fn conflicts(view: &Related, out: &mut Section) {
    let elsewhere = elsewhere(view);
    let nondeterminism = view.conflicts.len() - elsewhere;
    if view.conflicts.is_empty() {
        if view.repeated > 0 {
            let cases = plural(view.repeated, "case");
            let text =
                format!("No two records of one engine disagree, in {cases} that two of them ran and that repeat.");
            out.statement(Mark::Holds, "Conflicts", text);
        } else {
            let text = "No case that repeats was run by one engine in two records.";
            out.statement(Mark::Untested, "Conflicts", text);
        }
        return;
    }
    let results = plural(view.conflicts.len(), "result");
    let text = match (nondeterminism, elsewhere) {
        (0, _) => format!("{results} of one device and driver differ between machines or systems."),
        (_, 0) => {
            format!("{results} of one device and driver differ on one machine, which shows non-determinism.")
        }
        _ => format!(
            "{results} of one device and driver differ between records: {nondeterminism} on one machine, which shows \
             non-determinism, and {elsewhere} between machines or systems."
        ),
    };
    out.statement(if nondeterminism > 0 { Mark::Attention } else { Mark::Differs }, "Conflicts", text);
}

/// What is not known to differ in more than NaN.
fn open(view: &Related, out: &mut Section) {
    if view.open.is_empty() {
        return;
    }
    let text = format!(
        "Results differ in {}, and whether in more than the sign or payload of NaN, which is no difference, is not known: not \
         all of them is stored. Counted neither as the same nor as different: {}.",
        plural(view.open.len(), "case"),
        list(&view.open, 3)
    );
    out.statement(Mark::Untested, "NaN", text);
}

fn specification(view: &Related, out: &mut Section) {
    let unjudged =
        if view.unjudged > 0 { format!(" {} were not judged.", count(view.unjudged as u64)) } else { String::new() };
    let all: usize = view.outside.iter().map(|o| o.1).sum();
    if all > 0 {
        let mut adapters: BTreeMap<&str, usize> = BTreeMap::new();
        for (label, n) in &view.outside {
            let of = view.engines.iter().find(|e| e.label == *label).map_or(label.as_str(), |e| &e.adapter);
            *adapters.entry(of).or_default() += n;
        }
        let names: Vec<String> = adapters.iter().map(|(adapter, n)| format!("{n} on {adapter}")).collect();
        let text = format!(
            "The WGSL specification forbids {} of {} judged: {}.{unjudged}",
            count(all as u64),
            count(view.judged as u64),
            list(&names, 4)
        );
        out.statement(Mark::Attention, "Specification", text);
    } else if view.judged > 0 {
        let text = format!(
            "None of {} that were judged is outside what WGSL allows.{unjudged}",
            plural(view.judged, "result")
        );
        let mark = if view.unjudged == 0 { Mark::Holds } else { Mark::Note };
        out.statement(mark, "Specification", text);
    } else if view.unjudged > 0 {
        let text = format!("What WGSL allows was judged of none of {}.", plural(view.unjudged, "result"));
        out.statement(Mark::Untested, "Specification", text);
    }
}

fn completeness(view: &Related, out: &mut Section) {
    let without: Vec<String> = view.records.iter().filter(|r| r.drivers == 0).map(|r| r.name.clone()).collect();
    if !without.is_empty() {
        out.statement(
            Mark::Note,
            "No adapter",
            format!("No adapter with a driver is in the records of {}.", list(&without, 6)),
        );
    }
    let sound = view.soundness.is_sound();
    if sound && view.soundness.reasons.is_empty() {
        let text = "Every control was caught on every engine that ran, every record is complete, and none that was expected is missing.";
        out.statement(Mark::Holds, "Reliability", text);
        return;
    }
    let mut reasons: Vec<String> = Vec::new();
    for reason in &view.soundness.reasons {
        let of = reason.record.as_ref().map(|r| format!("{r}: ")).unwrap_or_default();
        let text = format!("{of}{}", reason.text);
        if !reasons.contains(&text) {
            reasons.push(text);
        }
    }
    let more = reasons.len().saturating_sub(6);
    reasons.truncate(6);
    if more > 0 {
        reasons.push(plural(more, "more reason"));
    }
    let reasons = reasons.join("; ");
    if sound {
        let text = format!(
            "Every control that was planted was caught, every record is complete, and none that was expected is missing. \
             Not controlled: {reasons}."
        );
        out.statement(Mark::Note, "Reliability", text);
    } else {
        out.statement(Mark::Attention, "Reliability", format!("{reasons}."));
    }
}
