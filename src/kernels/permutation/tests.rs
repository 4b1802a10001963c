use super::*;
use crate::kernels::rowwise::testing::{check_plans, check_twin};
use crate::kernels::{self, Allowance};
use crate::model::bits::Bits;
use crate::numerics::arith::Arithmetic;
use crate::numerics::inputs::philox::{key, philox4x32_10};

fn problem(id: &str) -> Box<dyn Problem> {
    kernels::problem(&Case::parse(id).unwrap()).unwrap_or_else(|e| panic!("{id}: {e}"))
}

fn twin(id: &str) -> Vec<u32> {
    problem(id).twin(Arithmetic::STRICT, 2).unwrap().words
}

fn observed(problem: &dyn Problem, output: &Bits, name: &str) -> f64 {
    problem.observe(output).iter().find(|o| o.name == name).unwrap_or_else(|| panic!("{name}")).value
}

#[test]
fn plans_read_back_and_shaders_parse() {
    check_plans(&Permutation);
}

#[test]
fn twins_are_permutations_and_allowed() {
    for n in [1, 2, 3, 5, 64, 255, 256, 257, 1000] {
        for id in [
            format!("permutation/fisher_yates?n={n}&bits=10"),
            format!("permutation/fisher_yates?n={n}&bits=32&draw=modulo"),
            format!("permutation/sort?n={n}&bits=32&wg=16&groups=3"),
            format!("permutation/sort?n={n}&bits=3&wg=1&groups=1"),
            format!("permutation/ties_by_launch?n={n}&bits=4&wg=8&groups=2"),
        ] {
            let found = check_twin(&id);
            let order = found.twin(Arithmetic::STRICT, 1).unwrap();
            let mut sorted = order.words.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..n).collect::<Vec<_>>(), "{id} has every sample once");
            assert_eq!(observed(found.as_ref(), &order, "not_once"), 0.0, "{id}");
        }
    }
}

/// Each order from its definition, one sample at a time.
#[test]
fn sorts_are_as_defined() {
    let word = |i: u32| philox4x32_10([i / 4, 0, 0, 0], [7, 0])[(i % 4) as usize];
    let (n, bits) = (1000, 6);
    let sorted = |tie: &dyn Fn(u32) -> u32| {
        let mut order: Vec<u32> = (0..n).collect();
        order.sort_by_key(|i| (word(*i) >> (32 - bits), tie(*i), *i));
        order
    };
    assert_eq!(twin("permutation/sort?n=1000&bits=6"), sorted(&|i| i), "ties by number");
    let launched = |wg: u32, groups: u32| {
        let id = format!("permutation/ties_by_launch?n=1000&bits=6&wg={wg}&groups={groups}");
        assert_eq!(twin(&id), sorted(&|i| i % (wg * groups)), "{id}");
        twin(&id)
    };
    assert_ne!(launched(16, 2), launched(16, 3), "another launch, another order");
    let sort = |launch: &str| twin(&format!("permutation/sort?n=1000&bits=6&{launch}"));
    assert_eq!(sort("wg=16&groups=2"), sort("wg=64&groups=1"), "ties by number: the launch changes nothing");
}

/// Pearson's statistic of the permutations of `n` samples over shuffles from `shuffle(seed)`, and its degrees of freedom.
fn chi_square(n: u32, shuffles: u64, shuffle: impl Fn(u64) -> Vec<u32>) -> (f64, f64) {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..shuffles {
        *seen.entry(shuffle(seed)).or_insert(0u32) += 1;
    }
    let permutations: u32 = (1..=n).product();
    let expected = shuffles as f64 / f64::from(permutations);
    let missing = f64::from(permutations) - seen.len() as f64;
    let sum: f64 = seen.values().map(|k| (f64::from(*k) - expected).powi(2) / expected).sum();
    (sum + missing * expected, f64::from(permutations - 1))
}

/// A fair shuffle is within five standard deviations of the mean of chi-square; biased ones are far beyond. Seeds are
/// fixed, so that this either holds or does not.
#[test]
fn shuffles_are_fair_where_they_say_so() {
    let limit = |freedom: f64| freedom + 5.0 * (2.0 * freedom).sqrt();
    let drawn = |bits, draw| move |seed| Bounded::new(seed, bits, draw).shuffle(4);
    for bits in [2, 3, 32] {
        let (found, freedom) = chi_square(4, 12_000, drawn(bits, Draw::Reject));
        assert!(found < limit(freedom), "{bits} bits with rejection: {found} of {freedom}");
    }
    for draw in [Draw::Multiply, Draw::Modulo] {
        let (found, freedom) = chi_square(4, 12_000, drawn(3, draw));
        assert!(found > 3.0 * limit(freedom), "three bits by {draw:?} are biased: {found} of {freedom}");
    }
    let sorted = |bits| move |seed| twin(&format!("permutation/sort?n=4&bits={bits}&seed={seed}"));
    let (found, freedom) = chi_square(4, 12_000, sorted(32));
    assert!(found < limit(freedom), "by 32-bit keys: {found} of {freedom}");
    let (found, freedom) = chi_square(4, 12_000, sorted(2));
    assert!(found > 3.0 * limit(freedom), "ties by number favour the order of the input: {found} of {freedom}");
    // The textbook's mistake: exchange with any place, not with one at or before.
    let naive = |seed| {
        let mut bounded = Bounded::new(seed, 32, Draw::Reject);
        let mut order = vec![0, 1, 2, 3];
        for i in 0..4 {
            order.swap(i, bounded.below(4) as usize);
        }
        order
    };
    let (found, freedom) = chi_square(4, 12_000, naive);
    assert!(found > 3.0 * limit(freedom), "exchanges with any place: {found} of {freedom}");
}

#[test]
fn words_are_drawn_again_as_often_as_expected() {
    let found = problem("permutation/fisher_yates?n=1000&bits=12");
    let rejected = observed(found.as_ref(), &found.twin(Arithmetic::STRICT, 1).unwrap(), "words_rejected");
    // Σ (2^12 mod k) / (2^12 - 2^12 mod k) over the bounds.
    let expected: f64 = (2..=1000u32).map(|k| f64::from(4096 % k) / f64::from(4096 - 4096 % k)).sum();
    assert!((rejected - expected).abs() < 5.0 * expected.sqrt(), "{rejected} words, {expected} expected");
    let biased = problem("permutation/fisher_yates?n=1000&bits=12&draw=modulo");
    let bias = observed(biased.as_ref(), &biased.twin(Arithmetic::STRICT, 1).unwrap(), "permutation_bias");
    assert!(bias > 100.0, "twelve bits for a thousand places: 2^{bias}");
}

/// Expected collisions of n words of b bits: n (1 - (1 - 2^-b)^(n-1)) samples share theirs.
#[test]
fn ties_are_as_many_as_expected() {
    for (n, bits) in [(50_000, 24), (4096, 12), (5000, 8)] {
        let found = problem(&format!("permutation/sort?n={n}&bits={bits}"));
        let tied = observed(found.as_ref(), &found.twin(Arithmetic::STRICT, 1).unwrap(), "tied");
        let expected = f64::from(n) * -libm::expm1(f64::from(n - 1) * libm::log1p(-libm::exp2(-f64::from(bits))));
        assert!((tied - expected).abs() <= 5.0 * (2.0 * expected).sqrt(), "{n} of {bits} bits: {tied}, {expected}");
    }
}

/// Where ties are left to the order of arrival, exactly the samples of a tie may take each other's places.
#[test]
fn ties_in_any_order_are_allowed_and_nothing_else() {
    let found = problem("permutation/atomic_ties?n=500&bits=4");
    assert!(found.twin(Arithmetic::STRICT, 1).is_none(), "no order is defined");
    let Allowance::Intervals(intervals) = found.allowance() else { panic!("intervals") };
    let allowed = |order: &[u32]| order.iter().zip(&intervals).all(|(s, i)| i.allows((*s).into()));
    for id in
        ["sort?n=500&bits=4", "ties_by_launch?n=500&bits=4&wg=1&groups=7", "ties_by_launch?n=500&bits=4&wg=16&groups=2"]
    {
        let order = twin(&format!("permutation/{id}"));
        assert!(allowed(&order), "{id} is one of the orders");
        let differ = found.observe(&Bits::words(crate::model::bits::Dtype::U32, order.clone()));
        assert_eq!(differ[1].value > 0.0, id.starts_with("ties"), "{id} moves ties");
    }
    let mut other = twin("permutation/sort?n=500&bits=4");
    other.swap(0, 499);
    assert!(!allowed(&other), "the first and the last have different words");
}

#[test]
fn loaders_are_observed_for_what_they_do() {
    let of = |variant: &str, threads: usize, name: &str| {
        let found = problem(&format!("permutation/{variant}?n=1000&batch=16"));
        let output = found.threaded(threads).unwrap();
        assert_eq!(observed(found.as_ref(), &output, "not_once"), 0.0, "{variant} on {threads} threads");
        observed(found.as_ref(), &output, name)
    };
    for threads in [1, 2, 3] {
        let many = threads > 1;
        assert_eq!(of("loader_by_sample", threads, "moved"), 0.0, "{threads} threads, by sample");
        assert_eq!(of("loader_by_sample", threads, "other_words"), 0.0, "{threads} threads, by sample");
        assert_eq!(of("loader_worker_seed", threads, "moved"), 0.0, "{threads} threads, a seed a worker");
        assert_eq!(of("loader_worker_seed", threads, "other_words") > 900.0 / 3.0, many, "{threads} threads");
        assert_eq!(of("loader_sharded", threads, "moved") > 900.0, many, "{threads} threads, shards");
        assert_eq!(of("loader_sharded", threads, "other_words"), 0.0, "{threads} threads, shards");
        assert_eq!(of("loader_unordered", threads, "other_words"), 0.0, "{threads} threads, unordered");
    }
}

/// Runs of the race that is certain: one of two batches is last, by turns.
#[test]
fn a_held_batch_makes_runs_differ_for_certain() {
    let found = problem("permutation/loader_unordered?n=1000&batch=16&hold=alternate");
    for threads in [2, 3, 4] {
        let runs = [(); 4].map(|()| found.threaded(threads).unwrap());
        assert_ne!(runs[0], runs[1], "{threads} threads");
        assert_ne!(runs[2], runs[3], "{threads} threads");
    }
    let runs = [(); 4].map(|()| found.threaded(1).unwrap());
    assert!(runs.iter().all(|r| *r == runs[0]), "one worker has nobody to wait for");
}

#[test]
fn a_key_is_the_seed_in_two_words() {
    let seed = (3u64 << 32) + 9;
    assert_eq!(key(seed), [9, 3], "low word first");
    assert_ne!(
        twin("permutation/fisher_yates?n=50&seed=9"),
        twin(&format!("permutation/fisher_yates?n=50&seed={seed}"))
    );
}

#[test]
fn bad_parameters_say_what_to_type() {
    for id in [
        "fisher_yates?n=0",
        "fisher_yates?n=1048577",
        "fisher_yates?n=1000&bits=9",
        "fisher_yates?bits=33",
        "fisher_yates?draw=divide",
        "sort?wg=48",
        "sort?bits=0",
        "ties_by_launch?bits=17",
        "ties_by_launch?bits=16&wg=1024",
        "atomic_ties?groups=0",
        "loader_by_sample?batch=0",
        "loader_unordered?hold=maybe",
        "loader_sharded?seed=x",
    ] {
        let case = Case::parse(&format!("permutation/{id}")).unwrap();
        let error = kernels::problem(&case).err().unwrap_or_else(|| panic!("{id}")).to_string();
        assert!(error.contains("wanted") && !error.contains('\n'), "{id}: {error}");
    }
}
