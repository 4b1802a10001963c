//! `repro-audit rng streams`.

use clap::ValueEnum as _;
use serde::Serialize;

use super::draw::{cards, integer};
use super::{Exit, Failure, json};
use crate::cli::shown::{formats, show};
use crate::formats::Format;
use crate::rng::{Claim, Framework, Kind, STREAMS, Shape, Survival, Survives, stream};
use crate::views::document::{Cell, Column, Document, Mark, Rows, Section, Table, Tone};
use crate::views::prepared::Prepared;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these frameworks. May be given more than once.
    #[arg(long, value_enum)]
    framework: Vec<Framework>,
    /// The seed: jax.random.key(SEED), torch.manual_seed(SEED), or the first of TensorFlow's two.
    #[arg(long, default_value = "0")]
    seed: String,
    /// The second of TensorFlow's two seeds.
    #[arg(long, default_value = "0")]
    seed2: String,
    /// Allow a seed above 2^32 - 1 for JAX: its key is then that of jax_enable_x64.
    #[arg(long)]
    x64: bool,
    /// The shape of the array.
    #[arg(long, value_name = "N,N", default_value = "1000,1000")]
    shape: String,
    /// Words, uniform values, or a dropout mask of probability one half.
    #[arg(long, value_enum, default_value = "bits")]
    kind: Kind,
    /// The card of PyTorch's CUDA generator.
    #[arg(long, value_name = "NAME")]
    card: Option<String>,
    /// How many values are shown; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 4)]
    show: usize,
    /// What goes to standard output; csv has one row per value.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
}

/// A stream and its values.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    survival: Survival,
    /// Bit patterns; none where a card is needed and not given, or the rule is not modelled.
    words: Option<Vec<String>>,
    values: Option<Vec<f64>>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let shape = Shape::parse(&args.shape).map_err(Failure::usage)?;
    let seeds = (integer("--seed", &args.seed)?, integer("--seed2", &args.seed2)?);
    let known = cards(None)?;
    let card = match &args.card {
        Some(name) => Some(known.find(name).map_err(Failure::usage)?.geometry),
        None => None,
    };
    let asked = |framework| args.framework.is_empty() || args.framework.contains(&framework);
    let mut all = Vec::new();
    for survival in STREAMS.into_iter().filter(|s| asked(s.framework)) {
        let jax = matches!(survival.framework, Framework::Jax | Framework::JaxOriginal);
        if jax && seeds.0 > u64::from(u32::MAX) && !args.x64 {
            let line = "a seed above 2^32 - 1 gives JAX other keys with and without jax_enable_x64: add --x64, or take a \
                        smaller seed";
            return Err(Failure::usage(line));
        }
        // Without a card the list of streams is still an answer; asked for by name it is not.
        let skipped = survival.framework == Framework::TorchCuda && card.is_none() && args.framework.is_empty();
        let words = if skipped {
            None
        } else {
            stream(survival.framework, args.kind, seeds, &shape, card).map_err(Failure::usage)?
        };
        all.push((survival, words));
    }
    let show = if args.show == 0 { usize::MAX } else { args.show };
    let json = json(&all.iter().map(|(s, words)| shown(args, *s, words.as_deref(), show)).collect::<Vec<_>>())?;
    let view = Prepared { document: document(args, &all, show), rows: vec![values(args, &all, show)], json };
    self::show(&view, args.format, true)?;
    Ok(Exit::Within)
}

fn value(args: &Args, word: u32) -> f64 {
    if args.kind == Kind::Uniform { f64::from(f32::from_bits(word)) } else { f64::from(word) }
}

/// The first values of a stream.
fn first(args: &Args, survival: &Survival, words: Option<&[u32]>, show: usize) -> String {
    let text = |word: &u32| match args.kind {
        Kind::Bits => format!("{word:08x}"),
        Kind::Uniform => format!("{:.6}", value(args, *word)),
        Kind::Dropout => word.to_string(),
    };
    match words {
        Some(words) => words.iter().take(show).map(text).collect::<Vec<_>>().join(" "),
        None if survival.framework == Framework::TorchCuda => "needs --card".to_owned(),
        None => "not modelled".to_owned(),
    }
}

/// What survives and why, framework by framework, and the values.
fn document(args: &Args, all: &[(Survival, Option<Vec<u32>>)], show: usize) -> Document {
    let mut document = Document::new(Tone::Plain, "Which random numbers stay the same on other hardware");
    // Two streams of one framework may have the same claims: they are told once.
    let mut told: Vec<&[Claim]> = Vec::new();
    for (i, (survival, _)) in all.iter().enumerate() {
        if told.contains(&survival.operations) {
            continue;
        }
        told.push(survival.operations);
        let names: Vec<&str> =
            all.iter().filter(|(s, _)| s.operations == survival.operations).map(|(s, _)| s.name).collect();
        let mut section = Section::new(format!("stream-{i}"), names.join("; "));
        for Claim { operation, survives, why, .. } in survival.operations {
            let (mark, word) = match survives {
                Survives::Yes => (Mark::Holds, "Yes"),
                Survives::No => (Mark::Differs, "No"),
                Survives::Unknown => (Mark::Untested, "Not known"),
            };
            section.statement(mark, *operation, format!("{word}: {why}."));
        }
        document.push(section);
    }
    let mut section = Section::new("values", "First values");
    section.text("What is not listed above is not known.");
    let mut table = Table::new("values", &["stream", "values"].map(Column::text)).most(all.len());
    for (survival, words) in all {
        table.push([Cell::text(survival.name), Cell::text(first(args, survival, words.as_deref(), show))]);
    }
    section.table(table);
    document.push(section);
    document
}

fn shown(args: &Args, survival: Survival, words: Option<&[u32]>, show: usize) -> Shown {
    let words = words.map(|w| &w[..w.len().min(show)]);
    Shown {
        survival,
        words: words.map(|words| words.iter().map(|w| format!("0x{w:08x}")).collect()),
        values: words.map(|words| words.iter().map(|w| value(args, *w)).collect()),
    }
}

/// A row a value.
fn values(args: &Args, all: &[(Survival, Option<Vec<u32>>)], show: usize) -> Rows {
    let mut rows = Rows::new("values", &["framework", "index", "word", "value"]);
    for (survival, words) in all {
        let name = survival.framework.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned());
        for (i, word) in words.as_deref().unwrap_or_default().iter().take(show).enumerate() {
            let value = value(args, *word).to_string();
            rows.push(vec![name.as_str().into(), i.into(), format!("0x{word:08x}").into(), value.into()]);
        }
    }
    rows
}
