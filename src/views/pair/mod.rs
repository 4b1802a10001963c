//! What two records differ in: first how much is the same, then what changed and why, then what is not known.

mod headline;

use headline::{SIDES, between, headline, share, soundness};

use crate::facts::pair::{
    Between, ByCause, CauseGroup, Compared, Counted, Kind, OperationChange, Pairs, ResultChange, Sameness, Why, chosen,
};
use crate::facts::{self, Difference};
use crate::model::words::{count, list, plural, short};
use crate::record::{SWEEP, Status, TRAIN};
use crate::views::document::{
    Cell, Column, Detail, Document, Finding, Mark, Rows, Section, Table, Text, Tone, Value, Weight,
};
use crate::views::text::command_on;
use crate::views::{View, text};

pub(super) use headline::since;

/// Rows of the table of cases.
const ROWS: usize = 40;

impl View for Pairs {
    fn document(&self) -> Document {
        let mut out = match &self.pairs[..] {
            [one] => {
                let mut out = Document::new(tone(one), headline(one, &SIDES));
                out.lead = Text::plain(lead(one));
                sections(one, "").into_iter().for_each(|s| out.push(s));
                out
            }
            several => whole(several),
        };
        for (names, side) in [(&self.only.0, "left"), (&self.only.1, "right")] {
            if !names.is_empty() {
                let mut section = Section::new(format!("only-{side}"), format!("Records on the {side} only"));
                section.text(list(names, 12));
                out.push(section);
            }
            let alone = |name: &String| {
                let text = format!("the record {name} is on the {side} only");
                Finding::new(Weight::Warning, "record-absent", "", "", text)
            };
            out.findings.extend(names.iter().map(alone));
        }
        for (names, side) in [(&self.earlier.0, "left"), (&self.earlier.1, "right")] {
            if !names.is_empty() {
                let mut section = Section::new(format!("earlier-{side}"), format!("Not compared, on the {side}"));
                let what = plural(names.len(), "earlier record");
                let later = "a later one has the same name; to compare one, name it as FILE#ID";
                section.text(format!("{what}, because {later}: {}", list(names, 12)));
                out.push(section);
            }
        }
        out.findings.splice(0..0, self.pairs.iter().flat_map(findings));
        out
    }

    fn rows(&self) -> Vec<Rows> {
        let mut out = Rows::new(
            "changes",
            &[
                "left_record",
                "right_record",
                "what",
                "case",
                "kernel",
                "variant",
                "left_engine",
                "right_engine",
                "left_status",
                "right_status",
                "left_digest",
                "right_digest",
                "left_reference",
                "right_reference",
                "elements",
                "known",
                "differing_at_least",
                "differing_at_most",
                "max_ulp",
                "max_relative",
                "nan_versus_number",
                "infinite",
                "not_finite",
                "because",
            ],
        );
        for pair in &self.pairs {
            // Before any result: without this, no result would look like no difference.
            if !pair.is_sound() {
                let mut row = vec![Value::Empty; out.columns.len()];
                row[0] = pair.left.id.as_str().into();
                row[1] = pair.right.id.as_str().into();
                row[2] = "unsound".into();
                row[out.columns.len() - 1] = soundness(pair, &SIDES).into();
                out.push(row);
            }
            for c in &pair.results {
                let drift = c.drift.as_ref();
                let status = |s: Option<Status>| s.map(|s| text::mark(s).class());
                out.push(vec![
                    pair.left.id.as_str().into(),
                    pair.right.id.as_str().into(),
                    c.kind.name().into(),
                    c.case.as_str().into(),
                    c.kernel.as_str().into(),
                    c.variant.as_str().into(),
                    c.engines.0.as_str().into(),
                    c.engines.1.as_str().into(),
                    status(c.statuses.0).into(),
                    status(c.statuses.1).into(),
                    c.digests.0.as_str().into(),
                    c.digests.1.as_str().into(),
                    c.references.0.name().into(),
                    c.references.1.name().into(),
                    drift.map(|d| d.elements).into(),
                    drift.map(|d| d.known).into(),
                    drift.map(|d| d.at_least).into(),
                    drift.map(|d| d.at_most).into(),
                    drift.map(|d| d.drift.max_ulp).into(),
                    drift.map(|d| d.drift.max_relative).into(),
                    drift.map(|d| d.drift.classes.nan_versus_number).into(),
                    drift.map(|d| d.drift.classes.infinite).into(),
                    drift.map(|d| d.drift.classes.not_finite).into(),
                    because(c).into(),
                ]);
            }
        }
        vec![out]
    }

    fn json(&self) -> serde_json::Result<String> {
        super::pretty(self)
    }
}

fn tone(pair: &Compared) -> Tone {
    let failed = pair.causes.iter().any(|c| matches!(c.kind, Kind::Failed | Kind::Reference));
    match () {
        () if !pair.is_sound() || failed => Tone::Bad,
        () if pair.sameness.compared == 0 => Tone::Plain,
        () if pair.results.is_empty() => Tone::Good,
        () => Tone::Broke,
    }
}

/// For tools: what keeps a side from being relied on, what changed, and the engines of which nothing did.
fn findings(pair: &Compared) -> Vec<Finding> {
    let mut out = text::faults(&pair.left.soundness, "left side: ");
    out.extend(text::faults(&pair.right.soundness, "right side: "));
    if pair.sameness.compared == 0 {
        out.push(Finding::new(Weight::Error, "nothing-compared", "", "", share(&pair.sameness, pair.is_full())));
    }
    for change in &pair.results {
        let weight = match change.kind {
            Kind::Failed | Kind::Reference => Weight::Error,
            Kind::Differs | Kind::Unrepeatable => Weight::Failure,
        };
        let parts = [size(change), because(change)];
        let text = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("; ");
        let engine = change.engines.1.as_str();
        out.push(Finding::new(weight, change.kind.name(), engine, change.case.as_str(), text));
    }
    for (names, side) in [(&pair.absent.engines.0, "left"), (&pair.absent.engines.1, "right")] {
        let absent =
            |id: &String| Finding::new(Weight::Warning, "engine-absent", id, "", format!("it is on the {side} only"));
        out.extend(names.iter().map(absent));
    }
    let other = |case: &String| Finding::new(Weight::Skipped, "incomparable", "", case, OTHER_SHADER);
    out.extend(pair.absent.incomparable.iter().map(other));
    let data = |case: &String| Finding::new(Weight::Skipped, "incomparable", "", case, OTHER_DATA);
    out.extend(pair.absent.other_data.iter().map(data));
    // What has no fixed order is no change.
    let kept = |s: &Sameness| s.same > 0 && s.same + s.open == s.compared;
    for engine in pair.engines.iter().filter(|e| kept(&e.sameness)) {
        let text = share(&engine.sameness, pair.is_full());
        out.push(Finding::new(Weight::Pass, "same", &engine.matched.right, "", text));
    }
    out
}

/// Several pairs: each has a section of its own.
fn whole(pairs: &[Compared]) -> Document {
    let tone = pairs.iter().map(tone).max().unwrap_or_default();
    let unsound = pairs.iter().find(|p| !p.is_sound());
    let mut sameness = Sameness::default();
    pairs.iter().for_each(|p| sameness.add(p.sameness));
    let first = unsound.map(|p| format!("{}. ", soundness(p, &SIDES))).unwrap_or_default();
    let text = format!("{first}{}", share(&sameness, pairs.iter().all(Compared::is_full)));
    let mut out = Document::new(tone, text);
    out.lead = Text::plain(format!("{} are compared.", plural(pairs.len(), "pair of records")));
    for (i, pair) in pairs.iter().enumerate() {
        let mut section = Section::new(format!("pair-{i}"), headline(pair, &SIDES));
        section.text(lead(pair));
        sections(pair, &format!("-{i}")).into_iter().for_each(|s| section.push(s));
        out.push(section);
    }
    out
}

/// Why a case that both sides ran is not compared.
const OTHER_SHADER: &str = "another shader or output on either side";
/// Why it is not of trainings.
const OTHER_DATA: &str = "other data on either side";

/// Who is compared, and what differs between the sides.
fn lead(pair: &Compared) -> String {
    let at = |started: &str| started.get(..16).unwrap_or(started).replace('T', " ");
    let side = |s: &facts::pair::Side| format!("{} ({}, {})", s.name, short(&s.id), at(&s.started));
    let mut out = format!("{} → {}.", side(&pair.left), side(&pair.right));
    if pair.between.is_empty() {
        out.push_str(" No driver, no variable that drivers read and no processor differs.");
    } else {
        let told = between(pair, &SIDES);
        out.push_str(&format!(" What differs between them: {}.", list(&told, 6)));
    }
    out
}

/// Why a result is another one, in a clause.
fn because(change: &ResultChange) -> String {
    match (change.kind, change.note.as_str()) {
        (Kind::Differs, "") => change.why.text(),
        (Kind::Differs, note) => format!("{}; {note}", change.why.text()),
        (_, note) => note.to_owned(),
    }
}

fn size(change: &ResultChange) -> String {
    match (&change.drift, change.kind) {
        (Some(drift), _) => drift.size(),
        (None, Kind::Failed | Kind::Reference) => String::new(),
        // The note says it.
        (None, _) if [SWEEP, TRAIN].contains(&change.kernel.as_str()) => String::new(),
        (None, _) => "not stored".to_owned(),
    }
}

/// Names with counts: `softmax (3)`.
fn counted(of: &[Counted], most: usize) -> String {
    let names: Vec<String> =
        of.iter().map(|(name, n)| if *n > 1 { format!("{name} ({n})") } else { name.clone() }).collect();
    list(&names, most)
}

fn sections(pair: &Compared, suffix: &str) -> Vec<Section> {
    let id = |name: &str| format!("{name}{suffix}");
    let mut changes = Section::new(id("changes"), "What changed, by cause");
    for cause in &pair.causes {
        changes.statement(mark(cause), title(cause), sentence(pair, cause));
    }
    for (engine, change) in &pair.orders {
        let text = format!(
            "{} on {engine} is now added as {}; before, as {}. Found by probes.",
            change.operation,
            change.now.join(", "),
            change.before.join(", ")
        );
        changes.statement(Mark::Differs, "Order", text);
    }
    let mut first = Section::new(id("training"), "");
    if let Some((mark, text)) = training(pair) {
        first.statement(mark, "Training", text);
    }
    let mut said = Section::new(id("said"), "");
    if !pair.races.is_empty() {
        let text = format!(
            "The shaders of {} have data races: what they compute is undefined, and cannot be compared.",
            list(&pair.races, 3)
        );
        said.statement(Mark::Attention, "Data race", text);
    }
    let ordered = pair.open.len() - pair.races.len();
    if ordered > 0 {
        let text = format!(
            "In {} the kernel does not fix the order of operations, and the bits differ from run to run or between the sides. \
             This is not counted as a change.",
            plural(ordered, "case")
        );
        said.statement(Mark::Note, "By design", text);
    }
    if let Some((mark, text)) = pair.by_cause.and_then(by_cause) {
        said.statement(mark, "By cause", text);
    }
    if pair.sameness.nan > 0 {
        let text = format!(
            "In {} that are counted as the same, NaN has another sign or payload, which WGSL does not promise.",
            plural(pair.sameness.nan, "result")
        );
        said.statement(Mark::Note, "NaN", text);
    }
    vec![
        first,
        changes,
        said,
        cases(pair, id("cases")),
        engines(pair, id("engines")),
        absent(pair, id("absent")),
        around(pair, id("around")),
    ]
}

/// How many changed results are told by proven causes, and which are not; nothing where none changed.
fn by_cause(found: ByCause) -> Option<(Mark, String)> {
    let ByCause { told, alike, open } = found;
    let all = told + alike + open;
    let mut text = format!(
        "causes that are proven on both sides tell why {} of {}",
        count(told as u64),
        plural(all, "changed result")
    );
    if alike > 0 {
        text.push_str(&format!("; those of {} are the same on both sides, and do not tell", count(alike as u64)));
    }
    if open > 0 {
        text.push_str(&format!(
            "; for {} it is not known what makes a side differ from strict arithmetic",
            count(open as u64)
        ));
    }
    let mark = if told == all { Mark::Holds } else { Mark::Note };
    (all > 0).then(|| (mark, format!("{text}.")))
}

/// What changed of the operations of a training; nothing where no result of one was compared.
fn training(pair: &Compared) -> Option<(Mark, String)> {
    let (changed, same): (Vec<_>, Vec<_>) = pair.operations.iter().partition(|o| o.cases > 0);
    let name = |all: &[&OperationChange]| all.iter().map(|o| o.name.to_owned()).collect::<Vec<_>>();
    let same = list(&name(&same), same.len());
    if changed.is_empty() {
        let text = format!("Unchanged at ordinary inputs, in all that repeats: {same}.");
        return (!same.is_empty()).then_some((Mark::Holds, text));
    }
    let told = changed.iter().map(|o| {
        // The norm over what is stored, and a share of it, are no least of the whole.
        let size = match (o.whole, o.worst.kind) {
            (true, _) => o.size.clone(),
            (false, Difference::None) => "how far is not stored".to_owned(),
            (false, _) => format!("{} of what is stored", o.size),
        };
        format!("{} ({size}, in {})", o.name, plural(o.cases, "case"))
    });
    let told: Vec<String> = told.collect();
    let rest = if same.is_empty() { String::new() } else { format!(" Unchanged, in all that repeats: {same}.") };
    Some((
        Mark::Differs,
        format!(
            "Operations of a training whose bits changed at ordinary inputs, with the relative change of the output (L2): {}.{rest}",
            list(&told, told.len())
        ),
    ))
}

fn mark(cause: &CauseGroup) -> Mark {
    match cause.kind {
        Kind::Failed => Mark::Failed,
        Kind::Reference => Mark::Attention,
        Kind::Unrepeatable => Mark::NotRepeatable,
        Kind::Differs => Mark::Differs,
    }
}

/// A cause in a word or two.
fn title(cause: &CauseGroup) -> &'static str {
    match (cause.kind, &cause.why) {
        (Kind::Failed, _) => "Failed",
        (Kind::Reference, _) => "Reference",
        (Kind::Unrepeatable, _) => "Does not repeat",
        (_, Why::Causes { .. }) => "Proven",
        (_, Why::Arithmetic { .. }) => "Arithmetic",
        (_, Why::Flushed { .. }) => "Subnormals",
        (_, Why::Half { .. }) => "Binary16",
        (_, Why::Builtin) => "Built-ins",
        (_, Why::OpenOrder) => "Open order",
        (_, Why::Unknown) => "Not known",
    }
}

/// The functions that changed, each with its largest distance.
fn functions(pair: &Compared, cause: &CauseGroup) -> String {
    let far = |name: &str| {
        let mine = pair.results.iter().filter(|r| r.why == Why::Builtin && r.variant == name);
        let drifts: Vec<_> = mine.map(|r| r.drift.as_ref()).collect();
        let most = drifts.iter().flatten().map(|d| d.drift.max_ulp).max().filter(|n| (1..1_000_000).contains(n))?;
        // What is stored of an output is a sample, whose largest distance is no largest of all.
        let how = if drifts.iter().all(|d| d.is_some_and(Between::is_whole)) { "by up to" } else { "by at least" };
        Some(format!("{how} {most} ulp"))
    };
    let names: Vec<String> =
        cause.of.iter().map(|(name, _)| far(name).map_or_else(|| name.clone(), |n| format!("{name} {n}"))).collect();
    list(&names, 12)
}

/// A cause, how much it changed, and the case that shows it best.
fn sentence(pair: &Compared, cause: &CauseGroup) -> Text {
    let worst = pair.results.get(cause.worst);
    let size = worst.map(size).filter(|s| !s.is_empty()).map(|s| format!(": {s}")).unwrap_or_default();
    let of = if cause.why == Why::Builtin { functions(pair, cause) } else { counted(&cause.of, 8) };
    let text = format!(
        "{}, in {} on {}: {of}. Clearest case:",
        cause.text(),
        plural(cause.cases, "case"),
        list(&cause.engines, 3)
    );
    let mut out = Text::then_code(text, worst.map(|w| w.case.as_str()).unwrap_or_default());
    let on = worst.map(|w| format!(" on {}{size}", w.engines.1)).unwrap_or_default();
    out.0.push(crate::views::document::Span::Plain(format!("{on}.")));
    out
}

fn cases(pair: &Compared, id: String) -> Section {
    let mut section = Section::new(&id, "Cases that changed, the worst first").at(Detail::Full);
    let columns = [
        Column::text("case"),
        Column::text("on"),
        Column::text("how far"),
        Column::text("equals").about("The reference that the left side equals, and the right one."),
        Column::text("why"),
    ];
    let mut table = Table::new(id, &columns).most(ROWS);
    for row in chosen(&pair.cases, ROWS) {
        let Some(worst) = row.results.first().and_then(|i| pair.results.get(*i)) else { continue };
        let more = row.results.len() - 1;
        let on = if more > 0 { format!("{} and {more} more", worst.engines.1) } else { worst.engines.1.clone() };
        let (l, r) = (worst.references.0.name(), worst.references.1.name());
        let equals = if l == r { l } else { format!("{l} → {r}") };
        table.push([
            Cell::case(&worst.case),
            Cell::text(on),
            Cell::text(size(worst)),
            Cell::text(equals),
            Cell::text(because(worst)),
        ]);
    }
    let left = pair.cases.len() - table.rows.len();
    section.table(table);
    if left > 0 {
        section
            .text(format!("{} more; every cause is above, and all cases are in --format json.", plural(left, "case")));
    }
    if let Some(worst) = pair.cases.first().and_then(|row| pair.results.get(*row.results.first()?)) {
        let side = &pair.right;
        let engine = side.engines.iter().find(|e| e.id == worst.engines.1);
        let command = command_on(&side.asked, engine, &[&worst.case]);
        section.step("Run the worst one again, as on the right:", command);
    }
    section
}

fn engines(pair: &Compared, id: String) -> Section {
    let mut section = Section::new(&id, "Engines of both sides").at(Detail::Full);
    let columns = [
        Column::text("left"),
        Column::text("right"),
        Column::number("both ran"),
        Column::number("the same"),
        Column::number("changed"),
        Column::number("do not repeat"),
        Column::text("how they were matched"),
    ];
    let mut table = Table::new(id, &columns);
    for row in pair.engines.iter().filter(|e| e.sameness.compared > 0) {
        let (m, s) = (&row.matched, row.sameness);
        let number = |n: usize| Cell::number(count(n as u64));
        table.push([
            Cell::text(&m.left),
            Cell::text(&m.right),
            number(s.compared),
            number(s.same),
            number(s.changed),
            number(s.unrepeatable + s.open),
            Cell::text(&m.how),
        ]);
    }
    section.table(table);
    section
}

/// What was absent on one side: no change of anything.
fn absent(pair: &Compared, id: String) -> Section {
    let mut section = Section::new(id, "On one side only");
    let absent = &pair.absent;
    for (side, engines, cases, results) in [
        ("left", &absent.engines.0, &absent.cases.0, &absent.results.0),
        ("right", &absent.engines.1, &absent.cases.1, &absent.results.1),
    ] {
        let mut parts = Vec::new();
        if !engines.is_empty() {
            parts.push(format!("{} ({})", plural(engines.len(), "engine"), list(engines, 12)));
        }
        if !cases.is_empty() {
            let all: usize = cases.iter().map(|c| c.1).sum();
            parts.push(format!("{} ({})", plural(all, "case"), counted(cases, 8)));
        }
        for (why, n) in results.iter().take(4) {
            parts.push(format!("{} of cases that both have, {why} on the other", plural(*n, "result")));
        }
        if !parts.is_empty() {
            section.statement(Mark::Untested, format!("The {side}"), format!("{}.", parts.join("; ")));
        }
    }
    if !absent.incomparable.is_empty() {
        let text = format!(
            "{} ({}): {OTHER_SHADER}, so that nothing is compared.",
            plural(absent.incomparable.len(), "case"),
            list(&absent.incomparable, 2)
        );
        section.statement(Mark::Untested, "Not compared", text);
    }
    if !absent.other_data.is_empty() {
        let text = format!(
            "{} ({}): {OTHER_DATA}, so that nothing is compared.",
            plural(absent.other_data.len(), "training"),
            list(&absent.other_data, 2)
        );
        section.statement(Mark::Untested, "Not compared", text);
    }
    section
}

fn around(pair: &Compared, id: String) -> Section {
    let mut section = Section::new(&id, "What differs in drivers, machine, program and settings").at(Detail::Full);
    let columns = [Column::text("of"), Column::text("field"), Column::text("left"), Column::text("right")];
    let mut table = Table::new(id, &columns).most(ROWS);
    for c in &pair.surroundings {
        let shown = |v: &str| Cell::text(if v.is_empty() { "–" } else { v });
        table.push([Cell::text(&c.of), Cell::text(&c.field), shown(&c.left), shown(&c.right)]);
    }
    section.table(table);
    section
}
