//! How large a change of bits is, as far as stored outputs tell.

use super::seen::Seen;
use crate::facts::pair::between;
use crate::gate::lock::{Found, LockedRow};
use crate::record::Record;

/// The change from the lock's result to this one, in words, as the end of a sentence. The lock has no outputs: its result
/// is looked for, by its digest, in all that the records store and their digests prove.
pub(super) fn words(row: &LockedRow, seen: &Seen<'_>, records: &[Record]) -> String {
    let Found::Digest(locked) = &row.found else { return String::new() };
    let stored = || records.iter().flat_map(|r| r.outputs.iter());
    let known = |start: &str| {
        let is = |digest: &str| !start.is_empty() && digest.starts_with(start);
        let (digest, stored) = stored().find(|(digest, stored)| is(digest) && stored.is_proven())?;
        stored.known(digest).ok()
    };
    let (Some(old), Some(new)) = (known(locked), known(seen.digest)) else {
        let unknown = "; how far from the lock's result is not known here: the lock keeps digests, and no record that is \
                       checked has that output (repro-audit compare, with the record that was locked)";
        return unknown.to_owned();
    };
    let found = between(seen.case.dtype, seen.case.elements, &old, &new);
    found.map(|found| format!("; {}", found.size())).unwrap_or_default()
}
