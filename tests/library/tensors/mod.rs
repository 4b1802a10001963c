//! Files of tensors: every planted difference is found, nothing else is told, and no file makes the program panic.
#![expect(clippy::cast_possible_truncation, reason = "small counts, and low halves on purpose")]

mod files;
mod formats;
mod hostile;
mod relations;
mod steps;

use proptest::prelude::*;
use repro_audit::facts::tensors::{Asked, Limit, TensorDiff, diff};
use repro_audit::model::Scalar;
use repro_audit::model::drift::Classes;
use repro_audit::tensors::open;

use files::{Planted, folder, safetensors};

/// What the program says of two files.
pub(crate) fn between(left: &std::path::Path, right: &std::path::Path) -> TensorDiff {
    asked(left, right, &Asked::default())
}

pub(crate) fn asked(left: &std::path::Path, right: &std::path::Path, asked: &Asked) -> TensorDiff {
    let read = |p: &std::path::Path| open(p, None).unwrap_or_else(|e| panic!("{e}"));
    diff(["left", "right"], &[read(left), read(right)], asked)
}

/// What is said of two sets of tensors.
pub(crate) fn of(left: &[Planted], right: &[Planted]) -> TensorDiff {
    let folder = folder();
    let (a, b) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    std::fs::write(&a, safetensors(left)).expect("written");
    std::fs::write(&b, safetensors(right)).expect("written");
    between(&a, &b)
}

/// The headline.
pub(crate) fn headline(diff: &TensorDiff) -> String {
    use repro_audit::views::View as _;
    diff.document().headline
}

/// A pattern of a type, of its special ones more often than chance gives them.
fn pattern(scalar: Scalar) -> impl Strategy<Value = u64> {
    let all = if scalar.width() == 8 { u64::MAX } else { (1 << (8 * scalar.width())) - 1 };
    let edges = scalar.specials().map_or(vec![0, 1, all, all >> 1], |s| {
        let infinity = s.infinity.min(s.nan);
        vec![0, 1, s.normal - 1, s.normal, infinity - 1, infinity, s.nan, s.sign - 1]
    });
    let sign = if scalar.is_float() { all / 2 + 1 } else { 0 };
    let edge = (proptest::sample::select(edges), any::<bool>()).prop_map(move |(e, n)| e | if n { sign } else { 0 });
    let all_bool = if scalar == Scalar::Bool { 1 } else { all };
    prop_oneof![edge.prop_map(move |e| e & all_bool), any::<u64>().prop_map(move |w| w & all_bool)]
}

/// The class of a pair by values and definitions, without the comparator's arithmetic on bits.
fn count(scalar: Scalar, a: u64, b: u64, classes: &mut Classes) {
    let (x, y) = (scalar.value(a), scalar.value(b));
    let least = scalar.specials().map_or(0.0, |s| scalar.value(s.normal));
    let tiny = |v: f64| v != 0.0 && v.abs() <= least;
    let to = if a == b {
        return;
    } else if !scalar.is_float() {
        &mut classes.finite
    } else if x.is_nan() && y.is_nan() {
        &mut classes.nan_payload
    } else if !x.is_finite() && !y.is_finite() {
        &mut classes.not_finite
    } else if x.is_nan() || y.is_nan() {
        &mut classes.nan_versus_number
    } else if x.is_infinite() || y.is_infinite() {
        &mut classes.infinite
    } else if x == 0.0 && y == 0.0 {
        &mut classes.zero_sign
    } else if x == 0.0 && tiny(y) || y == 0.0 && tiny(x) {
        &mut classes.flushed
    } else {
        &mut classes.finite
    };
    *to += 1;
}

fn pairs() -> impl Strategy<Value = (Scalar, Vec<u64>, Vec<(usize, u64)>)> {
    proptest::sample::select(Scalar::ALL.to_vec()).prop_flat_map(|scalar| {
        let left = prop::collection::vec(pattern(scalar), 1..5000);
        (Just(scalar), left).prop_flat_map(|(scalar, left)| {
            let changes = prop::collection::vec((0..left.len(), pattern(scalar)), 0..40);
            (Just(scalar), Just(left), changes)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Every type: what is planted is counted, by class, the first is the first, and nothing planted is nothing found.
    #[test]
    fn planted_differences_are_counted((scalar, left, changes) in pairs()) {
        let mut right = left.clone();
        for (i, word) in changes {
            right[i] = word;
        }
        let (mut classes, mut first, mut payload, mut differing) = (Classes::default(), None, None, 0);
        for (i, (a, b)) in left.iter().zip(&right).enumerate() {
            count(scalar, *a, *b, &mut classes);
            if a != b {
                differing += 1;
                let is_payload = scalar.is_float() && scalar.value(*a).is_nan() && scalar.value(*b).is_nan();
                (if is_payload { &mut payload } else { &mut first }).get_or_insert(i as u64);
            }
        }
        let found = of(&[Planted::of("w", scalar, &left)], &[Planted::of("w", scalar, &right)]);
        let pair = &found.pairs[0];
        let drift = pair.drift.as_ref().expect("alike");
        prop_assert_eq!(drift.differing, differing);
        prop_assert_eq!(drift.classes, classes);
        prop_assert_eq!(drift.first.as_ref().map(|e| e.index), first.or(payload));
        prop_assert_eq!(found.is_same(), differing == 0);
        prop_assert_eq!(Limit::Anything.is_exceeded(&found), differing > 0);
        prop_assert_eq!(Limit::Drift.is_exceeded(&found), differing > classes.nan_payload);
        prop_assert_eq!(Limit::Nan.is_exceeded(&found), classes.nan_versus_number + classes.not_finite > 0);
        let steps: u64 = drift.histogram.iter().map(|b| b.count).sum();
        prop_assert_eq!(steps, classes.finite);
    }

    /// One step along the line of floats is one ulp, in every type and at every place.
    #[test]
    fn a_neighbour_is_one_ulp_away((scalar, left, _) in pairs(), at in any::<prop::sample::Index>()) {
        let Some(specials) = scalar.specials() else { return Ok(()) };
        let at = at.index(left.len());
        let magnitude = left[at] & !specials.sign;
        // The largest has infinity beside it, zero and the least normal number may be flushed.
        prop_assume!(magnitude != 0 && magnitude + 1 < specials.infinity.min(specials.nan));
        let mut right = left.clone();
        right[at] += 1;
        let found = of(&[Planted::of("w", scalar, &left)], &[Planted::of("w", scalar, &right)]);
        let drift = found.pairs[0].drift.as_ref().expect("alike");
        prop_assert_eq!((drift.differing, drift.max_ulp, drift.worst.as_ref().map(|e| e.index)), (1, 1, Some(at as u64)));
        prop_assert!(!Limit::Ulp(1).is_exceeded(&found) && Limit::Ulp(0).is_exceeded(&found));
    }

    /// L2, cosine and the largest differences are those of the definitions.
    #[test]
    fn sizes_are_those_of_the_definitions(
        pairs in prop::collection::vec((-1000.0f64..1000.0, -1.0f64..1.0), 1..3000),
        scalar in proptest::sample::select(vec![Scalar::F64, Scalar::F32, Scalar::F16, Scalar::Bf16]),
    ) {
        let bits = |x: f64| repro_audit::numerics::drift::nearest(scalar, x).expect("a float");
        let (left, right): (Vec<u64>, Vec<u64>) = pairs.iter().map(|(x, d)| (bits(*x), bits(x + d))).unzip();
        prop_assume!(left != right);
        let found = of(&[Planted::of("w", scalar, &left)], &[Planted::of("w", scalar, &right)]);
        let pair = &found.pairs[0];
        let drift = pair.drift.as_ref().expect("alike");
        let values = || left.iter().zip(&right).map(|(a, b)| (scalar.value(*a), scalar.value(*b)));
        let sum = |f: fn((f64, f64)) -> f64| values().map(f).sum::<f64>();
        let (xx, yy, xy) = (sum(|(x, _)| x * x), sum(|(_, y)| y * y), sum(|(x, y)| x * y));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (a.abs() + b.abs()) + 1e-12;
        let l2 = sum(|(x, y)| (x - y) * (x - y)).sqrt() / xx.sqrt();
        if let Some(found) = pair.relative_l2 {
            prop_assert!(close(found, l2), "{found} {l2}");
        }
        if let Some(found) = pair.cosine {
            prop_assert!(close(found, xy / (xx * yy).sqrt()), "{found}");
        }
        let largest = values().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        prop_assert_eq!(drift.max_absolute, largest);
        prop_assert!(!Limit::Absolute(largest).is_exceeded(&found));
        prop_assert_eq!(Limit::Absolute(largest / 2.0).is_exceeded(&found), largest > 0.0);
    }
}
