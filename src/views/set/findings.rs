//! For tools: what keeps the records from being relied on, results that are not the same again, and those that the
//! specification forbids. An engine with none of it is as it should be.

use crate::facts::set::Related;
use crate::model::words::plural;
use crate::views::document::{Finding, Weight};
use crate::views::text;

/// The findings, the gravest first.
pub(super) fn findings(view: &Related) -> Vec<Finding> {
    let mut out = text::faults(&view.soundness, "");
    for case in &view.references {
        out.push(Finding::new(
            Weight::Error,
            "reference",
            "",
            case,
            "the strict reference differs between the records",
        ));
    }
    for conflict in &view.conflicts {
        let (weight, place) = if conflict.same_machine {
            (Weight::Failure, "one machine")
        } else {
            (Weight::Warning, "machines or systems")
        };
        let text = format!("{} of {place}", plural(conflict.results.len(), "different result"));
        out.push(Finding::new(weight, "conflict", &conflict.engine, &conflict.case, text));
    }
    for (engine, n) in &view.outside {
        let text = format!("{} outside what WGSL allows", plural(*n, "result"));
        out.push(Finding::new(Weight::Failure, "outside-specification", engine, "", text));
    }
    for engine in &view.engines {
        let at_odds = view.conflicts.iter().any(|c| c.engine == engine.label);
        let weight = match engine.settled {
            0 => Weight::Skipped,
            _ if at_odds => Weight::Note,
            _ => Weight::Pass,
        };
        let class = if engine.class.is_empty() { "no class".to_owned() } else { format!("class {}", engine.class) };
        out.push(Finding::new(weight, "class", &engine.label, "", class));
    }
    out
}
