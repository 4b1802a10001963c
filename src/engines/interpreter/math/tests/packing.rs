//! Packing and unpacking of floats against the arithmetic of the CPU twins.

use naga::MathFunction as Fun;

use super::super::{Scalar, pack, unpack};
use super::floats::{modes, patterns};
use super::{FLUSH, STRICT, run, run1};
use crate::engines::interpreter::Defects;
use crate::numerics::arith::evaluate::{Evaluator, F1, F2, Machine};
use crate::numerics::arith::format::Format;

#[test]
fn packing_is_the_twins() {
    type Packing = (Fun, usize, f64, f64);
    let table: [Packing; 4] = [
        (Fun::Pack4x8snorm, 4, -1.0, 127.0),
        (Fun::Pack4x8unorm, 4, 0.0, 255.0),
        (Fun::Pack2x16snorm, 2, -1.0, 32767.0),
        (Fun::Pack2x16unorm, 2, 0.0, 65535.0),
    ];
    let mut x = patterns(Scalar::F32);
    // Ties of both widths.
    x.extend((0..2000).flat_map(|i| [127.0, 255.0, 32767.0, 65535.0].map(|s| ((i as f32 - 999.5) / s).to_bits())));
    for (d, arithmetic) in modes() {
        let e = Machine { format: Format::F32, arithmetic };
        for (fun, parts, least, scale) in table {
            for (place, _) in (0..).zip(0..parts) {
                let zeros = vec![0; x.len()];
                let mut rows: Vec<&[u32]> = vec![&zeros; parts];
                rows[usize::try_from(place).unwrap()] = &x;
                let got = run1(pack(fun, &d).unwrap(), &rows);
                let width = 32 / u32::try_from(parts).unwrap();
                for (bits, got) in x.iter().zip(got) {
                    let v = f64::from(f32::from_bits(*bits));
                    let clamped = e.call2(F2::Min, e.constant(1.0), e.call2(F2::Max, e.constant(least), v));
                    let whole = e.call(F1::Floor, e.mad(e.constant(scale), clamped, e.constant(0.5)));
                    let field = whole.rem_euclid(f64::from(width).exp2()) * f64::from(width).exp2().powi(place);
                    assert_eq!(f64::from(got), field, "{fun:?} {place} of {v:e} {d:?}");
                }
            }
        }
        // Both halves at once; conversions leave binary16's subnormals.
        let y: Vec<u32> = x.iter().rev().copied().collect();
        let got = run1(pack(Fun::Pack2x16float, &d).unwrap(), &[&x, &y]);
        for i in 0..x.len() {
            let half = |bits: u32| Format::F16.bits(e.call(F1::QuantizeToF16, f64::from(f32::from_bits(bits))));
            assert_eq!(got[i], half(x[i]) | half(y[i]) << 16, "pack2x16float of {:08x} {:08x} {d:?}", x[i], y[i]);
        }
    }
}

#[test]
fn unpacking_is_the_twins() {
    let words: Vec<u32> = (0..=0xffff).map(|w| w | (w ^ 0x8421) << 16).collect();
    for reciprocal in [false, true] {
        let d = Defects { reciprocal, ..STRICT };
        let round = |x: f64| Format::F32.round(x);
        let over = |v: f64, most: f64| if reciprocal { round(v * round(1.0 / most)) } else { round(v / most) };
        for (fun, width, signed) in [
            (Fun::Unpack4x8snorm, 8, true),
            (Fun::Unpack4x8unorm, 8, false),
            (Fun::Unpack2x16snorm, 16, true),
            (Fun::Unpack2x16unorm, 16, false),
        ] {
            let rows = run(unpack(fun, &d).unwrap(), 32 / width, &[&words]);
            for (place, row) in rows.iter().enumerate() {
                for (word, got) in words.iter().zip(row) {
                    let field = i64::from(word >> (place * width)) & ((1 << width) - 1);
                    let half = 1 << (width - 1);
                    let value = if signed && field >= half { field - 2 * half } else { field };
                    let most = if signed { half - 1 } else { 2 * half - 1 };
                    let want = over(value as f64, most as f64).max(-1.0);
                    assert_eq!(*got, Format::F32.bits(want), "{fun:?} {place} of {word:08x}");
                }
            }
        }
    }
    let rows = run(unpack(Fun::Unpack2x16float, &FLUSH).unwrap(), 2, &[&words]);
    for (i, word) in words.iter().enumerate() {
        let want = |bits: u32| {
            let value = crate::model::bits::Dtype::F16.value(bits);
            // A NaN becomes the canonical one: positive, and without a payload.
            Format::F32.bits(if value.is_nan() { f64::NAN } else { value })
        };
        assert_eq!([rows[0][i], rows[1][i]], [want(word & 0xffff), want(word >> 16)], "unpack2x16float {word:08x}");
    }
}
