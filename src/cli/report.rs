//! `repro-audit report`: a view of a record.

use std::path::PathBuf;

use super::gpu::show;
use super::options::Format;
use super::outputs::Outputs;
use super::{Exit, Failure};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The record: a record.json, the folder that holds one, the beginning of an id, or latest.
    record: String,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write index.html, the CSV files and the charts to this folder instead.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let record = super::select(&args.record)?;
    match &args.out {
        Some(folder) => Outputs::render(folder, &record)?,
        None => show(&record, args.format)?,
    }
    Ok(Exit::Within)
}
