//! `repro-audit report`: a view of a record.

use std::path::PathBuf;

use super::gpu::show;
use super::options::Format;
use super::outputs::Outputs;
use super::{Exit, Failure};
use crate::record;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The record: a record.json, or the folder that holds one.
    record: PathBuf,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write index.html, the CSV files and the charts to this folder instead.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    // A folder stands for the record in it.
    let path = if args.record.is_dir() { args.record.join("record.json") } else { args.record.clone() };
    let record = record::read(&path).map_err(|e| Failure::new(Exit::Unreadable, e))?;
    match &args.out {
        Some(folder) => Outputs::render(folder, &record)?,
        None => show(&record, args.format)?,
    }
    Ok(Exit::Within)
}
