//! Operators and built-in functions against the arithmetic of the CPU twins, another implementation; and binary64 against
//! the processor.

use crate::numerics::elementary;
use naga::{BinaryOperator, MathFunction as Fun, UnaryOperator};

use super::super::{Kernel, Scalar, binary, frexp, fused, fused_neg, fused_sub, math, modf, unary};
use super::super::{f16_from_bits, f16_to_bits};
use super::{CONTRACT, FLUSH, STRICT, join, pairs, random, run, run1, split};
use crate::engines::interpreter::Defects;
use crate::numerics::arith::Arithmetic;
use crate::numerics::arith::evaluate::{Evaluator, F1, F2, Machine};
use crate::numerics::arith::format::Format;
use crate::numerics::inputs::edges;

/// The defects that a twin has, too, and its arithmetic.
pub(super) fn modes() -> [(Defects, Arithmetic); 4] {
    [
        (STRICT, Arithmetic { fused: false, flush: false, split: false }),
        (FLUSH, Arithmetic { fused: false, flush: true, split: false }),
        (CONTRACT, Arithmetic { fused: true, flush: false, split: false }),
        (Defects { flush: true, ..CONTRACT }, Arithmetic { fused: true, flush: true, split: false }),
    ]
}

/// A format's kernels and twin in each mode.
fn everywhere(mut check: impl FnMut(Scalar, Defects, Machine)) {
    for (scalar, format) in [(Scalar::F32, Format::F32), (Scalar::F16, Format::F16)] {
        for (defects, arithmetic) in modes() {
            check(scalar, defects, Machine { format, arithmetic });
        }
    }
}

/// Bit patterns of a format: the edge classes.
fn edge_bits(s: Scalar) -> Vec<u32> {
    if s == Scalar::F32 { edges::bits() } else { edges::half_bits() }
}

/// Edge classes, then random patterns: all of them where binary16 has no more.
pub(super) fn patterns(s: Scalar) -> Vec<u32> {
    let mut bits = edge_bits(s);
    if s == Scalar::F16 {
        bits.extend(0..=0xffff);
    } else {
        bits.extend(random(1, 40_000));
        // Where functions are used.
        bits.extend(random(2, 40_000).into_iter().map(|w| (w & 0x83ff_ffff) + 0x3e00_0000));
    }
    bits
}

/// Operands of two: the edge classes crossed, then random patterns, far apart and near each other.
fn two(s: Scalar) -> [Vec<u32>; 2] {
    let [mut a, mut b] = pairs(&edge_bits(s), &edge_bits(s));
    let mask = if s == Scalar::F32 { u32::MAX } else { 0xffff };
    for (seed, near) in [(3, false), (4, true)] {
        let (x, y) = (random(seed, 60_000), random(seed + 10, 60_000));
        a.extend(x.iter().map(|w| w & mask));
        b.extend(x.iter().zip(&y).map(|(x, y)| if near { x ^ (y & 0x8000_1fff) } else { *y } & mask));
    }
    [a, b]
}

/// A random pattern with an exponent near that of one, so that products and sums with others are normal numbers.
fn moderate(s: Scalar, word: u32) -> u32 {
    if s == Scalar::F32 { (word & 0x87ff_ffff) + 0x3c00_0000 } else { (word & 0x8fff) + 0x3400 }
}

/// Operands of three: some edge classes crossed, then random patterns, then third operands that cancel the product, or
/// are so much less that they decide a tie.
fn three(s: Scalar) -> [Vec<u32>; 3] {
    let edge: Vec<u32> = edge_bits(s).into_iter().step_by(5).collect();
    let n = edge.len();
    let mut rows = [n * n, n, 1].map(|step| (0..n * n * n).map(|i| edge[i / step % n]).collect::<Vec<u32>>());
    let (format, mask) = if s == Scalar::F32 { (Format::F32, u32::MAX) } else { (Format::F16, 0xffff) };
    let [a, b, c] = [20, 21, 22].map(|seed| random(seed, 100_000));
    for i in 0..a.len() {
        let [mut a, mut b, mut c] = [a[i], b[i], c[i]].map(|w| w & mask);
        if i % 4 != 0 {
            [a, b] = [moderate(s, a), moderate(s, b)];
            let product = format.dtype().value(a) * format.dtype().value(b);
            match i % 4 {
                1 => c = moderate(s, c),
                2 => c = format.bits(-product) ^ (c & 3),
                _ => c = format.bits(product * format.unit() / 256.0) ^ (c & !(mask >> 1) & mask),
            }
        }
        for (row, word) in rows.iter_mut().zip([a, b, c]) {
            row.push(word);
        }
    }
    rows
}

/// Rows of a format's bit patterns as the kernels hold them.
fn hold(s: Scalar, rows: &[Vec<u32>]) -> Vec<Vec<u32>> {
    if s == Scalar::F16 { rows.iter().map(|row| run1(f16_from_bits(), &[row])).collect() } else { rows.to_vec() }
}

/// What a kernel makes of rows of bit patterns, as bit patterns.
fn apply(s: Scalar, kernel: Option<Kernel>, rows: &[Vec<u32>]) -> Vec<u32> {
    let held = hold(s, rows);
    let x: Vec<&[u32]> = held.iter().map(|row| &row[..]).collect();
    let out = run1(kernel.expect("a kernel"), &x);
    if s == Scalar::F16 { run1(f16_to_bits(), &[&out]) } else { out }
}

/// Compares a kernel with a formula in the twins' arithmetic, bit for bit.
fn same(what: &str, s: Scalar, e: Machine, kernel: Option<Kernel>, rows: &[Vec<u32>], twin: impl Fn(&[f64]) -> f64) {
    let got = apply(s, kernel, rows);
    let mut x = vec![0.0; rows.len()];
    for (i, got) in got.into_iter().enumerate() {
        for (x, row) in x.iter_mut().zip(rows) {
            *x = e.format.value(row[i]);
        }
        let want = e.format.bits(twin(&x));
        let name = e.arithmetic.name();
        assert_eq!(format!("{got:08x}"), format!("{want:08x}"), "{what} {s:?} {name} of {x:?}");
    }
}

/// [`same`] without what becomes of a NaN.
fn same_numbers(
    what: &str,
    s: Scalar,
    e: Machine,
    kernel: Option<Kernel>,
    rows: &[Vec<u32>],
    twin: impl Fn(&[f64]) -> f64,
) {
    let value = |bits: u32| e.format.value(bits);
    let numbers: Vec<usize> = (0..rows[0].len()).filter(|i| rows.iter().all(|row| !value(row[*i]).is_nan())).collect();
    let rows: Vec<Vec<u32>> = rows.iter().map(|row| numbers.iter().map(|i| row[*i]).collect()).collect();
    same(what, s, e, kernel, &rows, twin);
}

#[test]
fn functions_of_one_number_are_the_twins() {
    let table = [
        (Fun::Acos, F1::Acos),
        (Fun::Acosh, F1::Acosh),
        (Fun::Asin, F1::Asin),
        (Fun::Asinh, F1::Asinh),
        (Fun::Atan, F1::Atan),
        (Fun::Atanh, F1::Atanh),
        (Fun::Ceil, F1::Ceil),
        (Fun::Cos, F1::Cos),
        (Fun::Cosh, F1::Cosh),
        (Fun::Degrees, F1::Degrees),
        (Fun::Exp, F1::Exp),
        (Fun::Exp2, F1::Exp2),
        (Fun::Floor, F1::Floor),
        (Fun::Fract, F1::Fract),
        (Fun::InverseSqrt, F1::InverseSqrt),
        (Fun::Log, F1::Log),
        (Fun::Log2, F1::Log2),
        (Fun::QuantizeToF16, F1::QuantizeToF16),
        (Fun::Radians, F1::Radians),
        (Fun::Round, F1::Round),
        (Fun::Saturate, F1::Saturate),
        (Fun::Sign, F1::Sign),
        (Fun::Sin, F1::Sin),
        (Fun::Sinh, F1::Sinh),
        (Fun::Sqrt, F1::Sqrt),
        (Fun::Tan, F1::Tan),
        (Fun::Tanh, F1::Tanh),
        (Fun::Trunc, F1::Trunc),
    ];
    everywhere(|s, d, e| {
        let x = [patterns(s)];
        for (fun, twin) in table {
            if fun != Fun::QuantizeToF16 || s == Scalar::F32 {
                same(&format!("{fun:?}"), s, e, math(fun, s, &d), &x, |x| e.call(twin, x[0]));
            }
        }
        same_numbers("abs", s, e, math(Fun::Abs, s, &d), &x, |x| e.call(F1::Abs, x[0]));
        same_numbers("negate", s, e, unary(UnaryOperator::Negate, s, &d), &x, |x| e.call(F1::Negate, x[0]));
        // `modf` and `frexp` have two results.
        let held = hold(s, &x);
        let both = run(modf(s, &d).unwrap(), 2, &[&held[0]]);
        let parts = run(frexp(s, &d).unwrap(), 2, &[&held[0]]);
        let bits = |row: &[u32]| if s == Scalar::F16 { run1(f16_to_bits(), &[row]) } else { row.to_vec() };
        let (fraction, whole, significand) = (bits(&both[0]), bits(&both[1]), bits(&parts[0]));
        for (i, word) in x[0].iter().enumerate() {
            let x = e.format.value(*word);
            let name = format!("{s:?} {} of {x:e}", e.arithmetic.name());
            assert_eq!(whole[i], e.format.bits(e.call(F1::Trunc, x)), "modf's whole part {name}");
            assert_eq!(fraction[i], e.format.bits(e.sub(x, e.call(F1::Trunc, x))), "modf's fraction {name}");
            let (m, exponent) = libm::frexp(e.flush(x));
            let exponent = if m == 0.0 || !m.is_finite() { 0 } else { exponent };
            assert_eq!(significand[i], e.format.bits(e.out(m)), "frexp's fraction {name}");
            assert_eq!(parts[1][i].cast_signed(), exponent, "frexp's exponent {name}");
        }
    });
}

#[test]
fn operators_and_functions_of_two_numbers_are_the_twins() {
    use BinaryOperator as Op;
    everywhere(|s, d, e| {
        let x = two(s);
        same("add", s, e, binary(Op::Add, s, &d), &x, |x| e.add(x[0], x[1]));
        same("subtract", s, e, binary(Op::Subtract, s, &d), &x, |x| e.sub(x[0], x[1]));
        same("multiply", s, e, binary(Op::Multiply, s, &d), &x, |x| e.mul(x[0], x[1]));
        same("divide", s, e, binary(Op::Divide, s, &d), &x, |x| e.div(x[0], x[1]));
        same("modulo", s, e, binary(Op::Modulo, s, &d), &x, |x| e.call2(F2::Rem, x[0], x[1]));
        same("min", s, e, math(Fun::Min, s, &d), &x, |x| e.call2(F2::Min, x[0], x[1]));
        same("max", s, e, math(Fun::Max, s, &d), &x, |x| e.call2(F2::Max, x[0], x[1]));
        same("step", s, e, math(Fun::Step, s, &d), &x, |x| e.call2(F2::Step, x[0], x[1]));
        same("pow", s, e, math(Fun::Pow, s, &d), &x, |x| e.call2(F2::Pow, x[0], x[1]));
        same("atan2", s, e, math(Fun::Atan2, s, &d), &x, |x| e.call2(F2::Atan2, x[0], x[1]));
        let held = hold(s, &x);
        let compare = |op| run1(binary(op, s, &d).unwrap(), &[&held[0], &held[1]]);
        let all = [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual].map(compare);
        for i in 0..x[0].len() {
            let [a, b] = [x[0][i], x[1][i]].map(|bits| e.flush(e.format.value(bits)));
            let want = [a < b, a <= b, a > b, a >= b, a == b, a != b].map(u32::from);
            assert_eq!(all.each_ref().map(|row| row[i]), want, "< <= > >= == != of {a:e} and {b:e} {d:?}");
        }
    });
}

#[test]
fn functions_of_three_numbers_are_the_twins() {
    everywhere(|s, d, e| {
        let x = three(s);
        let fusing = Machine { arithmetic: Arithmetic { fused: true, ..e.arithmetic }, ..e };
        let split = Defects { split_fma: true, ..d };
        let separate = Machine { arithmetic: Arithmetic { fused: false, ..e.arithmetic }, ..e };
        let one = e.constant(1.0);
        same("fma", s, fusing, math(Fun::Fma, s, &d), &x, |x| fusing.mad(x[0], x[1], x[2]));
        same("split fma", s, separate, math(Fun::Fma, s, &split), &x, |x| separate.mad(x[0], x[1], x[2]));
        same("a*b + c", s, fusing, fused(s, &d), &x, |x| fusing.mad(x[0], x[1], x[2]));
        same("a*b - c", s, fusing, fused_sub(s, &d), &x, |x| fusing.mad(x[0], x[1], -x[2]));
        same("c - a*b", s, fusing, fused_neg(s, &d), &x, |x| fusing.mad(-x[0], x[1], x[2]));
        same("clamp", s, e, math(Fun::Clamp, s, &d), &x, |x| e.call2(F2::Min, e.call2(F2::Max, x[0], x[1]), x[2]));
        same("mix", s, e, math(Fun::Mix, s, &d), &x, |x| e.mad(x[0], e.sub(one, x[2]), e.mul(x[1], x[2])));
        same("smoothstep", s, e, math(Fun::SmoothStep, s, &d), &x, |x| {
            let t = e.call(F1::Saturate, e.div(e.sub(x[2], x[0]), e.sub(x[1], x[0])));
            e.mul(e.mul(t, t), e.mad(e.constant(-2.0), t, e.constant(3.0)))
        });
    });
}

#[test]
fn ldexp_is_the_twins_and_exact_beyond() {
    everywhere(|s, d, e| {
        let x = patterns(s);
        let exponents: Vec<u32> = (0u32..).take(x.len()).map(|i| (i * 7 % 1001).wrapping_sub(500)).collect();
        let held = hold(s, std::slice::from_ref(&x));
        let out = run1(math(Fun::Ldexp, s, &d).unwrap(), &[&held[0], &exponents]);
        let out = if s == Scalar::F16 { run1(f16_to_bits(), &[&out]) } else { out };
        for (i, bits) in x.iter().enumerate() {
            let (x, n) = (e.format.value(*bits), exponents[i].cast_signed());
            assert_eq!(out[i], e.format.bits(e.ldexp(x, f64::from(n))), "{s:?} {x:e} 2^{n}");
        }
        // Where the power of two is no number of binary64.
        let one = hold(s, &[vec![e.format.bits(1.0), 0, e.format.bits(f64::NEG_INFINITY), e.format.bits(1.0)]]);
        let far = [i32::MAX, i32::MAX, i32::MIN, i32::MIN].map(i32::cast_unsigned);
        let out = run1(math(Fun::Ldexp, s, &d).unwrap(), &[&one[0], &far]);
        assert_eq!(out, [0x7f80_0000, 0, 0xff80_0000, 0], "infinity, zero, -infinity, zero in {s:?}");
    });
}

#[test]
fn reciprocal_division_rounds_twice() {
    for (s, format) in [(Scalar::F32, Format::F32), (Scalar::F16, Format::F16)] {
        for (defects, arithmetic) in modes() {
            let e = Machine { format, arithmetic };
            let d = Defects { reciprocal: true, ..defects };
            let div = |a, b| e.mul(a, e.div(e.constant(1.0), b));
            same("a * (1/b)", s, e, binary(BinaryOperator::Divide, s, &d), &two(s), |x| div(x[0], x[1]));
            same("smoothstep", s, e, math(Fun::SmoothStep, s, &d), &three(s), |x| {
                let t = e.call(F1::Saturate, div(e.sub(x[2], x[0]), e.sub(x[1], x[0])));
                e.mul(e.mul(t, t), e.mad(e.constant(-2.0), t, e.constant(3.0)))
            });
        }
    }
    let one = |x: f32| vec![x.to_bits()];
    let d = Defects { reciprocal: true, ..STRICT };
    let quotient = run1(binary(BinaryOperator::Divide, Scalar::F32, &d).unwrap(), &[&one(9.0), &one(3.0)]);
    assert_eq!(quotient, one(3.0), "9 * (1/3)");
    let quotient = run1(binary(BinaryOperator::Divide, Scalar::F32, &d).unwrap(), &[&one(5.0), &one(41.0)]);
    assert_ne!(quotient, one(5.0 / 41.0), "5 * (1/41) is not 5/41");
}

#[test]
fn binary64_is_the_processors() {
    let mut a: Vec<u64> = Vec::new();
    for exponent in [0u64, 1, 2, 511, 970, 1022, 1023, 1024, 1075, 1535, 2045, 2046, 2047] {
        for significand in [0, 1, 0x5_5555_5555_5555, 0x8_0000_0000_0000, 0xf_ffff_ffff_ffff] {
            a.extend([exponent << 52 | significand, 1 << 63 | exponent << 52 | significand]);
        }
    }
    let [mut x, mut y] = pairs(&a, &a);
    x.extend(join(&[random(31, 20_000), random(32, 20_000)]));
    y.extend(join(&[random(33, 20_000), random(34, 20_000)]));
    let z: Vec<u64> = y.iter().rev().copied().collect();
    let flushed = |x: f64| if x.is_subnormal() { 0f64.copysign(x) } else { x };
    let bits = |x: f64| if x.is_nan() { 0x7ff8_0000_0000_0000 } else { x.to_bits() };
    let [xs, ys, zs] = [&x, &y, &z].map(|words| split(words));
    // Which operands are scaled where the operation's result shall be: there it is rounded as if the exponent had no end.
    let scale = 2f64.powi(200);
    let scaled = |what: &str, [x, y, z]: [f64; 3]| match what {
        "multiply" | "divide" => Some([x * scale, y, z]),
        "fma" | "a*b + c" | "a*b - c" | "c - a*b" => Some([x * scale, y, z * scale]),
        _ => None,
    };
    for (d, through) in [(STRICT, (|x| x) as fn(f64) -> f64), (FLUSH, flushed)] {
        let check = |what: &str, kernel: Option<Kernel>, f: &dyn Fn([f64; 3]) -> f64| {
            let kernel = kernel.expect("a kernel");
            assert!(matches!(kernel, Kernel::Wide(_)), "{what}: 64-bit scalars take the general shape");
            let rows: Vec<&[u32]> = [&xs, &ys, &zs].into_iter().flatten().map(|row| &row[..]).collect();
            let got = join(&run(kernel, 2, &rows));
            for i in 0..x.len() {
                let operands = [x[i], y[i], z[i]].map(|w| through(f64::from_bits(w)));
                let mut want = through(f(operands));
                let is_tiny = || scaled(what, operands).is_some_and(|o| f(o).abs() < f64::MIN_POSITIVE * scale);
                if d.flush && want.abs() == f64::MIN_POSITIVE && is_tiny() {
                    want = 0f64.copysign(want);
                }
                let want = bits(want);
                assert_eq!(format!("{:016x}", got[i]), format!("{want:016x}"), "{what} of {operands:?} {d:?}");
            }
        };
        check("add", binary(BinaryOperator::Add, Scalar::F64, &d), &|[x, y, _]| x + y);
        check("subtract", binary(BinaryOperator::Subtract, Scalar::F64, &d), &|[x, y, _]| x - y);
        check("multiply", binary(BinaryOperator::Multiply, Scalar::F64, &d), &|[x, y, _]| x * y);
        check("divide", binary(BinaryOperator::Divide, Scalar::F64, &d), &|[x, y, _]| x / y);
        check("modulo", binary(BinaryOperator::Modulo, Scalar::F64, &d), &|[x, y, _]| x % y);
        check("fma", math(Fun::Fma, Scalar::F64, &d), &|[x, y, z]| x.mul_add(y, z));
        check("a*b + c", fused(Scalar::F64, &d), &|[x, y, z]| x.mul_add(y, z));
        check("a*b - c", fused_sub(Scalar::F64, &d), &|[x, y, z]| x.mul_add(y, -z));
        check("c - a*b", fused_neg(Scalar::F64, &d), &|[x, y, z]| (-x).mul_add(y, z));
        check("sqrt", math(Fun::Sqrt, Scalar::F64, &d), &|[x, _, _]| x.sqrt());
        check("floor", math(Fun::Floor, Scalar::F64, &d), &|[x, _, _]| x.floor());
        check("round", math(Fun::Round, Scalar::F64, &d), &|[x, _, _]| x.round_ties_even());
        check("sin", math(Fun::Sin, Scalar::F64, &d), &|[x, _, _]| elementary::sin(x));
        check("min", math(Fun::Min, Scalar::F64, &d), &|[x, y, _]| if y < x { y } else { x });
    }
}

#[test]
fn known_answers_on_edge_classes() {
    let mut seen = 0;
    for line in include_str!("../../../../../tests/vectors/edges.txt").lines().filter(|l| !l.starts_with('#')) {
        let (question, answers) = line.split_once(" -> ").unwrap();
        let mut words = question.split(' ');
        let operation = words.next().unwrap();
        let x: Vec<Vec<u32>> = words.map(|w| vec![u32::from_str_radix(w, 16).unwrap()]).collect();
        for (arithmetic, answer) in Arithmetic::CONTRACTION.into_iter().zip(answers.split(' ')) {
            let d = Defects { flush: arithmetic.flush, split_fma: !arithmetic.fused, ..STRICT };
            let kernel = match operation {
                "add" => binary(BinaryOperator::Add, Scalar::F32, &d),
                "sub" => binary(BinaryOperator::Subtract, Scalar::F32, &d),
                "mul" => binary(BinaryOperator::Multiply, Scalar::F32, &d),
                "div" => binary(BinaryOperator::Divide, Scalar::F32, &d),
                "mad" => math(Fun::Fma, Scalar::F32, &d),
                other => panic!("no operation '{other}'"),
            };
            let got = apply(Scalar::F32, kernel, &x);
            assert_eq!(format!("{:08x}", got[0]), answer, "{line} {}", arithmetic.name());
            seen += 1;
        }
    }
    assert!(seen > 1000, "the table has answers: {seen}");
}
