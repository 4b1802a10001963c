//! Each relation is told where it holds of every element, and not where one element is off.

use std::slice::from_ref;

use repro_audit::facts::tensors::{Of, Relation, TensorDiff};
use repro_audit::model::Scalar;
use repro_audit::numerics::drift::nearest;

use super::files::Planted;
use super::{headline, of};

/// Numbers of all sizes without specials.
fn numbers(n: u32) -> Vec<f32> {
    (1..=n).map(|i| f32::from_bits(0x3000_0000 + i.wrapping_mul(0x9e37_79b9) % 0x1fff_ffff)).collect()
}

fn relation(diff: &TensorDiff) -> Option<&Relation> {
    diff.pairs[0].relation.as_ref()
}

/// One element at the end moved by one ulp.
fn nearly(mut tensor: Planted) -> Planted {
    if let Some(last) = tensor.words.last_mut() {
        *last += 1;
    }
    tensor
}

/// That a relation is told of a pair, and not of the same with one element off.
fn told(left: &Planted, right: &Planted, wanted: &Relation, words: &str) {
    let found = of(from_ref(left), from_ref(right));
    assert_eq!(relation(&found), Some(wanted), "{}", headline(&found));
    assert_eq!(headline(&found), words, "{wanted:?}");
    let miss = of(from_ref(left), &[nearly(right.clone())]);
    assert_ne!(relation(&miss), Some(wanted), "one element is off: {}", headline(&miss));
    assert_ne!(headline(&miss), words, "one element is off");
}

#[test]
fn signs_of_zeros_and_payloads() {
    let left = Planted::f32("w", &[0.0, 1.0, -0.0, 2.0, 0.0, 3.0]);
    let right = Planted::f32("w", &[-0.0, 1.0, 0.0, 2.0, 0.0, 3.0]);
    told(&left, &right, &Relation::ZeroSigns, "Equal but for the sign of 2 zeros");
    let nan = |payload| Planted::of("w", Scalar::F32, &[0x7fc0_0000, payload, 0x3f80_0000]);
    told(&nan(0x7fc0_0000), &nan(0xffc0_0001), &Relation::NanPayloads, "Equal but for the sign or payload of 1 NaN");
}

#[test]
fn casts_and_roundings() {
    let values = numbers(5000);
    for (to, name) in
        [(Scalar::Bf16, "bf16"), (Scalar::F16, "f16"), (Scalar::F8E4m3, "f8e4m3"), (Scalar::F8E5m2, "f8e5m2")]
    {
        let bits: Vec<u64> = values.iter().map(|x| nearest(to, f64::from(*x)).expect("a float")).collect();
        let (wide, narrow) = (Planted::f32("w", &values), Planted::of("w", to, &bits));
        let cast = Relation::Cast { side: Of::Right, to };
        told(&wide, &narrow, &cast, &format!("The right is the left cast to {name}"));
        let found = of(&[narrow], &[wide]);
        assert_eq!(headline(&found), format!("The left is the right cast to {name}"), "the other way");
    }
    let rounded: Vec<f32> = values.iter().map(|x| half::bf16::from_f32(*x).to_f32()).collect();
    told(
        &Planted::f32("w", &values),
        &Planted::f32("w", &rounded),
        &Relation::Rounded { side: Of::Right, to: Scalar::Bf16 },
        "They differ by bf16 rounding: the right is the left rounded to it",
    );
    // Truncation is no rounding.
    let cut: Vec<f32> = values.iter().map(|x| f32::from_bits(x.to_bits() & 0xffff_0000)).collect();
    let found = of(&[Planted::f32("w", &values)], &[Planted::f32("w", &cut)]);
    assert_eq!(relation(&found), None, "truncated");
    // Both within the same bf16, far apart in f32.
    let off: Vec<f32> =
        rounded.iter().zip(1u32..).map(|(x, i)| f32::from_bits(x.to_bits() + (i * 7919) % 0x7fff)).collect();
    let other: Vec<f32> =
        rounded.iter().zip(1u32..).map(|(x, i)| f32::from_bits(x.to_bits() + (i * 104_729) % 0x7fff)).collect();
    let alike = of(&[Planted::f32("w", &off)], &[Planted::f32("w", &other)]);
    assert_eq!(relation(&alike), Some(&Relation::RoundAlike { to: Scalar::Bf16 }), "both round to the same");
    // One ulp of binary32 rounds alike nearly always, which says nothing.
    let near = of(&[Planted::f32("w", &[1.0, 1.5])], &[Planted::f32("w", &[1.0, 1.500_000_1])]);
    assert_eq!(relation(&near), None, "a small difference has no cause");
}

#[test]
fn transposed_reshaped_scaled() {
    let values = numbers(12);
    let turned: Vec<f32> = (0..12).map(|i| values[(i % 4) * 3 + i / 4]).collect();
    let (left, right) = (Planted::f32("w", &values).shaped(&[4, 3]), Planted::f32("w", &turned).shaped(&[3, 4]));
    told(&left, &right, &Relation::Transposed, "The right is the left transposed");
    let square = Planted::f32("w", &values[..9]).shaped(&[3, 3]);
    let turned: Vec<f32> = (0..9).map(|i| values[(i % 3) * 3 + i / 3]).collect();
    told(
        &square,
        &Planted::f32("w", &turned).shaped(&[3, 3]),
        &Relation::Transposed,
        "The right is the left transposed",
    );
    let flat = Planted::f32("w", &values);
    told(&left, &flat, &Relation::Reshaped, "The same elements in the same order, under another shape");
    let by = |f: f32| Planted::f32("w", &values.iter().map(|x| x * f).collect::<Vec<_>>());
    told(
        &flat,
        &by(8.0),
        &Relation::Scaled { exponent: 3, negative: false },
        "The right is the left times 2^3, exactly",
    );
    told(
        &flat,
        &by(-0.5),
        &Relation::Scaled { exponent: -1, negative: true },
        "The right is the left times -2^-1, exactly",
    );
    assert_eq!(relation(&of(from_ref(&flat), &[by(3.0)])), None, "no power of two");
    // A subnormal loses a digit.
    let (whole, halves) = (numbers(8), numbers(8).iter().map(|x| x / 2.0).collect::<Vec<_>>());
    let with = |values: &[f32], last: f32| Planted::f32("w", &[values, &[last]].concat());
    let found = of(&[with(&whole, f32::from_bits(3))], &[with(&halves, f32::from_bits(2))]);
    assert_eq!(relation(&found), None, "rounded on the way");
    // A zero whose sign does not follow the factor's.
    let found = of(&[with(&halves, 0.0)], &[with(&whole, -0.0)]);
    assert_eq!(relation(&found), None, "the sign of a zero");
    let found = of(&[with(&halves, -0.0)], &[with(&whole, -0.0)]);
    assert!(relation(&found).is_some(), "zeros that follow it");
    assert_eq!(
        relation(&of(&[Planted::f32("w", &[1.0])], &[Planted::f32("w", &[2.0])])),
        None,
        "one number says nothing"
    );
}

#[test]
fn names_exchanged_and_renamed() {
    let (a, b) = (numbers(2000), numbers(4000).split_off(2000));
    let named = |name: &str, values: &[f32]| Planted::f32(name, values);
    let found = of(&[named("x", &a), named("y", &b)], &[named("x", &b), named("y", &a)]);
    assert_eq!(headline(&found), "Equal, with the names x and y exchanged", "exchanged");
    let found = of(&[named("x", &a), named("y", &b)], &[named("x", &b), nearly(named("y", &a))]);
    assert!(found.exchanged.is_empty(), "one element is off");
    let found = of(&[named("x", &a), named("old", &b)], &[named("x", &a), named("new", &b)]);
    assert_eq!(found.renamed.len(), 1, "renamed");
    assert_eq!(
        headline(&found),
        "All 1 tensor are equal, bit for bit; 1 tensor under another name".replace("All 1 tensor are equal", "Equal"),
        "renamed"
    );
    let found = of(&[named("x", &a), named("old", &b)], &[named("x", &a), nearly(named("new", &b))]);
    assert!(found.renamed.is_empty() && !found.is_same(), "one element is off");
    // Two that are equal: no name says which is which.
    let found = of(&[named("x", &a), named("p", &b), named("q", &b)], &[named("x", &a), named("r", &b)]);
    assert!(found.renamed.is_empty(), "two are alike");
}
