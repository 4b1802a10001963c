//! How large a drift is, in words that fit what the elements are.

use super::severity::{Difference, Severity};
use crate::model::Quantity;
use crate::model::drift::Drift;

/// How large a drift is: `6 of 1,001 samples changed sides`, `213 of 256 integers are off by one`, or for floats what
/// kinds of difference there are, the worst first, with the largest relative distance beside that in ulp. `no
/// difference` where there is none.
#[must_use]
pub fn size(drift: &Drift, quantity: Quantity) -> String {
    if drift.is_none() {
        return "no difference".to_owned();
    }
    let (some, all) = (grouped(drift.differing), grouped(drift.elements));
    match quantity {
        Quantity::Float | Quantity::Bounded => floats(drift, quantity),
        Quantity::Mask => format!("another mask in {} ({some} of {all} elements)", share(drift.fraction())),
        Quantity::Membership => format!("{some} of {all} samples changed sides"),
        Quantity::Permutation => format!("{some} of {all} places hold another sample"),
        Quantity::Index => format!("{some} of {all} indices differ"),
        Quantity::Flag => format!("{some} of {all} tests gave the opposite answer"),
        Quantity::Count if drift.max_ulp == 1 => format!("{some} of {all} integers are off by one"),
        Quantity::Count => format!("{some} of {all} integers are off, by up to {}", grouped(drift.max_ulp)),
        Quantity::Word => format!("{some} of {all} words differ"),
    }
}

/// What an element is that is finite on neither side and differs.
pub const NOT_FINITE: &str = "NaN against infinity, or infinity of the other sign";

/// What an element is that is zero on the left, and of which no relative distance tells.
pub const FROM_ZERO: &str = "from zero to a number";

/// What an element is that flushing explains.
pub const FLUSHED: &str = "zero on one side, a subnormal or the smallest normal number on the other";

fn floats(drift: &Drift, quantity: Quantity) -> String {
    let c = &drift.classes;
    let kinds = [
        (c.nan_versus_number, "NaN against a number"),
        (c.infinite, "infinity against another number"),
        (c.not_finite, NOT_FINITE),
    ];
    let of_all = |n: u64| match drift.elements {
        1 => "the one element".to_owned(),
        all => format!("{} of {} elements", grouped(n), grouped(all)),
    };
    let of = |(n, what): (u64, &str)| (n > 0).then(|| format!("{what} in {}", of_all(n)));
    let mut parts: Vec<String> = kinds.into_iter().filter_map(of).collect();
    if c.finite > 0 {
        let some = of_all(c.finite);
        // Where the left side is tiny, the largest relative distance says little, but it is true; where it is zero, there
        // is none.
        let relative = if drift.max_relative > 0.0 && drift.from_zero < c.finite {
            let zero = of((drift.from_zero, FROM_ZERO)).map(|zero| format!(", and {zero}")).unwrap_or_default();
            format!("{} relative{zero}", number(drift.max_relative))
        } else {
            format!("{} absolute", number(drift.max_absolute))
        };
        parts.push(if quantity == Quantity::Bounded && drift.max_absolute > FAR {
            format!(
                "{some} up to {} apart ({relative}), of a bounded function of which WGSL promises nothing beyond -π to π",
                number(drift.max_absolute),
            )
        } else {
            format!("{some}, up to {} ulp ({relative})", grouped(drift.max_ulp))
        });
    }
    let rest = [(c.flushed, FLUSHED), (c.zero_sign, "zero of the other sign")];
    parts.extend(rest.into_iter().filter_map(of));
    // WGSL promises neither: told only where there is nothing else.
    if parts.is_empty() { "only NaN of another sign or payload".to_owned() } else { parts.join("; ") }
}

/// More than WGSL allows of `sin` and `cos` from -π to π, twice 2^-11: two results this far apart are not both promised.
const FAR: f64 = 1.0 / 1024.0;

/// A number with three significant digits.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) {
        let digits = if x == 0.0 { 0.0 } else { (2.0 - libm::log10(x.abs()).floor()).max(0.0) };
        let power = libm::pow(10.0, digits);
        ((x * power).round() / power).to_string()
    } else {
        format!("{x:.2e}")
    }
}

/// How large the worst difference is, in a few letters: the largest relative distance of floats, `NaN` and `inf` for what is
/// no number on one side, the share of integers, flags and members that differ.
#[must_use]
pub fn brief(severity: &Severity) -> String {
    match severity.kind {
        Difference::None => "=".to_owned(),
        Difference::ZeroSign => "±0".to_owned(),
        Difference::Flushed => "→0".to_owned(),
        Difference::Finite => relative(severity.relative),
        Difference::Discrete => share(severity.share),
        Difference::NotFinite => "NaN/inf".to_owned(),
        Difference::Infinite => "inf".to_owned(),
        Difference::Nan => "NaN".to_owned(),
    }
}

/// A relative distance with two digits at most: `0.5`, `3e-7`.
#[must_use]
pub fn relative(x: f64) -> String {
    if (0.01..100.0).contains(&x) {
        let digits = if x < 0.1 { 3 } else { usize::from(x < 9.95) + usize::from(x < 1.0) };
        format!("{x:.digits$}")
    } else {
        format!("{x:.0e}")
    }
}

/// A share in per cent, never rounded to none or all.
#[must_use]
pub fn share(fraction: f64) -> String {
    let percent = 100.0 * fraction;
    match percent {
        p if p >= 99.95 && fraction < 1.0 => "> 99.9 %".to_owned(),
        p if p > 0.0 && p < 0.05 => "< 0.1 %".to_owned(),
        p if p >= 9.95 => format!("{p:.0} %"),
        p => format!("{p:.1} %"),
    }
}

/// A whole number with a comma before every three digits.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bits::{Bits, Dtype};
    use crate::numerics::drift::measure;

    fn integers(dtype: Dtype, left: &[u32], right: &[u32], quantity: Quantity) -> String {
        size(&measure(&Bits::words(dtype, left.to_vec()), &Bits::words(dtype, right.to_vec())).unwrap(), quantity)
    }

    #[test]
    fn integers_are_told_as_what_they_are() {
        let (a, b) = ([0, 1, 2, 0xffff_ffff], [0, 1, 3, 7]);
        let of = |quantity| integers(Dtype::U32, &a, &b, quantity);
        assert_eq!(of(Quantity::Index), "2 of 4 indices differ", "no distance");
        assert_eq!(of(Quantity::Word), "2 of 4 words differ", "no distance");
        assert_eq!(of(Quantity::Permutation), "2 of 4 places hold another sample", "no distance");
        assert_eq!(of(Quantity::Count), "2 of 4 integers are off, by up to 4,294,967,288", "a distance");
        assert_eq!(
            integers(Dtype::I32, &[12, 13], &[11, 13], Quantity::Count),
            "1 of 2 integers are off by one",
            "one"
        );
        let sides: Vec<u32> = (0..1001).map(|i| u32::from(i % 7 == 0)).collect();
        let moved: Vec<u32> = sides.iter().enumerate().map(|(i, s)| if i < 6 { 1 - s } else { *s }).collect();
        let of = |quantity| integers(Dtype::Mask, &sides, &moved, quantity);
        assert_eq!(of(Quantity::Membership), "6 of 1,001 samples changed sides", "a split");
        assert_eq!(of(Quantity::Mask), "another mask in 0.6 % (6 of 1,001 elements)", "a mask");
        assert_eq!(integers(Dtype::Mask, &sides, &sides, Quantity::Mask), "no difference", "none");
    }

    #[test]
    fn floats_have_their_worst_class_first_and_a_relative_size() {
        let of = |left: &[f32], right: &[f32], quantity| {
            size(&measure(&Bits::f32(left), &Bits::f32(right)).unwrap(), quantity)
        };
        let found = of(&[1.0, 2.0, 0.0], &[1.0 + f32::EPSILON, f32::NAN, -0.0], Quantity::Float);
        assert_eq!(
            found,
            "NaN against a number in 1 of 3 elements; 1 of 3 elements, up to 1 ulp (1.19e-7 relative); \
             zero of the other sign in 1 of 3 elements",
            "classes"
        );
        let from_zero = of(&[0.0, 1.0, 2.0], &[1.0, 1.0 + f32::EPSILON, 2.0], Quantity::Float);
        let apart = "up to 1,065,353,216 ulp (1.19e-7 relative, and from zero to a number in 1 of 3 elements)";
        assert_eq!(from_zero, format!("2 of 3 elements, {apart}"), "of zero no distance is relative");
        let far = of(&[0.5, 0.5], &[-0.75, 0.5], Quantity::Bounded);
        assert!(
            far.contains("1.25 apart (2.5 relative), of a bounded function of which WGSL promises nothing")
                && !far.contains("ulp"),
            "{far}"
        );
        let near = of(&[0.5, 0.5], &[0.5 + f32::EPSILON, 0.5], Quantity::Bounded);
        assert!(near.contains("2 ulp") && !near.contains("bounded"), "{near}");
    }

    #[test]
    fn a_field_of_a_table_says_the_worst_in_a_few_letters() {
        let of = |kind, relative, share| brief(&Severity { kind, relative, share, ulp: 1 });
        assert_eq!(of(Difference::Finite, 3.4e-7, 0.5), "3e-7", "tiny");
        assert_eq!(of(Difference::Finite, 0.04, 0.5), "0.040", "small");
        assert_eq!(of(Difference::Finite, 2.0, 0.5), "2.0", "a change of sign");
        assert_eq!(of(Difference::Finite, 15.2, 0.5), "15", "far");
        assert_eq!(of(Difference::Finite, 3.3e5, 0.5), "3e5", "huge");
        assert_eq!(of(Difference::Discrete, 0.0, 0.006), "0.6 %", "integers have a share");
        assert_eq!(of(Difference::Nan, 3.4e-7, 0.5), "NaN", "before any distance");
    }

    #[test]
    fn shares_are_never_rounded_to_none_or_all() {
        assert_eq!(share(0.0), "0.0 %", "none");
        assert_eq!(share(1e-6), "< 0.1 %", "few");
        assert_eq!(share(0.12), "12 %", "some");
        assert_eq!(share(0.999_999), "> 99.9 %", "almost all");
        assert_eq!(share(1.0), "100 %", "all");
        assert_eq!(grouped(1_234_567), "1,234,567", "commas");
        assert_eq!(grouped(999), "999", "none");
    }
}
