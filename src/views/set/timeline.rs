//! What drivers changed, version by version: each change in one clause, the case that shows it best, and where it was first
//! seen.

use crate::facts::pair::Why;
use crate::facts::set::{Related, Step, Update, VersionChange};
use crate::model::words::{count, list, plural};
use crate::record::AxisLevel;
use crate::views::document::{Cell, Column, Detail, Rows, Section, Table};

/// Changes that are listed of one adapter, over all its versions.
const CHANGES: usize = 60;

pub(super) fn section(view: &Related) -> Section {
    let mut out = Section::new("timeline", "Driver timeline").at(Detail::Full);
    for (i, timeline) in view.timelines.iter().enumerate() {
        let mut section = Section::new(format!("timeline-{i}"), &timeline.adapter);
        let columns = [
            Column::text("version"),
            Column::text("what changed"),
            Column::text("the case that shows it best"),
            Column::text("how far"),
            Column::text("first seen"),
        ];
        let mut table = Table::new(format!("versions-{i}"), &columns).most(CHANGES);
        for version in &timeline.versions {
            let day = version.started.get(..10).unwrap_or_default();
            let seen = format!("{} {day}", version.first_seen);
            let first = |what: String, table: &mut Table| {
                table.push([Cell::text(&version.label), Cell::text(what), Cell::Empty, Cell::Empty, Cell::text(&seen)]);
            };
            match &version.update {
                None => first("the oldest version in these records".to_owned(), &mut table),
                Some(update) if update.compared == 0 => {
                    first(format!("nothing to compare with {}", update.from), &mut table);
                }
                Some(update) if update.changes.is_empty() => {
                    first(format!("no bit changed in {}", plural(update.compared, "case")), &mut table);
                }
                Some(update) => {
                    for change in &update.changes {
                        let row = row(&version.label, update, change);
                        table.push(row.into_iter().chain([Cell::text(&change.first_seen)]));
                    }
                }
            }
        }
        section.table(table);
        out.push(section);
    }
    out
}

/// What a variable or another adapter changed, in the same columns.
pub(super) fn steps(view: &Related) -> Section {
    let mut out = Section::new("steps", "What variables and other adapters change").at(Detail::Full);
    for (axis, title) in [(AxisLevel::Threads, "Variables"), (AxisLevel::Adapter, "Adapters")] {
        let columns = [
            Column::text("what"),
            Column::text("what changes"),
            Column::text("the case that shows it best"),
            Column::text("how far"),
        ];
        let id = format!("steps-{}", title.to_lowercase());
        let mut table = Table::new(id.clone(), &columns).most(CHANGES);
        for step in view.steps.iter().filter(|s| s.axis == axis) {
            for change in &step.update.changes {
                table.push(row(&format!("{}: {}", step.adapter, name(step)), &step.update, change));
            }
        }
        let mut section = Section::new(id, title);
        section.table(table);
        out.push(section);
    }
    out
}

/// What a step is, after the name of its adapter.
pub(super) fn name(step: &Step) -> String {
    match step.axis {
        AxisLevel::Threads => format!("with {}", step.to),
        _ => format!("against {}", step.to),
    }
}

fn row(label: &str, update: &Update, change: &VersionChange) -> [Cell; 4] {
    [Cell::text(label), Cell::text(what(update, change)), Cell::case(&change.case), Cell::text(&change.size)]
}

/// What changed, where, and under which settings of variables.
fn what(update: &Update, change: &VersionChange) -> String {
    let names: Vec<String> =
        change.of.iter().map(|(name, n)| if *n > 1 { format!("{name} ({n})") } else { name.clone() }).collect();
    let settings = if change.settings.len() == update.settings {
        String::new()
    } else {
        let shown = |s: &String| if s.is_empty() { "no variable set".to_owned() } else { s.clone() };
        let told: Vec<String> = change.settings.iter().map(shown).collect();
        format!("; only with {}", list(&told, 3))
    };
    match &change.why {
        Why::Unknown => format!("{}: cause not known{settings}", list(&names, 6)),
        _ => format!("{}: {}{settings}", list(&names, 6), change.text),
    }
}

/// One row a change.
pub(super) fn rows(view: &Related) -> Rows {
    let columns = [
        "merged",
        "adapter",
        "from",
        "to",
        "version",
        "what",
        "kernels",
        "cases",
        "case",
        "size",
        "settings",
        "first_seen",
        "compared",
        "changed",
    ];
    let mut out = Rows::new("timeline", &columns);
    for timeline in &view.timelines {
        for version in &timeline.versions {
            let Some(update) = &version.update else { continue };
            for change in &update.changes {
                let kernels: Vec<String> = change.of.iter().map(|(k, n)| format!("{k}={}", count(*n as u64))).collect();
                out.push(vec![
                    view.id.as_str().into(),
                    timeline.adapter.as_str().into(),
                    update.from.as_str().into(),
                    version.release.as_str().into(),
                    version.label.as_str().into(),
                    change.text.as_str().into(),
                    kernels.join(" ").into(),
                    change.cases.len().into(),
                    change.case.as_str().into(),
                    change.size.as_str().into(),
                    change.settings.join("; ").into(),
                    change.first_seen.as_str().into(),
                    update.compared.into(),
                    update.changed.into(),
                ]);
            }
        }
    }
    out
}
