//! Trainings that were made again with one thing changed.

use super::document::{
    Block, Cell, Column, Detail, Document, Finding, Mark, Rows, Section, Table, Tone, Value, Weight,
};
use super::prepared::Prepared;
use crate::model::training::{CPU, Factor, NOTHING, Parting, Spread, Tier, Trained, TrainingFile};
use crate::model::words::{count, list, number, percent, plural};

/// Engines that a sentence lists.
const LISTED: usize = 4;

/// What came of trainings.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn trained(file: &TrainingFile) -> serde_json::Result<Prepared> {
    let (tone, headline) = headline(file);
    let mut document = Document::new(tone, headline);
    document.lead = format!(
        "{}, {} steps of 32 images, {} arithmetic, seed {}. Data: {}.",
        file.network,
        count(file.steps.into()),
        file.arithmetic.name(),
        file.seed,
        file.data
    )
    .into();
    document.push(conclusions(file));
    document.push(engines(file));
    document.push(factors(file));
    document.push(controls(file));
    document.findings = findings(file);
    Ok(Prepared { document, rows: vec![rows(file), spread_rows(file)], json: serde_json::to_value(file)? })
}

/// What a record says of one of its trainings, the so many-th.
pub(super) fn section(file: &TrainingFile, number: usize) -> Section {
    let (tone, headline) = headline(file);
    let mark = match tone {
        Tone::Good => Mark::Holds,
        Tone::Bad => Mark::Attention,
        Tone::Broke => Mark::Differs,
        Tone::Plain => Mark::Note,
    };
    let mut out = Section::new(format!("training-{number}"), format!("{} arithmetic", file.arithmetic.name()));
    out.statement(mark, "Training", format!("{headline}."));
    for mut part in [conclusions(file), engines(file), factors(file), controls(file)] {
        part.id = format!("{}-{number}", part.id);
        for block in &mut part.blocks {
            match block {
                Block::Table(table) => table.id = format!("{}-{number}", table.id),
                Block::Section(section) => section.id = format!("{}-{number}", section.id),
                _ => {}
            }
        }
        out.push(part);
    }
    out
}

/// Engines by their ids.
fn ids(engines: &[&Trained]) -> String {
    let mut ids: Vec<String> = engines.iter().map(|t| t.engine.clone()).collect();
    ids.dedup();
    list(&ids, LISTED)
}

/// Engines that failed, each once.
fn failed(file: &TrainingFile) -> std::collections::BTreeSet<&str> {
    file.failed().into_iter().map(|t| t.engine.as_str()).collect()
}

/// The largest mean churn of what is rounding alone, and which factor has it.
fn rounding(file: &TrainingFile) -> Option<&Spread> {
    let rounding = file.spreads.iter().filter(|s| s.is_rounding());
    rounding.max_by(|a, b| a.churn.value.total_cmp(&b.churn.value))
}

/// The churn of another seed: of all seeds where that was measured.
fn seeds(file: &TrainingFile) -> Option<&Spread> {
    [Factor::All, Factor::Init, Factor::Shuffle, Factor::Dropout].into_iter().find_map(|factor| file.spread(factor))
}

/// Engines that are equal to the CPU: how many to the end, and which as far as they went.
fn reached(file: &TrainingFile, same: &[&Trained]) -> String {
    let (whole, part): (Vec<&Trained>, Vec<&Trained>) = same.iter().partition(|t| t.steps == file.steps);
    match (whole.len(), part.as_slice()) {
        (n, []) => plural(n, "engine"),
        (0, part) => format!("{} as far as it was made there", ids(part)),
        (n, part) => format!("{}, and on {} as far as it was made there", plural(n, "engine"), ids(part)),
    }
}

fn headline(file: &TrainingFile) -> (Tone, String) {
    if !file.is_sound() {
        return (Tone::Bad, "Nothing here can be relied on: a control was missed".to_owned());
    }
    let differing = file.differing();
    let failed = failed(file);
    let unfinished = match failed.len() {
        0 => String::new(),
        n => format!("; {} failed", plural(n, "engine")),
    };
    let same: Vec<&Trained> = file.engines().filter(|t| t.equal == Some(true)).collect();
    if file.arithmetic == Tier::Integer {
        if file.is_golden_moved() {
            let told = "The integer training on this CPU does not have the published digest: this program, or what compiled it, is at fault";
            return (Tone::Bad, format!("{told}{unfinished}"));
        }
        if !differing.is_empty() {
            return (
                Tone::Bad,
                format!("{} gives another integer training than the CPU: a fault{unfinished}", ids(&differing)),
            );
        }
        if !same.is_empty() {
            // What was made in part has another digest than the published one, which is of the whole.
            let whole = same.iter().any(|t| t.steps == file.steps);
            let published = if file.golden.is_some() && whole { ", which is the published one" } else { "" };
            let tone = if failed.is_empty() { Tone::Good } else { Tone::Bad };
            let told = format!("The integer training has the CPU's digest{published}, on {}", reached(file, &same));
            return (tone, format!("{told}{unfinished}"));
        }
    } else if let (Some(rounding), Some(seeds)) = (rounding(file), seeds(file)) {
        let seeds = percent(seeds.churn.value);
        let told = if rounding.churn.value > 0.0 {
            let rounding = percent(rounding.churn.value);
            format!(
                "A retrained model differs in {rounding} of its predictions by rounding alone, in {seeds} by another seed"
            )
        } else {
            // Of few trainings and images that is no promise.
            format!("No prediction of {} differed by the rounding that was tried, {seeds} by another seed", file.test)
        };
        return (Tone::Plain, format!("{told}{unfinished}"));
    } else if !differing.is_empty() {
        let told = format!("The same training gives other bits on {} than on the CPU", ids(&differing));
        return (Tone::Broke, format!("{told}{unfinished}"));
    } else if !same.is_empty() {
        let told = format!("The same training gives the CPU's weights on {}", reached(file, &same));
        return (if failed.is_empty() { Tone::Good } else { Tone::Bad }, format!("{told}{unfinished}"));
    }
    let tone = if failed.is_empty() { Tone::Plain } else { Tone::Bad };
    let made = match file.made() {
        0 => "No training was made".to_owned(),
        1 => "1 training was made".to_owned(),
        n => format!("{} were made", plural(n, "training")),
    };
    (tone, format!("{made}{unfinished}"))
}

/// Where trainings part, in words: "step 0, matrix product: 3 of 320 elements of the logits differ, by up to 1 ulp".
fn place(parting: &Parting) -> String {
    let unit = if parting.float { "ulp" } else { "units" };
    format!(
        "step {}, {}: {} of {} elements of the {} differ, by up to {} {unit}",
        parting.step,
        parting.operation,
        count(parting.differing),
        count(parting.elements),
        parting.tensor,
        count(parting.max_ulp)
    )
}

fn conclusions(file: &TrainingFile) -> Section {
    let mut section = Section::new("training-conclusions", "");
    let digest = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    if file.arithmetic == Tier::Integer {
        section.fact("digest of the weights (CPU)", super::document::Text::code(digest(&file.reference)));
        match &file.golden {
            Some(golden) if *golden == file.reference => section.fact("published digest", "equal"),
            Some(golden) => section.fact("published digest", format!("{golden}: not equal")),
            None => section.fact("published digest", "there is one for the default steps and seed only"),
        }
    }
    if !file.is_sound() {
        // What missed a fault on purpose could have missed any other, or found one that is not there.
        return section;
    }
    for engine in file.differing() {
        let whom = if engine.engine.starts_with("embedded") {
            "This program's interpreter is at fault"
        } else {
            "Its compiler, its driver or its hardware is at fault: WGSL leaves nothing open in integers"
        };
        let place = match &engine.parting {
            Some(parting) => format!("First at {}; its inputs were equal", place(parting)),
            None if engine.failure.is_some() => "It was not made again step by step, as it failed".to_owned(),
            None => "It did not show again step by step".to_owned(),
        };
        let text = if file.arithmetic == Tier::Integer { format!("{whom}. {place}.") } else { format!("{place}.") };
        let text = match engine.factor {
            Factor::Adapter => text,
            _ => format!("With {}: {text}", engine.changed),
        };
        section.statement(Mark::Differs, engine.engine.as_str(), text);
    }
    for t in file.failed() {
        let reason = t.failure.as_deref().unwrap_or_default();
        let on = if t.factor == Factor::Adapter { String::new() } else { format!(" ({})", t.name()) };
        section.statement(
            Mark::Failed,
            t.engine.as_str(),
            format!("It ended after {} of {} steps{on}: {reason}", count(t.steps.into()), count(file.steps.into())),
        );
    }
    for s in file.spreads.iter().filter(|s| s.engine.is_some()) {
        again(&mut section, file, s);
    }
    if let Some(rounding) = rounding(file)
        && rounding.churn.value > 0.0
    {
        let factor = rounding.about();
        let text = format!("{} of the predictions between two trainings, from {factor}", churn(rounding));
        section.statement(Mark::Note, "Rounding", format!("What moves most is, in the mean, {text}."));
    }
    let still: Vec<String> = file
        .spreads
        .iter()
        .filter(|s| s.digests == 1 && s.replicas > 1 && !matches!(s.factor, Factor::Control | Factor::Adapter))
        .filter(|s| !is_beside_the_point(file.arithmetic, s.factor))
        .filter(|s| s.engine.is_none() || file.repeats(s) == Some(true))
        .map(|s| format!("{} ({})", s.about(), plural(s.replicas, "training")))
        .collect();
    if !still.is_empty() {
        section.statement(
            Mark::Holds,
            "No bit moved",
            format!("The weights stayed the same with {}.", list(&still, 9)),
        );
    }
    if file.spreads.iter().any(|s| is_beside_the_point(file.arithmetic, s.factor)) {
        let text = match file.arithmetic {
            Tier::Integer => "Nothing is fused, nothing is subnormal, and no function is built in.",
            Tier::Native | Tier::Portable => "No function is built in.",
        };
        section.statement(Mark::Note, format!("Not of {} arithmetic", file.arithmetic.name()), text);
    }
    section
}

/// What trainings on one adapter say, where weights differ or too few were made.
fn again(section: &mut Section, file: &TrainingFile, spread: &Spread) {
    let engine = spread.engine.as_deref().unwrap_or_default();
    let about = spread.factor.about();
    match file.repeats(spread) {
        Some(true) if spread.digests == 1 => {}
        Some(true) => {
            let plain = |t: &&Trained| t.factor == spread.factor && t.engine == engine && t.failure.is_none();
            let all: Vec<&Trained> = file.trainings.iter().filter(plain).collect();
            let first = all.first().and_then(|t| t.final_digest.as_ref());
            let mut moved: Vec<String> = all
                .iter()
                .filter(|t| t.changed != NOTHING && t.steps == file.steps && t.final_digest.as_ref() != first)
                .map(|t| t.changed.clone())
                .collect();
            moved.dedup();
            let text = format!("It gives the same weights twice, and others with {about}: {}.", list(&moved, LISTED));
            section.statement(Mark::Differs, engine, text);
        }
        Some(false) => {
            let text = format!("It gives other weights each time by itself, so nothing is known of {about}.");
            section.statement(Mark::Differs, engine, text);
        }
        None => {
            let text = format!("It was not trained twice to the end by itself, so nothing is known of {about}.");
            section.statement(Mark::Untested, engine, text);
        }
    }
}

/// Whether a factor changes what an arithmetic does not have.
fn is_beside_the_point(arithmetic: Tier, factor: Factor) -> bool {
    match factor {
        Factor::Fma | Factor::Flush => arithmetic == Tier::Integer,
        Factor::Functions => arithmetic != Tier::Native,
        _ => false,
    }
}

/// A churn and its interval, where there is one.
fn churn(spread: &Spread) -> String {
    let value = percent(spread.churn.value);
    match spread.churn.low.zip(spread.churn.high) {
        Some((low, high)) => format!("{value} ({} to {})", percent(low), percent(high)),
        None => value,
    }
}

fn engines(file: &TrainingFile) -> Section {
    let mut section = Section::new("training-engines", "The same training on every engine");
    let columns = [
        Column::text("engine"),
        Column::number("steps"),
        Column::text("digest of the weights"),
        Column::text("the CPU's?"),
        Column::number("accuracy").about("Of 360 images; where all steps were made."),
        Column::number("seconds"),
    ];
    let all: Vec<&Trained> = file.trainings.iter().filter(|t| t.factor == Factor::Adapter).collect();
    let mut table = Table::new("engines", &columns).most(all.len());
    for t in &all {
        let equal = match (t.equal, t.engine == CPU) {
            (_, true) => Cell::Empty,
            (Some(true), _) => Cell::mark(Mark::Holds),
            (Some(false), _) => Cell::mark(Mark::Differs),
            (None, _) => Cell::mark(Mark::Untested),
        };
        table.push([
            Cell::code(t.engine.as_str()),
            Cell::number(count(t.steps.into())),
            Cell::code(t.final_digest.clone().unwrap_or_default()),
            equal,
            Cell::number(t.accuracy.map(percent).unwrap_or_default()),
            Cell::number(number(t.seconds)),
        ]);
    }
    section.table(table);
    for t in all.iter().filter(|t| t.engine != CPU) {
        section.fact(t.engine.as_str(), t.label.as_str());
    }
    let short: Vec<String> =
        all.iter().filter(|t| t.failure.is_none() && t.steps < file.steps).map(|t| t.engine.clone()).collect();
    if !short.is_empty() {
        let text =
            format!("{} made fewer steps; the digest was compared with the CPU's after as many", list(&short, LISTED));
        section.text(format!("{text}."));
    }
    section
}

fn factors(file: &TrainingFile) -> Section {
    let mut section = Section::new("training-factors", "One thing changed at a time");
    let columns = [
        Column::text("factor"),
        Column::number("models"),
        Column::number("digests").about("Different weights among them."),
        Column::number("churn")
            .about("Predictions that differ between two trainings, and its 95 % interval over trainings where pairs differ in it."),
        Column::number("of all").about("Churn as a share of that of all together."),
        Column::number("L2").about("Distance of the weights, each divided by its length."),
        Column::number("weights").about("Weights whose bits differ."),
        Column::number("accuracy").about("The mean."),
        Column::number("its SD").about("The standard deviation ± its standard error."),
        Column::number("1 %")
            .about("The first epoch's end, in steps, with a churn of 1 % or more against the plain one."),
    ];
    let mut table = Table::new("factors", &columns).most(file.spreads.len());
    for s in &file.spreads {
        table.push([
            Cell::text(s.name()),
            Cell::number(s.replicas.to_string()),
            Cell::number(s.digests.to_string()),
            Cell::number(churn(s)),
            Cell::number(file.share(s).map_or("–".to_owned(), percent)),
            Cell::number(number(s.l2)),
            Cell::number(percent(s.differing)),
            Cell::number(percent(s.accuracy)),
            Cell::number(format!("{} ± {}", percent(s.deviation), percent(s.deviation_error))),
            Cell::number(s.one_percent.map_or("–".to_owned(), |step| step.to_string())),
        ]);
    }
    section.table(table);
    if let Some(first) = file.spreads.first() {
        section.text(format!(
            "A test of {} images makes the accuracy of one training uncertain by {} by itself.",
            file.test,
            percent(first.floor)
        ));
    }
    let mut partings = Section::new("training-partings", "Where the first two trainings part").at(Detail::Full);
    for s in &file.spreads {
        if let Some(parting) = &s.parting
            && s.is_rounding()
        {
            partings.fact(s.name(), place(parting));
        }
    }
    section.push(partings);
    section
}

fn controls(file: &TrainingFile) -> Section {
    let detail = if file.is_sound() { Detail::Full } else { Detail::First };
    let mut section = Section::new("training-controls", "Faults on purpose").at(detail);
    let caught = file.controls.iter().filter(|c| c.is_caught()).count();
    section.text(format!("{caught} of {} were seen in their step and tensor.", file.controls.len()));
    for control in file.controls.iter().filter(|c| !c.is_caught()) {
        let found =
            control.found.as_ref().map_or("it was not seen".to_owned(), |p| format!("it was seen at {}", place(p)));
        section.statement(
            Mark::Attention,
            control.fault.as_str(),
            format!("In step {} in the {}: {found}.", control.step, control.tensor),
        );
    }
    if let Some(control) = file.spread(Factor::Control) {
        let text = match control.digests {
            1 => format!("{} without a change gave the same weights on the CPU.", plural(control.replicas, "training")),
            n => format!(
                "{} without a change gave {n} different weights on the CPU.",
                plural(control.replicas, "training")
            ),
        };
        section.text(text);
    }
    section
}

fn findings(file: &TrainingFile) -> Vec<Finding> {
    let mut out = Vec::new();
    for control in file.controls.iter().filter(|c| !c.is_caught()) {
        out.push(Finding::new(Weight::Error, "control-missed", "", "", control.fault.as_str()));
    }
    if file.spread(Factor::Control).is_some_and(|s| s.digests > 1) {
        let text = "trainings without a change differ";
        out.push(Finding::new(Weight::Error, "control-missed", CPU, "", text));
    }
    if file.is_golden_moved() {
        let text = format!("the CPU's digest is {}", file.reference);
        out.push(Finding::new(Weight::Failure, "golden-digest", CPU, "", text));
    }
    for t in file.failed().into_iter().filter(|t| t.factor != Factor::Adapter) {
        let text = format!("{}: {}", t.name(), t.failure.as_deref().unwrap_or_default());
        out.push(Finding::new(Weight::Error, "failed", t.engine.as_str(), "", text));
    }
    for engine in file.engines() {
        if engine.failure.is_some() && engine.equal == Some(false) {
            let weight = if file.arithmetic == Tier::Integer { Weight::Failure } else { Weight::Note };
            let text = engine.parting.as_ref().map_or("its numbers differ".to_owned(), place);
            out.push(Finding::new(weight, "training-differs", engine.engine.as_str(), "", text));
        }
        let (weight, kind, text) = match (&engine.failure, engine.equal) {
            (Some(reason), _) => (Weight::Error, "failed", reason.clone()),
            (None, Some(true)) => (Weight::Pass, "training-equal", format!("equal after {} steps", engine.steps)),
            (None, Some(false)) => {
                let text = engine.parting.as_ref().map_or("its numbers differ".to_owned(), place);
                let weight = if file.arithmetic == Tier::Integer { Weight::Failure } else { Weight::Note };
                (weight, "training-differs", text)
            }
            (None, None) => (Weight::Error, "not-compared", "no digest to compare".to_owned()),
        };
        out.push(Finding::new(weight, kind, engine.engine.as_str(), "", text));
    }
    out
}

fn rows(file: &TrainingFile) -> Rows {
    let columns = [
        "engine",
        "label",
        "arithmetic",
        "factor",
        "replica",
        "changed",
        "steps",
        "final_digest",
        "equal",
        "accuracy",
        "seconds",
        "failure",
    ];
    let mut rows = Rows::new("trainings", &columns);
    for t in &file.trainings {
        rows.push(vec![
            t.engine.as_str().into(),
            t.label.as_str().into(),
            t.arithmetic.name().into(),
            t.name().into(),
            t.replica.into(),
            t.changed.as_str().into(),
            t.steps.into(),
            t.final_digest.clone().into(),
            t.equal.into(),
            t.accuracy.into(),
            t.seconds.into(),
            t.failure.clone().into(),
        ]);
    }
    rows
}

fn spread_rows(file: &TrainingFile) -> Rows {
    let columns = [
        "factor",
        "replicas",
        "digests",
        "churn",
        "churn_low",
        "churn_high",
        "share_of_all",
        "l2",
        "cosine",
        "differing",
        "accuracy",
        "deviation",
        "deviation_error",
        "floor",
        "correlation",
        "ensemble",
        "one_percent",
    ];
    let mut rows = Rows::new("factors", &columns);
    for s in &file.spreads {
        let row: Vec<Value> = vec![
            s.name().into(),
            s.replicas.into(),
            s.digests.into(),
            s.churn.value.into(),
            s.churn.low.into(),
            s.churn.high.into(),
            file.share(s).into(),
            s.l2.into(),
            s.cosine.into(),
            s.differing.into(),
            s.accuracy.into(),
            s.deviation.into(),
            s.deviation_error.into(),
            s.floor.into(),
            s.correlation.into(),
            s.ensemble.into(),
            s.one_percent.into(),
        ];
        rows.push(row);
    }
    rows
}
