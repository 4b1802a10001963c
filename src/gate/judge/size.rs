//! How large a change of bits is, as far as stored outputs tell.

use super::seen::Seen;
use crate::facts::pair::between;
use crate::gate::lock::{Found, LockedRow};
use crate::model::bits::Dtype;
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
    let Some(found) = between(seen.case.dtype, seen.case.elements, &old, &new) else { return String::new() };
    let drift = &found.drift;
    let count = if found.is_whole() {
        format!("{} of {} elements changed", found.at_least, found.elements)
    } else {
        format!("at least {} of {} elements changed", found.at_least, found.elements)
    };
    let classes = [
        (drift.classes.nan_versus_number, "between NaN and a number"),
        (drift.classes.infinite, "to or from infinity"),
        (drift.classes.not_finite, "from NaN or an infinity to another of them"),
    ];
    let worst = classes.into_iter().find(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} of them {what}"));
    let far = match seen.case.dtype {
        Dtype::U32 | Dtype::I32 => String::new(),
        _ => format!(", the largest change {:.1e} of the value ({} ulp)", drift.max_relative, drift.max_ulp),
    };
    format!("; {count}{}", worst.unwrap_or(far))
}
