//! `repro-audit lock`: what the records found, as text to commit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::shown::{formats, show};
use super::{Exit, Failure, print, unselected};
use crate::formats::Format;
use crate::gate::{Found, Lock, LockError, RowChange, changes, status_word};
use crate::model::words::{count, plural};
use crate::process::file::read_text;
use crate::record::{FOLDER, Merged, Record, Status, write_atomically};
use crate::views::document::{Cell, Column, Document, Finding, Rows, Section, Table, Tone, Weight};
use crate::views::prepared::Prepared;

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

/// Results that `--diff` lists to people.
const CHANGES: usize = 60;

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

/// The records that the arguments name, each once, and the labels of legs that were expected and have none.
pub(super) fn records(texts: &[OsString]) -> Result<(Vec<Record>, Vec<String>), Failure> {
    let folders = [Path::new(FOLDER)];
    let mut all = Merged::default();
    for text in texts {
        all = all.join(crate::record::open(text, &folders).map_err(unselected)?);
    }
    let missing = all.missing().into_iter().map(str::to_owned).collect();
    let records = all.records().collect::<Result<_, _>>();
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

/// How many results differ from those of an earlier lock.
fn counted(moved: &[RowChange<'_>]) -> String {
    let [new, changed, gone] = tally(moved.iter());
    format!("{new} new, {changed} changed, {gone} gone")
}

/// How many are new, changed and gone, in words.
fn tally<'m, 'l: 'm>(moved: impl Iterator<Item = &'m RowChange<'l>>) -> [String; 3] {
    let mut counts = [0u64; 3];
    for m in moved {
        counts[if m.was.is_none() { 0 } else { 1 + usize::from(m.is.is_none()) }] += 1;
    }
    counts.map(count)
}

/// What moved since a lock, by kernel and by case.
fn moved(name: &str, before: &Lock, after: &Lock) -> Prepared {
    let all = changes(before, after);
    let headline = match all.len() {
        0 => format!("Nothing moved since {name}"),
        n => format!("{} moved since {name}: {}", plural(n, "result"), counted(&all)),
    };
    let mut document = Document::new(if all.is_empty() { Tone::Good } else { Tone::Broke }, headline);
    let mut kernels: BTreeMap<&str, Vec<&RowChange<'_>>> = BTreeMap::new();
    all.iter().for_each(|m| kernels.entry(m.case.kernel()).or_default().push(m));
    let columns = ["kernel", "new", "changed", "gone"];
    let mut table =
        Table::new("kernels", &columns.map(|c| if c == "kernel" { Column::text(c) } else { Column::number(c) }));
    for (kernel, of) in &kernels {
        let numbers = tally(of.iter().copied()).map(Cell::number);
        table.push(std::iter::once(Cell::text(*kernel)).chain(numbers));
    }
    let mut section = Section::new("by-kernel", "By kernel");
    section.table(table);
    document.push(section);
    let side = |s: Option<(Status, &Found)>| s.map(|(status, found)| format!("{} {found}", status_word(status)));
    let columns = ["case", "engine", "was", "is", "shader"];
    let mut table = Table::new("results", &columns.map(Column::text)).most(CHANGES);
    let mut rows = Rows::new("changes", &columns);
    for m in &all {
        let (was, is) = (side(m.was), side(m.is));
        let shader = if m.shader { "another" } else { "" };
        let shown = |s: &Option<String>| Cell::code(s.clone().unwrap_or_else(|| "–".to_owned()));
        table.push([Cell::case(m.case.to_string()), Cell::text(m.engine), shown(&was), shown(&is), Cell::text(shader)]);
        rows.push(vec![m.case.to_string().into(), m.engine.into(), was.into(), is.into(), shader.into()]);
    }
    let mut section = Section::new("results", "Results");
    section.table(table);
    document.push(section);
    let finding = |m: &RowChange<'_>| {
        let (was, is) = (side(m.was), side(m.is));
        let text = format!("was {}, is {}", was.as_deref().unwrap_or("not locked"), is.as_deref().unwrap_or("gone"));
        Finding::new(Weight::Warning, "lock-moved", m.engine, m.case.to_string(), text)
    };
    document.findings = all.iter().map(finding).collect();
    let json = all.iter().map(|m| {
        serde_json::json!({
            "case": m.case.to_string(), "engine": m.engine, "was": side(m.was), "is": side(m.is), "shader": m.shader,
        })
    });
    Prepared { document, json: json.collect(), rows: vec![rows] }
}
