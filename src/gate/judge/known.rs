//! Known deviations: whether a result shows one, has lost it, or deviates otherwise.

use super::seen::Seen;
use crate::gate::lock::{Found, LockedRow};
use crate::gate::policy::Deviation;
use crate::record::Status;

/// What a known deviation is on one seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// As expected.
    Yes,
    /// Not any more.
    Vanished,
    /// Runs that were expected to differ agree, which a few do by chance: that shows nothing.
    Perhaps,
    /// In another way.
    Changed,
    /// The rule is not about this result: neither it nor the lock's shows the deviation. The lock decides.
    Elsewhere,
}

/// Whether a result shows a deviation. `row` is the lock's, where it has one of the same case.
pub(super) fn shown(known: &Deviation, seen: &Seen<'_>, row: Option<&LockedRow>) -> Shown {
    if is(known, seen) {
        return Shown::Yes;
    }
    // Without the lock's word, the deviation is expected of every result that the rule matches.
    if row.is_some_and(|row| !was(known, row)) {
        return Shown::Elsewhere;
    }
    if known.status == Some(Status::NotRepeatable) && seen.status < Status::NotRepeatable {
        return Shown::Perhaps;
    }
    let better = known.status.is_some_and(|expected| seen.status < expected);
    if seen.status == Status::BitExact || better { Shown::Vanished } else { Shown::Changed }
}

fn is(known: &Deviation, seen: &Seen<'_>) -> bool {
    let status = known.status.is_none_or(|s| s == seen.status);
    status && digest(known, &seen.found, seen.digest) && seen.status != Status::BitExact && within(known, seen)
}

fn within(known: &Deviation, seen: &Seen<'_>) -> bool {
    known.max_ulp.is_none_or(|most| seen.distance().is_ok_and(|ulp| ulp <= most))
}

fn digest(known: &Deviation, found: &Found, whole: &str) -> bool {
    known.digest.as_ref().is_none_or(|d| matches!(found, Found::Digest(_)) && whole.starts_with(d))
}

/// Whether the lock has the deviation, as far as it tells: it has no distances, and a digest's beginning.
fn was(known: &Deviation, row: &LockedRow) -> bool {
    let status = known.status.is_none_or(|s| s == row.status);
    let digest = known.digest.as_ref().is_none_or(|d| {
        let Found::Digest(digest) = &row.found else { return false };
        digest.starts_with(d.as_str()) || d.starts_with(digest.as_str())
    });
    status && digest && !matches!(row.status, Status::BitExact | Status::Skipped)
}
