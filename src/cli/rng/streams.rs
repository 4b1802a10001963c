//! `repro-audit rng streams`.

use clap::ValueEnum as _;
use serde::Serialize;

use super::draw::{cards, integer};
use super::layout::{columns, markdown};
use super::{Exit, Failure, Format, csv, json};
use crate::cli::print;
use crate::rng::{Framework, Kind, STREAMS, Shape, Survival, Survives, stream};

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
    /// What goes to standard output; csv has a row a value.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
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
    let text = match args.format {
        Format::Table => table(args, &all, show),
        Format::Markdown => {
            format!("{}\n{}", markdown(&HEAD, &claims(&all)), markdown(&VALUES, &rows(args, &all, show)))
        }
        Format::Json => {
            json(&all.iter().map(|(s, words)| shown(args, *s, words.as_deref(), show)).collect::<Vec<_>>())?
        }
        Format::Csv => csv(&["framework", "index", "word", "value"], &values(args, &all, show))?,
    };
    print(&text)?;
    Ok(Exit::Within)
}

const HEAD: [&str; 4] = ["stream", "operation", "survives", "because"];
const VALUES: [&str; 2] = ["stream", "first values"];

fn value(args: &Args, word: u32) -> f64 {
    if args.kind == Kind::Uniform { f64::from(f32::from_bits(word)) } else { f64::from(word) }
}

/// The first values of each stream.
fn rows(args: &Args, all: &[(Survival, Option<Vec<u32>>)], show: usize) -> Vec<Vec<String>> {
    let text = |word: &u32| match args.kind {
        Kind::Bits => format!("{word:08x}"),
        Kind::Uniform => format!("{:.6}", value(args, *word)),
        Kind::Dropout => word.to_string(),
    };
    all.iter()
        .map(|(survival, words)| {
            let values = words.as_ref().map_or_else(
                || if survival.framework == Framework::TorchCuda { "needs --card" } else { "not modelled" }.to_owned(),
                |words| words.iter().take(show).map(text).collect::<Vec<_>>().join(" "),
            );
            vec![survival.name.to_owned(), values]
        })
        .collect()
}

/// Each operation of each stream, and why.
fn claims(all: &[(Survival, Option<Vec<u32>>)]) -> Vec<Vec<String>> {
    let word = |survives: Survives| match survives {
        Survives::Yes => "✓ yes",
        Survives::No => "✗ no",
        Survives::Unknown => "? not known",
    };
    all.iter()
        .flat_map(|(survival, _)| {
            survival.operations.iter().map(move |c| {
                vec![survival.name.to_owned(), c.operation.to_owned(), word(c.survives).to_owned(), c.why.to_owned()]
            })
        })
        .collect()
}

/// What survives, the reasons below, which are too long for a column, and the values.
fn table(args: &Args, all: &[(Survival, Option<Vec<u32>>)], show: usize) -> String {
    let mut text = "Which random numbers survive a change of hardware\n".to_owned();
    // Two streams of one framework may have the same claims: they are told once.
    let mut told: Vec<&[crate::rng::Claim]> = Vec::new();
    for (survival, _) in all {
        if told.contains(&survival.operations) {
            continue;
        }
        told.push(survival.operations);
        let names: Vec<&str> =
            all.iter().filter(|(s, _)| s.operations == survival.operations).map(|(s, _)| s.name).collect();
        text.push_str(&format!("\n{}\n", names.join("; ")));
        for row in claims(&[(*survival, None)]) {
            text.push_str(&format!("  {} {}: {}.\n", row[2], row[1], row[3]));
        }
    }
    text.push_str("\nWhat is not listed is not known.\n\n");
    text.push_str(&columns(&VALUES, &rows(args, all, show), &[]));
    text
}

fn shown(args: &Args, survival: Survival, words: Option<&[u32]>, show: usize) -> Shown {
    let words = words.map(|w| &w[..w.len().min(show)]);
    Shown {
        survival,
        words: words.map(|words| words.iter().map(|w| format!("0x{w:08x}")).collect()),
        values: words.map(|words| words.iter().map(|w| value(args, *w)).collect()),
    }
}

fn values(args: &Args, all: &[(Survival, Option<Vec<u32>>)], show: usize) -> Vec<Vec<String>> {
    let name =
        |framework: Framework| framework.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
    let row = |framework, i: usize, word: u32| {
        vec![name(framework), i.to_string(), format!("0x{word:08x}"), value(args, word).to_string()]
    };
    let rows = |(survival, words): &(Survival, Option<Vec<u32>>)| {
        let words = words.as_deref().unwrap_or_default();
        words.iter().take(show).enumerate().map(|(i, word)| row(survival.framework, i, *word)).collect::<Vec<_>>()
    };
    all.iter().flat_map(rows).collect()
}
