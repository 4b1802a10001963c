//! `repro-audit rng identify`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::draw::{DrawArgs, cards};
use super::{Exit, Failure, json};
use crate::cli::shown::{formats, show};
use crate::formats::Format;
use crate::model::words::{count, plural};
use crate::process::file::{read_text, take_text};
use crate::rng::{Candidate, Class, Form, Geometry, Identified, Interval, Observations, identify};
use crate::views::document::{Cell, Column, Document, Rows, Section, Table, Tone};
use crate::views::prepared::Prepared;

/// Threads per SM that cards with CUDA or ROCm have.
const THREADS: [u32; 3] = [1024, 1536, 2048];
/// Members of a class that are listed in the table.
const LISTED: usize = 12;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    draw: DrawArgs,
    /// The values that were printed, as text: a list from element 0 on, or a tensor as PyTorch prints it. Of dropout, its
    /// output on ones. Put -- before a list that begins with a minus.
    #[arg(value_name = "VALUES", allow_negative_numbers = true)]
    text: Option<String>,
    /// The values in a file, or - for standard input: a list, lines of an index and a value, or a printed tensor.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    values: Option<PathBuf>,
    /// How the values are laid out.
    #[arg(long = "as", value_enum, default_value = "auto", value_name = "FORM")]
    form: Form,
    /// The indices of a mask's zeros, as text or in a file (- for standard input), with at most one `...`.
    #[arg(long, value_name = "TEXT|FILE")]
    zeros: Option<String>,
    /// The sum of dropout's output on ones, as printed.
    #[arg(long, value_name = "SUM", allow_negative_numbers = true)]
    sum: Option<String>,
    /// Also search every card of up to so many SMs (--any=256 unless given) with 1024, 1536 or 2048 threads on each.
    #[arg(long, value_name = "SMS", num_args = 0..=1, require_equals = true, default_missing_value = "256")]
    any: Option<u32>,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let shape = args.draw.shape()?;
    let draw = args.draw.draw()?;
    let mut seen = Observations::default();
    let values = match (&args.text, &args.values) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(path)) => Some(read(&path.display().to_string())?),
        (None, None) => None,
    };
    if let Some(text) = values {
        seen.add_values(&text, args.form, &shape).map_err(Failure::usage)?;
    }
    if let Some(zeros) = &args.zeros {
        let is_file = zeros == "-" || std::path::Path::new(zeros).is_file();
        let text = if is_file { read(zeros)? } else { zeros.clone() };
        seen.add_zeros(&text, &shape).map_err(Failure::usage)?;
    }
    if let Some(sum) = &args.sum {
        seen.sum = Some(Interval::parse(sum).map_err(Failure::usage)?);
    }
    let candidates = candidates(args)?;
    let (seed, offset, before) = (args.draw.seed()?, args.draw.offset()?, args.draw.before()?);
    let found = identify(&draw, seed, offset, &before, &candidates, &seen).map_err(Failure::usage)?;
    let rows = rows(&found);
    let view = Prepared { document: document(args, &found, &rows), rows: vec![rows], json: json(&found)? };
    show(&view, args.format, true)?;
    let matches = !found.matching.is_empty() || found.cpu.iter().any(|c| c.matches);
    Ok(if matches { Exit::Within } else { Exit::Beyond })
}

fn read(path: &str) -> Result<String, Failure> {
    let text = if path == "-" { take_text(&mut std::io::stdin()) } else { read_text(std::path::Path::new(path)) };
    text.map_err(|e| Failure::usage(format!("can't read {path}: {e}")))
}

fn candidates(args: &Args) -> Result<Vec<Candidate>, Failure> {
    let known = cards(args.draw.cards.as_deref())?;
    // What rocRAND makes of words is known of normal values alone.
    let modelled = known.all().iter().filter(|card| !card.is_rocm() || args.draw.op.eq_ignore_ascii_case("randn"));
    let mut candidates: Vec<_> =
        modelled.map(|card| Candidate { name: card.name.clone(), geometry: card.geometry }).collect();
    if let Some(most) = args.any {
        let there: BTreeSet<Geometry> = candidates.iter().map(|c| c.geometry).collect();
        for threads in THREADS {
            for sms in 1..=most {
                let geometry = Geometry::new(sms, threads).map_err(Failure::usage)?;
                if !there.contains(&geometry) {
                    candidates.push(Candidate { name: format!("{sms} x {threads}"), geometry });
                }
            }
        }
    }
    Ok(candidates)
}

fn searched(args: &Args) -> &'static str {
    if args.any.is_some() { "candidates" } else { "known cards" }
}

/// What was found, in a sentence.
fn headline(args: &Args, found: &Identified) -> String {
    let things = searched(args);
    match &found.matching[..] {
        [] if found.cpu.iter().any(|c| c.matches) => {
            let names: Vec<&str> = found.cpu.iter().filter(|c| c.matches).map(|c| c.name).collect();
            format!("{}; none of the {} {things}.", names.join(" or "), found.searched)
        }
        [] if found.shared > found.shared_agreeing => format!(
            "None of the {} {things} gives these values: {} of {} values that are the same on every card do not match. \
             Either another implementation drew them (another build, compiler or device), or the seed, offset, operation, \
             bounds, shape or type is different; the values do not show which.",
            found.searched,
            found.shared - found.shared_agreeing,
            found.shared
        ),
        [] => format!("None of the {} {things} gives these values.", found.searched),
        [one] if found.excluded == 0 => {
            format!("All {} {things} give these values: nothing in them tells cards apart.", one.members.len())
        }
        [one] if found.thin => format!("Perhaps {}: the evidence is weak.", names(one)),
        [one] if one.members.len() == 1 => format!("{}.", one.members[0].name),
        [one] => format!("One of {} {things} that are alike for this draw: {}.", one.members.len(), names(one)),
        several => {
            let members: usize = several.iter().map(|c| c.members.len()).sum();
            format!(
                "One of {members} {things}, in {} that these values do not tell apart.",
                plural(several.len(), "group")
            )
        }
    }
}

fn names(class: &Class) -> String {
    let listed: Vec<_> = class.members.iter().take(LISTED).map(|m| m.name.as_str()).collect();
    let more = class.members.len().saturating_sub(LISTED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    listed.join(", ") + &more
}

/// How much that says, in sentences.
fn evidence(args: &Args, found: &Identified) -> Vec<String> {
    let mut lines = vec![format!(
        "{} of {} {} excluded ({}; within a group the launch of this draw is the same), by {}.",
        found.excluded,
        found.searched,
        searched(args),
        plural(found.classes, "group"),
        plural(found.observations, "observation")
    )];
    if found.shared > 0 {
        lines.push(format!(
            "{} of them are of elements that every candidate places alike: they test the seed and not the card; {} fit.",
            found.shared, found.shared_agreeing
        ));
    }
    for class in &found.matching {
        let Some(bits) = class.apart else { continue };
        let bits = if bits >= 64.0 { "more than 64".to_owned() } else { format!("{bits:.1}") };
        let chance = if class.chance < 1e-6 { "below 0.000001".to_owned() } else { format!("{:.6}", class.chance) };
        lines.push(format!(
            "{}: {bits} bits apart from the group that is nearest to it; other groups expected to fit by chance: {chance}.",
            names(class)
        ));
    }
    for cpu in found.cpu.iter().filter(|cpu| cpu.counted > 0) {
        let who = if found.cpu.len() > 1 { format!(" ({})", cpu.rule.who()) } else { String::new() };
        let fits = format!("{} of {} values fit", count(cpu.agreeing as u64), count(cpu.counted as u64));
        lines.push(format!("{}{who}: {fits}.", cpu.name));
    }
    if found.matching.is_empty() && args.draw.op == "rand" && !args.draw.has_bounds() {
        lines.push(
            "Between other bounds, such as a layer's first weights: --op uniform --low -1 --high 1 (nn.Linear draws within \
             1 / sqrt(inputs))."
                .to_owned(),
        );
    }
    if found.thin && !found.matching.is_empty() {
        lines.push(
            "The evidence is weak: values from later elements (from a larger tensor, if this one is small) would give \
             stronger evidence."
                .to_owned(),
        );
    }
    if let (Some(nearest), []) = (&found.nearest, &found.matching[..]) {
        // A sum alone tells who fits, and not who is near.
        if nearest.agreeing > 0 {
            lines.push(format!(
                "Nearest: {} fits {} of {} values.",
                names(nearest),
                count(nearest.agreeing as u64),
                count(nearest.counted as u64)
            ));
        }
        if args.draw.op.eq_ignore_ascii_case("dropout") && args.draw.vec == "auto" {
            lines.push(
                "Older versions of PyTorch have other dropout kernels: try --vec 1 (before 2020), --vec 4 (f16 and bf16)."
                    .to_owned(),
            );
        }
        if args.any.is_none() && found.shared == found.shared_agreeing {
            lines.push("Add --any to search cards that are not in the table.".to_owned());
        }
    }
    lines
}

/// A row a card that fits.
fn rows(found: &Identified) -> Rows {
    let columns = ["card", "sms", "threads_per_sm", "launched", "offset", "bits_apart", "chance_matches"];
    let mut rows = Rows::new("cards", &columns);
    for class in &found.matching {
        for member in &class.members {
            rows.push(vec![
                member.name.as_str().into(),
                member.geometry.sms.into(),
                member.geometry.threads_per_sm.into(),
                class.threads.into(),
                class.offset.into(),
                class.apart.map(|bits| format!("{bits:.2}")).into(),
                format!("{:e}", class.chance).into(),
            ]);
        }
    }
    rows
}

fn document(args: &Args, found: &Identified, rows: &Rows) -> Document {
    let mut document = Document::new(Tone::Plain, headline(args, found));
    let mut section = Section::new("evidence", "");
    evidence(args, found).into_iter().for_each(|line| section.text(line));
    // Where nothing is excluded, a list of all cards says nothing.
    if found.excluded > 0 {
        let columns =
            [Column::text("card"), Column::number("SMs"), Column::number("threads per SM"), Column::number("launched")];
        let mut table = Table::new("cards", &columns).most(rows.rows.len());
        for class in &found.matching {
            for Candidate { name, geometry } in &class.members {
                table.push([
                    Cell::text(name.as_str()),
                    Cell::number(geometry.sms.to_string()),
                    Cell::number(geometry.threads_per_sm.to_string()),
                    Cell::number(count(class.threads)),
                ]);
            }
        }
        section.table(table);
    }
    document.push(section);
    document
}
