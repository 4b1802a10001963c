//! What one run of any program was: what it was asked, by which code, of which data, with which libraries, on which machine,
//! and how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::Environment;

/// The format of a capture that this program writes.
pub const FORMAT: u32 = 1;

/// What tells a capture from other files: the value of [`Capture::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaptureKind {
    /// The only one.
    #[serde(rename = "capture")]
    Capture,
}

/// See the module. Texts are another program's, and are as they came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// What kind of file this is.
    pub kind: CaptureKind,
    /// [`FORMAT`].
    pub format: u32,
    /// The three ids.
    pub ids: Ids,
    /// The version of the program that captured it.
    pub version: String,
    /// What ran, when, and how it ended.
    pub command: Ran,
    /// The state of the repository that it ran in.
    pub code: Option<Code>,
    /// Digests (BLAKE3) of the files that the command names and that it did not change, by the argument.
    pub files: BTreeMap<String, String>,
    /// The data, in the order of the options.
    pub data: Vec<Tree>,
    /// Interpreter, packages and lock files.
    pub software: Software,
    /// Those of the known variables that were set.
    pub variables: BTreeMap<String, String>,
    /// Hyperparameters of a file, by dotted name; `None` where no file was named.
    pub parameters: Option<BTreeMap<String, String>>,
    /// The machine, without its variables.
    pub machine: Environment,
    /// Accelerators with their drivers.
    pub accelerators: Vec<Accelerator>,
    /// The newest audit of this machine.
    pub audit: Option<AuditRef>,
    /// What the command made, by path; `None` where nothing was asked for.
    pub artifacts: Option<BTreeMap<String, Artifact>>,
    /// What could not be captured, and why.
    pub notes: Vec<String>,
}

/// The ids of a capture, as 64 hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ids {
    /// Of all that the run was given, the machine left out: the same on another machine.
    pub situation: String,
    /// Of the same with the machine's processor, accelerators, drivers and system.
    pub with_machine: String,
    /// Of this run alone.
    pub run: String,
}

/// What ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ran {
    /// The command and its arguments; what looks like a secret is [`REDACTED`].
    pub argv: Vec<String>,
    /// When it was started, in RFC 3339.
    pub started: String,
    /// When it had ended.
    pub ended: String,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub exit: Ended,
}

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";

/// How a command ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// Its exit status, where it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Ended {
    /// The status that a shell gives for it: that of the command, or 128 and the signal.
    #[must_use]
    pub fn status(self) -> u8 {
        let wide = self.code.or(self.signal.map(|s| 128 + s)).unwrap_or(1);
        u8::try_from(wide & 0xff).unwrap_or(1)
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "status {code}"),
            (None, Some(signal)) => write!(f, "ended by signal {signal}"),
            (None, None) => f.write_str("not known"),
        }
    }
}

/// The state of a git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The commit; `None` before the first one.
    pub commit: Option<String>,
    /// The branch; `None` where none is checked out.
    pub branch: Option<String>,
    /// The working directory below the top of the repository.
    pub folder: String,
    /// How many tracked files were changed.
    pub changed: u64,
    /// How many files git does not know and does not ignore. Their contents are not captured.
    pub untracked: u64,
    /// The difference of tracked files from the commit, where there is one.
    pub patch: Option<Patch>,
}

/// A difference from a commit, as `git diff` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Its digest (BLAKE3).
    pub digest: String,
    /// Its length.
    pub bytes: u64,
    /// The difference itself, where it was asked for, is text and is not too long.
    pub text: Option<String>,
    /// Why the text is not there.
    pub left_out: Option<String>,
}

/// Files below a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// The path as it was given.
    pub path: String,
    /// How many files.
    pub files: u64,
    /// Their bytes, all together.
    pub bytes: u64,
    /// The digest of names, sizes and contents.
    pub digest: String,
    /// The digest of contents alone, whatever their names and order.
    pub contents: String,
    /// The digest of each file; `None` where there are too many.
    pub entries: Option<BTreeMap<String, String>>,
}

/// The libraries of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// The command's interpreter, such as `CPython 3.11.2`.
    pub interpreter: Option<String>,
    /// Its packages with their versions; `None` where the interpreter is not known.
    pub packages: Option<BTreeMap<String, String>>,
    /// Digests (BLAKE3) of lock files in the working directory and at the top of the repository.
    pub locks: BTreeMap<String, String>,
}

/// An accelerator and its driver.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accelerator {
    /// Who told of it: `nvidia-smi`, `rocm-smi`, `sysfs`, `vulkan`, `gl`, `metal`, `dx12`.
    pub told_by: String,
    /// Its name.
    pub name: String,
    /// The driver and its version.
    pub driver: String,
    /// What else may change what it computes, such as `mig` and `ecc`.
    pub settings: BTreeMap<String, String>,
}

/// An audit record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRef {
    /// Its id.
    pub id: String,
    /// When the audit was started.
    pub started: String,
}

/// A file that the command made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its digest (BLAKE3).
    pub digest: String,
    /// Its bytes.
    pub bytes: u64,
    /// Whether it was there before with the same length and time: the command did not write it.
    pub older: bool,
}
