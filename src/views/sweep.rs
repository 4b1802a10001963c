//! Sweeps of functions over their inputs, and what two of them differ in.

use super::document::{Cell, Column, Detail, Document, Finding, Mark, Rows, Section, Table, Tone, Weight};
use super::prepared::Prepared;
use crate::facts::sweep::{self, FunctionPair, SweepPair};
use crate::model::bits::Dtype;
use crate::model::sweep::{AdapterSweep, Inputs, Point, SweepFile, Swept, Worst};
use crate::model::words::{count, list, number, percent, plural};

/// Ranges of inputs that a line lists.
const RANGES: usize = 4;

/// The sides of a pair.
const SIDES: [&str; 2] = ["left", "right"];

/// Functions that a sentence lists.
const LISTED: usize = 8;

/// Functions with results that the specification does not allow.
fn forbidden(sweep: &AdapterSweep) -> Vec<String> {
    sweep.functions.iter().filter(|s| s.outside > 0).map(|s| s.function.clone()).collect()
}

/// A sweep's result.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn swept(file: &SweepFile) -> serde_json::Result<Prepared> {
    let swept: usize = file.sweeps.iter().map(|s| s.functions.len()).sum();
    let failed = file.sweeps.iter().flat_map(|s| &s.missing).filter(|m| m.failed).count();
    let broken: usize = file.sweeps.iter().map(|s| forbidden(s).len()).sum();
    let unswept =
        if failed > 0 { format!("; {} could not be swept", plural(failed, "function")) } else { String::new() };
    let (tone, headline) = match (swept, broken) {
        (0, _) => (Tone::Bad, format!("Nothing was swept{unswept}")),
        (_, 0) => (
            if failed > 0 { Tone::Bad } else { Tone::Good },
            format!("No result of {} is one that the specification forbids{unswept}", plural(swept, "sweep")),
        ),
        _ => (
            Tone::Bad,
            format!(
                "{broken} of {} {} results that the specification forbids{unswept}",
                plural(swept, "sweep"),
                if broken == 1 { "has" } else { "have" }
            ),
        ),
    };
    let mut document = Document::new(tone, headline);
    document.lead = "Each result is compared with the correctly rounded one. Any NaN counts as any other.".into();
    for sweep in &file.sweeps {
        document.push(adapter(sweep));
        document.push(details(sweep));
        document.findings.extend(findings(sweep));
    }
    if swept == 0 {
        let text = document.headline.clone();
        document.findings.push(Finding::new(Weight::Error, "nothing-swept", "", "", text));
    }
    Ok(Prepared { document, rows: vec![rows(&file.sweeps)], json: serde_json::to_value(file)? })
}

/// For tools: each function, and whether the specification allows all its results.
fn findings(sweep: &AdapterSweep) -> Vec<Finding> {
    let of = |weight, kind: &str, name: String, text: String| Finding::new(weight, kind, &sweep.engine, name, text);
    let judged = sweep.functions.iter().map(|s| match &s.first_outside {
        Some(_) => of(Weight::Failure, "outside-specification", name(s), results(s)),
        None => of(Weight::Pass, "swept", name(s), format!("{} correctly rounded, the others allowed", share(s))),
    });
    let missing = sweep.missing.iter().map(|m| {
        let (weight, kind) = if m.failed { (Weight::Error, "failed") } else { (Weight::Skipped, "not-swept") };
        of(weight, kind, m.function.clone(), m.reason.clone())
    });
    judged.chain(missing).collect()
}

/// The function with its results that the specification forbids, where it has one.
pub(super) fn forbidden_text(swept: &Swept) -> String {
    format!("{}: {}", name(swept), results(swept))
}

/// How many results the specification forbids, and the first.
fn results(swept: &Swept) -> String {
    let (some, all) = (count(swept.outside), count(swept.count));
    let first = swept.first_outside.as_ref().map(|first| format!(", the first {}", point(swept, first)));
    format!("{some} of {all} results are not allowed{}", first.unwrap_or_default())
}

/// An input in numbers.
fn input(swept: &Swept, pattern: u32) -> String {
    let value = |bits: u32| shown(swept.dtype, bits);
    match (swept.dtype.width(), swept.operands) {
        (16, 2) => format!("{}, {}", value(pattern & 0xffff), value(pattern >> 16)),
        _ => value(pattern),
    }
}

/// The shortest decimal number that reads back as this.
fn shown(dtype: Dtype, bits: u32) -> String {
    let value = dtype.value(bits);
    #[expect(clippy::cast_possible_truncation, reason = "both types are within binary32")]
    let single = value as f32;
    if value == 0.0 || (1e-3..1e6).contains(&value.abs()) || !value.is_finite() {
        format!("{single}")
    } else {
        format!("{single:e}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn share(swept: &Swept) -> String {
    percent(swept.right as f64 / swept.count.max(1) as f64)
}

fn adapter(sweep: &AdapterSweep) -> Section {
    let mut section =
        Section::new(format!("sweep-{}", sweep.engine), format!("{} {}", sweep.engine, sweep.adapter.label()));
    let columns = [
        Column::text("function"),
        Column::number("right").about("Results that are correctly rounded."),
        Column::number("worst ULP").about("The largest error of finite results, flushes left out."),
        Column::number("at"),
        Column::number("worst absolute"),
        Column::number("NaN or ∞").about("Of these where a number is due, or the reverse."),
        Column::number("forbidden").about("Results that the specification does not allow."),
    ];
    let mut table = Table::new(format!("functions-{}", sweep.engine), &columns).most(sweep.functions.len());
    for s in &sweep.functions {
        // What is not right and has no size, as what is flushed has none in ulp, is no error of 0.
        let none = || if s.right == s.count { "0" } else { "–" }.to_owned();
        let error = |w: &Option<Worst>| w.as_ref().map_or_else(none, |w| number(w.error));
        let at = s.worst_ulp.as_ref().map_or_else(String::new, |w| input(s, w.at.input));
        table.push([
            Cell::text(name(s)),
            Cell::number(share(s)),
            Cell::number(error(&s.worst_ulp)),
            Cell::number(at),
            Cell::number(error(&s.worst_absolute)),
            Cell::number(count(s.classes.no_number())),
            Cell::number(count(s.outside)),
        ]);
    }
    section.table(table);
    let broken = forbidden(sweep);
    if !broken.is_empty() {
        section.statement(Mark::Outside, "Not allowed", format!("{}.", list(&broken, LISTED)));
    }
    let sampled = sweep.functions.iter().filter(|s| s.inputs == Inputs::Stratified && s.count < s.every()).count();
    if sampled > 0 {
        section.text(format!(
            "{} of a sample of 2^20 inputs, equally many of every sign and exponent: nothing is known of the others.",
            plural(sampled, "sweep")
        ));
    }
    for missing in &sweep.missing {
        let (mark, title) = if missing.failed { (Mark::Failed, "Failed") } else { (Mark::Skipped, "Not swept") };
        section.statement(mark, title, format!("{}: {}.", missing.function, missing.reason));
    }
    section
}

fn name(swept: &Swept) -> String {
    sweep::name(&swept.function, swept.dtype)
}

/// A result that is not allowed: input, result, what is due.
fn point(swept: &Swept, point: &Point) -> String {
    let hex = |bits| swept.dtype.hex(bits);
    let input_bits = if swept.operands == 2 || swept.dtype.width() == 32 {
        format!("{:#010x}", point.input)
    } else {
        hex(point.input)
    };
    format!(
        "{}({}) = {}, due {} (input {input_bits}, result {}, due {})",
        swept.function,
        input(swept, point.input),
        shown(swept.dtype, point.found),
        shown(swept.dtype, point.right),
        hex(point.found),
        hex(point.right)
    )
}

fn details(sweep: &AdapterSweep) -> Section {
    let mut section =
        Section::new(format!("limits-{}", sweep.engine), format!("Limits and errors on {}", sweep.engine))
            .at(Detail::Full);
    for s in &sweep.functions {
        let mut text = vec![format!("limit: {}", s.limit)];
        let c = &s.classes;
        let others = [
            (c.nan_versus_number, "NaN for a number or the reverse"),
            (c.infinite, "infinite for finite or the reverse"),
            (c.not_finite, "NaN for an infinity or another one"),
            (c.flushed, "zero for a subnormal or the reverse"),
            (c.zero_sign, "zero of the other sign"),
        ];
        text.extend(others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what}: {}", count(*n))));
        if !s.histogram.is_empty() {
            let buckets: Vec<_> =
                s.histogram.iter().map(|b| format!("≤{} {}", count(b.up_to), count(b.count))).collect();
            text.push(format!("steps from the right one: {}", buckets.join(", ")));
        }
        if s.allowed > 0 || s.unlimited > 0 {
            text.push(format!("allowed {}, no limit there {}", count(s.allowed), count(s.unlimited)));
        }
        if let Some(first) = &s.first_outside {
            text.push(format!("not allowed {}, the first {}", count(s.outside), point(s, first)));
        }
        if let Some(worst) = s.worst_outside.as_ref().filter(|w| Some(*w) != s.first_outside.as_ref()) {
            text.push(format!("the worst {}", point(s, worst)));
        }
        section.fact(name(s), text.join("; "));
    }
    section
}

/// A row a function and adapter.
pub(super) fn rows(sweeps: &[AdapterSweep]) -> Rows {
    let columns = [
        "engine",
        "adapter",
        "driver",
        "function",
        "dtype",
        "inputs",
        "count",
        "right",
        "worst_ulp",
        "worst_ulp_input",
        "worst_absolute",
        "worst_absolute_input",
        "limit",
        "allowed",
        "unlimited",
        "outside",
        "first_outside",
        "worst_outside",
        "nan_versus_number",
        "infinite",
        "not_finite",
        "flushed",
        "zero_sign",
        "finite",
        "seconds",
        "missing",
    ];
    let mut rows = Rows::new("sweep", &columns);
    let hex = |p: Option<u32>| p.map(|p| format!("{p:#010x}"));
    for sweep in sweeps {
        let (name, driver) = (sweep.adapter.name.as_str(), sweep.adapter.driver_info.as_str());
        for s in &sweep.functions {
            let c = &s.classes;
            rows.push(vec![
                sweep.engine.as_str().into(),
                name.into(),
                driver.into(),
                s.function.as_str().into(),
                format!("{:?}", s.dtype).to_lowercase().into(),
                s.inputs.name().into(),
                s.count.into(),
                s.right.into(),
                s.worst_ulp.as_ref().map(|w| w.error).into(),
                hex(s.worst_ulp.as_ref().map(|w| w.at.input)).into(),
                s.worst_absolute.as_ref().map(|w| w.error).into(),
                hex(s.worst_absolute.as_ref().map(|w| w.at.input)).into(),
                s.limit.as_str().into(),
                s.allowed.into(),
                s.unlimited.into(),
                s.outside.into(),
                hex(s.first_outside.as_ref().map(|p| p.input)).into(),
                hex(s.worst_outside.as_ref().map(|p| p.input)).into(),
                c.nan_versus_number.into(),
                c.infinite.into(),
                c.not_finite.into(),
                c.flushed.into(),
                c.zero_sign.into(),
                c.finite.into(),
                s.seconds.into(),
                "".into(),
            ]);
        }
        for m in &sweep.missing {
            let mut row: Vec<super::document::Value> =
                vec![sweep.engine.as_str().into(), name.into(), driver.into(), m.function.as_str().into()];
            row.push(m.dtype.map(|d| format!("{d:?}").to_lowercase()).into());
            row.push(m.inputs.map(Inputs::name).into());
            row.resize(columns.len() - 1, super::document::Value::Empty);
            row.push(m.reason.as_str().into());
            rows.push(row);
        }
    }
    rows
}

/// What sweeps differ in. `alone`: the adapters that one file alone has.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn compared(pairs: &[SweepPair], alone: &[Vec<String>; 2]) -> serde_json::Result<Prepared> {
    let all: Vec<&FunctionPair> = pairs.iter().flat_map(|p| &p.functions).collect();
    let differing = all.iter().filter(|f| f.differing > 0).count();
    // With several pairs, a function is compared several times.
    let functions = |n| match pairs.len() {
        0 | 1 => plural(n, "function"),
        _ => format!("{} of functions", plural(n, "comparison")),
    };
    let headline = match (all.len(), differing) {
        (0, _) => "Nothing can be compared: no function was swept at the same inputs".to_owned(),
        (n, 0) => format!("{}: the same results at the same inputs", functions(n)),
        (n, d) => format!("{d} of {} {}", functions(n), if d == 1 { "differs" } else { "differ" }),
    };
    let tone = if all.is_empty() || differing > 0 { Tone::Bad } else { Tone::Good };
    let mut document = Document::new(tone, headline);
    let mut rows = Rows::new(
        "sweep_differences",
        &["left", "right", "function", "dtype", "compared", "blocks", "differing", "ranges"],
    );
    for (number, pair) in pairs.iter().enumerate() {
        let mut section = Section::new(format!("pair-{number}"), format!("{} and {}", pair.labels[0], pair.labels[1]));
        let columns =
            [Column::text("function"), Column::number("differing blocks"), Column::text("inputs in which they differ")];
        let mut table = Table::new(format!("differences-{number}"), &columns).most(pair.functions.len());
        for f in &pair.functions {
            let named: Vec<String> = f.ranges.iter().map(|r| range(*r)).collect();
            let (unit, of) = if f.whole { ("", f.compared) } else { (" of the sample", f.compared) };
            table.push([
                Cell::text(sweep::name(&f.function, f.dtype)),
                Cell::number(format!("{} of {}{unit}", count(f.differing as u64), count(of as u64))),
                Cell::text(list(&named, RANGES)),
            ]);
            rows.push(vec![
                pair.labels[0].as_str().into(),
                pair.labels[1].as_str().into(),
                f.function.as_str().into(),
                format!("{:?}", f.dtype).to_lowercase().into(),
                if f.whole { "all" } else { "sample" }.into(),
                f.compared.into(),
                f.differing.into(),
                named.join("; ").into(),
            ]);
        }
        section.table(table);
        if pair.functions.iter().any(|f| !f.whole) {
            section.text("Of a sample nothing is known of the other inputs.");
        }
        for ((side, label), only) in SIDES.iter().zip(&pair.labels).zip(&pair.only).filter(|(_, only)| !only.is_empty())
        {
            section.statement(
                Mark::Untested,
                format!("On the {side} only"),
                format!("{label}: {}.", list(only, LISTED)),
            );
        }
        if !pair.apart.is_empty() {
            section.statement(Mark::Untested, "Swept at other inputs", format!("{}.", list(&pair.apart, LISTED)));
        }
        document.push(section);
        document.findings.extend(differences(pair));
    }
    let mut lonely = Section::new("alone", "");
    for (side, names) in SIDES.iter().zip(alone).filter(|(_, names)| !names.is_empty()) {
        lonely.statement(Mark::Untested, format!("On the {side} only"), format!("{}.", list(names, LISTED)));
        let text = |name: &String| format!("{name} is on the {side} only");
        let absent = |name: &String| Finding::new(Weight::Warning, "engine-absent", "", "", text(name));
        document.findings.extend(names.iter().map(absent));
    }
    document.push(lonely);
    if all.is_empty() {
        let text = document.headline.clone();
        document.findings.push(Finding::new(Weight::Error, "nothing-compared", "", "", text));
    }
    let json = serde_json::json!({
        "only_left": alone[0],
        "only_right": alone[1],
        "pairs": pairs.iter().map(|p| serde_json::json!({
            "left": p.labels[0], "right": p.labels[1], "only_left": p.only[0], "only_right": p.only[1], "apart": p.apart,
            "functions": p.functions.iter().map(|f| serde_json::json!({
                "function": f.function, "dtype": f.dtype, "whole": f.whole, "compared": f.compared,
                "differing": f.differing, "ranges": f.ranges,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    Ok(Prepared { document, rows: vec![rows], json })
}

/// For tools: each function of a pair, and what could not be compared.
fn differences(pair: &SweepPair) -> Vec<Finding> {
    let engine = pair.labels.join(" and ");
    let of = |weight, kind: &str, name: &str, text: String| Finding::new(weight, kind, engine.as_str(), name, text);
    let mut out = Vec::new();
    for f in &pair.functions {
        let name = sweep::name(&f.function, f.dtype);
        let sample = if f.whole { "" } else { " of the sample" };
        let text = format!("{} of {} blocks{sample} differ", count(f.differing as u64), count(f.compared as u64));
        let (weight, kind) = if f.differing > 0 { (Weight::Failure, "differs") } else { (Weight::Pass, "same") };
        out.push(of(weight, kind, &name, text));
    }
    for (side, only) in SIDES.iter().zip(&pair.only) {
        out.extend(only.iter().map(|n| of(Weight::Warning, "absent", n, format!("it was swept on the {side} only"))));
    }
    out.extend(pair.apart.iter().map(|n| of(Weight::Warning, "apart", n, "it was swept at other inputs".to_owned())));
    out
}

/// A range of inputs, as patterns.
fn range([first, last]: [u32; 2]) -> String {
    format!("{first:#010x}–{last:#010x}")
}
