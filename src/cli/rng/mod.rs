//! `repro-audit rng`: offline questions about random numbers.

mod cards;
mod draw;
mod identify;
mod predict;
mod streams;

use clap::Subcommand;

use super::{Exit, Failure};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// The values that PyTorch's CUDA generator gives on GPUs that are not in this machine, and where they first differ.
    Predict(predict::Args),
    /// Which cards could have given these printed values. Exit status 1 when none of those searched could.
    Identify(identify::Args),
    /// Which frameworks' random numbers stay the same on other hardware, with their values.
    Streams(streams::Args),
    /// List the cards that are known, with the source of each figure.
    Cards(cards::Args),
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.question {
        Question::Predict(args) => predict::run(args),
        Question::Identify(args) => identify::run(args),
        Question::Streams(args) => streams::run(args),
        Question::Cards(args) => cards::run(args),
    }
}

fn json(value: &impl serde::Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(value).map_err(Failure::usage)
}
