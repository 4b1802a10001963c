//! The verdict on merged records in a few sentences.

use serde::Serialize;

use crate::relate::Related;
use crate::report::text;
use crate::views::document::Tone;

/// The verdict.
#[derive(Debug, Serialize)]
pub(super) struct Headline {
    pub(super) tone: Tone,
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) statements: Vec<Statement>,
}

/// One thing that held or did not.
#[derive(Debug, Serialize)]
pub(super) struct Statement {
    pub(super) tone: Tone,
    pub(super) glyph: &'static str,
    pub(super) word: &'static str,
    pub(super) title: &'static str,
    pub(super) text: String,
}

fn make(tone: Tone, title: &'static str, text: String) -> Statement {
    let (glyph, word) = match tone {
        Tone::Good => ("✓", "held"),
        Tone::Plain => ("–", "untested"),
        Tone::Broke => ("≠", "did not hold"),
        Tone::Bad => ("✗", "attention"),
    };
    Statement { tone, glyph, word, title, text }
}

/// The verdict on these records.
pub(super) fn headline(view: &Related) -> Headline {
    let adapters = view.adapters.len();
    let classes = view.classes.len();
    let nondeterminism = view.conflicts.iter().filter(|c| c.same_machine).count();
    let machines: std::collections::BTreeSet<&str> = view.records.iter().map(|r| r.machine.as_str()).collect();
    let (tone, title) = if !view.missing.is_empty() {
        (
            Tone::Bad,
            format!("{} sent no record: {}", text::plural(view.missing.len(), "leg"), text::list(&view.missing, 4)),
        )
    } else if !view.twins.is_empty() {
        (Tone::Bad, "The strict twin itself differs between records: do not rely on them together".to_owned())
    } else if nondeterminism > 0 {
        (Tone::Bad, format!("Not the same again on one machine: {}", text::plural(nondeterminism, "result")))
    } else if adapters == 0 {
        (Tone::Plain, "No adapter in these records".to_owned())
    } else if classes <= 1 {
        (Tone::Good, format!("All {} agree bit for bit", text::plural(adapters, "adapter")))
    } else {
        (Tone::Broke, format!("{} fall into {classes} classes that differ in bits", text::plural(adapters, "adapter")))
    };
    let lead = format!(
        "{} of {}; {} on {}, {} compared.",
        text::plural(view.records.len(), "record"),
        text::plural(machines.len(), "machine"),
        text::plural(view.cases, "case"),
        text::plural(adapters, "adapter"),
        text::plural(view.results, "result"),
    );
    Headline { tone, title, lead, statements: statements(view, nondeterminism) }
}

fn statements(view: &Related, nondeterminism: usize) -> Vec<Statement> {
    let mut out = Vec::new();
    let undecided = view.adapters.iter().filter(|a| a.class.ends_with('?')).count();
    let rest = if undecided > 0 {
        format!(" {} can not be placed, for too little was run on both sides.", text::plural(undecided, "adapter"))
    } else {
        String::new()
    };
    let whole: Vec<&str> = view.kernels.iter().filter(|k| k.classes <= 1).map(|k| k.kernel.as_str()).collect();
    let split: Vec<String> = view.kernels.iter().filter(|k| k.classes > 1).map(|k| k.kernel.clone()).collect();
    if view.classes.is_empty() {
        out.push(make(Tone::Plain, "Classes", "No adapter gave a result that repeats.".to_owned()));
    } else if split.is_empty() {
        out.push(make(Tone::Good, "Classes", format!("No case tells any two adapters apart.{rest}")));
    } else {
        out.push(make(
            Tone::Broke,
            "Classes",
            format!(
                "{} of {} kernels split the adapters: {}. {} the same on all.{rest}",
                split.len(),
                view.kernels.len(),
                text::list(&split, 8),
                if whole.len() == 1 { "1 is".to_owned() } else { format!("{} are", whole.len()) }
            ),
        ));
    }
    let mut changed = 0;
    let mut steps = 0;
    for driver in view.timelines.iter().flat_map(|t| &t.drivers) {
        if let Some(changes) = &driver.changes {
            steps += 1;
            changed += usize::from(!changes.is_empty());
        }
    }
    if steps == 0 {
        out.push(make(Tone::Plain, "Drivers", "No device is here with two drivers.".to_owned()));
    } else if changed == 0 {
        out.push(make(Tone::Good, "Drivers", format!("{} changed no bit.", text::plural(steps, "driver update"))));
    } else {
        let text = format!("{changed} of {} changed bits; see the timeline.", text::plural(steps, "driver update"));
        out.push(make(Tone::Broke, "Drivers", text));
    }
    let elsewhere = view.conflicts.len() - nondeterminism;
    if view.conflicts.is_empty() {
        out.push(make(Tone::Good, "Conflicts", "No two records of one adapter disagree.".to_owned()));
    } else {
        let text = format!(
            "{} of one device and driver differ between records: {nondeterminism} on one machine, which shows \
             non-determinism, and {elsewhere} between machines or systems.",
            text::plural(view.conflicts.len(), "result")
        );
        out.push(make(if nondeterminism > 0 { Tone::Bad } else { Tone::Broke }, "Conflicts", text));
    }
    if !view.outside.is_empty() {
        let all: usize = view.outside.iter().map(|o| o.1).sum();
        let names: Vec<String> = view.outside.iter().map(|(label, n)| format!("{n} on {label}")).collect();
        let text =
            format!("The WGSL specification forbids {}: {}.", text::plural(all, "result"), text::list(&names, 4));
        out.push(make(Tone::Bad, "Specification", text));
    } else if view.results > 0 {
        out.push(make(Tone::Good, "Specification", "No result is outside what WGSL allows.".to_owned()));
    }
    if !view.twins.is_empty() {
        out.push(make(
            Tone::Bad,
            "Twins",
            format!("The strict twin's bits are not the same in all records in {}.", text::list(&view.twins, 3)),
        ));
    }
    let trouble: Vec<String> =
        view.records.iter().filter(|r| !r.trouble.is_empty()).map(|r| format!("{}: {}", r.name, r.trouble)).collect();
    if view.missing.is_empty() && trouble.is_empty() && view.failed == 0 {
        out.push(make(
            Tone::Good,
            "Completeness",
            "Every record is complete, and no expected one is missing.".to_owned(),
        ));
    } else {
        let mut parts = Vec::new();
        if !view.missing.is_empty() {
            parts.push(format!("no record came from {}", text::list(&view.missing, 8)));
        }
        if view.failed > 0 {
            parts.push(format!("{} failed", text::plural(view.failed, "execution")));
        }
        parts.extend(trouble.iter().take(6).cloned());
        if trouble.len() > 6 {
            parts.push(format!("{} more records have gaps", trouble.len() - 6));
        }
        out.push(make(Tone::Bad, "Completeness", format!("{}.", parts.join("; "))));
    }
    out
}
