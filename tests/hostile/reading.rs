//! Every verb that reads a record, and every format that writes what it found, in this process.

use std::path::Path;

use repro_audit::facts::pair::compare_all;
use repro_audit::facts::set::relate;
use repro_audit::formats::{self, Options};
use repro_audit::gate::{Lock, Policy, Question, check};
use repro_audit::model::text;
use repro_audit::record::{self, Merged, Reader, Record};
use repro_audit::views::View;
use repro_audit::views::audit::Audit;
use repro_audit::views::check::Check;

/// The longest error, in characters.
const LONGEST: usize = 500;

/// A record that is as it should be, to compare and merge others with.
pub(crate) struct Honest {
    pub(crate) record: Record,
    merged: Merged,
    lock: Lock,
}

impl Honest {
    pub(crate) fn new(record: Record, path: &Path) -> Self {
        std::fs::write(path, record::to_json(&record).expect("JSON")).expect("written");
        let merged = record::open(&path.display().to_string(), &[]).unwrap_or_else(|e| panic!("{e}"));
        let lock = Lock::of(std::slice::from_ref(&record)).unwrap_or_else(|e| panic!("{e}"));
        Self { record, merged, lock }
    }
}

/// What became of a file.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// How many texts were written from it; 0 where it was refused.
    pub(crate) texts: usize,
    /// What is wrong with what was written.
    pub(crate) faults: Vec<String>,
}

impl Read {
    fn fault(&mut self, what: &str, fault: impl std::fmt::Display) {
        self.faults.push(format!("{what}: {fault}"));
    }

    /// Looks at an error, as the program prints it.
    pub(crate) fn error(&mut self, what: &str, error: &dyn std::fmt::Display) {
        let printed = text::shown(&error.to_string(), LONGEST - 20);
        if let Some(fault) = text::line_fault(&printed) {
            self.fault(what, format!("the error has {fault}"));
        }
        if printed.contains("##[") {
            self.fault(what, "the error has a command");
        }
    }

    /// Writes a view in every format, and looks at what came out.
    fn view(&mut self, what: &str, view: &dyn View) {
        for format in formats::ALL {
            for (full, color) in [(false, false), (true, false), (true, true)] {
                if format.name != "table" && full {
                    continue;
                }
                match formats::write(format, view, &Options { width: 80, full, color }) {
                    Ok(text) => {
                        self.texts += 1;
                        if let Some(fault) = fault(format.name, &text) {
                            self.fault(&format!("{what} as {}", format.name), fault);
                        }
                    }
                    Err(e) => self.fault(&format!("{what} as {}", format.name), e),
                }
            }
        }
        for rows in view.rows() {
            match formats::csv::write(&rows) {
                Ok(text) => {
                    if let Some(fault) = fault("csv", &text) {
                        self.fault(&format!("{what}, {}.csv", rows.id), fault);
                    }
                }
                Err(e) => self.fault(&format!("{what}, {}.csv", rows.id), e),
            }
        }
    }

    /// Writes the files of a view.
    fn files(&mut self, view: &dyn View, id: &str, folder: &Path) {
        if let Err(e) = formats::files::write(view, id, "a record", folder) {
            self.fault("the files", e);
        }
    }
}

/// What a text of a format must not have.
pub(crate) fn fault(format: &str, text: &str) -> Option<String> {
    // What this program itself paints.
    let mut plain = text.to_owned();
    while let Some(start) = plain.find("\u{1b}[") {
        let rest = &plain[start + 2..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        if !rest[end..].starts_with('m') {
            return Some("an escape sequence".to_owned());
        }
        plain.replace_range(start..start + 2 + end + 1, "");
    }
    if let Some(c) = plain.chars().find(|c| c.is_control() && *c != '\n' || text::is_hidden(*c)) {
        return Some(format!("the character {c:?}"));
    }
    if plain.contains("##[") {
        return Some("a command of a runner".to_owned());
    }
    let begins = |line: &&str| line.trim_start().starts_with("::");
    match format {
        "github" => {
            let known = ["::error ", "::warning ", "::notice "];
            let other = plain.lines().find(|line| !known.iter().any(|k| line.starts_with(k)))?;
            return Some(format!("the line {other:?}"));
        }
        // A page is no log, and no line of JSON begins with a text.
        "html" | "json" => {}
        _ => {
            if let Some(line) = plain.lines().find(begins) {
                return Some(format!("the line {line:?}"));
            }
        }
    }
    match format {
        "html" if plain.matches("<script").count() != 1 => return Some("another script".to_owned()),
        "html" | "junit" if ["<img", "onload=\"a", "<script>a"].iter().any(|t| plain.contains(t)) => {
            return Some("markup".to_owned());
        }
        "markdown"
            if plain.contains("<img") || plain.contains("<script") || plain.replace("\\](", "").contains("](") =>
        {
            return Some("markup".to_owned());
        }
        "markdown" if plain.lines().any(|l| l.starts_with("# ")) => return Some("a heading".to_owned()),
        "csv" => {
            let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(plain.as_bytes());
            for row in rows.records() {
                let Ok(row) = row else { return Some("rows that cannot be read".to_owned()) };
                let formula =
                    |cell: &&str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
                if let Some(cell) = row.iter().find(formula) {
                    return Some(format!("the formula {cell:?}"));
                }
            }
        }
        _ => {}
    }
    None
}

/// Reads a file as every verb does, and writes it in every format; with `folder`, the files of its report too.
pub(crate) fn every_verb(path: &Path, honest: &Honest, folder: Option<&Path>) -> Read {
    let mut read = Read::default();
    let name = path.display().to_string();
    // `report`
    match record::read(path) {
        Ok(record) => {
            let view = Audit::new(&record);
            read.view("report", &view);
            if let Some(folder) = folder {
                read.files(&view, &record.id, folder);
            }
        }
        Err(e) => read.error("report", &e),
    }
    // `compare`, `merge`, `lock` and `check`
    let merged = match record::open(&name, &[]) {
        Ok(merged) => merged,
        Err(e) => {
            read.error("open", &e);
            return read;
        }
    };
    for (left, right) in [(&honest.merged, &merged), (&merged, &honest.merged)] {
        match compare_all(left, right, &[]) {
            Ok(pairs) => read.view("compare", &pairs),
            Err(e) => read.error("compare", &e),
        }
    }
    let both = honest.merged.clone().join(merged.clone());
    read.view("report of merged records", &relate(&both));
    let mut bytes = Vec::new();
    if let Err(e) = both.write(&mut bytes) {
        read.fault("merge", e);
    }
    let again = path.with_extension("merged");
    let reread = std::fs::write(&again, &bytes)
        .map_err(|e| e.to_string())
        .and_then(|()| Reader::default().read(&again).map_err(|e| e.to_string()));
    if let Err(e) = reread {
        read.fault("merge, read again", e);
    }
    let records: Vec<Record> = match merged.records().collect() {
        Ok(records) => records,
        Err(e) => {
            read.fault("a member", e);
            return read;
        }
    };
    match Lock::of(&records) {
        Ok(lock) => {
            let text = lock.to_string();
            if let Some(fault) = fault("lock", &text) {
                read.fault("lock", fault);
            }
            match Lock::parse("repro.lock", &text) {
                Ok(lock) => gate(&mut read, &lock, &Policy::default(), std::slice::from_ref(&honest.record)),
                Err(e) => read.fault("lock, read again", e),
            }
        }
        Err(e) => read.error("lock", &e),
    }
    gate(&mut read, &honest.lock, &Policy::default(), &records);
    read
}

/// Checks records against a lock and a policy.
pub(crate) fn gate(read: &mut Read, lock: &Lock, policy: &Policy, records: &[Record]) {
    let question = Question {
        lock,
        lock_file: "repro.lock",
        policy,
        policy_file: "repro-audit.toml",
        records,
        missing: &[],
        engines: &[],
        strict: true,
    };
    let checked = check(&question);
    read.view("check", &Check { checked: &checked, exit: 0 });
}
