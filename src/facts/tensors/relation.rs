//! In which way one tensor is the other: each relation is proven on every element before it is told.

use serde::Serialize;

use crate::model::{Drift, Scalar};
use crate::numerics::drift::{Sequence, nearest};
use crate::tensors::Tensor;

/// Elements that are looked at together.
const BLOCK: usize = 4096;

/// Elements that must differ before they are said to differ in one way: of a few it would hold by chance.
const ENOUGH: u64 = 4;

/// A side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The first that was named.
    Left,
    /// The second.
    Right,
}

/// How two tensors that differ are related. Holds of every element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Relation {
    /// Equal but for the sign of zeros.
    ZeroSigns,
    /// Equal but for the sign or payload of NaN.
    NanPayloads,
    /// Equal but for these two.
    ZeroSignsAndNanPayloads,
    /// That side is the other one cast to its own, narrower type.
    Cast {
        /// Which side is the cast.
        side: Of,
        /// Its type.
        to: Scalar,
    },
    /// That side is the other one rounded to a narrower type and widened again.
    Rounded {
        /// Which side is rounded.
        side: Of,
        /// The narrower type.
        to: Scalar,
    },
    /// Both sides round to the same numbers of a narrower type.
    RoundAlike {
        /// The narrower type.
        to: Scalar,
    },
    /// The right side is the left one's transpose.
    Transposed,
    /// The same elements in the same order, under another shape.
    Reshaped,
    /// The right side is the left one times a power of two, exactly.
    Scaled {
        /// The power.
        exponent: i32,
        /// Whether it has the other sign, too.
        negative: bool,
    },
}

/// How two tensors that differ are related, if they are. `drift` is that of two of the same type and shape.
pub(super) fn relation(left: &Tensor, right: &Tensor, drift: Option<&Drift>) -> Option<Relation> {
    if !left.is_numeric() || !right.is_numeric() {
        return None;
    }
    let Some(drift) = drift else { return unlike(left, right) };
    let c = &drift.classes;
    match (c.zero_sign, c.nan_payload, drift.differing) {
        (n, 0, all) if n == all => return Some(Relation::ZeroSigns),
        (0, n, all) if n == all => return Some(Relation::NanPayloads),
        (n, m, all) if n + m == all => return Some(Relation::ZeroSignsAndNanPayloads),
        _ => {}
    }
    if !left.scalar.is_float() {
        return is_transposed(left, right).then_some(Relation::Transposed);
    }
    let scaled = if drift.differing < ENOUGH { None } else { scaled(left, right) };
    scaled
        .or_else(|| is_transposed(left, right).then_some(Relation::Transposed))
        .or_else(|| rounded(left, right, drift))
}

/// Of tensors whose types or shapes differ.
fn unlike(left: &Tensor, right: &Tensor) -> Option<Relation> {
    if left.scalar == right.scalar {
        return if is_transposed(left, right) {
            Some(Relation::Transposed)
        } else {
            (left.shape != right.shape && same_bits(left, right)).then_some(Relation::Reshaped)
        };
    }
    if left.shape != right.shape || left.count() == 0 || !left.scalar.is_float() || !right.scalar.is_float() {
        return None;
    }
    let cast = |side, from: &Tensor, to: &Tensor| {
        let is = |a: u64, b: u64| is_rounded(to.scalar, from.scalar.value(a), b);
        (from.scalar.width() >= to.scalar.width() && every(from, to, is))
            .then_some(Relation::Cast { side, to: to.scalar })
    };
    cast(Of::Right, left, right).or_else(|| cast(Of::Left, right, left))
}

/// Whether a pattern is what a number becomes in its type. Any NaN is a cast of any NaN.
fn is_rounded(scalar: Scalar, x: f64, bits: u64) -> bool {
    let value = scalar.value(bits);
    if x.is_nan() { value.is_nan() } else { nearest(scalar, x) == Some(bits) }
}

/// Whether two tensors of one count have the same bits in the same order.
pub(super) fn same_bits(left: &Tensor, right: &Tensor) -> bool {
    if left.scalar != right.scalar || left.count() != right.count() {
        return false;
    }
    if let (Some(a), Some(b)) = (left.texts(), right.texts()) {
        return a == b;
    }
    let (l, r) = (left.elements(), right.elements());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    (0..left.count()).step_by(BLOCK).all(|from| {
        let to = (from + BLOCK).min(left.count());
        l.block(from, to, &mut one) == r.block(from, to, &mut other)
    })
}

fn is_transposed(left: &Tensor, right: &Tensor) -> bool {
    // A row as a column has the same elements in the same order: that is another shape.
    let matrix = left.shape.len() == 2 && left.shape.iter().all(|n| *n > 1);
    matrix && left.transposed().is_some_and(|t| t.shape == right.shape && same_bits(&t, right))
}

/// Whether something holds of every pair of patterns.
fn every(left: &Tensor, right: &Tensor, mut holds: impl FnMut(u64, u64) -> bool) -> bool {
    let (l, r) = (left.elements(), right.elements());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let (wide, narrow) = (left.scalar.width(), right.scalar.width());
    (0..left.count()).step_by(BLOCK).all(|from| {
        let to = (from + BLOCK).min(left.count());
        let pairs =
            l.block(from, to, &mut one).chunks_exact(wide).zip(r.block(from, to, &mut other).chunks_exact(narrow));
        pairs.into_iter().all(|(a, b)| holds(pattern(a), pattern(b)))
    })
}

/// The bytes of one element as a pattern in the low bits.
fn pattern(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_ne_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_ne_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

/// Whether the right side is the left one times one power of two, with no element rounded.
fn scaled(left: &Tensor, right: &Tensor) -> Option<Relation> {
    let scalar = left.scalar;
    let mut factor: Option<f64> = None;
    let holds = every(left, right, |a, b| {
        let (x, y) = (scalar.value(a), scalar.value(b));
        if x == 0.0 || !x.is_finite() || !y.is_finite() || y == 0.0 {
            // Signs are looked at below, once that of the factor is known.
            return x == y || x.is_nan() && y.is_nan() || x == -y;
        }
        let ratio = *factor.get_or_insert(y / x);
        x * ratio == y && ratio.is_normal() && (ratio.to_bits() << 12) == 0
    });
    let factor = factor.filter(|f| holds && *f != 1.0)?;
    let signs = every(left, right, |a, b| {
        let (x, y) = (scalar.value(a), scalar.value(b));
        if x.is_nan() { a == b } else { y.is_sign_negative() == (x.is_sign_negative() != (factor < 0.0)) }
    });
    signs.then(|| Relation::Scaled { exponent: libm::ilogb(factor.abs()), negative: factor < 0.0 })
}

/// Whether one side is the other one rounded, or both round alike.
fn rounded(left: &Tensor, right: &Tensor, drift: &Drift) -> Option<Relation> {
    let scalar = left.scalar;
    let narrower: &[(Scalar, u32)] = match scalar {
        Scalar::F64 => &[(Scalar::F32, 29), (Scalar::F16, 42), (Scalar::Bf16, 45)],
        Scalar::F32 => &[(Scalar::F16, 13), (Scalar::Bf16, 16)],
        Scalar::F16 => &[(Scalar::F8E5m2, 8)],
        _ => return None,
    };
    let of = |to: Scalar, x: f64, y: f64| {
        let Some(bits) = nearest(to, x) else { return false };
        if x.is_nan() { y.is_nan() } else { to.value(bits) == y && x.is_sign_negative() == y.is_sign_negative() }
    };
    let value = |bits| scalar.value(bits);
    // What is rounded is off by up to half of what the narrower type can tell apart. Small differences, and a few, fit it by
    // chance, which says nothing of where they come from.
    let tells = |lost: &u32| drift.differing >= ENOUGH && drift.max_ulp >= 1 << (lost - 3);
    for (to, _) in narrower.iter().filter(|(_, lost)| tells(lost)) {
        for side in [Of::Right, Of::Left] {
            let (from, onto) = if side == Of::Right { (left, right) } else { (right, left) };
            if every(from, onto, |a, b| of(*to, value(a), value(b))) {
                return Some(Relation::Rounded { side, to: *to });
            }
        }
    }
    let alike = |to: Scalar| {
        every(left, right, |a, b| {
            let (x, y) = (value(a), value(b));
            x.is_nan() == y.is_nan() && (x.is_nan() || nearest(to, x) == nearest(to, y))
        })
    };
    narrower.iter().find(|(to, lost)| tells(lost) && alike(*to)).map(|(to, _)| Relation::RoundAlike { to: *to })
}
