//! `repro-audit merge`: many records as one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::outputs::put_aside;
use super::{Exit, Failure, tell, unselected};
use crate::facts::soundness_of_member;
use crate::model::words::plural;
use crate::numerics::threads::available_threads;
use crate::process::file::read_text;
use crate::process::gzip;
use crate::record::{self, FOLDER, Merged, ReadError, Reader};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Records, merged ones too: files, folders that hold record.json or other records, beginnings of ids, or latest.
    #[arg(required = true)]
    records: Vec<OsString>,
    /// The file to write, compressed where its name ends in .gz; standard output where it is left out.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The labels that records must come from, separated by commas; or a file with one a line; or how many labels. What
    /// is missing is named, and the exit status is 4; the merged record is written all the same, and says so too.
    #[arg(long, value_name = "A,B|FILE|N")]
    expect_legs: Option<String>,
}

/// The size from which on it is told that a file could be compressed, in bytes.
const LARGE: u64 = 16 << 20;

/// What `--expect-legs` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Count(usize),
    Labels(Vec<String>),
}

fn expected(text: &str) -> Result<Expected, Failure> {
    if let Ok(count) = text.parse() {
        return Ok(Expected::Count(count));
    }
    let labels: Vec<String> = if Path::new(text).is_file() {
        let lines =
            read_text(Path::new(text)).map_err(|e| Failure::usage(format!("--expect-legs: can't read {text}: {e}")))?;
        let line = |l: &str| l.split_once('#').map_or(l, |(name, _)| name).trim().to_owned();
        lines.lines().map(line).filter(|l| !l.is_empty()).collect()
    } else {
        text.split(',').map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
    };
    if labels.is_empty() {
        return Err(Failure::usage(format!(
            "--expect-legs {text} names no label; give labels as in --expect-legs a,b"
        )));
    }
    Ok(Expected::Labels(labels))
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let expected = args.expect_legs.as_deref().map(expected).transpose()?;
    if let Some(folder) =
        args.out.as_ref().and_then(|o| o.parent()).filter(|p| !p.as_os_str().is_empty() && !p.is_dir())
    {
        return Err(Failure::usage(format!(
            "there is no folder {}; make it, or choose another --out",
            folder.display()
        )));
    }
    let mut files = Vec::new();
    for text in &args.records {
        files.extend(named(text)?);
    }
    if let Some(out) = &args.out {
        // Another record that is there is kept beside.
        let legs = args.expect_legs.as_deref().map(Path::new);
        let inputs: Vec<&Path> = files.iter().map(PathBuf::as_path).chain(legs).collect();
        super::refuse_to_replace_inputs(out, "--out FILE", &inputs)?;
    }
    let (mut merged, left_out) = read_all(&files);
    // What a stranger sent must not keep the others from being merged.
    let mut left_out = left_out.into_iter();
    if merged.is_empty()
        && let Some(first) = left_out.next()
    {
        return Err(Failure::new(Exit::Unreadable, first));
    }
    if let Some(Expected::Labels(labels)) = &expected {
        merged.expect(labels.iter().cloned());
    }
    match &args.out {
        Some(path) => {
            let cant = |e| Failure::unwritten(&path.display().to_string(), &e, "with --out FILE");
            if let Some(kept) = put_aside(path, None).map_err(cant)? {
                super::note(format_args!("The earlier file is kept: {}", kept.display()));
            }
            record::write_with(path, |out| {
                if gzip::is_named_so(path) { gzip::compress(out, |out| merged.write(out)) } else { merged.write(out) }
            })
            .map_err(cant)?;
            if !gzip::is_named_so(path) && std::fs::metadata(path).is_ok_and(|m| m.len() > LARGE) {
                let name = path.display();
                super::note(format_args!("With --out {name}.gz it would be compressed, and read as well."));
            }
        }
        None => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            merged.write(&mut out).and_then(|()| out.flush()).or_else(|e| super::unprinted(&e))?;
        }
    }
    let exit = say(args, files.len(), &merged, expected.as_ref());
    let mut unreadable = false;
    for error in left_out {
        super::say(format_args!("error: left out: {}", crate::model::text::shown(&error.to_string(), super::LONGEST)));
        unreadable = true;
    }
    Ok(if unreadable { Exit::Unreadable } else { exit })
}

/// The files that an argument names. A folder without `record.json` stands for the records in it.
fn named(text: &OsStr) -> Result<Vec<PathBuf>, Failure> {
    let path = Path::new(text);
    if path.is_dir() && !path.join("record.json").exists() {
        let name = path.display();
        let cant = |e| Failure::new(Exit::Unreadable, format!("can't read {name}: {e}"));
        let mut files: Vec<PathBuf> = std::fs::read_dir(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(cant)?
            .into_iter()
            .map(|e| e.path())
            // A pipe might never be written to.
            .filter(|p| record::is_named_so(p) && p.is_file())
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(Failure::usage(format!("{name} has no record.json and no other .json or .json.gz file")));
        }
        return Ok(files);
    }
    record::find(text, &[Path::new(FOLDER)]).map(|f| vec![f]).map_err(unselected)
}

/// Reads all files, as many at a time as there are processors; gives what was read, and why not of those that cannot be,
/// in their order.
fn read_all(files: &[PathBuf]) -> (Merged, Vec<ReadError>) {
    let reader = Reader::default();
    let queue = Mutex::new(files.iter().enumerate());
    let failed: Mutex<BTreeMap<usize, ReadError>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..available_threads().clamp(1, 8).min(files.len().max(1)) {
            scope.spawn(|| {
                while let Some((i, file)) = queue.lock().ok().and_then(|mut q| q.next()) {
                    let Err(e) = reader.read(file) else { continue };
                    failed.lock().unwrap_or_else(PoisonError::into_inner).insert(i, e);
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    (reader.finish(), failed.into_values().collect())
}

/// Tells what was merged and what is missing.
fn say(args: &Args, files: usize, merged: &Merged, expected: Option<&Expected>) -> Exit {
    let labels: std::collections::BTreeSet<&str> =
        merged.members().filter_map(|m| m.shell.provenance.settings.label.as_deref()).collect();
    super::note(format_args!(
        "{}, {}{}.",
        plural(files, "file"),
        plural(merged.len(), "record"),
        if labels.is_empty() { String::new() } else { format!(" of {}", plural(labels.len(), "label")) }
    ));
    for member in merged.members().filter(|m| !m.shell.engines.iter().any(record::Engine::is_driver)) {
        tell(&format!("warning: {} has no adapter with a driver", member.name()));
    }
    if let Some(path) = &args.out {
        super::note(format_args!(
            "Written to {}. Next: repro-audit report {} --out DIR",
            path.display(),
            path.display()
        ));
    }
    let missing: Vec<String> = merged.missing().into_iter().map(str::to_owned).collect();
    if !missing.is_empty() {
        tell(&format!("error: no record has these expected labels: {}", missing.join(", ")));
        return Exit::Incomplete;
    }
    // Of an audit that broke off, what it did not find says nothing.
    let mut unsound = false;
    let says = if expected.is_some() { "error" } else { "warning" };
    for member in merged.members() {
        if let Some(title) = soundness_of_member(member).title() {
            tell(&format!("{says}: {}: {title}", member.name()));
            unsound = true;
        }
    }
    if unsound && expected.is_some() {
        return Exit::Incomplete;
    }
    if let Some(Expected::Count(count)) = expected
        && labels.len() != *count
    {
        let sent: Vec<&str> = labels.into_iter().collect();
        tell(&format!(
            "error: expected records with {}, and found {}: {}",
            plural(*count, "label"),
            sent.len(),
            sent.join(", ")
        ));
        return Exit::Incomplete;
    }
    Exit::Within
}
