//! `repro-audit rng`: offline questions about random numbers.

mod cards;
mod draw;
mod identify;
mod layout;
mod predict;
mod streams;

use clap::{Subcommand, ValueEnum};

use super::{Exit, Failure};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// The values that PyTorch's CUDA generator gives on cards that are not here, and where the cards part.
    Predict(predict::Args),
    /// The cards that could have given values which someone printed. Ends with status 1 when none of those searched can.
    Identify(identify::Args),
    /// Which frameworks' random numbers survive a change of hardware, with their values.
    Streams(streams::Args),
    /// List the cards that are known, with the source of each figure.
    Cards(cards::Args),
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// Everything.
    Json,
    /// For data frames.
    Csv,
    /// For issues and step summaries.
    Markdown,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.question {
        Question::Predict(args) => predict::run(args),
        Question::Identify(args) => identify::run(args),
        Question::Streams(args) => streams::run(args),
        Question::Cards(args) => cards::run(args),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(Failure::usage)
}

/// Rows as CSV.
fn csv(head: &[&str], rows: &[Vec<String>]) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(head).and_then(|()| rows.iter().try_for_each(|row| writer.write_record(row)));
    written.map_err(Failure::usage)?;
    let bytes = writer.into_inner().map_err(Failure::usage)?;
    String::from_utf8(bytes).map_err(Failure::usage)
}
