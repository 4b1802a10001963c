use super::*;
use crate::kernels;
use crate::kernels::rowwise::testing::{check_plans, check_twin};
use crate::numerics::inputs::philox::philox4x32_10;

fn mask(id: &str) -> Vec<u32> {
    kernels::problem(&Case::parse(id).unwrap()).unwrap().twin(Arithmetic::STRICT, 2).unwrap().words
}

#[test]
fn plans_read_back_and_shaders_parse() {
    check_plans(&Dropout);
}

#[test]
fn the_twin_is_within_what_is_allowed() {
    for variant in ["element", "thread", "thread_vec4"] {
        for n in [1, 3, 97, 5000] {
            for keep in ["integer", "float"] {
                check_twin(&format!("dropout/{variant}?n={n}&p=0.3&keep={keep}&wg=32&groups=3"));
            }
        }
    }
    for p in ["0", "0.1", "0.75", "0.9", "0.999999999", "1e-9", "1e-40"] {
        check_twin(&format!("dropout/threshold?p={p}&keep=float"));
    }
}

/// Each placement, one element at a time from its definition (PyTorch's `div` and `mod`).
#[test]
fn words_are_placed_as_defined() {
    let threads = 3 * 32;
    let threshold = Threshold::new(0.3);
    for n in [1usize, 95, 96, 97, 383, 384, 385, 2000] {
        let at = |lane: usize, counter: [usize; 4]| {
            let counter = counter.map(|c| u32::try_from(c).unwrap());
            u32::from(threshold.keep_integer(philox4x32_10(counter, [7, 0])[lane]))
        };
        let element: Vec<_> = (0..n).map(|i| at(i % 4, [i / 4, 0, 0, 0])).collect();
        let in_turn = |i: usize| (i / (4 * threads), i % (4 * threads));
        let thread: Vec<_> = (0..n).map(in_turn).map(|(t, r)| at(r / threads, [t, 0, r % threads, 0])).collect();
        let vec4: Vec<_> = (0..n).map(in_turn).map(|(t, r)| at(r % 4, [t, 0, r / 4, 0])).collect();
        for (variant, want) in [("element", element), ("thread", thread), ("thread_vec4", vec4)] {
            let id = format!("dropout/{variant}?n={n}&p=0.3&wg=32&groups=3");
            assert_eq!(mask(&id), want, "{id}");
        }
    }
}

/// pytorch/pytorch#25690: `dropout(ones(1000, 1000), 0.5)` with seed 0 sums to 999826 on a P100 (56 multiprocessors,
/// 8 blocks each) and to 999100 on a K80 (13, 8). PyTorch keeps the low words and this keeps the high ones, so its
/// sum is twice the number dropped here.
#[test]
fn published_sums_of_pytorch() {
    for (groups, sum) in [(56 * 8, 999_826), (13 * 8, 999_100)] {
        let mask = mask(&format!("dropout/thread?n=1000000&p=0.5&seed=0&keep=float&wg=256&groups={groups}"));
        assert_eq!(2 * mask.iter().filter(|m| **m == 0).count(), sum, "{groups} blocks of 256");
    }
}

/// intel/torch-xpu-ops#2926: the elements that `dropout(p=0.1)` drops of 512 x 4 x 1024 with seed 1 on an RTX 4080
/// Super (80 multiprocessors, 6 blocks each). What PyTorch drops at `p` is what this keeps at `1 - p`.
#[test]
fn published_indices_of_pytorch() {
    let mask = mask("dropout/thread_vec4?n=2097152&p=0.9&seed=1&wg=256&groups=480");
    let zeros: Vec<_> = (0..mask.len()).filter(|i| mask[*i] == 1).collect();
    assert_eq!(zeros[..3], [8, 14, 20], "the first three");
    assert_eq!(zeros[zeros.len() - 3..], [2_097_121, 2_097_140, 2_097_151], "the last three");
}

/// pytorch/pytorch#194676 and PR #176584: two GPUs agree on as many elements as the smaller one has threads.
#[test]
fn masks_by_thread_agree_up_to_the_smaller_launch() {
    for (small, large, first) in [(3, 7, 96), (7, 5, 160)] {
        let [a, b] = [small, large].map(|g| mask(&format!("dropout/thread?n=20000&p=0.5&wg=32&groups={g}")));
        let differs = a.iter().zip(&b).position(|(a, b)| a != b).unwrap();
        assert!((first..first + 32).contains(&differs), "{small} and {large} groups first differ at {differs}");
    }
    assert_eq!(
        mask("dropout/element?n=20000&wg=32&groups=3"),
        mask("dropout/element?n=20000&wg=64&groups=9"),
        "by element, the launch changes nothing"
    );
}

/// A word is left open exactly where a rounding can cross the threshold, and only there.
#[test]
fn only_words_at_the_threshold_are_left_open() {
    let found = check_twin("dropout/threshold?n=4096&p=0.9&keep=float");
    let Allowance::Intervals(intervals) = found.allowance() else { panic!("intervals") };
    let open: Vec<_> = (0..4096).filter(|i| intervals[*i].lo != intervals[*i].hi).collect();
    // Floats are 256 apart there: two roundings move a word by less than 512, and p itself is rounded by up to 128.
    assert!(!open.is_empty() && open.len() < 512, "{} words are open", open.len());
    assert!(open.iter().all(|i| i.abs_diff(2048) < 512 + 128), "{open:?} are near the threshold");
    assert!(!intervals[0].allows(1.0) && !intervals[4095].allows(0.0), "far words are decided");
    let random = kernels::problem(&Case::parse("dropout/element?n=100000&keep=float").unwrap()).unwrap();
    let Allowance::Intervals(intervals) = random.allowance() else { panic!("intervals") };
    assert!(intervals.iter().filter(|i| i.lo != i.hi).count() <= 2, "random words are decided");
}

#[test]
fn a_fair_mask_has_a_small_z() {
    let found = kernels::problem(&Case::parse("dropout/element?n=1000000&p=0.1").unwrap()).unwrap();
    let seen = found.observe(&found.twin(Arithmetic::STRICT, 2).unwrap());
    let z = seen.iter().find(|o| o.name == "keep_rate_z").unwrap().value;
    assert!(z.abs() < 4.0, "z = {z}");
}

#[test]
fn bad_parameters_say_what_to_type() {
    for query in ["p=1", "p=-0.1", "p=nan", "p=x", "n=0", "keep=maybe", "groups=0", "wg=2000", "seed=a"] {
        let error = Dropout.problem(&Case::parse(&format!("dropout/thread?{query}")).unwrap()).err().unwrap();
        let error = error.to_string();
        assert!(error.contains("wanted") && !error.contains('\n'), "{query}: {error}");
    }
}

/// What is seen of the twin of `dropout/recompute`.
fn recomputed(query: &str, name: &str) -> f64 {
    let found = kernels::problem(&Case::parse(&format!("dropout/recompute?{query}")).unwrap()).unwrap();
    let twin = found.twin(Arithmetic::STRICT, 2).unwrap();
    found.observe(&twin).iter().find(|o| o.name == name).unwrap_or_else(|| panic!("{name}")).value
}

#[test]
fn recomputed_masks_are_two_masks() {
    for n in [1, 3, 97, 5000] {
        for place in ["element", "thread", "thread_vec4"] {
            let id = format!("dropout/recompute?n={n}&p=0.3&place={place}&wg=32&groups=3&again=2");
            let both = check_twin(&id).twin(Arithmetic::STRICT, 1).unwrap().words;
            let single = |groups: u32| mask(&format!("dropout/{place}?n={n}&p=0.3&wg=32&groups={groups}"));
            let (forward, backward) = both.split_at(n);
            assert_eq!((forward, backward), (&single(3)[..], &single(2)[..]), "{id}");
        }
    }
    // Four elements a counter: one counter ahead is four elements ahead.
    let both = mask("dropout/recompute?n=1000&p=0.3&advance=5");
    assert_eq!(both[20..1000], both[1000..1980], "five counters");
}

/// pytorch/pytorch#198333: forward and backward masks of a checkpointed layer agree as independent ones do, 82.000 %,
/// 62.5 % and 50 % for p = 0.1, 0.25 and 0.5.
#[test]
fn published_agreement_of_independent_masks() {
    for (p, published) in [("0.1", "82.000"), ("0.25", "62.500"), ("0.5", "50.000")] {
        for place in ["element", "thread", "thread_vec4"] {
            let n = 1 << 20;
            let of = |advance: u32, name: &str| {
                recomputed(&format!("n={n}&p={p}&place={place}&advance={advance}&wg=64&groups=16"), name)
            };
            let expected = of(3, "agreement_by_chance");
            assert_eq!(format!("{:.3}", 100.0 * expected), published, "p = {p}");
            let spread = (expected * (1.0 - expected) / f64::from(n)).sqrt();
            assert!((of(3, "agreement") - expected).abs() < 5.0 * spread, "p = {p} by {place}: {}", of(3, "agreement"));
            assert!(
                of(3, "kappa_mask").abs() < 5.0 * spread / (1.0 - expected),
                "p = {p} by {place}: no agreement beyond"
            );
            assert!(of(3, "first_divergent") < 100.0, "p = {p} by {place}: {}", of(3, "first_divergent"));
            assert_eq!((of(0, "agreement"), of(0, "kappa_mask")), (1.0, 1.0), "p = {p} by {place}, restored");
            assert_eq!(of(0, "first_divergent"), f64::from(n), "p = {p} by {place}: all agree");
        }
    }
}

/// The backward pass in another launch has the right generator and the wrong mask, unless words are placed by element.
#[test]
fn another_launch_is_another_mask_by_thread() {
    let of =
        |place: &str| recomputed(&format!("n=20000&p=0.5&place={place}&wg=32&groups=7&again=5"), "first_divergent");
    assert_eq!(of("element"), 20_000.0, "by element");
    let first = of("thread");
    assert!((160.0..192.0).contains(&first), "as many as the smaller launch has threads agree: {first}");
}

/// Four lanes of one word: every four is one value, and the number kept strays four times as far (in variance).
#[test]
fn lanes_that_share_a_word_are_seen() {
    let seen = |id: &str, name: &str| {
        let found = kernels::problem(&Case::parse(id).unwrap()).unwrap();
        let twin = found.twin(Arithmetic::STRICT, 2).unwrap();
        found.observe(&twin).iter().find(|o| o.name == name).unwrap().value
    };
    for p in ["0.1", "0.5"] {
        let query = format!("n=400000&p={p}&wg=32&groups=3");
        let expected = seen(&format!("dropout/element?{query}"), "duplicate_lanes_expected");
        for variant in ["element", "thread_vec4"] {
            let found = seen(&format!("dropout/{variant}?{query}"), "duplicate_lanes");
            let spread = (expected * (1.0 - expected) / 1e5).sqrt();
            assert!((found - expected).abs() < 5.0 * spread, "{variant}, p = {p}: {found} of {expected}");
        }
        assert_eq!(seen(&format!("dropout/shared_lane?{query}"), "duplicate_lanes"), 1.0, "p = {p}: one word for four");
    }
    let squares = |variant: &str| -> f64 {
        let z = |seed: u32| seen(&format!("dropout/{variant}?n=40000&p=0.5&seed={seed}&wg=32&groups=3"), "keep_rate_z");
        (0..100).map(|seed| z(seed).powi(2)).sum::<f64>() / 100.0
    };
    let (fair, shared) = (squares("element"), squares("shared_lane"));
    assert!((0.5..1.6).contains(&fair) && (2.0..6.4).contains(&shared), "variances of z: {fair} and {shared}");
}
