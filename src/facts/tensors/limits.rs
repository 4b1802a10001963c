//! What makes a comparison of tensors fail.

use super::{Pair, TensorDiff};
use crate::model::Drift;

/// A kind of difference, or a size, that is too much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Anything: any bit, name, shape, type or step.
    Anything,
    /// A value that differs, or what is on one side only; not the sign or payload of NaN.
    Drift,
    /// What can't be compared: names, shapes, types, steps on one side only.
    Missing,
    /// NaN against a number or an infinity.
    Nan,
    /// An infinity against anything else.
    Infinity,
    /// A zero of the other sign.
    ZeroSign,
    /// A NaN of another sign or payload.
    Payload,
    /// Zero against a subnormal number.
    Flushed,
    /// A larger distance than this.
    Ulp(u64),
    /// A larger relative difference than this, of what is not zero on the left; from zero to a number is larger.
    Relative(f64),
    /// A larger absolute difference than this.
    Absolute(f64),
}

/// The names that a limit has, for people.
pub const LIMITS: &str =
    "never, anything, drift, missing, nan, infinity, zero-sign, payload, flushed, ulp>N, relative>X, absolute>X";

impl Limit {
    /// Limits from a list with commas; none of `never`.
    ///
    /// # Errors
    /// When a part is no limit.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let parts = text.split(',').map(str::trim).filter(|p| *p != "never");
        parts.map(|p| Self::parse(p).ok_or_else(|| format!("'{p}' is none of {LIMITS}"))).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some((name, size)) = text.split_once('>') {
            let real = || size.trim().parse::<f64>().ok().filter(|x| *x >= 0.0);
            return match name.trim() {
                "ulp" => size.trim().parse().ok().map(Self::Ulp),
                "relative" => real().map(Self::Relative),
                "absolute" => real().map(Self::Absolute),
                _ => None,
            };
        }
        Some(match text {
            "anything" => Self::Anything,
            "drift" => Self::Drift,
            "missing" => Self::Missing,
            "nan" => Self::Nan,
            "infinity" => Self::Infinity,
            "zero-sign" => Self::ZeroSign,
            "payload" => Self::Payload,
            "flushed" => Self::Flushed,
            _ => return None,
        })
    }

    /// Whether a comparison is beyond it. What can't be compared has no size, and is beyond any.
    #[must_use]
    pub fn is_exceeded(self, diff: &TensorDiff) -> bool {
        let needs_all = !matches!(self, Self::Nan | Self::Infinity | Self::ZeroSign | Self::Payload | Self::Flushed);
        needs_all && diff.is_missing_any() || diff.pairs.iter().any(|pair| self.is_exceeded_by(pair))
    }

    fn is_exceeded_by(self, pair: &Pair) -> bool {
        let Some(drift) = &pair.drift else { return false };
        let c = &drift.classes;
        match self {
            Self::Anything => !drift.is_identical(),
            Self::Drift => !drift.is_none(),
            Self::Missing => false,
            Self::Nan => c.nan_versus_number > 0 || c.not_finite > 0,
            Self::Infinity => c.infinite > 0 || c.not_finite > 0,
            Self::ZeroSign => c.zero_sign > 0,
            Self::Payload => c.nan_payload > 0,
            Self::Flushed => c.flushed > 0,
            Self::Ulp(most) => {
                sizeless(pair, drift) || drift.max_ulp > most || c.flushed > 0 && pair.flushed_ulp(drift) > most
            }
            Self::Relative(most) => {
                sizeless(pair, drift) || drift.max_relative > most || drift.from_zero > 0 || c.flushed > 0
            }
            Self::Absolute(most) => sizeless(pair, drift) || drift.max_absolute > most,
        }
    }
}

/// Whether something differs that has no size: what is no number on one side, and texts and bytes.
fn sizeless(pair: &Pair, drift: &Drift) -> bool {
    drift.classes.no_number() > 0 || !pair.numeric && drift.differing > 0
}
