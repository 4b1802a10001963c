//! The comparator cannot miss a difference: planted cases over all bit classes, and an obvious slow comparator beside
//! the fast one.
#![expect(clippy::cast_possible_truncation, reason = "small counts, and low halves on purpose")]

use proptest::prelude::*;
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::numerics::drift::{Class, Classes, Drift, Element, UlpBucket, classify, measure};

const FLOATS: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::Bf16];

/// A bit pattern of every class: zeros, subnormals, the ends of the normal range, infinities, NaN, and anything.
fn pattern(dtype: Dtype) -> impl Strategy<Value = u32> {
    let (sign, infinity, one_mantissa) = match dtype {
        Dtype::F32 => (0x8000_0000u32, 0x7f80_0000u32, 0x0080_0000u32),
        Dtype::F16 => (0x8000, 0x7c00, 0x0400),
        _ => (0x8000, 0x7f80, 0x0080),
    };
    let all = if dtype.width() == 32 { u32::MAX } else { 0xffff };
    let magnitude = prop_oneof![
        Just(0),
        Just(1),
        Just(one_mantissa - 1),
        Just(one_mantissa),
        Just(infinity - 1),
        Just(infinity),
        Just(infinity + 1),
        Just(infinity + one_mantissa / 2),
        Just(sign - 1),
        any::<u32>().prop_map(move |w| w & (sign - 1)),
    ];
    (magnitude, any::<bool>()).prop_map(move |(m, negative)| (m | if negative { sign } else { 0 }) & all)
}

fn bits(dtype: Dtype, elements: &[u32]) -> Bits {
    if dtype.width() == 16 {
        let halves: Vec<u16> = elements.iter().map(|w| u16::try_from(*w).expect("16 bits")).collect();
        Bits::halves(dtype, &halves)
    } else {
        Bits::words(dtype, elements.to_vec())
    }
}

/// What kind of difference there is, by values and definitions, without the comparator's own arithmetic on bits.
fn obvious(dtype: Dtype, a: u32, b: u32) -> Class {
    let (x, y) = (dtype.value(a), dtype.value(b));
    let least_normal = match dtype {
        Dtype::F16 => f64::exp2(-14.0),
        _ => f64::exp2(-126.0),
    };
    // What flushing makes zero: the least normal number too, where what was rounded to it was tiny.
    let tiny = |v: f64| v != 0.0 && v.abs() <= least_normal;
    if a == b {
        Class::Equal
    } else if x.is_nan() && y.is_nan() {
        Class::NanPayload
    } else if !x.is_finite() && !y.is_finite() {
        Class::NotFinite
    } else if x.is_nan() || y.is_nan() {
        Class::NanVersusNumber
    } else if x.is_infinite() || y.is_infinite() {
        Class::Infinite
    } else if x == 0.0 && y == 0.0 {
        Class::ZeroSign
    } else if x == 0.0 && tiny(y) || y == 0.0 && tiny(x) {
        Class::Flushed
    } else {
        Class::Finite(steps(dtype, x, y))
    }
}

/// How many floats there are from `x` to `y`, by counting floats of each sign up to a magnitude.
fn steps(dtype: Dtype, x: f64, y: f64) -> u64 {
    let (digits, least) = match dtype {
        Dtype::F32 => (23, -126),
        Dtype::F16 => (10, -14),
        _ => (7, -126),
    };
    let rank = |v: f64| -> i64 {
        let magnitude = v.abs();
        let per_binade = f64::exp2(f64::from(digits));
        let rank = if magnitude < f64::exp2(f64::from(least)) {
            magnitude / f64::exp2(f64::from(least - digits))
        } else {
            let exponent = magnitude.log2().floor();
            // log2 may round up to the next whole number just below a power of two.
            let exponent = if f64::exp2(exponent) > magnitude { exponent - 1.0 } else { exponent };
            per_binade * (exponent - f64::from(least)) + magnitude / f64::exp2(exponent - f64::from(digits))
        };
        let rank = rank as i64;
        if v < 0.0 { -rank } else { rank }
    };
    rank(x).abs_diff(rank(y))
}

/// The counts of a drift, element by element.
fn slow(dtype: Dtype, left: &[u32], right: &[u32]) -> (u64, u64, Option<u64>) {
    let (mut differing, mut max, mut first, mut payload) = (0, 0, None, None);
    for (i, (a, b)) in left.iter().zip(right).enumerate() {
        let class = obvious(dtype, *a, *b);
        if class != Class::Equal {
            differing += 1;
            (if class == Class::NanPayload { &mut payload } else { &mut first }).get_or_insert(i as u64);
        }
        if let Class::Finite(d) = class {
            max = max.max(d);
        }
    }
    (differing, max, first.or(payload))
}

fn counts(drift: &Drift) -> (u64, u64, Option<u64>) {
    (drift.differing, drift.max_ulp, drift.first.as_ref().map(|e| e.index))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn classes_are_what_they_are_called(
        singles in (pattern(Dtype::F32), pattern(Dtype::F32)),
        halves in (pattern(Dtype::F16), pattern(Dtype::F16)),
        brains in (pattern(Dtype::Bf16), pattern(Dtype::Bf16)),
    ) {
        for (dtype, (a, b)) in FLOATS.into_iter().zip([singles, halves, brains]) {
            prop_assert_eq!(classify(dtype, a, b), obvious(dtype, a, b), "{:?} {:x} {:x}", dtype, a, b);
            prop_assert_eq!(classify(dtype, a, b), classify(dtype, b, a), "symmetric");
        }
    }

    #[test]
    fn the_fast_comparator_counts_like_the_slow_one(
        which in 0usize..3,
        len in 1usize..300,
        pad in prop_oneof![Just(0usize), Just(8192), Just(20_000)],
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..6),
        base in any::<u32>(),
    ) {
        let dtype = FLOATS[which];
        let all = if dtype.width() == 32 { u32::MAX } else { 0xffff };
        let n = len + pad;
        let left: Vec<u32> = (0..n).map(|i| (i as u32).wrapping_mul(0x9E37_79B9).wrapping_add(base) & all).collect();
        let mut right = left.clone();
        for (index, word) in changes {
            right[index.index(n)] = word & all;
        }
        let drift = measure(&bits(dtype, &left), &bits(dtype, &right)).expect("one shape");
        prop_assert_eq!(counts(&drift), slow(dtype, &left, &right));
        prop_assert_eq!(drift.is_identical(), left == right);
        let c = drift.classes;
        prop_assert_eq!(drift.is_none(), drift.differing == c.nan_payload);
        prop_assert_eq!(drift.differing, c.zero_sign + c.nan_payload + c.nan_versus_number + c.infinite + c.not_finite + c.flushed + c.finite);
        prop_assert_eq!(c.finite, drift.histogram.iter().map(|b| b.count).sum::<u64>());
    }

    /// One planted change of any pattern into any other is one difference, at its place, wherever that is.
    #[test]
    fn no_planted_change_is_missed(n in 1usize..20_000, place in any::<prop::sample::Index>(), flip in 1u32..) {
        let left: Vec<u32> = (0..n as u32).map(|i| i.wrapping_mul(0x85EB_CA6B)).collect();
        let mut right = left.clone();
        let place = place.index(n);
        right[place] ^= flip;
        let drift = measure(&bits(Dtype::F32, &left), &bits(Dtype::F32, &right)).expect("one shape");
        prop_assert_eq!(drift.differing, 1);
        prop_assert_eq!(drift.first.map(|e| e.index), Some(place as u64));
        prop_assert_eq!(drift.worst.map(|e| e.index), Some(place as u64));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Where most elements differ a vectorised path takes over: its counts and means are those of the definitions.
    #[test]
    fn dense_drift_is_measured_like_the_definitions(
        pairs in prop::collection::vec((any::<u32>(), 0i32..40, 0u32..50), 1..3000),
    ) {
        let left: Vec<u32> = pairs.iter().map(|(w, _, _)| *w).collect();
        // Some equal, most a few ulp away, a few anything.
        let right: Vec<u32> = pairs
            .iter()
            .map(|(w, step, kind)| match kind {
                0 => w.wrapping_mul(0x9E37_79B9),
                1..10 => *w,
                _ => w.wrapping_add_signed(*step),
            })
            .collect();
        let drift = measure(&bits(Dtype::F32, &left), &bits(Dtype::F32, &right)).expect("one shape");
        prop_assert_eq!(counts(&drift), slow(Dtype::F32, &left, &right));
        let values = left.iter().zip(&right).map(|(a, b)| (Dtype::F32.value(*a), Dtype::F32.value(*b)));
        let finite: Vec<_> = values.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        let nonzero: Vec<_> = finite.iter().filter(|(x, _)| *x != 0.0).collect();
        let mean = nonzero.iter().map(|(x, y)| (x - y).abs() / x.abs()).sum::<f64>() / nonzero.len().max(1) as f64;
        let largest = finite.iter().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        prop_assert!((drift.mean_relative - mean).abs() <= 1e-12 * mean, "{} {}", drift.mean_relative, mean);
        prop_assert_eq!(drift.max_absolute, largest);
        let worst = drift.worst.map(|e| e.index);
        let ranks = left.iter().zip(&right).map(|(a, b)| match obvious(Dtype::F32, *a, *b) {
            Class::Equal => None,
            Class::NanPayload => Some(0),
            Class::ZeroSign => Some(1),
            Class::Flushed => Some(2),
            Class::Finite(d) => Some(2 + d),
            Class::NotFinite => Some(1 << 39),
            Class::Infinite => Some(1 << 40),
            Class::NanVersusNumber => Some(1 << 41),
        });
        let ranks: Vec<Option<u64>> = ranks.collect();
        let expected = ranks.iter().max().copied().flatten().and_then(|m| ranks.iter().position(|r| *r == Some(m)));
        prop_assert_eq!(worst, expected.map(|i| i as u64));
    }
}

#[test]
fn outputs_of_different_shape_are_not_compared() {
    let (a, b) = (Bits::f32(&[1.0, 2.0]), Bits::f32(&[1.0]));
    assert!(measure(&a, &b).is_none(), "lengths differ");
    assert!(measure(&a, &Bits::words(Dtype::U32, vec![0, 0])).is_none(), "types differ");
}

#[test]
fn metrics_of_a_worked_example() {
    // Against 1, 2, 4, 0: one ulp up, equal, 10 % up, and from nothing.
    let left = Bits::f32(&[1.0, 2.0, 4.0, 0.0]);
    let right = Bits::f32(&[f32::from_bits(0x3f80_0001), 2.0, 4.4, 0.5]);
    let drift = measure(&left, &right).expect("one shape");
    let tenth = (f64::from(4.4f32) - 4.0) / 4.0;
    assert_eq!(drift.differing, 3, "three elements differ");
    assert!((drift.fraction() - 0.75).abs() < 1e-15, "V_c");
    // The element whose left side is zero is left out of the mean relative difference, below and above.
    assert!((drift.mean_relative - (f64::exp2(-23.0) + tenth) / 3.0).abs() < 1e-15, "V_ermv {}", drift.mean_relative);
    assert!((drift.max_relative - tenth).abs() < 1e-15, "largest relative");
    assert_eq!(drift.from_zero, 1, "and counted by itself");
    assert!((drift.max_absolute - 0.5).abs() < 1e-15, "largest absolute");
    assert_eq!(drift.worst.map(|e| e.index), Some(3), "0 against 0.5 is furthest in ulp");
    let squares = f64::exp2(-46.0) + (tenth * 4.0).powi(2) + 0.25;
    assert!((drift.nmse - squares / 21.0).abs() < 1e-15, "nmse");
}

/// The drift of two binary32 outputs by its definition: one element after another, without a shortcut.
fn plain(left: &[u32], right: &[u32]) -> Drift {
    const BLOCK: usize = 2048;
    let value = |bits: u32| f64::from(f32::from_bits(bits));
    let mut found = Drift {
        elements: left.len() as u64,
        differing: 0,
        classes: Classes::default(),
        max_ulp: 0,
        ulp_percentiles: [0; 3],
        histogram: Vec::new(),
        bias_ulp: 0.0,
        mean_relative: 0.0,
        mean_relative_shifted: 0.0,
        max_absolute: 0.0,
        max_relative: 0.0,
        from_zero: 0,
        nmse: 0.0,
        first: None,
        worst: None,
        mask: None,
    };
    let (mut buckets, mut bias) = (std::collections::BTreeMap::<u64, u64>::new(), 0i64);
    let (mut relative, mut shifted, mut squares) = ([0.0f64; 8], [0.0f64; 8], [0.0f64; 8]);
    let (mut first, mut payload, mut worst) = (None, None, None::<(usize, u64)>);
    let place = |bits: u32| if bits >> 31 == 0 { i64::from(bits) } else { -i64::from(bits & 0x7fff_ffff) };
    for (i, (a, b)) in left.iter().zip(right).enumerate() {
        let c = &mut found.classes;
        let severity = match obvious(Dtype::F32, *a, *b) {
            Class::Equal => continue,
            Class::NanPayload => {
                c.nan_payload += 1;
                payload.get_or_insert(i);
                worst.get_or_insert((i, 0));
                continue;
            }
            Class::ZeroSign => (&mut c.zero_sign, 1),
            Class::Flushed => (&mut c.flushed, 2),
            Class::Finite(d) => {
                *buckets.entry(d.next_power_of_two()).or_default() += 1;
                found.max_ulp = found.max_ulp.max(d);
                found.from_zero += u64::from(value(*a) == 0.0);
                (&mut c.finite, 2 + d)
            }
            Class::NotFinite => (&mut c.not_finite, 1 << 39),
            Class::Infinite => (&mut c.infinite, 1 << 40),
            Class::NanVersusNumber => (&mut c.nan_versus_number, 1 << 41),
        };
        *severity.0 += 1;
        first.get_or_insert(i);
        if worst.is_none_or(|(_, s)| severity.1 > s) {
            worst = Some((i, severity.1));
        }
        let (x, y) = (value(*a), value(*b));
        if x.is_finite() && y.is_finite() {
            bias += place(*b) - place(*a);
            let off = (x - y).abs();
            found.max_absolute = found.max_absolute.max(off);
            squares[i % 8] += off * off;
            shifted[i % 8] += off / (x + 1e-8).abs();
            if x != 0.0 {
                relative[i % 8] += off / x.abs();
                found.max_relative = found.max_relative.max(off / x.abs());
            }
        }
    }
    let c = found.classes;
    found.differing =
        c.zero_sign + c.nan_payload + c.nan_versus_number + c.infinite + c.not_finite + c.flushed + c.finite;
    // Squares of the left side: eight sums that take turns; the blocks before the first that differs come last.
    let blocks = left.len().div_ceil(BLOCK);
    let part = |k: usize| BLOCK * k..(BLOCK * (k + 1)).min(left.len());
    let begin = (0..blocks).find(|k| left[part(*k)] != right[part(*k)]).unwrap_or(blocks);
    let (mut sums, mut finite, mut nonzero) = ([0.0f64; 8], 0u64, 0u64);
    if begin < blocks {
        for i in (begin..blocks).chain(0..begin).flat_map(part) {
            let (x, y) = (value(left[i]), value(right[i]));
            if x.is_finite() && y.is_finite() {
                finite += 1;
                nonzero += u64::from(x != 0.0);
                sums[i % 8] += x * x;
            }
        }
    }
    let over = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
    found.bias_ulp = over(bias as f64, finite as f64);
    found.mean_relative = over(relative.iter().sum(), nonzero as f64);
    found.mean_relative_shifted = over(shifted.iter().sum(), finite as f64);
    found.nmse = over(squares.iter().sum(), sums.iter().sum());
    let different: u64 = buckets.values().sum();
    found.ulp_percentiles = [0.5, 0.99, 0.999].map(|q| {
        let rank = u64::try_from((q * finite as f64).ceil() as i64).expect("a count");
        let mut seen = finite.saturating_sub(different);
        if rank <= seen {
            return 0;
        }
        let reached = buckets.iter().find(|(_, n)| {
            seen += **n;
            rank <= seen
        });
        reached.map_or(u64::MAX, |(up_to, _)| *up_to)
    });
    found.histogram = buckets.into_iter().map(|(up_to, count)| UlpBucket { up_to, count }).collect();
    let element = |i: usize| Element {
        index: i as u64,
        left: format!("0x{:08x}", left[i]),
        right: format!("0x{:08x}", right[i]),
    };
    found.first = first.or(payload).map(element);
    found.worst = worst.map(|(i, _)| element(i));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Every figure, to the last bit: sums are added in the order of the elements whatever is taken together.
    #[test]
    fn every_figure_is_that_of_the_plain_definition(
        seed in any::<u32>(),
        len in prop_oneof![1usize..200, 2000usize..2100, 4000usize..9000],
        density in 0u32..5,
        normal in any::<bool>(),
        special in any::<bool>(),
    ) {
        let mut state = u64::from(seed) << 1 | 1;
        let mut word = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        // One in 1000 differs, one in 30, every other one, or all.
        let every = [1000, 30, 2, 1, 7][density as usize];
        let mut left: Vec<u32> = Vec::new();
        let mut right = Vec::new();
        for _ in 0..len {
            let a = if normal { word() & 0x8fff_ffff | 0x3000_0000 } else { word() };
            let a = if special && word() % 50 == 0 { [0, 0x8000_0000, 1, 0x7f80_0000, 0x7fc0_0000][(word() % 5) as usize] } else { a };
            let b = if word() % every == 0 { a.wrapping_add(1 << (word() % 32)) } else { a };
            left.push(a);
            right.push(b);
        }
        let found = measure(&bits(Dtype::F32, &left), &bits(Dtype::F32, &right)).expect("one shape");
        prop_assert_eq!(format!("{found:?}"), format!("{:?}", plain(&left, &right)));
    }
}
