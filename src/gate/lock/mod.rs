//! `repro.lock`: what each engine computed, as text to commit.

mod changes;
mod make;
mod own;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Identity;
use crate::model::record::Evidence;
use crate::model::variables::may_matter;
use crate::model::{AdapterIdentity, CaseId, Profile};
use crate::record::{CaseRecord, Execution, Outcome, Status};

pub use changes::{RowChange, changes};

/// The version that this program writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;
/// Hexadecimal digits of a digest: 64 bits, which no accident meets in a few thousand cases.
pub(super) const DIGITS: usize = 16;

/// Why there is no lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The records cannot be locked together; the message says what to do.
    #[error("{0}")]
    Records(String),
    /// A record contradicts itself, or has what no audit writes.
    #[error("record {id} cannot be relied on: {what}; audit again")]
    Unreadable {
        /// The start of its id.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// An incomplete audit, or one that missed a control, says too little to be locked.
    #[error("{0}")]
    Incomplete(String),
    /// The text is no lock; file, line, and what to do.
    #[error("{file}:{line}: {what}")]
    Text {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what to do.
        what: String,
    },
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// What the records have in common.
    pub settings: LockedSettings,
    /// By label.
    pub engines: BTreeMap<String, LockedEngine>,
    /// By id.
    pub cases: BTreeMap<CaseId, LockedCase>,
}

impl Lock {
    /// Whether a variable was varied on an engine whose driver is not known to read it: then every driver was asked.
    #[must_use]
    pub fn varies_all(&self) -> bool {
        self.engines.values().any(|engine| {
            let Identity { class, driver } = &engine.identity;
            let vendor = class.hardware.as_deref().and_then(|h| u32::from_str_radix(h.split(':').next()?, 16).ok());
            let adapter = AdapterIdentity {
                name: class.device.clone(),
                driver: class.family.clone(),
                driver_info: driver.version.clone(),
                vendor: vendor.unwrap_or_default(),
                ..AdapterIdentity::unlisted(&class.backend)
            };
            let varied = |name: &&String| self.settings.vary.contains_key(*name);
            class.backend != "cpu" && class.variables.keys().filter(varied).any(|name| !may_matter(name, &adapter))
        })
    }
}

/// What the locked records have in common, and what another audit needs to be one like them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedSettings {
    /// The version of the program that made the records.
    pub tool: String,
    /// The profile.
    pub profile: Profile,
    /// The seed.
    pub seed: u64,
    /// The fewest runs.
    pub repeats: u32,
    /// CPU thread counts, of all records.
    pub threads: Vec<usize>,
    /// Adapter filters of all records; none where one record had none.
    pub adapters: Vec<String>,
    /// Planted modes, of all records.
    pub planted: Vec<String>,
    /// Varied variables, of all records.
    pub vary: BTreeMap<String, Vec<String>>,
    /// Kernels of the user's own: what follows `repro-audit kernel`, one argument each, to audit each again.
    pub own: BTreeSet<Vec<String>>,
}

/// An engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedEngine {
    /// Who it is.
    pub identity: Identity,
    /// The labels of the audits that had it (`--label`), which tell legs of a matrix apart.
    pub labels: BTreeSet<String>,
    /// How many of them one machine had, at most.
    pub count: usize,
    /// Its line in the file; 0 where it was not read from one.
    pub line: usize,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCase {
    /// Element type and count, `f32[4096]`.
    pub shape: String,
    /// The shader's digest; `None` for the CPU's threads.
    pub shader: Option<String>,
    /// The strict reference's digest; `None` where no order is defined.
    pub strict: Option<String>,
    /// By the engine's label.
    pub rows: BTreeMap<String, LockedRow>,
    /// Its line in the file; 0 where it was not read from one.
    pub line: usize,
}

/// One case on one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedRow {
    /// What its evidence showed.
    pub status: Status,
    /// The result.
    pub found: Found,
    /// Its line in the file; 0 where it was not read from one.
    pub line: usize,
}

/// A result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// All runs agreed.
    Digest(String),
    /// They differed, if only in NaN's sign or payload; no digest stands for them.
    Varies,
    /// The order of operations is not fixed, as findings or runs of the same shader show: that those of this engine
    /// agree, if they do, is chance.
    Unordered,
    /// The shader has a data race.
    Race,
    /// There is none.
    Nothing,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Digest(digest) => digest,
            Self::Varies => "varies",
            Self::Unordered => "unordered",
            Self::Race => RACE,
            Self::Nothing => "-",
        })
    }
}

/// How a result of a data race is written.
pub(super) const RACE: &str = "unordered (race)";

/// The words of the statuses that a lock can have.
pub(super) const STATUSES: [(Status, &str); 6] = [
    (Status::BitExact, "bit-exact"),
    (Status::WithinSpecification, "within-specification"),
    (Status::Unjudged, "unjudged"),
    (Status::NotRepeatable, "not-repeatable"),
    (Status::OutsideSpecification, "outside-specification"),
    (Status::Skipped, "skipped"),
];

/// A status as it is written.
pub(crate) fn status_word(status: Status) -> &'static str {
    STATUSES.iter().find(|(s, _)| *s == status).map_or("failed", |(_, word)| word)
}

/// A digest as it is written.
pub(super) fn shorten(digest: &str) -> String {
    digest.chars().take(DIGITS).collect()
}

/// What an execution of a case found. NaN is equal to NaN, so that the strict reference's digest stands for each result that
/// is bit-exact.
pub(super) fn found(case: &CaseRecord, execution: &Execution) -> Found {
    let evidence = Evidence::of(case, execution);
    match (&execution.outcome, case.strict()) {
        (Outcome::Ran { .. }, Some(strict)) if evidence.strict && evidence.distinct == 1 => {
            Found::Digest(shorten(strict))
        }
        (Outcome::Ran { distinct, .. }, _) => match &distinct[..] {
            [only] => Found::Digest(shorten(&only.digest)),
            [] => Found::Nothing,
            _ => Found::Varies,
        },
        _ => Found::Nothing,
    }
}

/// Whether a status and a result can belong together.
pub(super) fn fits(status: Status, found: &Found) -> bool {
    match status {
        Status::BitExact => matches!(found, Found::Digest(_)),
        // Results that differ in NaN's sign or payload alone repeat, and no digest stands for them.
        Status::WithinSpecification | Status::Unjudged => matches!(found, Found::Digest(_) | Found::Varies),
        Status::NotRepeatable => matches!(found, Found::Varies | Found::Unordered | Found::Race),
        Status::OutsideSpecification => *found != Found::Nothing,
        Status::Skipped | Status::Failed => *found == Found::Nothing,
    }
}

/// Whether this is a digest as a lock writes it.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

/// A case as a lock knows it, without results.
pub(super) fn outline(case: &CaseRecord) -> LockedCase {
    let dtype = format!("{:?}", case.dtype).to_lowercase();
    LockedCase {
        shape: format!("{dtype}[{}]", case.elements),
        shader: case.shader.as_deref().map(shorten),
        strict: case.strict().map(shorten),
        rows: BTreeMap::new(),
        line: 0,
    }
}
