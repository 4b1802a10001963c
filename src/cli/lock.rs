//! `repro-audit lock`: what the records found, as text to commit.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::shown::{formats, show};
use super::{Exit, Failure, print, unselected};
use crate::formats::Format;
use crate::gate::{Lock, LockError, changes};
use crate::process::file::read_text;
use crate::record::{FOLDER, Merged, Record, write_atomically};
use crate::views::lock::{counted, moved};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The records: a record.json or a merged file each, the folder that holds one, the beginning of an id, or latest.
    #[arg(value_name = "RECORD", default_value = "latest")]
    record: Vec<OsString>,
    /// The file to write; - for standard output.
    #[arg(long, value_name = "FILE", default_value = "repro.lock")]
    out: PathBuf,
    /// Write nothing, and show what moves against this lock.
    #[arg(long, value_name = "LOCK", conflicts_with = "out")]
    diff: Option<PathBuf>,
    /// What goes to standard output of --diff.
    #[arg(long, default_value = "table", value_parser = formats(), requires = "diff")]
    format: &'static Format,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(file) = &args.diff {
        return diff(args, file);
    }
    // One that git could not merge is one, too.
    let is_lock = |text: &str| text.lines().any(|line| line.starts_with("format "));
    super::refuse_to_replace(&args.out, "--out FILE", &[], ("lock", is_lock))?;
    let lock = of_records(args)?;
    let text = lock.to_string();
    if args.out == Path::new("-") {
        print(&text)?;
        return Ok(Exit::Within);
    }
    let name = args.out.display().to_string();
    let before = read_text(&args.out).ok().and_then(|text| Lock::parse(&name, &text).ok());
    write_atomically(&args.out, text.as_bytes()).map_err(|e| Failure::unwritten(&name, &e, "file with --out FILE"))?;
    let rows: usize = lock.cases.values().map(|c| c.rows.len()).sum();
    let changed = before.map(|b| format!(" ({})", counted(&changes(&b, &lock)))).unwrap_or_default();
    super::note(format_args!(
        "Written to {name}: {rows} results of {} cases on {} engines{changed}. Commit it; compare with: repro-audit check",
        lock.cases.len(),
        lock.engines.len()
    ));
    Ok(Exit::Within)
}

fn of_records(args: &Args) -> Result<Lock, Failure> {
    let (records, missing) = records(&args.record)?;
    if !missing.is_empty() {
        let what = format!("no record has these expected labels: {}", missing.join(", "));
        return Err(Failure::new(Exit::Incomplete, what + "; a lock without them would not miss them"));
    }
    Lock::of(&records).map_err(refused)
}

fn diff(args: &Args, file: &Path) -> Result<Exit, Failure> {
    let name = file.display().to_string();
    let text = read_text(file).map_err(|e| Failure::new(Exit::Unreadable, format!("can't read {name}: {e}")))?;
    let before = Lock::parse(&name, &text).map_err(refused)?;
    show(&moved(&name, &before, &of_records(args)?), args.format, true)?;
    Ok(Exit::Within)
}

/// The records that the arguments name, each once, with their sweeps among the cases, and the labels of legs that were expected and have none.
pub(super) fn records(texts: &[OsString]) -> Result<(Vec<Record>, Vec<String>), Failure> {
    let folders = [Path::new(FOLDER)];
    let mut all = Merged::default();
    for text in texts {
        all = all.join(crate::record::open(text, &folders).map_err(unselected)?);
    }
    let missing = all.missing().into_iter().map(str::to_owned).collect();
    let records = all.records().map(|r| r.map(Record::with_derived_cases)).collect::<Result<_, _>>();
    Ok((records.map_err(|e| Failure::new(Exit::Unreadable, e))?, missing))
}

/// The exit status of what cannot be locked or read.
pub(super) fn refused(error: LockError) -> Failure {
    let exit = match &error {
        LockError::Records(_) => Exit::Usage,
        LockError::Incomplete(_) => Exit::Incomplete,
        LockError::Text { .. } | LockError::Unreadable { .. } => Exit::Unreadable,
    };
    Failure::new(exit, error)
}
