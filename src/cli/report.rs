//! `repro-audit report`: a view of a record.

use std::path::{Path, PathBuf};

use super::gpu::show;
use super::options::Format;
use super::outputs::Outputs;
use super::{Exit, Failure, print};
use crate::facts::concluded;
use crate::record;
use crate::report;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The record: a record.json, the folder that holds one, the beginning of an id, or latest;
    /// or a merged record.
    record: String,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write index.html, the CSV files and the charts to this folder instead.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    // A record by itself is shown as it is, the times of single executions included.
    let plain = record::find(&args.record, &[Path::new(record::FOLDER)])
        .ok()
        .and_then(|p| record::read(&p).ok())
        .map(concluded);
    if let Some(record) = plain {
        match &args.out {
            Some(folder) => Outputs::render(folder, &record)?,
            None => show(&record, args.format)?,
        }
        return Ok(Exit::Within);
    }
    let merged = super::open(&args.record)?;
    let mut members = merged.members();
    if let (Some(member), None) = (members.next(), members.next()) {
        let record = concluded(merged.record(member).map_err(|e| Failure::new(Exit::Unreadable, e))?);
        match &args.out {
            Some(folder) => Outputs::render(folder, &record)?,
            None => show(&record, args.format)?,
        }
        return Ok(Exit::Within);
    }
    let view = crate::relate::relate(&merged);
    match &args.out {
        Some(folder) => Outputs::render_merged(folder, &view)?,
        None => print(&match args.format {
            Format::Table => report::merged_table(&view),
            Format::Markdown => report::merged_markdown(&view),
            Format::Csv => report::merged_csv(&view).map_err(Failure::usage)?,
            Format::Json => serde_json::to_string_pretty(&view).map(|t| t + "\n").map_err(Failure::usage)?,
        })?,
    }
    Ok(Exit::Within)
}
