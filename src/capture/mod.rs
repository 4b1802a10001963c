//! What a run of any program is: gathered before the command starts, and what it made once it has ended.
//!
//! What is gathered before is what the run was given; a file that changes meanwhile would otherwise pass for an input. Nothing
//! here is concluded: that is the facts' part.

mod accelerators;
mod artifacts;
mod code;
mod parameters;
mod secrets;
mod software;
mod tree;
mod wait;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::audit;
use crate::model::capture::{Capture, CaptureKind, Ended, FORMAT, Ids, Ran};
use crate::model::variables;
use crate::record;

use artifacts::Seen;
use secrets::Secrets;

/// What is to be captured.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The command and its arguments.
    pub argv: Vec<OsString>,
    /// Files and folders of data.
    pub data: Vec<PathBuf>,
    /// A file of hyperparameters.
    pub params: Option<PathBuf>,
    /// The files that the command makes, as patterns.
    pub artifacts: Vec<String>,
    /// Whether the difference from the commit is kept, and not its digest alone.
    pub patch: bool,
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A file cannot be read.
    #[error("can't read {path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of hyperparameters is not what its name says.
    #[error("can't read {path} as hyperparameters: {why}")]
    Parameters {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A pattern is none.
    #[error("'{pattern}' is no pattern of files: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        why: String,
    },
}

/// What a run was given, before it starts.
#[derive(Debug)]
pub struct Prepared {
    capture: Capture,
    secrets: Secrets,
    patterns: Vec<glob::Pattern>,
    asked: Asked,
    seen: BTreeMap<PathBuf, Seen>,
    named: Vec<(String, PathBuf)>,
}

/// How a command could not be started.
pub type NotStarted = std::io::Error;

/// Gathers what a run is given.
///
/// # Errors
/// [`CaptureError`], where what was named can't be read: a capture without it would be of another run.
pub fn prepare(asked: Asked) -> Result<Prepared, CaptureError> {
    let secrets = Secrets::of(std::env::vars_os());
    let mut notes = Vec::new();
    let argv: Vec<String> = asked.argv.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let patterns = artifacts::patterns(&asked.artifacts)?;
    let parameters = asked.params.as_deref().map(parameters::read).transpose()?;
    let data: Vec<_> = asked.data.iter().map(|path| tree::read(path)).collect::<Result<_, _>>()?;
    let code = code::read(asked.patch, &secrets, &mut notes);
    let mut machine = audit::machine();
    machine.variables.clear();
    let set = |name: &'static str| {
        std::env::var_os(name).map(|value| (name.to_owned(), secrets.clean_words(&value.to_string_lossy())))
    };
    let software = software::read(&asked.argv, code::top().as_deref(), &mut notes);
    let accelerators = accelerators::read(Path::new("/"), &mut notes);
    let audit = record::newest_of_machine(&machine.machine_id, &[Path::new(record::FOLDER)]);
    let named = named_files(&argv, &asked);
    let seen = artifacts::seen(&asked.artifacts, named.iter().map(|(_, path)| path.clone()));
    let capture = Capture {
        kind: CaptureKind::Capture,
        format: FORMAT,
        ids: Ids::default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: Ran {
            argv: secrets.clean_arguments(&argv),
            started: String::new(),
            ended: String::new(),
            seconds: 0.0,
            exit: Ended::default(),
        },
        code,
        files: BTreeMap::new(),
        data,
        software,
        variables: variables::captured().filter_map(set).collect(),
        parameters: parameters.map(|all| secrets.clean_values(all)),
        machine,
        accelerators,
        audit,
        artifacts: None,
        notes,
    };
    Ok(Prepared { capture, secrets, patterns, asked, seen, named })
}

/// The files that arguments name, beside data and parameters, which are read by themselves.
fn named_files(argv: &[String], asked: &Asked) -> Vec<(String, PathBuf)> {
    let mut out = Vec::new();
    for (i, argument) in argv.iter().enumerate() {
        let value =
            argument.strip_prefix('-').and_then(|_| argument.split_once('=')).map_or(argument.as_str(), |p| p.1);
        let path = Path::new(value);
        // The program itself where it is one of the project's, and no interpreter of the system.
        let own = i > 0 || path.is_relative() && value.contains('/');
        let apart = asked.params.as_deref() == Some(path) || asked.data.iter().any(|d| path.starts_with(d));
        if own && !apart && path.is_file() {
            out.push((value.to_owned(), path.to_owned()));
        }
    }
    out.sort();
    out.dedup();
    out
}

impl Prepared {
    /// Runs the command, with this program's standard streams and passing signals on, and gathers what it made.
    ///
    /// # Errors
    /// Where the command can't be started; nothing ran then.
    pub fn run(mut self) -> Result<Capture, NotStarted> {
        // Digests of files that the command may change are taken before it starts.
        let before: Vec<(String, PathBuf, Option<String>)> =
            self.named.iter().map(|(name, path)| (name.clone(), path.clone(), tree::digest(path).ok())).collect();
        let started = jiff::Timestamp::now();
        let clock = std::time::Instant::now();
        self.capture.command.exit = wait::run(&self.asked.argv)?;
        self.capture.command.seconds = clock.elapsed().as_secs_f64();
        self.capture.command.started = started.to_string();
        self.capture.command.ended = jiff::Timestamp::now().to_string();
        for (name, path, digest) in before {
            let (Some(digest), true) = (digest, self.seen.get(&path).is_some_and(|s| s.is_still(&path))) else {
                continue;
            };
            let is_artifact = self.patterns.iter().any(|p| p.matches_path(&path));
            if !is_artifact {
                self.capture.files.insert(self.secrets.clean_words(&name), digest);
            }
        }
        if !self.asked.artifacts.is_empty() {
            let made = artifacts::read(&self.asked.artifacts, &self.seen, &mut self.capture.notes);
            self.capture.artifacts = Some(made);
        }
        self.without_secrets();
        self.capture.ids = record::capture::ids(&self.capture);
        Ok(self.capture)
    }

    /// Names that other programs and people chose: of files, folders and branches.
    fn without_secrets(&mut self) {
        let clean = |text: &mut String| *text = self.secrets.clean_words(text);
        self.capture.data.iter_mut().for_each(|data| clean(&mut data.path));
        self.capture.notes.iter_mut().for_each(clean);
        if let Some(code) = &mut self.capture.code {
            clean(&mut code.folder);
            code.branch.iter_mut().for_each(clean);
        }
        let artifacts = self.capture.artifacts.take();
        self.capture.artifacts =
            artifacts.map(|all| all.into_iter().map(|(name, a)| (self.secrets.clean_words(&name), a)).collect());
    }
}
