use super::*;
use crate::kernels;
use crate::kernels::rowwise::testing::{check_plans, check_twin};
use crate::numerics::arith::Ieee;
use crate::numerics::drift;
use crate::numerics::inputs::philox::philox4x32_10;

type Strict = Ieee<false, false>;

fn twin(id: &str) -> Vec<f64> {
    let problem = kernels::problem(&Case::parse(id).unwrap()).unwrap();
    let bits = problem.twin(Arithmetic::STRICT, 2).unwrap();
    (0..bits.len).map(|i| bits.value(i)).collect()
}

#[test]
fn plans_read_back_and_shaders_parse() {
    check_plans(&Normal);
}

#[test]
fn the_twin_is_within_what_is_allowed() {
    for n in [1, 2, 3, 5, 97, 5000] {
        check_twin(&format!("normal/box_muller?n={n}&wg=32&groups=3"));
        check_twin(&format!("normal/inverse_cdf?n={n}&wg=32&groups=3"));
    }
}

/// Of a full turn WGSL limits the half up to pi; there the twins are within it.
#[test]
fn half_of_a_full_turn_is_left_open() {
    let problem = kernels::problem(&Case::parse("normal/full_turn?n=20000").unwrap()).unwrap();
    let (exact, allowance) = (problem.exact(), problem.allowance());
    for arithmetic in problem.arithmetics() {
        let twin = problem.twin(*arithmetic, 2).unwrap();
        let found = drift::accuracy(&twin, exact.as_ref(), &allowance, Some(&twin));
        assert_eq!(found.outside, 0, "{}: {found:?}", arithmetic.name());
        assert!((9_600..10_400).contains(&found.unconstrained), "{} of 20000 are open", found.unconstrained);
    }
}

/// The intervals hold the real values, and are narrow: WGSL's 2^-11 for a sine, and little more.
#[test]
fn the_allowance_is_what_wgsl_says_of_a_sine() {
    for block in 0..5000 {
        let [x, y, ..] = philox4x32_10([block, 0, 0, 0], [7, 0]);
        let exact = transform::exact(Angle::Centred, [x, y]);
        let radius = exact[0].hypot(exact[1]);
        for (value, interval) in exact.into_iter().zip(transform::allowed(Angle::Centred, [x, y])) {
            assert!(interval.allows(value), "{x:#x} {y:#x}: {value} in {interval:?}");
            // Where the radius is small, the error of a logarithm near 1 is what counts: 2^-21 of its square.
            let most = 2.2 * radius * f64::exp2(-11.0) + 4.0 * f64::exp2(-21.0) / radius + 1e-5;
            assert!(interval.hi - interval.lo < most, "{x:#x} {y:#x}: {interval:?} of radius {radius}");
        }
    }
}

/// `normal_(5, sqrt(5))` of 1000 x 100 with seed 14 on an RTX A4000, as pytorch/pytorch#97097 prints it: the element with
/// thread number t takes the first lane of counter (0, 0, t, 0).
#[test]
fn published_values_of_pytorch() {
    let rows = [
        (0, [2.8731, 5.2727, 2.9889]),
        (97, [1.6853, 9.6331, 6.6319]),
        (100, [3.9968, 3.8097, 5.7328]),
        (197, [4.4029, 3.9804, 7.4698]),
    ];
    for (thread, want) in rows.into_iter().flat_map(|(first, row)| (first..).zip(row)) {
        let [x, y, ..] = philox4x32_10([0, 0, thread, 0], [14, 0]);
        let [first, _] = transform::pair::<Strict>(Angle::FullTurn, [x, y]);
        let value = 5.0 + 5.0f64.sqrt() * f64::from(first);
        assert!((value - want).abs() < 5.1e-5, "thread {thread}: {value}, published {want}");
    }
}

/// Kolmogorov's statistic of 100,000 draws against the normal distribution, and its moments. With a fixed seed this is no
/// random test: 1.95 is the quantile of 0.1 %.
#[test]
fn draws_are_normal() {
    for name in ["box_muller", "full_turn", "inverse_cdf"] {
        let id = format!("normal/{name}?n=100000");
        let mut x = twin(&id);
        let n = x.len() as f64;
        let moment = |k: i32| x.iter().map(|v| v.powi(k)).sum::<f64>() / n;
        for (k, want, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let found = moment(k);
            assert!((found - want).abs() < 4.0 * f64::sqrt(variance / n), "{name}: moment {k} is {found}");
        }
        x.sort_by(f64::total_cmp);
        let cdf = |v: f64| 0.5 * libm::erfc(-v * std::f64::consts::FRAC_1_SQRT_2);
        let steps = x.iter().enumerate().map(|(i, v)| (cdf(*v) - (i as f64 + 0.5) / n).abs() + 0.5 / n);
        let ks = steps.fold(0.0, f64::max) * n.sqrt();
        assert!(ks < 1.95, "{name}: {ks}");
        let problem = kernels::problem(&Case::parse(&id).unwrap()).unwrap();
        let seen = problem.observe(&problem.twin(Arithmetic::STRICT, 2).unwrap());
        assert!(seen.iter().all(|o| o.value.abs() < 4.0), "{name}: {seen:?}");
    }
}

/// One word more or less gives other numbers only in the block it belongs to.
#[test]
fn numbers_are_placed_by_element() {
    for name in ["box_muller", "full_turn", "inverse_cdf"] {
        let long = twin(&format!("normal/{name}?n=103&wg=32&groups=1"));
        for n in [1, 2, 3, 4, 6, 102] {
            assert_eq!(twin(&format!("normal/{name}?n={n}&wg=64&groups=9")), long[..n], "{name}, {n}");
        }
    }
}

/// The inverse of the distribution function rises with the word, and takes both signs alike.
#[test]
fn the_inverse_is_odd() {
    for word in (0..10_000u32).map(|i| i.wrapping_mul(0x9e37_79b9)) {
        let [a, b] = [word, !word].map(|w| f32::from_bits(quantile::fixed(w).rounded()));
        assert_eq!(a, -b, "{word:#x}");
        assert!(a == 0.0 || (a < 0.0) == (word >> 31 == 0), "{word:#x}: {a}");
    }
}
