//! `repro-audit report`: a view of a record.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::outputs::Outputs;
use super::shown::{formats, paper_formats, show};
use super::{Exit, Failure};
use crate::facts::soundness;
use crate::formats::{Format, json};
use crate::record::{self, ReadError, Record};
use crate::views::audit::Audit;
use crate::views::statement::Statement;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The record: a record.json, the folder that holds one, the beginning of an id, or latest;
    /// or a merged record.
    record: OsString,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Print everything, not only the first screen (table format).
    #[arg(long)]
    full: bool,
    /// A paragraph and a table for a paper instead, as markdown or latex.
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "markdown", value_parser = paper_formats(),
          conflicts_with_all = ["out", "format", "full"])]
    statement: Option<&'static Format>,
    /// Write index.html, the CSV files and the charts to this folder instead.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Open what --out wrote in a browser.
    #[arg(long, requires = "out")]
    open: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let done = write(args)?;
    if let Some(folder) = args.out.as_ref().filter(|_| args.open) {
        super::outputs::open_report(folder);
    }
    Ok(done)
}

fn write(args: &Args) -> Result<Exit, Failure> {
    // A record by itself is shown as it is, the times of single executions included.
    if let Ok(path) = record::find(&args.record, &[Path::new(record::FOLDER)]) {
        match record::read(&path) {
            Ok(record) => return one(args, &record, &record.id),
            Err(ReadError::Several { .. }) => {}
            Err(e) => return Err(Failure::new(Exit::Unreadable, e)),
        }
    }
    let merged = super::open(&args.record)?;
    if args.statement.is_some() && merged.len() > 1 {
        let count = merged.len();
        return Err(Failure::usage(format!(
            "a statement is about one record, and this file holds {count}; name one of them"
        )));
    }
    let mut members = merged.members();
    if let (Some(member), None, true) = (members.next(), members.next(), merged.missing().is_empty()) {
        let record = merged.record(member).map_err(|e| Failure::new(Exit::Unreadable, e))?;
        return one(args, &record, &merged.id());
    }
    let view = crate::facts::set::relate(&merged);
    match &args.out {
        Some(folder) => Outputs::render_merged(folder, &view)?,
        None => show(&view, args.format, args.full)?,
    }
    Ok(Exit::Within)
}

/// Shows one record, as its file states it: what it states wrongly is a fault, which the view tells. `id` is that of the file,
/// which may be a merged record of this one alone.
fn one(args: &Args, record: &Record, id: &str) -> Result<Exit, Failure> {
    if let Some(format) = args.statement {
        show(&Statement::new(record), format, true)?;
        return Ok(Exit::Within);
    }
    // The record itself has no place for what is wrong with it.
    if args.out.is_some() || *args.format == json::FORMAT {
        super::warn(&soundness(record));
    }
    match &args.out {
        Some(folder) => Outputs::render(folder, record, id)?,
        None => show(&Audit::new(record), args.format, args.full)?,
    }
    Ok(Exit::Within)
}
