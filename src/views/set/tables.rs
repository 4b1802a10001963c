//! The tables of merged records: classes, kernels by classes, the cases that tell them apart, conflicts, records.

use super::COLUMNS;
use crate::facts::Soundness;
use crate::facts::set::{Kernel, KernelCell, LARGEST, Related};
use crate::model::words::{list, plural, short};
use crate::views::chart::{Chart, Plot, Tile};
use crate::views::document::{Cell, Column, Detail, Rows, Section, Table, Value};

/// Names in a cell.
const NAMES: usize = 6;

/// The classes by what is in them.
pub(super) fn classes(view: &Related) -> Section {
    let mut out = Section::new("classes", "Classes").at(Detail::Full);
    let but = if view.conflicts.is_empty() { "" } else { ", but for the conflicts below" };
    out.text(format!(
        "An engine is an adapter, its driver and the variables that the driver reads. Members of a class gave the same bits \
         in every case that both ran and that repeats{but}."
    ));
    let columns = [
        Column::text("class"),
        Column::text("what is in it"),
        Column::text("strict").about("Whether every result equals the strict CPU reference."),
        Column::number("engines"),
        Column::number("machines"),
    ];
    let mut table = Table::new("classes", &columns).most(COLUMNS);
    for class in &view.classes {
        table.push([
            Cell::text(&class.letter),
            Cell::text(&class.name),
            Cell::text(if class.strict { "= reference" } else { "" }),
            Cell::number(class.engines.len().to_string()),
            Cell::number(class.machines.to_string()),
        ]);
    }
    out.table(table);
    out
}

/// The engines, each with its class.
pub(super) fn engines(view: &Related) -> Section {
    let columns = [
        Column::text("class"),
        Column::text("engine"),
        Column::number("cases"),
        Column::number("set aside")
            .about("Cases that do not repeat here, or whose order nothing fixes and that did not repeat elsewhere."),
        Column::text("records"),
    ];
    let mut table = Table::new("engines", &columns);
    for engine in &view.engines {
        table.push([
            Cell::text(if engine.class.is_empty() { "–" } else { &engine.class }),
            Cell::text(&engine.label),
            Cell::number(engine.settled.to_string()),
            Cell::number(engine.unsettled.to_string()),
            Cell::text(list(&engine.records, NAMES)),
        ]);
    }
    let mut out = Section::new("engines", "Engines by class").at(Detail::Full);
    out.table(table);
    out
}

/// Engines that are in no class.
pub(super) fn loose(view: &Related) -> Section {
    let mut out = Section::new("loose", "In no class").at(Detail::Full);
    let columns = [Column::text("engine"), Column::text("why"), Column::text("records")];
    let mut table = Table::new("loose", &columns);
    for engine in view.engines.iter().filter(|e| !e.is_placed()) {
        let why = match engine.class.trim_end_matches('?').rsplit_once('/') {
            _ if engine.class.is_empty() => "nothing that it ran repeats, or it ran nothing".to_owned(),
            Some((others, last)) => format!(
                "nothing tells it apart from {} or {last}, which differ: it or they ran too little",
                others.replace('/', ", ")
            ),
            None => format!(
                "nothing tells it apart from {}, and too little was run on both to show that they agree",
                engine.class.trim_end_matches('?')
            ),
        };
        table.push([Cell::text(&engine.label), Cell::text(why), Cell::text(list(&engine.records, NAMES))]);
    }
    out.table(table);
    out
}

fn cell(cell: &KernelCell) -> Cell {
    let letter = if cell.letter.is_empty() { "–" } else { &cell.letter };
    let strict = if cell.strict { " =" } else { "" };
    let unsettled = if cell.unsettled > 0 { format!(" ~{}", cell.unsettled) } else { String::new() };
    let mut note = format!("{} settled", plural(cell.settled, "case"));
    if cell.unsettled > 0 {
        note.push_str(&format!(", {} set aside, which do not repeat or of which records disagree", cell.unsettled));
    }
    if cell.differing > 0 {
        note.push_str(&format!(", {} differ from A; the most: {}; {}", cell.differing, cell.size, cell.because));
    }
    let heat = match (cell.settled, cell.differing) {
        (0, _) => None,
        (_, 0) => Some(0.0),
        (all, n) => {
            let share =
                f64::from(u32::try_from(n).unwrap_or(u32::MAX)) / f64::from(u32::try_from(all).unwrap_or(u32::MAX));
            Some(share.min(1.0))
        }
    };
    Cell::Heat { heat, text: format!("{letter}{strict}{unsettled}"), note, anchor: String::new() }
}

/// Kernels by classes.
pub(super) fn matrix(view: &Related) -> Section {
    let mut out = Section::new("matrix", "Kernels by classes").at(Detail::Full);
    out.text(
        "In a row, the same letter is the same bits in every case of that kernel; = are the strict reference's bits, and ~ \
         counts cases that an engine of the class does not repeat, or of which its records disagree: of that engine they are \
         left out.",
    );
    let mut columns = vec![Column::text("kernel"), Column::number("cases")];
    columns.extend(view.classes.iter().take(COLUMNS).map(|c| Column::text(&c.letter).about(&c.name)));
    let mut table = Table::new("matrix", &columns).most(100);
    table.filter = true;
    for kernel in &view.kernels {
        let head = [Cell::text(&kernel.kernel), Cell::number(kernel.cases.to_string())];
        table.push(head.into_iter().chain(kernel.cells.iter().take(COLUMNS).map(cell)));
        if let Some(row) = table.rows.last_mut() {
            row.calm = kernel.classes <= 1;
        }
    }
    if table.rows.is_empty() {
        return Section::new("matrix", "");
    }
    out.table(table);
    if let Some(chart) = chart(view) {
        out.chart(chart);
    }
    out
}

/// The matrix as a chart; `None` where there is nothing to show.
fn chart(view: &Related) -> Option<Chart> {
    if view.kernels.is_empty() || view.classes.is_empty() {
        return None;
    }
    let columns: Vec<String> = view.classes.iter().take(COLUMNS).map(|c| c.letter.clone()).collect();
    let tile = |kernel: &str, c: &KernelCell| Tile {
        text: if c.letter.is_empty() { "–".to_owned() } else { c.letter.clone() },
        series: (c.number != usize::MAX).then_some(c.number),
        note: format!("{kernel} on {}{}{}", c.letter, if c.size.is_empty() { "" } else { ": " }, c.size),
    };
    let tiles = |k: &Kernel| k.cells.iter().take(COLUMNS).map(|c| tile(&k.kernel, c)).collect();
    let letters = |k: &Kernel| -> Vec<String> {
        std::iter::once(k.kernel.clone()).chain(k.cells.iter().take(COLUMNS).map(|c| c.letter.clone())).collect()
    };
    Some(Chart {
        name: "classes".to_owned(),
        title: "Which engines agree, kernel by kernel".to_owned(),
        about:
            "A column is a class of engines that no case tells apart. In a row, the same letter is the same bits in \
                every case of the kernel."
                .to_owned(),
        head: std::iter::once("kernel".to_owned()).chain(columns.clone()).collect(),
        plot: Plot::Tiles { columns, rows: view.kernels.iter().map(|k| (k.kernel.clone(), tiles(k))).collect() },
        rows: view.kernels.iter().map(letters).collect(),
    })
}

/// The fewest cases that tell the classes apart.
pub(super) fn telling(view: &Related) -> Section {
    let title = if view.cover.is_smallest {
        "The fewest cases that tell the classes apart"
    } else {
        "A few cases that tell the classes apart; a smaller set may exist"
    };
    let mut out = Section::new("telling", title).at(Detail::Full);
    let mut table = Table::new("telling", &[Column::text("case"), Column::text("what it tells apart")]);
    for telling in &view.telling {
        table.push([Cell::case(&telling.case), Cell::text(&telling.groups)]);
    }
    let rows = !table.rows.is_empty();
    out.table(table);
    if rows && view.cover.untold > 0 {
        out.text(format!(
            "{} share no case that tells them apart directly.",
            plural(view.cover.untold, "pair of classes")
        ));
    }
    if rows && view.classes.len() > LARGEST {
        out.text(format!("Of the classes, the {LARGEST} largest are told apart here."));
    }
    out
}

/// Results of one engine that are not the same in all records.
pub(super) fn conflicts(view: &Related) -> Section {
    let mut out = Section::new("conflicts", "Conflicts: one engine, different bits").at(Detail::Full);
    let columns = [Column::text("engine"), Column::text("case"), Column::text("where"), Column::text("results")];
    let mut table = Table::new("conflicts", &columns);
    for conflict in &view.conflicts {
        let place = if conflict.same_machine { "one machine" } else { "between machines or systems" };
        let results: Vec<String> =
            conflict.results.iter().take(8).map(|(d, names)| format!("{}: {}", short(d), list(names, 2))).collect();
        table.push([
            Cell::text(&conflict.engine),
            Cell::case(&conflict.case),
            Cell::text(place),
            Cell::text(results.join("; ")),
        ]);
    }
    out.table(table);
    out
}

/// The records of the set.
pub(super) fn records(view: &Related) -> Section {
    let mut out = Section::new("records", "Records").at(Detail::Full);
    let columns = [
        Column::text("name"),
        Column::text("record"),
        Column::text("started"),
        Column::text("system"),
        Column::text("processor"),
        Column::number("drivers"),
        Column::text("reliable"),
    ];
    let mut table = Table::new("records", &columns);
    for record in &view.records {
        table.push([
            Cell::text(&record.name),
            Cell::code(short(&record.id)),
            Cell::text(record.started.get(..16).unwrap_or_default()),
            Cell::text(&record.system),
            Cell::text(&record.cpu),
            Cell::number(record.drivers.to_string()),
            Cell::text(record.soundness.title().unwrap_or_else(|| relied(&record.soundness))),
        ]);
    }
    out.table(table);
    out
}

/// What of a sound record can be relied on.
fn relied(soundness: &Soundness) -> String {
    let engines: Vec<String> = soundness.reasons.iter().filter_map(|r| r.engine.clone()).collect();
    if engines.is_empty() {
        "yes".to_owned()
    } else {
        format!("yes, but for {}, not controlled", list(&engines, NAMES))
    }
}

/// The words that the tables use.
pub(super) fn terms() -> Section {
    let mut out = Section::new("terms", "How to read this").at(Detail::Page);
    out.fact(
        "class",
        "Engines that no case tells apart. Where one ran fewer cases than another, they agree in all that both ran; one \
         that several classes would take is in none.",
    );
    out.fact(
        "settled",
        "One result in every run of every record of that engine. A case that does not repeat, or of which two records of one \
         machine disagree, tells nothing apart.",
    );
    out.fact("ulp", "Unit in the last place: the step from one floating-point number to the next.");
    out.fact(
        "reference",
        "The CPU's implementation of the same shader in strict IEEE-754 arithmetic; others fuse, split or flush as drivers \
         may. Where a driver's bits equal such a reference's and no other case contradicts it, its arithmetic is known.",
    );
    out.fact(
        "first seen",
        "The record with that driver that was made first. It does not tell when the driver was released.",
    );
    out
}

/// One row a kernel and engine, with the class that it is in.
pub(super) fn summary(view: &Related) -> Rows {
    let columns = [
        "merged",
        "kernel",
        "cases",
        "class",
        "class_name",
        "kernel_class",
        "engine",
        "adapter",
        "records",
        "equals_strict_reference",
        "settled",
        "unsettled",
        "differing_from_a",
        "size_from_a",
        "max_ulp_from_a",
        "case",
        "because",
        "unsound",
    ];
    let unsound = view.soundness.title();
    let mut out = Rows::new("summary", &columns);
    for kernel in &view.kernels {
        for (class, cell) in view.classes.iter().zip(&kernel.cells) {
            for engine in class.engines.iter().filter_map(|i| view.engines.get(*i)) {
                out.push(vec![
                    view.id.as_str().into(),
                    kernel.kernel.as_str().into(),
                    kernel.cases.into(),
                    class.letter.as_str().into(),
                    class.name.as_str().into(),
                    cell.letter.as_str().into(),
                    engine.label.as_str().into(),
                    engine.adapter.as_str().into(),
                    engine.records.len().into(),
                    cell.strict.into(),
                    cell.settled.into(),
                    cell.unsettled.into(),
                    cell.differing.into(),
                    cell.size.as_str().into(),
                    (cell.differing > 0).then_some(cell.severity.ulp).into(),
                    cell.worst.clone().into(),
                    cell.because.as_str().into(),
                    unsound.clone().into(),
                ]);
            }
        }
    }
    // Without an engine, what is wrong with the records is all that there is to say.
    if let (Some(unsound), true) = (unsound, out.rows.is_empty()) {
        let mut row = vec![Value::Empty; columns.len()];
        row[0] = view.id.as_str().into();
        row[columns.len() - 1] = unsound.into();
        out.push(row);
    }
    out
}
