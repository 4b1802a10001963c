//! The output folder: checked and opened before any work, written atomically, and never at the cost of another record,
//! an earlier one or that of an audit that runs at the same time.
//!
//! Whoever puts something in the place of `record.json` holds the folder's lock, and first puts aside what is there
//! unless it wrote that itself, and removes the report of it. The lock is held for as long as files are moved and written, and not while an audit
//! runs, so that several can.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Exit, Failure};
use crate::formats::{Format, FormatError, terminal};
use crate::model::words::{quoted, short};
use crate::record::{self, Record, write_atomically};
use crate::views::audit::Audit;

/// How often an unfinished record is written.
const EVERY: Duration = Duration::from_secs(2);

/// The file that is locked.
const LOCK: &str = ".repro-audit.lock";

/// An output folder.
#[derive(Debug)]
pub(super) struct Outputs {
    folder: PathBuf,
    written: Instant,
    every: Duration,
    /// The digest of what this audit wrote as `record.json`.
    own: Option<blake3::Hash>,
    /// Where this audit's unfinished record goes while `record.json` is another's.
    aside: Option<tempfile::TempPath>,
    /// The record that was there, where it is kept now.
    earlier: Option<PathBuf>,
}

/// The lock of a folder, for as long as it lives. A file system that knows no locks leaves names that do not collide.
struct Lock {
    _file: Option<File>,
}

impl Lock {
    fn take(folder: &Path) -> std::io::Result<Self> {
        let file = File::options().create(true).write(true).truncate(false).open(folder.join(LOCK))?;
        match file.lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(e) if e.kind() == std::io::ErrorKind::Unsupported => Ok(Self { _file: None }),
            Err(e) => Err(e),
        }
    }

    /// Makes the folder again where it was removed since: what was found is worth more than the folder's absence.
    fn take_anew(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Self::take(folder)
    }
}

/// Writes the page, the tables and the charts of a record.
fn files(record: &Record, folder: &Path) -> Result<(), FormatError> {
    let foot = format!("record {} · repro-audit", short(&record.id));
    crate::formats::files::write(&Audit::new(record), &record.id, &foot, folder).map(|_| ())
}

impl Outputs {
    /// Makes the folder, checks that files can be written there, and puts an earlier record aside.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let name = folder.display();
        let cant =
            |e: std::io::Error| Failure::unwritten(&format!("to the output folder {name}"), &e, "with --out DIR");
        std::fs::create_dir_all(folder).map_err(cant)?;
        tempfile::Builder::new().prefix(".repro-audit-").tempfile_in(folder).map_err(cant)?;
        let _lock = Lock::take(folder).map_err(cant)?;
        let earlier = put_aside(&folder.join("record.json"), None).map_err(cant)?;
        if let Some(kept) = &earlier {
            super::note(format_args!("The earlier record is kept: {}", kept.display()));
        }
        Ok(Self { folder: folder.to_owned(), written: Instant::now(), every: EVERY, own: None, aside: None, earlier })
    }

    /// Writes an unfinished record, if the last one is a while ago: as `record.json`, or beside it where that is
    /// another audit's.
    pub(super) fn checkpoint(&mut self, record: &mut dyn FnMut() -> Record) -> std::io::Result<()> {
        if self.written.elapsed() < self.every {
            return Ok(());
        }
        let begun = Instant::now();
        self.write(&record())?;
        // A large record is written less often.
        self.every = EVERY.max(20 * begun.elapsed());
        self.written = Instant::now();
        Ok(())
    }

    /// Writes the record of an audit that was stopped, to stay. Gives its file and its number of cases, if it has any.
    pub(super) fn keep(&mut self, record: &mut dyn FnMut() -> Record) -> std::io::Result<Option<(PathBuf, usize)>> {
        let record = record();
        if record.cases.is_empty() {
            return Ok(None);
        }
        let mut path = self.write(&record)?;
        if let Some(aside) = self.aside.take() {
            path = aside.keep().map_err(|e| e.error)?;
        }
        Ok(Some((path, record.cases.len())))
    }

    /// Writes an unfinished record: as `record.json`, or beside it where that is another audit's. Gives its file.
    fn write(&mut self, record: &Record) -> std::io::Result<PathBuf> {
        let json = record::to_json(record)?;
        let _lock = Lock::take_anew(&self.folder)?;
        let path = self.folder.join("record.json");
        if path.exists() && (self.own.is_none() || self.own != digest(&path)) {
            return self.beside(&json);
        }
        if self.own.is_none() {
            // What is there is an earlier audit's.
            crate::formats::files::remove(&self.folder).map_err(std::io::Error::other)?;
        }
        write_atomically(&path, &json)?;
        self.own = Some(blake3::hash(&json));
        Ok(path)
    }

    /// Writes an unfinished record under a name of its own.
    fn beside(&mut self, json: &[u8]) -> std::io::Result<PathBuf> {
        let path = match self.aside.take() {
            Some(path) => path,
            None => {
                let earlier = self.folder.join("earlier");
                std::fs::create_dir_all(&earlier)?;
                let mut named = tempfile::Builder::new();
                named.prefix("record-unfinished-").suffix(".json").tempfile_in(&earlier)?.into_temp_path()
            }
        };
        write_atomically(&path, json)?;
        let name = path.to_path_buf();
        self.aside = Some(path);
        Ok(name)
    }

    /// Writes the record and every report of it. Another audit's record that is there is put aside.
    pub(super) fn finish(&mut self, record: &Record) -> Result<(), Failure> {
        let name = self.folder.display().to_string();
        // The arguments were right, and the work is done: what is missing is its record.
        let cant = |e: &dyn std::fmt::Display| {
            Failure::new(Exit::Incomplete, format!("the audit is done, and can't be written to the folder {name}: {e}"))
        };
        let json = record::to_json(record).map_err(|e| cant(&e))?;
        let _lock = Lock::take_anew(&self.folder).map_err(|e| cant(&e))?;
        let kept = put_aside(&self.folder.join("record.json"), self.own).map_err(|e| cant(&e))?;
        if let Some(kept) = &kept {
            super::note(format_args!("The record of another audit is kept: {}", kept.display()));
        }
        if kept.is_some() || self.own.is_none() {
            crate::formats::files::remove(&self.folder).map_err(|e| cant(&e))?;
        }
        write_atomically(&self.folder.join("record.json"), &json).map_err(|e| cant(&e))?;
        self.own = Some(blake3::hash(&json));
        // Its file goes away: the finished record has all that it had.
        self.aside = None;
        files(record, &self.folder).map_err(|e| {
            let text = format!("the record is written to the folder {name}, and its report can't be: {e}");
            Failure::new(Exit::Incomplete, text)
        })
    }

    /// Renders a record that was read from a file of this id, its own or that of a merged record: everything but the record.
    pub(super) fn render(folder: &Path, record: &Record, id: &str) -> Result<(), Failure> {
        refuse_anothers(folder, &[&record.id, id])?;
        files(record, folder).map_err(|e| unrendered(folder, e))
    }

    /// Renders what merged records say together.
    pub(super) fn render_merged(folder: &Path, view: &crate::facts::set::Related) -> Result<(), Failure> {
        refuse_anothers(folder, &[&view.id])?;
        let foot = format!("merged record {} · repro-audit", short(&view.id));
        let done = crate::formats::files::write(view, &view.id, &foot, folder);
        done.map(|_| ()).map_err(|e| unrendered(folder, e))
    }

    /// What was there is a part of this audit, and no other one to compare it with.
    pub(super) fn forget_earlier(&mut self) {
        self.earlier = None;
    }

    /// What is shown of the record: with what changed since the one that was in the folder before, if it can be read.
    pub(super) fn view<'r>(&self, record: &'r Record) -> Audit<'r> {
        let view = Audit::new(record);
        let read = |path: &PathBuf| record::read(path).ok();
        let Some((path, earlier)) = self.earlier.as_ref().and_then(|p| Some((p, read(p)?))) else { return view };
        let now = self.folder.join("record.json");
        let command = [path, &now].map(|p| quoted(&p.to_string_lossy())).join(" ");
        view.since(&earlier, &format!("repro-audit compare {command}"))
    }

    /// Says where everything is, to people, and opens the report where that is wanted.
    pub(super) fn tell(&self, format: &Format, open: bool) {
        if *format == terminal::FORMAT {
            let folder = self.folder.display();
            super::note(format_args!(
                "\nWritten to {folder}: record.json, index.html, summary.csv, values.csv, charts.\nOther numbers on another \
                 node? Audit it too: repro-audit compare {} OTHER",
                quoted(&folder.to_string())
            ));
        }
        if open {
            open_report(&self.folder);
        }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Writes a record in the place of one that it adds to, unless what is there is not `before` any more. A report of it that lies
/// beside it is made again.
pub(super) fn rewrite(path: &Path, before: blake3::Hash, record: &Record) -> Result<(), Failure> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let name = path.display().to_string();
    let cant = |e: std::io::Error| Failure::unwritten(&name, &e, "");
    let json = record::to_json(record).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    let is_output = path.file_name().is_some_and(|n| n == "record.json");
    let _lock = if is_output { Some(Lock::take(folder).map_err(cant)?) } else { None };
    if digest(path) != Some(before) {
        return Err(Failure::new(Exit::Incomplete, format!("{name} was changed meanwhile, and is left as it is")));
    }
    write_atomically(path, &json).map_err(cant)?;
    if is_output && folder.join("index.html").exists() {
        files(record, folder).map_err(|e| unrendered(folder, e))?;
    }
    Ok(())
}

/// Opens the report in the browser of whoever runs this. There may be none, which is nobody's fault.
pub(super) fn open_report(folder: &Path) {
    let page = folder.join("index.html");
    if let Err(e) = open::that_detached(&page) {
        super::tell(&format!("warning: {} could not be opened: {e}", page.display()));
    }
}

/// Why a report could not be written to a folder.
fn unrendered(folder: &Path, error: FormatError) -> Failure {
    match error {
        FormatError::Io { path, source } => Failure::unwritten(&path, &source, "folder with --out DIR"),
        FormatError::Record { .. } => Failure::usage(format!("{error}; choose another folder with --out DIR")),
        FormatError::Csv(_) | FormatError::Json(_) | FormatError::Chart { .. } => {
            Failure::new(Exit::Incomplete, format!("the report is not written to {}: {error}", folder.display()))
        }
    }
}

/// Refuses a folder that holds a record of none of these ids: its report would be lost, and this one's would pass for it.
fn refuse_anothers(folder: &Path, ids: &[&str]) -> Result<(), Failure> {
    let there = folder.join("record.json");
    if record::is_record(&there) && !ids.contains(&record::stated_id(&there).unwrap_or_default().as_str()) {
        return Err(Failure::usage(format!(
            "{} holds another record, whose report would be lost; choose another folder with --out DIR",
            folder.display()
        )));
    }
    Ok(())
}

fn digest(path: &Path) -> Option<blake3::Hash> {
    std::fs::read(path).ok().map(|content| blake3::hash(&content))
}

/// Moves a record to `earlier` in its folder, under a name that is free; not where its content is `own`. The folder is
/// locked, or the file is one that no audit writes.
pub(super) fn put_aside(record: &Path, own: Option<blake3::Hash>) -> std::io::Result<Option<PathBuf>> {
    if !record.exists() || own.is_some() && own == digest(record) {
        return Ok(None);
    }
    let earlier = record.with_file_name("earlier");
    std::fs::create_dir_all(&earlier)?;
    let kept = free_name(&earlier, record)?;
    std::fs::rename(record, &kept)?;
    Ok(Some(kept))
}

/// `record-<start of its id>.json`, or as the file is named, numbered where that exists. The name is taken at once, by an
/// empty file, so that it is this audit's even where the file system knows no locks.
fn free_name(earlier: &Path, record: &Path) -> std::io::Result<PathBuf> {
    let whole = record.file_name().map_or_else(|| "record".to_owned(), |s| s.to_string_lossy().into_owned());
    let (whole, end) = whole.strip_suffix(".gz").map_or((whole.as_str(), ""), |name| (name, ".gz"));
    let (stem, extension) = whole.rsplit_once('.').filter(|(s, _)| !s.is_empty()).unwrap_or((whole, ""));
    let extension = if extension.is_empty() { end.to_owned() } else { format!(".{extension}{end}") };
    let other = if record::is_record(record) { "unfinished" } else { "earlier" };
    let id =
        record::stated_id(record).and_then(|id| id.get(..12).map(str::to_owned)).unwrap_or_else(|| other.to_owned());
    for number in 1u32.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let name = earlier.join(format!("{stem}-{id}{suffix}{extension}"));
        match File::create_new(&name) {
            Ok(_) => return Ok(name),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(std::io::Error::other("no name is free"))
}
