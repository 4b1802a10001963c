//! Conversions against exact arithmetic, and limits against naga's.

use naga::{Literal, MathFunction, RelationalFunction};

use super::super::{Kernel, Scalar, bitcast, convert, f16_from_bits, f16_to_bits, math, pack, relational};
use super::{FLUSH, STRICT, convey, join, random, run, run1};
use crate::engines::interpreter::Defects;
use crate::model::bits::Dtype;
use crate::numerics::arith::format::Format;
use crate::numerics::inputs::edges;

const WHOLE: [(Scalar, naga::Scalar); 4] = [
    (Scalar::I32, naga::Scalar::I32),
    (Scalar::U32, naga::Scalar::U32),
    (Scalar::I64, naga::Scalar::I64),
    (Scalar::U64, naga::Scalar::U64),
];
const FLOATS: [(Scalar, naga::Scalar); 3] =
    [(Scalar::F16, naga::Scalar::F16), (Scalar::F32, naga::Scalar::F32), (Scalar::F64, naga::Scalar::F64)];

/// The number that an integer's or boolean's bit pattern is.
fn whole(s: Scalar, bits: u64) -> i128 {
    match s {
        Scalar::I32 => i128::from(u32::try_from(bits).unwrap().cast_signed()),
        Scalar::I64 => i128::from(bits.cast_signed()),
        _ => i128::from(bits),
    }
}

/// The number that a float's bit pattern is.
fn real(s: Scalar, bits: u64) -> f64 {
    match s {
        Scalar::F64 => f64::from_bits(bits),
        Scalar::F32 => Dtype::F32.value(u32::try_from(bits).unwrap()),
        _ => Dtype::F16.value(u32::try_from(bits).unwrap()),
    }
}

/// Without its fraction.
#[expect(clippy::cast_possible_truncation, reason = "truncation is the point")]
fn integer(x: f64) -> i128 {
    x.trunc() as i128
}

/// A number's bit pattern in a float type, rounded to nearest; NaN is the canonical one.
fn rounded(s: Scalar, x: f64) -> u64 {
    match s {
        Scalar::F64 if x.is_nan() => 0x7ff8_0000_0000_0000,
        Scalar::F64 => x.to_bits(),
        Scalar::F32 => u64::from(Format::F32.bits(x)),
        _ => u64::from(Format::F16.bits(x)),
    }
}

/// Floats of a type: edge classes, all of binary16, whole numbers near every power of two, and random ones.
fn floats(s: Scalar) -> Vec<u64> {
    let halves = (0..=0xffff).map(|h| Dtype::F16.value(h));
    let singles = edges::bits().into_iter().map(|b| f64::from(f32::from_bits(b)));
    let near = (-30..70).flat_map(|k| {
        let p = f64::from(k).exp2();
        [p, p.next_up(), p.next_down(), p * (1.0 + f64::EPSILON * f64::from(1 << 29)), p - 0.5, p + 0.5, p - 1.0]
    });
    let all = halves.chain(singles).chain(near.flat_map(|x| [x, -x]));
    let mut bits: Vec<u64> = all.map(|x| rounded(s, x)).collect();
    match s {
        Scalar::F64 => bits.extend(join(&[random(61, 20_000), random(62, 20_000)])),
        Scalar::F32 => bits.extend(random(63, 20_000).into_iter().map(u64::from)),
        _ => {}
    }
    bits
}

/// Integers of a type: around every power of two, and random ones of every size.
fn wholes(s: Scalar) -> Vec<u64> {
    let width = if s.rows() == 2 { 64 } else { 32 };
    let mut bits: Vec<u64> = (0..width).flat_map(|k| [1u64 << k, (1 << k) - 1, (1 << k) + 1, u64::MAX << k]).collect();
    let words = join(&[random(64, 20_000), random(65, 20_000)]);
    bits.extend(words.iter().zip(0u32..).map(|(w, i)| w >> (i % width)));
    // Ties of binary32 and binary16, and next to them.
    bits.extend((0..200).flat_map(|i| [(0x1_0001 + 2 * i) << 15, ((0x1_0001 + 2 * i) << 15) + 1, 0x1000 + i]));
    bits.iter_mut().for_each(|w| *w &= u64::MAX >> (64 - width));
    bits
}

#[test]
fn integers_become_the_nearest_float() {
    let booleans = [(Scalar::Bool, naga::Scalar::BOOL)];
    for (from, _) in WHOLE.into_iter().chain(booleans) {
        let x = if from == Scalar::Bool { vec![0, 1] } else { wholes(from) };
        for (to, _) in FLOATS {
            for (bits, got) in x.iter().zip(convey(convert(from, to, &STRICT), from, to, &x)) {
                let n = whole(from, *bits);
                let want = match to {
                    Scalar::F32 => u64::from((n as f32).to_bits()),
                    // Beyond binary64's precision is beyond binary16's range.
                    _ => rounded(to, n as f64),
                };
                assert_eq!(got, want, "{n} from {from:?} to {to:?}");
            }
        }
    }
}

#[test]
fn floats_become_integers_within_the_limits_of_naga() {
    for (from, float) in FLOATS {
        let x = floats(from);
        for (to, int) in WHOLE {
            let (low, high) = naga::proc::min_max_float_representable_by(float, int);
            let limit = |literal: Literal| match literal {
                Literal::F16(x) => x.to_f64(),
                Literal::F32(x) => f64::from(x),
                Literal::F64(x) => x,
                other => panic!("{other:?} is not a limit of {float:?}"),
            };
            let (low, high) = (limit(low), limit(high));
            for d in [STRICT, FLUSH] {
                for (bits, got) in x.iter().zip(convey(convert(from, to, &d), from, to, &x)) {
                    let x = real(from, *bits);
                    let want = if x.is_nan() { 0 } else { integer(x.clamp(low, high)) };
                    assert_eq!(whole(to, got), want, "{x:e} from {from:?} to {to:?}");
                }
            }
        }
        for (d, flushes) in [(STRICT, false), (FLUSH, true)] {
            for (bits, got) in x.iter().zip(convey(convert(from, Scalar::Bool, &d), from, Scalar::Bool, &x)) {
                let x = real(from, *bits);
                let tiny = match from {
                    Scalar::F64 => f64::MIN_POSITIVE,
                    Scalar::F32 => Format::F32.tiny(),
                    _ => Format::F16.tiny(),
                };
                let zero = if flushes { x.abs() < tiny } else { x == 0.0 };
                assert_eq!(got, u64::from(!zero), "bool({x:e}) of {from:?} {d:?}");
            }
        }
    }
}

#[test]
fn integers_become_integers_by_their_low_bits() {
    let all = WHOLE.map(|(s, _)| s);
    for from in all.into_iter().chain([Scalar::Bool]) {
        let x = if from == Scalar::Bool { vec![0, 1] } else { wholes(from) };
        for to in all {
            let mask = if to.rows() == 2 { u64::MAX } else { 0xffff_ffff };
            for (bits, got) in x.iter().zip(convey(convert(from, to, &STRICT), from, to, &x)) {
                let n = whole(from, *bits);
                let want = u64::try_from(n & i128::from(u64::MAX)).unwrap() & mask;
                assert_eq!(got, want, "{n} from {from:?} to {to:?}");
            }
        }
        for (bits, got) in x.iter().zip(convey(convert(from, Scalar::Bool, &STRICT), from, Scalar::Bool, &x)) {
            assert_eq!(got, u64::from(*bits != 0), "bool({bits:x}) of {from:?}");
        }
    }
}

#[test]
fn floats_become_floats_with_one_rounding() {
    for (from, _) in FLOATS {
        let x = floats(from);
        for (to, _) in FLOATS.into_iter().filter(|(to, _)| *to != from) {
            for (d, flushes) in [(STRICT, false), (FLUSH, true)] {
                // Binary16's subnormals are kept: in the other format they are normal numbers.
                let flush = |s: Scalar, x: f64| {
                    let tiny = if s == Scalar::F64 { f64::MIN_POSITIVE } else { Format::F32.tiny() };
                    if flushes && s != Scalar::F16 && x.abs() < tiny { 0f64.copysign(x) } else { x }
                };
                for (bits, got) in x.iter().zip(convey(convert(from, to, &d), from, to, &x)) {
                    let x = real(from, *bits);
                    let want = real(to, rounded(to, flush(from, x)));
                    // A conversion makes a NaN the canonical one: positive, and without a payload.
                    let want = if want.is_nan() { f64::NAN } else { want };
                    let want = rounded(to, flush(to, want));
                    assert_eq!(format!("{got:x}"), format!("{want:x}"), "{x:e} from {from:?} to {to:?} {d:?}");
                }
            }
        }
    }
}

/// Numbers that are, or nearly are, half way between two of binary16, as patterns of `s`.
fn near_ties(s: Scalar) -> Vec<u64> {
    let mut bits = Vec::new();
    for h in (0..0x7c00).step_by(3) {
        let (low, high) = (Dtype::F16.value(h), if h == 0x7bff { 65536.0 } else { Dtype::F16.value(h + 1) });
        let (tie, gap) = (f64::midpoint(low, high), high - low);
        for k in 10..53 {
            let x = gap * f64::from(-k).exp2();
            bits.extend([tie, tie + x, tie - x, -tie - x].map(|x| rounded(s, x)));
        }
        bits.extend([3.0, 5.0].map(|k| rounded(s, low + gap * k / 8.0)));
    }
    bits
}

#[test]
fn conversions_to_binary16_may_be_planted_to_round_twice() {
    // To nearest with 13 significant bits, then again.
    let twice = |x: f64| {
        if !x.is_finite() || x == 0.0 {
            return Format::F16.bits(x);
        }
        let spacing = libm::scalbn(1.0, libm::ilogb(x) - 12);
        Format::F16.bits((x / spacing).round_ties_even() * spacing)
    };
    let planted = Defects { round_twice: true, ..STRICT };
    for from in [Scalar::F32, Scalar::F64] {
        let x = near_ties(from);
        let strict = convey(convert(from, Scalar::F16, &STRICT), from, Scalar::F16, &x);
        let got = convey(convert(from, Scalar::F16, &planted), from, Scalar::F16, &x);
        let mut differing = 0;
        for i in 0..x.len() {
            let value = real(from, x[i]);
            assert_eq!(strict[i], u64::from(Format::F16.bits(value)), "{value:e} once");
            assert_eq!(got[i], u64::from(twice(value)), "{value:e} twice");
            differing += u32::from(strict[i] != got[i]);
        }
        assert!(differing > 1000, "{differing} tell the two apart");
    }
    let x: Vec<u32> = near_ties(Scalar::F32).into_iter().map(|w| u32::try_from(w).unwrap()).collect();
    let packed = run1(pack(MathFunction::Pack2x16float, &planted).unwrap(), &[&x, &x]);
    let quantized = run1(math(MathFunction::QuantizeToF16, Scalar::F32, &planted).unwrap(), &[&x]);
    for i in 0..x.len() {
        let want = twice(f64::from(f32::from_bits(x[i])));
        assert_eq!(packed[i], want << 16 | want, "pack2x16float of {:08x}", x[i]);
        let want = Format::F32.bits(Dtype::F16.value(want));
        assert_eq!(quantized[i], want, "quantizeToF16 of {:08x}", x[i]);
    }
    let n = wholes(Scalar::I32);
    let got = convey(convert(Scalar::I32, Scalar::F16, &planted), Scalar::I32, Scalar::F16, &n);
    for (bits, got) in n.iter().zip(got) {
        let value = whole(Scalar::I32, *bits);
        assert_eq!(got, u64::from(twice(value as f64)), "{value} twice");
    }
}

#[test]
fn copies_and_bit_casts_keep_every_bit() {
    let words = random(66, 1000);
    let high = random(67, 1000);
    let all = [Scalar::Bool, Scalar::I32, Scalar::U32, Scalar::I64, Scalar::U64, Scalar::F16, Scalar::F32, Scalar::F64];
    for from in all {
        let rows: &[&[u32]] = if from.rows() == 2 { &[&words, &high] } else { &[&words] };
        assert_eq!(run(convert(from, from, &FLUSH), from.rows(), rows), rows, "{from:?} of itself is a copy");
        for to in all {
            let plain = |s: Scalar| !matches!(s, Scalar::Bool | Scalar::F16);
            let possible = from == to || (plain(from) && plain(to) && from.rows() == to.rows());
            match bitcast(from, to) {
                Some(kernel) => {
                    assert!(possible, "no bit cast from {from:?} to {to:?}");
                    assert_eq!(run(kernel, to.rows(), rows), rows, "bit cast from {from:?} to {to:?}");
                }
                None => assert!(!possible, "a bit cast from {from:?} to {to:?}"),
            }
        }
    }
    // All 16 bits, what is above left out.
    let bits: Vec<u32> = (0..=0xffff).map(|w| w | 0xabcd_0000).collect();
    let held = run1(f16_from_bits(), &[&bits]);
    let back = run1(f16_to_bits(), &[&held]);
    assert!(back.iter().zip(0..).all(|(got, want)| *got == want), "every binary16 pattern comes back");
}

#[test]
fn nan_and_infinity_are_told() {
    for (s, _) in FLOATS {
        let x = floats(s);
        for (bits, got) in x.iter().zip(convey(relational_kernel(RelationalFunction::IsNan, s), s, Scalar::Bool, &x)) {
            assert_eq!(got == 1, real(s, *bits).is_nan(), "isNan of {s:?} {bits:x}");
        }
        for (bits, got) in x.iter().zip(convey(relational_kernel(RelationalFunction::IsInf, s), s, Scalar::Bool, &x)) {
            assert_eq!(got == 1, real(s, *bits).is_infinite(), "isInf of {s:?} {bits:x}");
        }
    }
    assert!(relational(RelationalFunction::All, Scalar::Bool).is_none(), "all is not by component");
}

fn relational_kernel(fun: RelationalFunction, s: Scalar) -> Kernel {
    relational(fun, s).expect("a kernel")
}
