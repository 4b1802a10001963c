//! A lock from its text, with errors that name the line.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    DIGITS, Found, Lock, LockError, LockedCase, LockedEngine, LockedRow, LockedSettings, RACE, STATUSES, VERSION, fits,
    is_digest, own,
};
use crate::facts::{Driver, EngineClass, Identity};
use crate::model::text::{LINES, line_fault_within};
use crate::model::{CaseId, Profile};

/// What to do about a file that is not as it was written.
const AGAIN: &str = "write the file again with `repro-audit lock RECORD…`";

impl Lock {
    /// Reads a lock; `file` is its name in errors.
    ///
    /// # Errors
    /// When the text is no lock or one of a newer format; the message names the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, LockError> {
        let mut reader = Reader::default();
        let mut last = 0;
        for (index, line) in text.lines().enumerate() {
            last = index + 1;
            if let Some(fault) = line_fault_within(line, LINES) {
                return Err(error(file, last, format!("this line has {fault}; {AGAIN}")));
            }
            reader.take(last, line).map_err(|what| error(file, last, what))?;
        }
        reader.finish().map_err(|what| error(file, last.max(1), what))
    }
}

fn error(file: &str, line: usize, what: String) -> LockError {
    LockError::Text { file: file.to_owned(), line, what }
}

#[derive(Default)]
enum Section {
    #[default]
    Head,
    Engine(String),
    Case(CaseId),
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    section: Section,
    format: Option<u32>,
    tool: Option<String>,
    profile: Option<Profile>,
    seed: Option<u64>,
    repeats: Option<u32>,
    threads: Vec<usize>,
    adapters: Vec<String>,
    planted: Vec<String>,
    vary: BTreeMap<String, Vec<String>>,
    own: BTreeSet<Vec<String>>,
    engines: BTreeMap<String, LockedEngine>,
    cases: BTreeMap<CaseId, LockedCase>,
}

impl Reader {
    fn take(&mut self, number: usize, line: &str) -> Result<(), String> {
        let trimmed = line.trim_end();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return Ok(());
        }
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|m| trimmed.starts_with(m)) {
            return Err(format!("a merge conflict is not resolved; audit the merged state and {AGAIN}"));
        }
        if let Some(inside) = trimmed.strip_prefix("  ") {
            return match &self.section {
                Section::Head => Err(format!("an indented line belongs under an engine or a case; {AGAIN}")),
                Section::Engine(label) => {
                    let label = label.clone();
                    self.attribute(&label, inside)
                }
                Section::Case(id) => {
                    let id = id.clone();
                    self.row(&id, inside, number)
                }
            };
        }
        let (key, value) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
        if self.format.is_none() && key != "format" {
            return Err(format!(
                "the first line that is not a comment must be 'format {VERSION}'; is this a repro.lock?"
            ));
        }
        match key {
            "engine" => self.engine(value, number),
            "case" => self.case(value, number),
            _ if !matches!(self.section, Section::Head) => {
                Err(format!("'{key}' is neither 'engine' nor 'case'; {AGAIN}"))
            }
            _ => self.head(key, value),
        }
    }

    fn head(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "format" => {
                let format: u32 = whole(key, value)?;
                if format > VERSION {
                    return Err(format!(
                        "the lock has format {format}, and this program reads up to {VERSION}; update repro-audit"
                    ));
                }
                if format == 0 {
                    return Err(format!("no release wrote format 0; {AGAIN}"));
                }
                once(&mut self.format, key, format)
            }
            "tool" => once(&mut self.tool, key, value.to_owned()),
            "profile" => {
                let all = [Profile::Quick, Profile::Standard, Profile::Deep];
                let profile = all.into_iter().find(|p| p.name() == value);
                let profile = profile.ok_or_else(|| format!("'{value}' is not a profile: quick, standard or deep"))?;
                once(&mut self.profile, key, profile)
            }
            "seed" => once(&mut self.seed, key, whole(key, value)?),
            "repeats" => once(&mut self.repeats, key, whole(key, value)?),
            "threads" => {
                let counts: Result<Vec<usize>, String> = value.split(',').map(|v| whole(key, v)).collect();
                self.threads = counts?;
                Ok(())
            }
            "adapter" => push(&mut self.adapters, key, value),
            "planted" => push(&mut self.planted, key, value),
            "vary" => {
                let (name, values) =
                    value.split_once('=').ok_or_else(|| format!("'{value}' is not of the form NAME=a,b; {AGAIN}"))?;
                self.vary.insert(name.to_owned(), values.split(',').map(str::to_owned).collect());
                Ok(())
            }
            "own" => {
                let arguments =
                    own::read(value).ok_or_else(|| format!("'{value}' is not a list of arguments; {AGAIN}"))?;
                self.own.insert(arguments);
                Ok(())
            }
            _ => Err(format!("'{key}' is not a key of a lock; {AGAIN}")),
        }
    }

    fn engine(&mut self, label: &str, line: usize) -> Result<(), String> {
        let blank = Identity {
            class: EngineClass {
                backend: String::new(),
                device: String::new(),
                hardware: None,
                family: String::new(),
                architecture: None,
                variables: BTreeMap::new(),
            },
            driver: Driver { version: String::new(), device: String::new(), build: None },
        };
        if label.is_empty() {
            return Err(format!("an engine without a name; {AGAIN}"));
        }
        let engine = LockedEngine { identity: blank, labels: BTreeSet::new(), count: 1, line };
        if self.engines.insert(label.to_owned(), engine).is_some() {
            return Err(format!("the engine {label} is there twice; {AGAIN}"));
        }
        self.section = Section::Engine(label.to_owned());
        Ok(())
    }

    fn attribute(&mut self, label: &str, inside: &str) -> Result<(), String> {
        let Some(engine) = self.engines.get_mut(label) else { return Ok(()) };
        let (class, driver) = (&mut engine.identity.class, &mut engine.identity.driver);
        let (key, value) = inside.split_once(' ').unwrap_or((inside, ""));
        let text = value.to_owned();
        match key {
            _ if value.is_empty() => return Err(format!("'{key}' of {label} says nothing; {AGAIN}")),
            "backend" => class.backend = text,
            "class" => class.device = text,
            "hardware" => class.hardware = Some(text),
            "family" => class.family = text,
            "architecture" => class.architecture = Some(text),
            "driver" => driver.version = text,
            "device" => driver.device = text,
            "build" => driver.build = Some(text),
            "audit" => {
                engine.labels.insert(text);
            }
            "count" => engine.count = whole(key, value)?,
            "set" => {
                let (name, value) =
                    value.split_once('=').ok_or_else(|| format!("'{value}' is not of the form NAME=value; {AGAIN}"))?;
                class.variables.insert(name.to_owned(), value.to_owned());
            }
            _ => return Err(format!("'{key}' is not a key of an engine; {AGAIN}")),
        }
        Ok(())
    }

    fn case(&mut self, value: &str, line: usize) -> Result<(), String> {
        let mut words = value.split(' ');
        let (Some(id), Some(shape)) = (words.next().filter(|i| !i.is_empty()), words.next()) else {
            return Err(format!("a case is 'case ID TYPE[COUNT] shader DIGEST strict DIGEST'; {AGAIN}"));
        };
        let id = CaseId::parse(id).map_err(|e| format!("{e}; {AGAIN}"))?;
        let mut case = LockedCase { shape: shape.to_owned(), shader: None, strict: None, rows: BTreeMap::new(), line };
        while let Some(key) = words.next() {
            let value = digest(words.next().unwrap_or_default())?;
            let place = match key {
                "shader" => &mut case.shader,
                "strict" => &mut case.strict,
                _ => return Err(format!("'{key}' is not a key of a case; {AGAIN}")),
            };
            once(place, key, value)?;
        }
        if self.cases.insert(id.clone(), case).is_some() {
            return Err(format!("the case {id} is there twice; {AGAIN}"));
        }
        self.section = Section::Case(id);
        Ok(())
    }

    fn row(&mut self, id: &CaseId, inside: &str, line: usize) -> Result<(), String> {
        let usage = || format!("a result is 'status digest engine'; {AGAIN}");
        let (word, rest) = inside.trim_start().split_once(' ').ok_or_else(usage)?;
        let rest = rest.trim_start();
        let (found, label) = match rest.strip_prefix(RACE).and_then(|rest| rest.strip_prefix(' ')) {
            Some(label) => (RACE, label),
            None => rest.split_once(' ').ok_or_else(usage)?,
        };
        let label = label.trim_start();
        let status = STATUSES.iter().find(|(_, w)| *w == word).map(|(s, _)| *s);
        let status = status.ok_or_else(|| {
            let words: Vec<_> = STATUSES.iter().map(|(_, w)| *w).collect();
            format!("'{word}' is not a status; there are: {}", words.join(", "))
        })?;
        let found = match found {
            "varies" => Found::Varies,
            "unordered" => Found::Unordered,
            RACE => Found::Race,
            "-" => Found::Nothing,
            text => Found::Digest(digest(text)?),
        };
        if !fits(status, &found) {
            return Err(format!("a result that is {word} cannot be '{found}'; {AGAIN}"));
        }
        if !self.engines.contains_key(label) {
            return Err(format!("no engine above is called '{label}'; {AGAIN}"));
        }
        let Some(case) = self.cases.get_mut(id) else { return Ok(()) };
        if case.rows.insert(label.to_owned(), LockedRow { status, found, line }).is_some() {
            return Err(format!("{id} has two results of {label}; {AGAIN}"));
        }
        Ok(())
    }

    fn finish(self) -> Result<Lock, String> {
        if self.format.is_none() {
            return Err(format!("the file has no line 'format {VERSION}'; is this a repro.lock?"));
        }
        let missing = |key: &str| format!("the line '{key} …' is missing; {AGAIN}");
        if let Some((label, _)) = self.engines.iter().find(|(_, e)| e.identity.class.backend.is_empty()) {
            return Err(format!("the engine {label} has no backend; {AGAIN}"));
        }
        Ok(Lock {
            settings: LockedSettings {
                tool: self.tool.ok_or_else(|| missing("tool"))?,
                profile: self.profile.ok_or_else(|| missing("profile"))?,
                seed: self.seed.ok_or_else(|| missing("seed"))?,
                repeats: self.repeats.ok_or_else(|| missing("repeats"))?,
                threads: self.threads,
                adapters: self.adapters,
                planted: self.planted,
                vary: self.vary,
                own: self.own,
            },
            engines: self.engines,
            cases: self.cases,
        })
    }
}

fn once<T>(place: &mut Option<T>, key: &str, value: T) -> Result<(), String> {
    if place.replace(value).is_some() {
        return Err(format!("'{key}' is there twice; {AGAIN}"));
    }
    Ok(())
}

fn push(list: &mut Vec<String>, key: &str, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err(format!("'{key}' says nothing; {AGAIN}"));
    }
    list.push(value.to_owned());
    Ok(())
}

fn whole<T: std::str::FromStr>(key: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("'{value}' is not a whole number for '{key}'; {AGAIN}"))
}

/// A digest as a lock writes it.
fn digest(text: &str) -> Result<String, String> {
    if is_digest(text) {
        return Ok(text.to_owned());
    }
    Err(format!("'{text}' is not a digest of {DIGITS} hexadecimal digits; {AGAIN}"))
}
