use super::*;
use crate::kernels::{self, Buffer};
use crate::numerics::arith::Arithmetic;
use crate::numerics::drift;

/// Sizes at which a part, a tree or a block is short, and one that fills them.
const SIZES: [u32; 7] = [1, 2, 3, 61, 256, 1021, 4099];

fn cases() -> Vec<Case> {
    let mut out = Vec::new();
    for (_, variant) in VARIANTS {
        for n in SIZES {
            for dist in ["normal", "wide", "positive"] {
                let case = Case::of("sum", variant).with("n", n).with("rows", 3).with("dist", dist);
                out.push(if variant.params.iter().any(|p| p.name == "wg") { case.with("wg", 64) } else { case });
            }
        }
    }
    out
}

#[test]
fn twins_are_within_the_allowance_in_every_arithmetic() {
    for case in cases() {
        let problem = kernels::problem(&case).unwrap();
        let (exact, allowance) = (problem.exact().unwrap(), problem.allowance());
        let strict = problem.twin(Arithmetic::STRICT, 1);
        for arithmetic in problem.arithmetics() {
            let Some(twin) = problem.twin(*arithmetic, 2) else { continue };
            let found = drift::accuracy(&twin, Some(&exact), &allowance, strict.as_ref());
            assert_eq!(found.outside, 0, "{case} {}: {found:?}", arithmetic.name());
            assert_eq!(found.unconstrained, 0, "{case}: the allowance says something of every row");
        }
    }
}

#[test]
fn an_error_that_no_order_explains_is_outside() {
    for case in cases() {
        let problem = kernels::problem(&case).unwrap();
        let kernels::Allowance::Intervals(intervals) = problem.allowance() else { continue };
        let input = problem.exact().unwrap();
        for (interval, sum) in intervals.iter().zip(&input.values) {
            assert!(interval.allows(*sum), "{case}: the truth is allowed");
            assert!(!interval.allows(f64::NAN), "{case}: NaN is not");
            assert!(!interval.allows(f64::INFINITY), "{case}: infinity is not");
        }
    }
    // A missing number is noticed: half of a positive sum is out of bounds.
    let case = Case::parse("sum/serial_tree?n=4096&dist=positive&wg=64").unwrap();
    let kernels::Allowance::Intervals(intervals) = kernels::problem(&case).unwrap().allowance() else {
        panic!("intervals")
    };
    let sum = kernels::problem(&case).unwrap().exact().unwrap().values[0];
    assert!(!intervals[0].allows(sum * 0.9995), "a sum without two of 4096 numbers is out of bounds");
}

#[test]
fn planned_cases_read_back_and_their_shaders_parse() {
    let mut sources = std::collections::BTreeSet::new();
    for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
        for case in Sum.plan(profile, 7) {
            assert_eq!(Case::parse(&case.to_string()).as_ref(), Ok(&case), "reads back");
            // The shader depends on the variant and the workgroup size alone, so that few numbers are enough.
            let small = case.clone().with("n", 5).with("rows", 2);
            if let Some(program) = kernels::problem(&small).unwrap().program() {
                assert!(program.passes.iter().all(|p| program.source.contains(&format!("fn {}(", p.entry))), "{case}");
                sources.insert(program.source);
            }
        }
    }
    assert!(sources.len() > 12, "every variant has a shader of its own");
    for source in sources {
        if let Err(e) = naga::front::wgsl::parse_str(&source) {
            panic!("{}", e.emit_to_string(&source));
        }
    }
}

#[test]
fn pairwise_levels_cover_the_largest_row() {
    // Only the plan of the passes matters, so a row of one number stands for the buffers.
    for (n, wg) in [(1, 16), (33, 16), (1 << 20, 16), (65_521, 256)] {
        let case = Case::parse(&format!("sum/pairwise?n={n}&rows=1&wg={wg}")).unwrap();
        let program = kernels::problem(&case).unwrap().program().unwrap();
        let Buffer::Input(params) = &program.buffers[1] else { panic!("params") };
        let last = &params[params.len() - 3..];
        assert!(last[0] <= 2 * wg, "{case}: the last level fits one workgroup, {last:?}");
        assert_eq!(last[2] as usize, program.output.first_word, "{case}: the last level's sums are the output");
    }
    assert!(32u64.pow(6) >= 1 << 26, "six levels of 32 cover the largest row");
}

#[test]
fn parameters_out_of_range_say_what_is_wanted() {
    for (id, wanted) in [
        ("sum/serial_tree?wg=96", "power of two"),
        ("sum/serial_tree?wg=2048", "from 1 to 1024"),
        ("sum/pairwise?wg=8", "from 16 to 1024"),
        ("sum/serial_tree?n=0", "from 1 to"),
        ("sum/serial_tree?n=67108864&rows=2", "n * rows"),
        ("sum/serial_tree?dist=bits", "one of"),
        ("sum/two_pass?groups=40000", "from 1 to 32768"),
    ] {
        let error = Case::parse(id).and_then(|c| kernels::problem(&c).map(|_| ())).unwrap_err();
        assert!(error.0.contains(wanted), "{id}: {error}");
        assert!(!error.0.contains('\n'), "{id}: one line");
    }
}

#[test]
fn compensation_helps_and_threads_do_what_their_names_say() {
    let problem = |id: &str| kernels::problem(&Case::parse(id).unwrap()).unwrap();
    let worst = |id: &str| {
        let p = problem(id);
        let twin = p.twin(Arithmetic::STRICT, 1).unwrap();
        drift::accuracy(&twin, p.exact().as_ref(), &p.allowance(), Some(&twin)).max_ulp
    };
    let plain = worst("sum/serial_tree?n=65536&wg=64&dist=positive");
    for compensated in ["kahan", "neumaier", "kahan_guarded", "neumaier_guarded"] {
        let error = worst(&format!("sum/{compensated}?n=65536&wg=64&dist=positive"));
        assert!(error < 1.5 && error < plain / 2.0, "{compensated}: {error} ulp beside {plain}");
    }
    let fixed = problem("sum/threads_fixed?n=50021&rows=4");
    let chunked = problem("sum/threads_chunked?n=50021&rows=4");
    assert_eq!(fixed.threaded(1), fixed.threaded(5), "a fixed split");
    assert_ne!(chunked.threaded(1), chunked.threaded(5), "a split by threads");
    assert_eq!(chunked.threaded(1), chunked.twin(Arithmetic::STRICT, 3), "the twin is one thread's");
}

#[test]
fn pairwise_and_shuffle_orders_are_the_ones_they_claim() {
    type S = crate::numerics::arith::Ieee<false, false>;
    let x = [1.0f32, 1e8, -1e8, 3.0, 0.5];
    assert_eq!(twin::pairwise::<S>(&x), ((1.0f32 + 1e8) + (-1e8 + 3.0)) + 0.5, "neighbours");
    assert_eq!(twin::serial_tree::<S>(&x, 2), (((0.0 + 1.0f32) - 1e8) + 0.5) + (1e8f32 + 3.0), "strided parts");
    assert_eq!(twin::strided_pairs::<S>(&x, 4), ((1.0f32 + 0.5) + 1e8) + (-1e8 + 3.0), "strided, then neighbours");
    assert_eq!(twin::two_pass::<S>(&x, 1, 2), ((1.0f32 - 1e8) + 0.5) + (1e8f32 + 3.0), "two workgroups of one");
}

#[test]
fn special_rows_cover_every_outcome() {
    let problem = kernels::problem(&Case::parse("sum/exact?dist=special&n=4096&rows=64").unwrap()).unwrap();
    let twin = problem.twin(Arithmetic::STRICT, 1).unwrap();
    let has = |kind: fn(f32) -> bool| (0..twin.len).any(|i| kind(f32::from_bits(twin.get(i))));
    assert_eq!(twin.get(0), 0x8000_0000, "the row of -0");
    assert!(f32::from_bits(twin.get(1)).is_subnormal(), "the row of subnormals");
    assert!(has(f32::is_nan) && has(f32::is_infinite) && has(f32::is_normal), "NaN, infinities and numbers");
}

#[test]
fn observations_name_the_order_that_made_an_output() {
    type S = crate::numerics::arith::Ieee<false, false>;
    let found = |id: &str, sum: &dyn Fn(&[f32]) -> f32| {
        let problem = kernels::problem(&Case::parse(id).unwrap()).unwrap();
        let Buffer::Input(words) = &problem.program().unwrap().buffers[0] else { panic!("numbers") };
        let numbers: Vec<f32> = words.iter().map(|w| f32::from_bits(*w)).collect();
        let sums: Vec<f32> = numbers.chunks(4096).map(sum).collect();
        problem.observe(&crate::model::bits::Bits::f32(&sums)).iter().map(|o| o.value).collect::<Vec<_>>()
    };
    let id = "sum/subgroup?n=4096&wg=128";
    assert_eq!(found(id, &|row| twin::serial_subgroups::<S>(row, 128, 16)), [16.0, 0.0, 0.0], "16 lanes in turn");
    assert_eq!(found(id, &|row| twin::halving_subgroups::<S>(row, 128, 32)), [0.0, 32.0, 0.0], "32 lanes by halves");
    // Neighbours are subgroups of one or two, of either kind.
    assert_eq!(found(id, &|row| twin::strided_pairs::<S>(row, 128)), [1.0, 1.0, 1.0], "neighbours");
    assert_eq!(found(id, &|row| row[0]), [0.0, 0.0, 0.0], "no sum at all");
    let id = "sum/kahan?n=4096&wg=64";
    assert_eq!(found(id, &|row| twin::serial_tree::<S>(row, 64)), [1.0], "the plain sum");
    assert_eq!(found(id, &|row| twin::exact(row)), [0.0], "a better one");
}

#[test]
fn guarded_sums_are_held_to_a_tighter_bound() {
    let width = |variant: &str| {
        let case = Case::parse(&format!("sum/{variant}?n=65536&rows=1&wg=64")).unwrap();
        let kernels::Allowance::Intervals(found) = kernels::problem(&case).unwrap().allowance() else {
            panic!("intervals")
        };
        found[0].hi - found[0].lo
    };
    assert!(width("kahan_guarded") < width("serial_tree") / 20.0, "Kahan's");
    assert!(width("neumaier_guarded") < width("kahan_guarded") / 10.0, "Neumaier's");
    assert!(width("kahan") > width("serial_tree"), "what may be simplified away is held to no more than the plain sum");
}
