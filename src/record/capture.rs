//! Captures as files: their ids, and reading and writing them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::store::ReadError;
use crate::model::capture::{Accelerator, Capture, CaptureKind, FORMAT, Ids, Tree};
use crate::model::variables::is_asked;
use crate::process::file::read_object;

/// The file of a capture in its folder.
pub const FILE: &str = "capture.json";

/// Where `capture` writes unless told otherwise.
pub const FOLDER: &str = "repro-audit-capture";

/// The largest file that is read.
const MOST: u64 = 64 << 20;

/// What a run was given. Its digest is the id of the situation, so that nothing is here that differs where the same is done on
/// another machine: no path of data, no time, no branch, no machine.
#[derive(Serialize)]
struct Situation<'a> {
    argv: Vec<String>,
    commit: Option<&'a str>,
    folder: Option<&'a str>,
    patch: Option<&'a str>,
    files: BTreeMap<String, &'a str>,
    data: Vec<&'a str>,
    interpreter: Option<&'a str>,
    packages: Option<&'a BTreeMap<String, String>>,
    locks: &'a BTreeMap<String, String>,
    variables: BTreeMap<&'a str, &'a str>,
    parameters: Option<BTreeMap<&'a str, String>>,
}

/// The machine as far as it may change a result: no host name, and nothing of a single card.
#[derive(Serialize)]
struct WithMachine<'a> {
    situation: &'a str,
    architecture: &'a str,
    cpu: &'a str,
    cpu_features: &'a [String],
    cpu_threads: u64,
    os: &'a str,
    kernel: &'a str,
    accelerators: &'a [Accelerator],
    chosen: BTreeMap<&'a str, &'a str>,
}

/// A text with the paths of data replaced by their places.
fn placed(text: &str, data: &[Tree]) -> String {
    for (i, tree) in data.iter().enumerate() {
        let path = tree.path.trim_end_matches('/');
        let value = text.split_once('=').filter(|_| !text.starts_with(path)).map_or(text, |(_, value)| value);
        if let Some(rest) = value.strip_prefix(path).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            let before = &text[..text.len() - value.len()];
            return format!("{before}{{data:{i}}}{}", rest.trim_end_matches('/'));
        }
    }
    text.to_owned()
}

/// A command's arguments as they are the same on another machine: the program by its name alone, data by its place.
#[must_use]
pub fn placed_argv(capture: &Capture) -> Vec<String> {
    let mut out: Vec<String> = capture.command.argv.iter().map(|a| placed(a, &capture.data)).collect();
    if let Some(program) = out.first_mut().filter(|p| Path::new(p.as_str()).is_absolute())
        && let Some(name) = Path::new(program.as_str()).file_name()
    {
        *program = name.to_string_lossy().into_owned();
    }
    out
}

/// The hyperparameters with data by its place.
#[must_use]
pub fn placed_parameters(capture: &Capture) -> Option<BTreeMap<&str, String>> {
    let all = capture.parameters.as_ref()?;
    Some(all.iter().map(|(name, value)| (name.as_str(), placed(value, &capture.data))).collect())
}

fn digest(value: &impl Serialize) -> String {
    // Maps are ordered and members are in the order of their declaration, so that one content has one text.
    serde_json::to_vec(value).map(|text| blake3::hash(&text).to_hex().to_string()).unwrap_or_default()
}

/// The ids of a capture.
#[must_use]
pub fn ids(capture: &Capture) -> Ids {
    let code = capture.code.as_ref();
    let variables = |asked: bool| {
        capture.variables.iter().filter(move |(n, _)| is_asked(n) == asked).map(|(n, v)| (n.as_str(), v.as_str()))
    };
    let situation = digest(&Situation {
        argv: placed_argv(capture),
        commit: code.and_then(|c| c.commit.as_deref()),
        folder: code.map(|c| c.folder.as_str()),
        patch: code.and_then(|c| c.patch.as_ref()).map(|p| p.digest.as_str()),
        files: capture.files.iter().map(|(name, digest)| (placed(name, &capture.data), digest.as_str())).collect(),
        data: capture.data.iter().map(|d| d.digest.as_str()).collect(),
        interpreter: capture.software.interpreter.as_deref(),
        packages: capture.software.packages.as_ref(),
        locks: &capture.software.locks,
        variables: variables(true).collect(),
        parameters: placed_parameters(capture),
    });
    let machine = &capture.machine;
    let with_machine = digest(&WithMachine {
        situation: &situation,
        architecture: &machine.architecture,
        cpu: &machine.cpu,
        cpu_features: &machine.cpu_features,
        cpu_threads: machine.cpu_threads,
        os: &machine.os,
        kernel: &machine.kernel,
        accelerators: &capture.accelerators,
        chosen: variables(false).collect(),
    });
    let whole = Capture { ids: Ids::default(), ..capture.clone() };
    Ids { situation, with_machine, run: digest(&whole) }
}

/// A capture as it is in a file.
///
/// # Errors
/// When it can't be written as JSON.
pub fn to_json(capture: &Capture) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(capture)?;
    text.push(b'\n');
    Ok(text)
}

/// What tells a capture of a later format.
#[derive(serde::Deserialize)]
struct Head {
    #[serde(rename = "kind")]
    _kind: CaptureKind,
    format: u32,
}

/// Why a file is no capture that can be relied on.
#[derive(Debug, thiserror::Error)]
pub enum CaptureFileError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is not JSON, or not of a capture's form.
    #[error("{path} is not a capture of repro-audit: {source}")]
    Form {
        /// The file.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
    /// It is of a later format.
    #[error("{path} is a capture of format {format}, and this program reads {FORMAT}; update repro-audit")]
    New {
        /// The file.
        path: String,
        /// Its format.
        format: u32,
    },
    /// Its ids are not those of its content.
    #[error("{path} was changed after it was written: its ids are not the digests of its content")]
    Changed {
        /// The file.
        path: String,
    },
}

/// Reads a capture.
///
/// # Errors
/// [`CaptureFileError`].
pub fn read(path: &Path) -> Result<Capture, CaptureFileError> {
    let name = || path.display().to_string();
    let text = read_object(path, MOST).map_err(|source| ReadError::Io { path: name(), source })?;
    let form = |source| CaptureFileError::Form { path: name(), source };
    let head: Head = serde_json::from_slice(&text).map_err(form)?;
    if head.format > FORMAT {
        return Err(CaptureFileError::New { path: name(), format: head.format });
    }
    let capture: Capture = serde_json::from_slice(&text).map_err(form)?;
    if ids(&capture) != capture.ids {
        return Err(CaptureFileError::Changed { path: name() });
    }
    Ok(capture)
}

/// The capture that a path names: a file, or a folder that holds one and no record. What is compared is asked here; anything else
/// is a record, or nothing.
#[must_use]
pub fn find(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        let file = path.join(FILE);
        return (file.is_file() && !path.join("record.json").exists()).then_some(file);
    }
    if !path.is_file() {
        return None;
    }
    let text = read_object(path, MOST).ok()?;
    serde_json::from_slice::<Head>(&text).is_ok().then(|| path.to_owned())
}
