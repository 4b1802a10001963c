//! What two files of tensors differ in: the kind of difference first, then which tensor differs first, then all of them.

use super::document::{Cell, Column, Detail, Document, Finding, Mark, Rows, Section, Table, Tone, Value, Weight};
use super::{View, pretty};
use crate::facts::tensors::{Alone, Of, Onset, Pair, Place, Relation, TensorDiff};
use crate::facts::{self, Severity};
use crate::model::words::{count, list, number, percent, plural, ulp};
use crate::model::{Drift, Quantity, Scalar};

/// Names that a sentence lists.
const LISTED: usize = 4;

/// Steps that a map shows; more would be no map.
const STEPS: usize = 64;

impl View for TensorDiff {
    fn document(&self) -> Document {
        let (tone, headline) = headline(self);
        let mut document = Document::new(tone, headline);
        document.lead = lead(self).into();
        document.push(conclusions(self));
        document.push(table(self));
        document.push(only(self));
        document.push(map(self));
        document.push(histogram(self));
        document.findings = findings(self);
        document.about = self
            .sides
            .iter()
            .zip(["left", "right"])
            .map(|(s, side)| (side.to_owned(), format!("{} ({}, {})", s.path, s.format, plural(s.tensors, "tensor"))))
            .collect();
        document
    }

    fn rows(&self) -> Vec<Rows> {
        vec![rows(self)]
    }

    fn json(&self) -> serde_json::Result<String> {
        let (_, headline) = headline(self);
        let mut value = serde_json::to_value(self)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("headline".to_owned(), headline.into());
            object.insert("same".to_owned(), self.is_same().into());
        }
        pretty(&value)
    }
}

fn quantity(pair: &Pair) -> Quantity {
    match () {
        () if pair.float => Quantity::Float,
        () if pair.numeric && pair.dtypes[0] != "bool" => Quantity::Count,
        () if pair.dtypes[0] == "bool" => Quantity::Flag,
        () => Quantity::Word,
    }
}

fn severity(pair: &Pair, drift: &Drift) -> Severity {
    facts::severity(if pair.float { Scalar::F32 } else { Scalar::U32 }, drift)
}

/// The pair that differs most.
fn worst(diff: &TensorDiff) -> Option<(&Pair, &Drift)> {
    let both = diff.differing().filter_map(|p| Some((p, p.drift.as_ref()?)));
    both.max_by(|a, b| severity(a.0, a.1).cmp(&severity(b.0, b.1)))
}

/// What is left to say after the headline's kind: not read, without a counterpart.
fn rest(diff: &TensorDiff) -> String {
    let mut out = String::new();
    let alone: usize = diff.only.iter().map(Vec::len).sum();
    if alone > 0 {
        let renamed = 2 * diff.renamed.len();
        out += &match (renamed, alone - renamed.min(alone)) {
            (0, n) => format!("; {} on one side only", plural(n, "tensor")),
            (_, 0) => format!("; {} under another name", plural(diff.renamed.len(), "tensor")),
            (_, n) => {
                format!("; {} under another name, {n} on one side only", plural(diff.renamed.len(), "tensor"))
            }
        };
    }
    let skipped: usize = diff.sides.iter().map(|s| s.skipped.len()).sum();
    if skipped > 0 {
        out += &format!("; {} could not be read", plural(skipped, "file"));
    }
    out
}

fn headline(diff: &TensorDiff) -> (Tone, String) {
    let rest = rest(diff);
    if diff.pairs.is_empty() {
        return (Tone::Bad, format!("Nothing was compared: no tensor is on both sides{rest}"));
    }
    let all = diff.pairs.len();
    let unequal: Vec<&Pair> = diff.pairs.iter().filter(|p| !p.is_identical()).collect();
    if unequal.is_empty() {
        let what = if all == 1 {
            "Equal, bit for bit".to_owned()
        } else {
            format!("All {} are equal, bit for bit", plural(all, "tensor"))
        };
        let tone = match () {
            () if !diff.is_whole() => Tone::Bad,
            () if diff.is_missing_any() => Tone::Broke,
            () => Tone::Good,
        };
        return (tone, what + &rest);
    }
    let tone = if diff.is_whole() { Tone::Broke } else { Tone::Bad };
    let onset = diff.onset.as_ref().map(onset).unwrap_or_default();
    if let Some(kind) = kind(diff, &unequal) {
        let onset = if onset.is_empty() { onset } else { format!(",{onset}") };
        return (tone, kind + &onset + &rest);
    }
    let incomparable = diff.incomparable().count();
    let size = worst(diff).map(|(pair, drift)| format!(", {}", in_brief(pair, drift))).unwrap_or_default();
    let some = unequal.len();
    let series = unequal.iter().all(|p| p.drift.as_ref().is_some_and(Drift::is_identical));
    let what = match () {
        () if series => {
            format!("Equal at all steps that both have; {} with steps on one side only", plural(some, "series"))
        }
        () if all == 1 && incomparable == 1 => "The shapes or types differ".to_owned(),
        () if all == 1 => format!("Differs{onset}{size}"),
        () if incomparable == some => {
            format!("{some} of {} have another shape or type, the others are equal", plural(all, "tensor"))
        }
        () if incomparable > 0 => {
            format!("{some} of {} differ, {incomparable} of them in shape or type{onset}{size}", plural(all, "tensor"))
        }
        () => format!("{} of {} differ{onset}{size}", count(some as u64), plural(all, "tensor")),
    };
    (tone, what + &rest)
}

fn onset(onset: &Onset) -> String {
    match onset.lasting {
        true if onset.before.is_none() => " at every step".to_owned(),
        true if onset.differing > 1 => format!(" from step {} on", onset.step),
        true => format!(" at step {}, the last", onset.step),
        false => format!(" first at step {}", onset.step),
    }
}

/// How far, in a few words.
fn in_brief(pair: &Pair, drift: &Drift) -> String {
    let c = &drift.classes;
    match () {
        () if c.nan_versus_number > 0 => "with NaN against numbers".to_owned(),
        () if c.no_number() > 0 => "with infinities on one side".to_owned(),
        () if !pair.numeric => "in bytes or texts".to_owned(),
        () if !pair.float => format!("by up to {}", count(drift.max_ulp)),
        () if c.finite == 0 && c.flushed > 0 => "with subnormal numbers flushed to zero".to_owned(),
        () if c.finite == 0 => "in the sign of zeros or the payload of NaN alone".to_owned(),
        () if drift.max_relative > 0.0 => format!("by up to {} relative", facts::relative(drift.max_relative)),
        () => format!("by up to {}", number(drift.max_absolute)),
    }
}

/// One sentence for all that differs, if one is true of it.
fn kind(diff: &TensorDiff, unequal: &[&Pair]) -> Option<String> {
    let exchanged: Vec<&String> = diff.exchanged.iter().flat_map(|e| &e.names).collect();
    if !exchanged.is_empty() && exchanged.len() == unequal.len() {
        return Some(match &diff.exchanged[..] {
            [one] => format!("Equal, with the names {} and {} exchanged", one.names[0], one.names[1]),
            several => format!("Equal, with names exchanged in {}", plural(several.len(), "pair")),
        });
    }
    let of: Vec<Option<&Relation>> = unequal.iter().map(|p| p.relation.as_ref()).collect();
    let classes = unequal.iter().filter_map(|p| p.drift.as_ref()).map(|d| d.classes);
    let (zeros, payloads) = classes.fold((0, 0), |(z, n), c| (z + c.zero_sign, n + c.nan_payload));
    let bits_alone = |r: &Option<&Relation>| {
        matches!(r, Some(Relation::ZeroSigns | Relation::NanPayloads | Relation::ZeroSignsAndNanPayloads))
    };
    if of.iter().all(bits_alone) {
        return Some(match (zeros, payloads) {
            (n, 0) => format!("Equal but for the sign of {}", zeros_of(n)),
            (0, n) => format!("Equal but for the sign or payload of {} NaN", count(n)),
            (n, m) => format!("Equal but for the sign of {} and the bits of {} NaN", zeros_of(n), count(m)),
        });
    }
    let one = of.first().copied().flatten().filter(|first| of.iter().all(|r| *r == Some(first)))?;
    let where_ = match (unequal.len(), diff.pairs.len()) {
        (1, 1) => String::new(),
        (n, all) if n == all => format!(", in all {}", plural(n, "tensor")),
        (n, all) => format!(", in {} of {}; the others are equal", count(n as u64), plural(all, "tensor")),
    };
    Some(relation(one) + &where_)
}

fn zeros_of(n: u64) -> String {
    if n == 1 { "1 zero".to_owned() } else { format!("{} zeros", count(n)) }
}

fn side(of: Of) -> (&'static str, &'static str) {
    match of {
        Of::Left => ("left", "right"),
        Of::Right => ("right", "left"),
    }
}

/// A relation as a sentence without its end.
fn relation(relation: &Relation) -> String {
    match relation {
        Relation::ZeroSigns => "Equal but for the sign of zeros".to_owned(),
        Relation::NanPayloads => "Equal but for the sign or payload of NaN".to_owned(),
        Relation::ZeroSignsAndNanPayloads => "Equal but for the sign of zeros and the bits of NaN".to_owned(),
        Relation::Cast { side: of, to } => {
            let (cast, from) = side(*of);
            format!("The {cast} is the {from} cast to {}", to.name())
        }
        Relation::Rounded { side: of, to } => {
            let (rounded, from) = side(*of);
            format!("They differ by {} rounding: the {rounded} is the {from} rounded to it", to.name())
        }
        Relation::RoundAlike { to } => {
            format!("They differ by less than {} rounding: both round to the same", to.name())
        }
        Relation::Transposed => "The right is the left transposed".to_owned(),
        Relation::Reshaped => "The same elements in the same order, under another shape".to_owned(),
        Relation::Scaled { exponent: 0, .. } => "The right is the left with the other sign".to_owned(),
        Relation::Scaled { exponent, negative } => {
            format!("The right is the left times {}2^{exponent}, exactly", if *negative { "-" } else { "" })
        }
    }
}

fn lead(diff: &TensorDiff) -> String {
    let [left, right] = &diff.sides;
    let elements: u64 = diff.pairs.iter().filter_map(|p| p.drift.as_ref()).map(|d| d.elements).sum();
    let steps = diff.onset.as_ref().map(|o| format!(" at {} steps", count(o.steps))).unwrap_or_default();
    format!(
        "{} ({}) against {} ({}): {} compared{steps}, {} elements.",
        left.path,
        left.format,
        right.path,
        right.format,
        plural(diff.pairs.len(), "tensor"),
        count(elements)
    )
}

fn named(pair: &Pair) -> String {
    let step = pair.step.map(|s| format!(", step {s}")).unwrap_or_default();
    if pair.name == pair.right_name {
        format!("{}{step}", pair.name)
    } else {
        format!("{} ({} on the right){step}", pair.name, pair.right_name)
    }
}

fn shape(shape: &[u64]) -> String {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("[{}]", axes.join(", "))
}

fn at(place: &Place) -> String {
    let [left, right] = &place.values;
    let bits = place.bits.as_ref().map(|[a, b]| format!(" ({a} against {b})")).unwrap_or_default();
    let index = place.step.map_or_else(|| format!("element {}", shape(&place.index)), |s| format!("step {s}"));
    format!("{index}: {left} against {right}{bits}")
}

fn conclusions(diff: &TensorDiff) -> Section {
    let mut out = Section::new("conclusions", "");
    if let Some(first) = diff.first() {
        let what = match (&first.first, &first.drift) {
            (Some(place), _) => at(place),
            (None, None) => types(first),
            (None, Some(_)) => alone_steps(first),
        };
        out.statement(Mark::Differs, "First", format!("{}; {what}.", named(first)));
    }
    if let Some((pair, drift)) = worst(diff) {
        let worst = pair.worst.as_ref().map(|p| format!("; worst at {}", at(p))).unwrap_or_default();
        out.statement(
            Mark::Differs,
            "Largest",
            format!("{}: {}{worst}.", named(pair), facts::size(drift, quantity(pair))),
        );
    }
    if let Some(o) = &diff.onset {
        let before = o.before.map_or_else(
            || "the first that both have".to_owned(),
            |b| format!("after step {b}, up to which all is equal"),
        );
        let lasting = if o.lasting { "at every one from there on" } else { "not at every one from there on" };
        let text = format!(
            "The first that differs is {}, {before}, in {}; {} of {} differ, {lasting}.",
            o.step,
            o.name,
            count(o.differing),
            plural(usize::try_from(o.steps).unwrap_or(usize::MAX), "step")
        );
        out.statement(Mark::Differs, "Steps", text);
    }
    let whole: Vec<&Pair> = diff.pairs.iter().filter(|p| !p.is_identical()).collect();
    if kind(diff, &whole).is_none() {
        let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
        for pair in &whole {
            let Some(found) = pair.relation.as_ref().map(relation) else { continue };
            match kinds.iter_mut().find(|(k, _)| *k == found) {
                Some((_, names)) => names.push(named(pair)),
                None => kinds.push((found, vec![named(pair)])),
            }
        }
        for (kind, names) in kinds {
            out.statement(Mark::Note, "Kind", format!("{kind}: {}.", list(&names, LISTED)));
        }
    }
    for e in diff.exchanged.iter().take(LISTED) {
        out.statement(
            Mark::Note,
            "Names",
            format!("{} on the left is {} on the right and the reverse, bit for bit.", e.names[0], e.names[1]),
        );
    }
    for r in diff.renamed.iter().take(LISTED) {
        out.statement(Mark::Note, "Names", format!("{} is {} on the right, bit for bit.", r.left, r.right));
    }
    for (s, side) in diff.sides.iter().zip(["left", "right"]) {
        for skipped in s.skipped.iter().take(LISTED) {
            out.statement(Mark::Attention, format!("Not read, {side}"), format!("{skipped}."));
        }
        if !s.other.is_empty() {
            out.statement(
                Mark::Untested,
                format!("No tensors, {side}"),
                format!("{} of other kinds: {}.", plural(s.other.len(), "file"), list(&s.other, LISTED)),
            );
        }
    }
    out
}

fn types(pair: &Pair) -> String {
    let [a, b] = &pair.dtypes;
    let [s, t] = &pair.shapes;
    match (a == b, s == t) {
        (true, _) => format!("shape {} against {}", shape(s), shape(t)),
        (false, true) => format!("{a} against {b}"),
        (false, false) => format!("{a} {} against {b} {}", shape(s), shape(t)),
    }
}

fn alone_steps(pair: &Pair) -> String {
    let [left, right] = pair.steps_only;
    format!(
        "{} on the left only, {} on the right only",
        plural(usize::try_from(left).unwrap_or(usize::MAX), "step"),
        count(right)
    )
}

fn what(pair: &Pair) -> String {
    let said = match (&pair.relation, &pair.drift) {
        (Some(r), _) => relation(r),
        (None, None) => types(pair),
        (None, Some(d)) if d.is_identical() => String::new(),
        (None, Some(d)) if d.is_none() => "NaN of another sign or payload".to_owned(),
        (None, Some(d)) => facts::size(d, quantity(pair)),
    };
    match (said.is_empty(), pair.steps_only) {
        (_, [0, 0]) => said,
        (true, _) => alone_steps(pair),
        (false, _) => format!("{said}; {}", alone_steps(pair)),
    }
}

fn table(diff: &TensorDiff) -> Section {
    let mut out = Section::new("tensors", "Tensors that differ");
    let mut table = Table::new(
        "tensors",
        &[
            Column::text("tensor"),
            Column::text("type"),
            Column::number("differ").about("the share of elements with other bits"),
            Column::number("ulp")
                .about("the largest distance of floats in units in the last place, of integers their distance"),
            Column::number("relative").about("the largest |left - right| / |left|"),
            Column::number("L2").about("‖left - right‖ / ‖left‖"),
            Column::text("what"),
        ],
    );
    table.filter = true;
    let mut unequal: Vec<&Pair> = diff.pairs.iter().filter(|p| !p.is_identical()).collect();
    // The worst first; what is equally bad stays in the order of the file.
    unequal.sort_by(|a, b| match (&a.drift, &b.drift) {
        (Some(x), Some(y)) => severity(b, y).cmp(&severity(a, x)),
        (x, y) => x.is_some().cmp(&y.is_some()),
    });
    for pair in unequal {
        let drift = pair.drift.as_ref().filter(|d| d.differing > 0);
        let sized = drift.filter(|_| pair.numeric);
        table.push([
            Cell::code(named(pair)),
            Cell::text(format!("{} {}", pair.dtypes[0], shape(&pair.shapes[0]))),
            Cell::number(drift.map_or_else(String::new, |d| percent(share(d)))),
            Cell::number(sized.map_or_else(String::new, |d| ulp(d.max_ulp))),
            Cell::number(sized.filter(|_| pair.float).map_or_else(String::new, |d| number(d.max_relative))),
            Cell::number(pair.relative_l2.map_or_else(String::new, number)),
            Cell::text(what(pair)),
        ]);
    }
    out.table(table);
    out
}

#[expect(clippy::cast_precision_loss, reason = "a share is shown with three digits")]
fn share(drift: &Drift) -> f64 {
    drift.differing as f64 / drift.elements.max(1) as f64
}

fn only(diff: &TensorDiff) -> Section {
    let mut out = Section::new("only", "On one side only").at(Detail::First);
    for (alone, side) in diff.only.iter().zip(["left", "right"]) {
        let name = |a: &Alone| {
            let step = a.step.map(|s| format!(", step {s}")).unwrap_or_default();
            format!("{} ({} {}{step})", a.name, a.dtype, shape(&a.shape))
        };
        if !alone.is_empty() {
            let names: Vec<String> = alone.iter().map(name).collect();
            out.statement(
                Mark::Untested,
                format!("{} only", capital(side)),
                format!("{}: {}.", plural(names.len(), "tensor"), list(&names, 12)),
            );
        }
    }
    out
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Tensors × steps.
fn map(diff: &TensorDiff) -> Section {
    let mut out = Section::new("map", "Tensors by step").at(Detail::Page);
    let mut steps: Vec<u64> = diff.pairs.iter().filter_map(|p| p.step).collect();
    steps.sort_unstable();
    steps.dedup();
    if steps.len() < 2 {
        return out;
    }
    if steps.len() > STEPS {
        let every = steps.len().div_ceil(STEPS);
        out.text(format!("One of {every} steps is shown."));
        steps = steps.into_iter().step_by(every).collect();
    }
    let columns: Vec<Column> =
        [Column::text("tensor")].into_iter().chain(steps.iter().map(|s| Column::number(s.to_string()))).collect();
    let mut table = Table::new("map", &columns);
    table.filter = true;
    let mut names: Vec<&str> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut by: std::collections::BTreeMap<(&str, u64), &Pair> = std::collections::BTreeMap::new();
    for pair in &diff.pairs {
        let Some(step) = pair.step else { continue };
        if seen.insert(pair.name.as_str()) {
            names.push(&pair.name);
        }
        by.insert((&pair.name, step), pair);
    }
    for name in names {
        let field = |step: &u64| {
            let pair = by.get(&(name, *step));
            let drift = pair.and_then(|p| p.drift.as_ref().map(|d| (p, d)));
            let heat = drift.map(|(_, d)| heat(d));
            let text = match (drift, pair) {
                (Some((p, d)), _) => facts::brief(&severity(p, d)),
                (None, Some(_)) => "≠".to_owned(),
                (None, None) => String::new(),
            };
            Cell::Heat { heat, text, note: pair.map(|p| what(p)).unwrap_or_default(), anchor: String::new() }
        };
        table.push([Cell::code(name)].into_iter().chain(steps.iter().map(field)));
    }
    out.table(table);
    out
}

/// From no difference to one as large as the numbers themselves, by the power of ten.
fn heat(drift: &Drift) -> f64 {
    match () {
        () if drift.is_identical() => 0.0,
        () if drift.classes.no_number() > 0 => 1.0,
        () if drift.max_relative > 0.0 => ((libm::log10(drift.max_relative) + 8.0) / 8.0).clamp(0.1, 0.9),
        () => 0.1,
    }
}

/// How many elements are how far apart, over all tensors of floats.
fn histogram(diff: &TensorDiff) -> Section {
    let mut out = Section::new("distances", "Distances").at(Detail::Full);
    let mut buckets: std::collections::BTreeMap<u64, u64> = std::collections::BTreeMap::new();
    for drift in diff.pairs.iter().filter(|p| p.float).filter_map(|p| p.drift.as_ref()) {
        for bucket in &drift.histogram {
            *buckets.entry(bucket.up_to).or_default() += bucket.count;
        }
    }
    let mut table = Table::new("distances", &[Column::number("ulp, up to"), Column::number("elements")]);
    let most = buckets.values().copied().max().unwrap_or(1).max(1);
    for (up_to, n) in buckets {
        #[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
        let share = n as f64 / most as f64;
        table.push([Cell::number(ulp(up_to)), Cell::Bar { share, text: count(n) }]);
    }
    out.table(table);
    out
}

fn findings(diff: &TensorDiff) -> Vec<Finding> {
    let mut out = Vec::new();
    for pair in &diff.pairs {
        out.push(match &pair.drift {
            _ if pair.is_identical() => Finding::new(Weight::Pass, "equal", "", named(pair), "equal, bit for bit"),
            Some(_) => Finding::new(Weight::Warning, "tensor-differs", "", named(pair), what(pair)),
            None => Finding::new(Weight::Warning, "tensor-incomparable", "", named(pair), types(pair)),
        });
    }
    for (alone, side) in diff.only.iter().zip(["left", "right"]) {
        let text = format!("on the {side} only");
        out.extend(
            alone.iter().map(|a| Finding::new(Weight::Warning, "tensor-absent", "", a.name.as_str(), text.clone())),
        );
    }
    let skipped = diff.sides.iter().flat_map(|s| &s.skipped);
    out.extend(skipped.map(|s| Finding::new(Weight::Error, "file-unread", "", "", s.as_str())));
    out
}

fn rows(diff: &TensorDiff) -> Rows {
    let mut out = Rows::new(
        "tensors",
        &[
            "name",
            "right_name",
            "step",
            "what",
            "left_dtype",
            "right_dtype",
            "left_shape",
            "right_shape",
            "elements",
            "differing",
            "zero_sign",
            "nan_payload",
            "nan_versus_number",
            "infinite",
            "not_finite",
            "flushed",
            "finite",
            "max_ulp",
            "max_absolute",
            "max_relative",
            "relative_l2",
            "cosine",
            "relation",
            "worst_index",
            "left_value",
            "right_value",
        ],
    );
    for pair in &diff.pairs {
        let d = pair.drift.as_ref();
        let kind = match d {
            None => "incomparable",
            Some(_) if pair.is_identical() => "equal",
            Some(_) => "differs",
        };
        let of = |n: fn(&Drift) -> u64| Value::from(d.map(n));
        let worst = |k: usize| pair.worst.as_ref().map_or(Value::Empty, |p| p.values[k].as_str().into());
        out.push(vec![
            pair.name.as_str().into(),
            pair.right_name.as_str().into(),
            pair.step.into(),
            kind.into(),
            pair.dtypes[0].as_str().into(),
            pair.dtypes[1].as_str().into(),
            shape(&pair.shapes[0]).into(),
            shape(&pair.shapes[1]).into(),
            of(|d| d.elements),
            of(|d| d.differing),
            of(|d| d.classes.zero_sign),
            of(|d| d.classes.nan_payload),
            of(|d| d.classes.nan_versus_number),
            of(|d| d.classes.infinite),
            of(|d| d.classes.not_finite),
            of(|d| d.classes.flushed),
            of(|d| d.classes.finite),
            of(|d| d.max_ulp),
            d.filter(|_| pair.numeric).map(|d| d.max_absolute).into(),
            d.filter(|_| pair.float).map(|d| d.max_relative).into(),
            pair.relative_l2.into(),
            pair.cosine.into(),
            pair.relation.as_ref().map_or(Value::Empty, |r| relation(r).into()),
            pair.worst.as_ref().map_or(Value::Empty, |p| shape(&p.index).into()),
            worst(0),
            worst(1),
        ]);
    }
    for (alone, kind) in diff.only.iter().zip(["left only", "right only"]) {
        for a in alone {
            let mut row = vec![Value::Empty; out.columns.len()];
            row[0] = a.name.as_str().into();
            row[2] = a.step.into();
            row[3] = kind.into();
            let k = usize::from(kind == "right only");
            row[4 + k] = a.dtype.as_str().into();
            row[6 + k] = shape(&a.shape).into();
            out.push(row);
        }
    }
    out
}
