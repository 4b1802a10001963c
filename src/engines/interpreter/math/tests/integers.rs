//! Integer operators and built-in functions against 128-bit arithmetic, and against the definitions of WGSL bit by bit.

use naga::{BinaryOperator as Op, MathFunction as Fun, UnaryOperator};

use super::super::{Scalar, binary, dot4, math, pack, select, unary, unpack};
use super::{STRICT, join, pairs, random, run, run1, split};

const INTEGERS: [Scalar; 4] = [Scalar::I32, Scalar::U32, Scalar::I64, Scalar::U64];

fn signed(s: Scalar) -> bool {
    matches!(s, Scalar::I32 | Scalar::I64)
}

fn width(s: Scalar) -> u32 {
    if s.rows() == 2 { 64 } else { 32 }
}

/// The number that a bit pattern is.
fn value(s: Scalar, bits: u64) -> i128 {
    match s {
        Scalar::I32 => i128::from(u32::try_from(bits).unwrap().cast_signed()),
        Scalar::I64 => i128::from(bits.cast_signed()),
        _ => i128::from(bits),
    }
}

/// The bit pattern of a number, wrapped.
fn bits(s: Scalar, x: i128) -> u64 {
    u64::try_from(x.rem_euclid(1 << width(s))).unwrap()
}

/// Bit patterns where something changes, and random ones.
fn patterns(s: Scalar) -> Vec<u64> {
    let mut all = Vec::new();
    for k in 0..width(s) {
        all.extend([(1u64 << k).wrapping_sub(1), 1 << k, (1 << k) + 1, u64::MAX << k]);
    }
    all.extend(join(&[random(41, 60), random(42, 60)]));
    all.iter_mut().for_each(|w| *w &= u64::MAX >> (64 - width(s)));
    all
}

/// The rows of bit patterns.
fn rows(s: Scalar, words: &[u64]) -> Vec<Vec<u32>> {
    let [low, high] = split(words);
    if s.rows() == 2 { vec![low, high] } else { vec![low] }
}

/// What a kernel makes of operands of one type, then of words.
fn apply(s: Scalar, kernel: Option<super::Kernel>, x: &[&[u64]], words: &[&[u32]]) -> Vec<u64> {
    let held: Vec<Vec<u32>> = x.iter().flat_map(|words| rows(s, words)).collect();
    let all: Vec<&[u32]> = held.iter().map(|row| &row[..]).chain(words.iter().copied()).collect();
    let out = run(kernel.expect("a kernel"), s.rows(), &all);
    if s.rows() == 2 { join(&out) } else { out[0].iter().map(|w| u64::from(*w)).collect() }
}

#[test]
fn operators_wrap_and_are_total() {
    for s in INTEGERS {
        let [a, b] = pairs(&patterns(s), &patterns(s));
        let check = |what: &str, got: &[u64], want: &dyn Fn(i128, i128) -> i128| {
            for i in 0..a.len() {
                let (x, y) = (value(s, a[i]), value(s, b[i]));
                assert_eq!(got[i], bits(s, want(x, y)), "{s:?} {what} of {x} and {y}");
            }
        };
        let operator = |op| apply(s, binary(op, s, &STRICT), &[&a, &b], &[]);
        check("+", &operator(Op::Add), &|x, y| x + y);
        check("-", &operator(Op::Subtract), &|x, y| x - y);
        check("*", &operator(Op::Multiply), &i128::wrapping_mul);
        // The quotient of the least number and -1 wraps.
        check("/", &operator(Op::Divide), &|x, y| if y == 0 { x } else { x / y });
        check("%", &operator(Op::Modulo), &|x, y| if y == 0 { 0 } else { x % y });
        check("&", &operator(Op::And), &|x, y| x & y);
        check("|", &operator(Op::InclusiveOr), &|x, y| x | y);
        check("^", &operator(Op::ExclusiveOr), &|x, y| x ^ y);
        let function = |fun| apply(s, math(fun, s, &STRICT), &[&a, &b], &[]);
        check("min", &function(Fun::Min), &|x, y| x.min(y));
        check("max", &function(Fun::Max), &|x, y| x.max(y));
        let c: Vec<u64> = a.iter().rev().copied().collect();
        let clamped = apply(s, math(Fun::Clamp, s, &STRICT), &[&a, &b, &c], &[]);
        for i in 0..a.len() {
            let [x, low, high] = [a[i], b[i], c[i]].map(|w| value(s, w));
            assert_eq!(value(s, clamped[i]), x.max(low).min(high), "{s:?} clamp({x}, {low}, {high})");
        }
        let comparisons = [Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal, Op::NotEqual];
        let held: Vec<Vec<u32>> = [&a, &b].into_iter().flat_map(|words| rows(s, words)).collect();
        let held: Vec<&[u32]> = held.iter().map(|row| &row[..]).collect();
        let got = comparisons.map(|op| run1(binary(op, s, &STRICT).unwrap(), &held));
        for i in 0..a.len() {
            let (x, y) = (value(s, a[i]), value(s, b[i]));
            let want = [x < y, x <= y, x > y, x >= y, x == y, x != y].map(u32::from);
            assert_eq!(got.each_ref().map(|row| row[i]), want, "{s:?} < <= > >= == != of {x} and {y}");
        }
    }
}

#[test]
fn shifts_take_the_amount_modulo_the_width() {
    for s in INTEGERS {
        let by: Vec<u32> = (0..100).chain([u32::MAX, u32::MAX - 1, 1 << 31]).collect();
        let count = by.len();
        let a: Vec<u64> = patterns(s).into_iter().flat_map(|w| std::iter::repeat_n(w, count)).collect();
        let by: Vec<u32> = by.iter().cycle().take(a.len()).copied().collect();
        let left = apply(s, binary(Op::ShiftLeft, s, &STRICT), &[&a], &[&by]);
        let right = apply(s, binary(Op::ShiftRight, s, &STRICT), &[&a], &[&by]);
        for i in 0..a.len() {
            let (x, n) = (value(s, a[i]), by[i] % width(s));
            assert_eq!(left[i], bits(s, x << n), "{s:?} {x} << {}", by[i]);
            assert_eq!(right[i], bits(s, x >> n), "{s:?} {x} >> {}", by[i]);
        }
    }
}

#[test]
fn functions_of_one_number_count_bits() {
    for s in INTEGERS {
        let a = patterns(s);
        let n = width(s);
        let set = |w: u64, k: u32| w >> k & 1 == 1;
        let check = |what: &str, got: Vec<u64>, want: &dyn Fn(u64) -> i128| {
            for (word, got) in a.iter().zip(got) {
                assert_eq!(got, bits(s, want(*word)), "{s:?} {what} of {word:x}");
            }
        };
        let function = |fun| apply(s, math(fun, s, &STRICT), &[&a], &[]);
        let operator = |op| apply(s, unary(op, s, &STRICT), &[&a], &[]);
        check("-", operator(UnaryOperator::Negate), &|w| -value(s, w));
        check("~", operator(UnaryOperator::BitwiseNot), &|w| !value(s, w));
        check("abs", function(Fun::Abs), &|w| value(s, w).abs());
        check("sign", function(Fun::Sign), &|w| value(s, w).signum());
        check("countOneBits", function(Fun::CountOneBits), &|w| (0..n).filter(|k| set(w, *k)).count() as i128);
        check("countTrailingZeros", function(Fun::CountTrailingZeros), &|w| {
            i128::from((0..n).find(|k| set(w, *k)).unwrap_or(n))
        });
        check("countLeadingZeros", function(Fun::CountLeadingZeros), &|w| {
            i128::from((0..n).find(|k| set(w, n - 1 - k)).unwrap_or(n))
        });
        check("firstTrailingBit", function(Fun::FirstTrailingBit), &|w| {
            (0..n).find(|k| set(w, *k)).map_or(-1, i128::from)
        });
        check("firstLeadingBit", function(Fun::FirstLeadingBit), &|w| {
            // Of a signed number, the highest bit that is not the sign's.
            let negative = signed(s) && set(w, n - 1);
            (0..n).rev().find(|k| set(w, *k) != negative).map_or(-1, i128::from)
        });
        check("reverseBits", function(Fun::ReverseBits), &|w| {
            (0..n).filter(|k| set(w, *k)).map(|k| 1i128 << (n - 1 - k)).sum()
        });
    }
}

#[test]
fn bit_fields_are_limited_to_the_width() {
    for s in INTEGERS {
        let n = width(s);
        let places = [0, 1, 7, n / 2, n - 1, n, n + 1, u32::MAX - 1, u32::MAX];
        let [offsets, counts] = pairs(&places, &places);
        for (x, new) in [(0u64, u64::MAX), (u64::MAX, 0), (0x1234_5678_9abc_def0, 0xfedc_ba98_7654_3210)] {
            let [x, new] = [x, new].map(|w| w & (u64::MAX >> (64 - n)));
            let (xs, news) = (vec![x; offsets.len()], vec![new; offsets.len()]);
            let extracted = apply(s, math(Fun::ExtractBits, s, &STRICT), &[&xs], &[&offsets, &counts]);
            let inserted = apply(s, math(Fun::InsertBits, s, &STRICT), &[&xs, &news], &[&offsets, &counts]);
            for i in 0..offsets.len() {
                // WGSL, "extractBits" and "insertBits".
                let o = offsets[i].min(n);
                let c = counts[i].min(n - o);
                let mask = (1i128 << c) - 1;
                let mut field = i128::from(x) >> o & mask;
                if signed(s) && c > 0 && field >> (c - 1) == 1 {
                    field -= 1 << c;
                }
                let whole = (i128::from(x) & !(mask << o)) | (i128::from(new) & mask) << o;
                let at = format!("{s:?} of {x:x} at {} for {}", offsets[i], counts[i]);
                assert_eq!(extracted[i], bits(s, field), "extractBits {at}");
                assert_eq!(inserted[i], bits(s, whole), "insertBits {at}");
            }
        }
    }
}

#[test]
fn booleans_and_select() {
    let (a, b) = (vec![0, 0, 1, 1], vec![0, 1, 0, 1]);
    let table = [
        (Op::And, [0, 0, 0, 1]),
        (Op::LogicalAnd, [0, 0, 0, 1]),
        (Op::InclusiveOr, [0, 1, 1, 1]),
        (Op::LogicalOr, [0, 1, 1, 1]),
        (Op::Equal, [1, 0, 0, 1]),
        (Op::NotEqual, [0, 1, 1, 0]),
        (Op::ExclusiveOr, [0, 1, 1, 0]),
    ];
    for (op, want) in table {
        let kernel = binary(op, Scalar::Bool, &STRICT).unwrap();
        assert_eq!(run1(kernel, &[&a, &b]), want, "{op:?} on booleans");
    }
    let not = unary(UnaryOperator::LogicalNot, Scalar::Bool, &STRICT).unwrap();
    assert_eq!(run1(not, &[&a]), [1, 1, 0, 0], "!");
    let (no, yes) = (vec![1, 2, 3, 0x7f80_0001], vec![5, 6, 0xff80_0001, 8]);
    assert_eq!(run1(select(Scalar::F32), &[&no, &yes, &b]), [1, 6, 3, 8], "select keeps NaN");
    let wide = run(select(Scalar::F64), 2, &[&no, &yes, &yes, &no, &a]);
    assert_eq!(wide, [[1, 2, 0xff80_0001, 8], [5, 6, 3, 0x7f80_0001]], "select of 64-bit scalars");
}

#[test]
fn bytes_are_packed_and_unpacked() {
    let x: Vec<Vec<u32>> = (51..55).map(|seed| random(seed, 3000)).collect();
    // Small numbers, too, where clamping does nothing.
    let x: Vec<Vec<u32>> =
        x.iter().map(|row| row.iter().map(|w| if w % 3 == 0 { w % 400 } else { *w }).collect()).collect();
    let rows: Vec<&[u32]> = x.iter().map(|row| &row[..]).collect();
    let packing = |fun| run1(pack(fun, &STRICT).unwrap(), &rows);
    let [i, u, ic, uc] = [Fun::Pack4xI8, Fun::Pack4xU8, Fun::Pack4xI8Clamp, Fun::Pack4xU8Clamp].map(packing);
    let unpacking = |fun| run(unpack(fun, &STRICT).unwrap(), 4, &[&i]);
    let [ui, uu] = [Fun::Unpack4xI8, Fun::Unpack4xU8].map(unpacking);
    for lane in 0..3000 {
        for place in 0..4 {
            let byte = |words: &[u32]| words[lane].to_le_bytes()[place];
            let word = x[place][lane];
            assert_eq!(byte(&i), word.to_le_bytes()[0], "pack4xI8 of {word:x}");
            assert_eq!(byte(&u), word.to_le_bytes()[0], "pack4xU8 of {word:x}");
            let clamped = word.cast_signed().clamp(-128, 127);
            assert_eq!(byte(&ic).cast_signed(), i8::try_from(clamped).unwrap(), "pack4xI8Clamp of {word:x}");
            assert_eq!(byte(&uc), u8::try_from(word.min(255)).unwrap(), "pack4xU8Clamp of {word:x}");
            assert_eq!(ui[place][lane].cast_signed(), i32::from(byte(&i).cast_signed()), "unpack4xI8");
            assert_eq!(uu[place][lane], u32::from(byte(&i)), "unpack4xU8");
        }
    }
    let (a, b) = (&x[0], &x[1]);
    let si = run1(dot4(Fun::Dot4I8Packed).unwrap(), &[a, b]);
    let su = run1(dot4(Fun::Dot4U8Packed).unwrap(), &[a, b]);
    for lane in 0..3000 {
        let products = || a[lane].to_le_bytes().into_iter().zip(b[lane].to_le_bytes());
        let s: i32 = products().map(|(x, y)| i32::from(x.cast_signed()) * i32::from(y.cast_signed())).sum();
        let u: u32 = products().map(|(x, y)| u32::from(x) * u32::from(y)).sum();
        assert_eq!((si[lane].cast_signed(), su[lane]), (s, u), "dot4 of {:x} and {:x}", a[lane], b[lane]);
    }
}
