//! `repro-audit report`: a view of a record.

use std::path::{Path, PathBuf};

use super::gpu::show;
use super::options::Format;
use super::outputs::Outputs;
use super::{Exit, Failure};
use crate::facts::concluded;
use crate::record;

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
    let view = crate::facts::set::relate(&merged);
    match &args.out {
        Some(folder) => Outputs::render_merged(folder, &view)?,
        None => super::shown::show(&view, named(args.format), true)?,
    }
    Ok(Exit::Within)
}

/// The format that writes a view.
fn named(format: Format) -> &'static crate::formats::Format {
    match format {
        Format::Table => &crate::formats::terminal::FORMAT,
        Format::Markdown => &crate::formats::markdown::FORMAT,
        Format::Csv => &crate::formats::csv::FORMAT,
        Format::Json => &crate::formats::json::FORMAT,
    }
}
