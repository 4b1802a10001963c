//! Which record of one set is compared with which of another.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{Compared, compare};
use crate::facts::MatchError;
use crate::model::words::short;
use crate::record::{Member, Merged};

/// Comparisons of the records of two sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pairs {
    /// The comparisons, in the order of the records' names.
    pub pairs: Vec<Compared>,
    /// Names of records of one set alone.
    pub only: (Vec<String>, Vec<String>),
    /// Records of each set that a later one of the same name stands for: name and the start of the id.
    pub earlier: (Vec<String>, Vec<String>),
}

/// Why two sets cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// An engine that was named is not there.
    #[error("{0}")]
    Match(#[from] MatchError),
    /// No record of the one has a name of the other.
    #[error(
        "no record of the one has the label or host of one of the other ({left} against {right}); name one of each, as in 'FILE#LABEL'"
    )]
    Nothing {
        /// Names on the left.
        left: String,
        /// Names on the right.
        right: String,
    },
    /// A part that was read before cannot be read again.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Compares two sets: one record with one, or those of a merged record with those of the same label or host, the one
/// that was started last where there are several.
///
/// # Errors
/// When there is no pair, or `forced` names an engine that is not there.
pub fn compare_all(left: &Merged, right: &Merged, forced: &[(String, String)]) -> Result<Pairs, PairError> {
    let named = |set: &Merged| {
        let mut members: Vec<&Member> = set.members().collect();
        members.sort_by(|a, b| a.shell.run.started.cmp(&b.shell.run.started));
        let mut latest: BTreeMap<String, Member> = BTreeMap::new();
        let replaced = members.into_iter().filter_map(|m| latest.insert(m.name().to_owned(), m.clone()));
        let earlier: Vec<String> = replaced.map(|m| format!("{} ({})", m.name(), short(m.id()))).collect();
        (latest, earlier)
    };
    let ((mut l, left_earlier), (mut r, right_earlier)) = (named(left), named(right));
    let earlier = (left_earlier, right_earlier);
    let mut out = Pairs { pairs: Vec::new(), only: (Vec::new(), Vec::new()), earlier };
    if left.len() == 1 && right.len() == 1 {
        // Two records are compared whatever they are called.
        r = r.into_values().zip(l.keys()).map(|(m, name)| (name.clone(), m)).collect();
    }
    let names: Vec<String> = l.keys().filter(|n| r.contains_key(*n)).cloned().collect();
    for name in names {
        let (Some(a), Some(b)) = (l.remove(&name), r.remove(&name)) else { continue };
        let found = compare(&left.record(&a)?, &right.record(&b)?, forced)?;
        out.pairs.push(found);
    }
    out.only = (l.into_keys().collect(), r.into_keys().collect());
    if out.pairs.is_empty() {
        let list = |names: &[String]| names.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
        return Err(PairError::Nothing { left: list(&out.only.0), right: list(&out.only.1) });
    }
    Ok(out)
}
