//! Dropout masks: where the random word of an element comes from decides whether a mask survives a change of the launch,
//! and how the word is compared decides whether it survives a change of the adapter.

use super::philox::{GROUPS, WG, words_by_element};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, Observation, Origin, OutputView, Param, Pass, Problem, Profile,
    Program, Shader, Variant,
};
use crate::arith::{Arith, Arithmetic};
use crate::bits::{Bits, Dtype};
use crate::case::{Case, CaseError};
use crate::engines::cpu;
use crate::inputs::philox::key;
use crate::inputs::philox_simd::{Axis, fill};
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Dropout;

const N: Param = Param::problem("n", "65536", "how many elements, 1 to 2^26");
const P: Param = Param::problem("p", "0.1", "probability of dropping, a decimal number in [0, 1)");
const SEED: Param = Param::problem("seed", "7", "the generator's key, low word first");
const KEEP: Param = Param::problem("keep", "integer", "how a word is compared with p: integer or float");

static VARIANTS: &[Variant] = &[
    Variant {
        name: "element",
        about: "Words placed by element: the mask is the same for every launch.",
        params: &[N, P, SEED, KEEP, WG, GROUPS],
    },
    Variant {
        name: "thread",
        about: "Words placed by thread as in PyTorch's scalar CUDA kernels: the mask depends on the launch by design.",
        params: &[N, P, SEED, KEEP, WG, GROUPS],
    },
    Variant {
        name: "thread_vec4",
        about: "Words placed by thread, four neighbours each, as in PyTorch's vectorised CUDA dropout.",
        params: &[N, P, SEED, KEEP, WG, GROUPS],
    },
    Variant {
        name: "threshold",
        about: "Consecutive words around the threshold in place of random ones: where comparing floats may differ.",
        params: &[
            Param::problem("n", "2048", "how many words, half of them below the threshold, 1 to 2^20"),
            P,
            KEEP,
            WG,
            GROUPS,
        ],
    },
];

impl Kernel for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn about(&self) -> &'static str {
        "Dropout masks from a counter-based generator, placed by element or by thread."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let sizes: &[u32] = profile.pick(&[20_011], &[1 << 20, 10_000_019], &[1 << 24, 1 << 26]);
        // The launches of small and large GPUs by PyTorch's rule, `min(ceil(n/256), SM * blocks)` blocks of 256: a
        // Tesla K80 (13 * 8), T4 (40 * 4), P100 (56 * 8), RTX 4080 Super (80 * 6), H100 (132 * 8).
        let launches: &[(u32, u32)] = profile.pick(
            &[(64, 16), (64, 32)],
            &[(256, 104), (256, 160), (256, 448)],
            &[(256, 104), (256, 160), (256, 480), (256, 1056), (1024, 264)],
        );
        let rates: &[&str] = profile.pick(&["0.1"], &["0.1", "0.5"], &["0.1", "0.5"]);
        let mut cases = Vec::new();
        for variant in &VARIANTS[..3] {
            for (n, p) in sizes.iter().flat_map(|n| rates.iter().map(move |p| (n, p))) {
                for (wg, groups) in launches {
                    let case = Case::of("dropout", variant).with("n", n).with("p", p).with("seed", seed);
                    cases.push(case.with("wg", wg).with("groups", groups));
                }
            }
        }
        let float = Case::of("dropout", &VARIANTS[0]).with("seed", seed).with("keep", "float");
        let (wg, groups) = launches[0];
        let n = profile.pick(20_011, 1 << 20, 1 << 24);
        cases.push(float.with("n", n).with("wg", wg).with("groups", groups));
        for p in ["0.1", "0.9"] {
            for keep in ["integer", "float"] {
                let case = Case::of("dropout", &VARIANTS[3]).with("p", p).with("keep", keep);
                cases.push(case.with("wg", wg).with("groups", 4));
            }
        }
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let text = case.text("p");
        let p = text.parse::<f64>().ok().filter(|p| (0.0..1.0).contains(p)).ok_or_else(|| {
            CaseError::new(format!("p={text} in '{case}': a decimal number from 0 to below 1 is wanted"))
        })?;
        let wg = case.count("wg", 1..=1024)?;
        let groups = case.count("groups", 1..=65535)?;
        let threads = wg as usize * groups as usize;
        let float = case.word("keep", &["integer", "float"])? == "float";
        let largest = if case.variant() == "threshold" { 1 << 20 } else { 1 << 26 };
        let n = case.count("n", 1..=largest)? as usize;
        let threshold = Threshold::new(p);
        let origin = float.then(|| origin(case)).flatten();
        let (place, key) = match case.variant() {
            "threshold" => (Place::Given(threshold.around(n)), [0, 0]),
            "thread" => (Place::Thread { threads }, key(case.seed("seed")?)),
            "thread_vec4" => (Place::Vec4 { threads }, key(case.seed("seed")?)),
            _ => (Place::Element, key(case.seed("seed")?)),
        };
        Ok(Box::new(Mask { n, p, threshold, key, float, place, wg, groups, origin }))
    }
}

/// The probability of dropping as the two comparisons use it.
#[derive(Debug, Clone, Copy)]
struct Threshold {
    /// `floor(p * 2^32)` of the binary64 nearest to `p`.
    word: u32,
    /// `p` in binary32.
    float: f32,
}

impl Threshold {
    #[expect(clippy::cast_possible_truncation, reason = "p is below 1, and rounding to binary32 is the point")]
    #[expect(clippy::cast_sign_loss, reason = "p is not negative")]
    fn new(p: f64) -> Self {
        Self { word: (p * 4_294_967_296.0) as u32, float: p as f32 }
    }

    /// `n` consecutive words with the threshold in the middle, wrapping around at the ends.
    fn around(self, n: usize) -> Vec<u32> {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        (0..n).map(|i| self.word.wrapping_sub(n / 2).wrapping_add(i)).collect()
    }

    fn keep_integer(self, word: u32) -> bool {
        word >= self.word
    }

    /// `f32(word) * 2^-32 + 2^-33 >= p`. The product is exact, so fusing changes nothing.
    #[expect(clippy::cast_precision_loss, reason = "the conversion's rounding is the point")]
    fn keep_float<A: Arith>(self, word: u32) -> bool {
        A::mad(word as f32, SCALE, HALF) >= self.float
    }

    /// Which outcomes of [`Threshold::keep_float`] the specification allows: the conversion may give either neighbour,
    /// and so may the addition.
    fn allowed(self, word: u32) -> Interval {
        let p = f64::from(self.float);
        let (mut kept, mut dropped) = (false, false);
        for converted in neighbours(f64::from(word)) {
            for u in neighbours(converted * f64::from(SCALE) + f64::from(HALF)) {
                if u >= p { kept = true } else { dropped = true }
            }
        }
        Interval { lo: f64::from(u8::from(!dropped)), hi: f64::from(u8::from(kept)) }
    }
}

const SCALE: f32 = 1.0 / 4_294_967_296.0;
const HALF: f32 = SCALE / 2.0;

/// The two binary32 numbers next to a positive number that is exact in binary64; twice itself where it is one.
#[expect(clippy::cast_possible_truncation, reason = "the rounding is corrected at once")]
fn neighbours(x: f64) -> [f64; 2] {
    let near = x as f32;
    let other = match f64::from(near).total_cmp(&x) {
        std::cmp::Ordering::Less => near.next_up(),
        std::cmp::Ordering::Equal => near,
        std::cmp::Ordering::Greater => near.next_down(),
    };
    [f64::from(near), f64::from(other)]
}

/// Where an element's random word comes from.
#[derive(Debug)]
enum Place {
    Element,
    Thread { threads: usize },
    Vec4 { threads: usize },
    Given(Vec<u32>),
}

struct Mask {
    n: usize,
    p: f64,
    threshold: Threshold,
    key: [u32; 2],
    float: bool,
    place: Place,
    wg: u32,
    groups: u32,
    origin: Option<Origin>,
}

/// What a comparison of floats compares: the words of the generator, or those that it was given, which another case
/// compares as integers.
fn origin(case: &Case) -> Option<Origin> {
    let then = "the conversion to floats and their comparison with p";
    match case.variant() {
        "threshold" => Some(Origin {
            what: "the same words compared as integers".to_owned(),
            problem: case.clone().with("keep", "integer").problem(),
            prefix: false,
            then: then.to_owned(),
        }),
        "element" => Some(super::uniform::origin(case.text("n"), case.text("seed"), then)),
        _ => None,
    }
}

impl Mask {
    /// The random word of each element.
    fn words(&self, threads: usize) -> Vec<u32> {
        match &self.place {
            Place::Element => words_by_element(self.n, self.key, threads),
            Place::Thread { threads: of } => self.words_by_thread(*of, threads, |turn, out| {
                // Lane after lane, each `of` elements long.
                for (lane, out) in out.chunks_mut(*of).enumerate() {
                    for (word, block) in out.iter_mut().zip(turn.chunks_exact(4)) {
                        *word = block[lane];
                    }
                }
            }),
            Place::Vec4 { threads: of } => {
                self.words_by_thread(*of, threads, |turn, out| out.copy_from_slice(&turn[..out.len()]))
            }
            Place::Given(words) => words.clone(),
        }
    }

    /// Words of counters `(turn, 0, thread, 0)`: `place(words, elements)` puts those of one turn, four a thread, into the
    /// `4 * of` elements of that turn.
    fn words_by_thread(&self, of: usize, threads: usize, place: impl Fn(&[u32], &mut [u32]) + Sync) -> Vec<u32> {
        let mut out = vec![0u32; self.n];
        cpu::rows(&mut out, 4 * of, threads, |turn, part| {
            let mut words = vec![0u32; 4 * of.min(part.len())];
            let turn = u32::try_from(turn).unwrap_or(u32::MAX);
            fill(&mut words, [turn, 0, 0, 0], self.key, Axis::Stream);
            place(&words, part);
        });
        out
    }
}

impl Problem for Mask {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::Mask, self.n)
    }

    fn program(&self) -> Option<Program> {
        let shader = Shader::new(include_str!("../../shaders/dropout.wgsl"))
            .define("WG", self.wg)
            .flag("FLOAT", self.float)
            .flag("ELEMENT", matches!(self.place, Place::Element))
            .flag("VEC4", matches!(self.place, Place::Vec4 { .. }))
            .flag("THRESHOLD", matches!(self.place, Place::Given(_)));
        let [key0, key1] = self.key;
        let mut params = vec![key0, key1, self.threshold.word, self.threshold.float.to_bits()];
        params.extend([SCALE.to_bits(), HALF.to_bits()]);
        if let Place::Given(words) = &self.place {
            params.extend(words);
        }
        Some(Program::new(
            shader.source(),
            vec![Buffer::Input(params), Buffer::Output(self.n)],
            vec![Pass::new("main", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::Mask, self.n),
        ))
    }

    /// The float comparison has no subnormals, and its product is exact: every arithmetic gives the same.
    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut words = self.words(threads);
        let threshold = self.threshold;
        let float = self.float;
        cpu::rows(&mut words, 1 << 14, threads, |_, part| {
            with_arith!(arithmetic, A => for word in part {
                *word = u32::from(if float { threshold.keep_float::<A>(*word) } else { threshold.keep_integer(*word) });
            });
        });
        Some(Bits::words(Dtype::Mask, words))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Integers are exact. A comparison of floats may go either way where a rounding of the word's conversion, or of the
    /// addition after it, can cross `p`: WGSL leaves both to the implementation. Nowhere else.
    fn allowance(&self) -> Allowance {
        if !self.float {
            return Allowance::Exact;
        }
        let words = self.words(cpu::available_threads());
        Allowance::Intervals(words.into_iter().map(|w| self.threshold.allowed(w)).collect())
    }

    fn origin(&self) -> Option<Origin> {
        self.origin.clone()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let n = self.n as f64;
        let kept = output.words.iter().filter(|w| **w == 1).count() as f64;
        let mut seen = vec![Observation::new("keep_rate", kept / n, "the fraction of elements that are kept")];
        if !matches!(self.place, Place::Given(_)) && self.p > 0.0 {
            let q = 1.0 - self.p;
            let z = (kept - n * q) / (n * q * self.p).sqrt();
            seen.push(Observation::new("keep_rate_z", z, "standard deviations of the number kept from n(1-p)"));
        }
        if self.float {
            let words = self.words(cpu::available_threads());
            let differs =
                words.iter().zip(&output.words).filter(|(w, m)| u32::from(self.threshold.keep_integer(**w)) != **m);
            let count = differs.count() as f64;
            seen.push(Observation::new(
                "differs_from_integer",
                count,
                "elements that the integer comparison decides otherwise",
            ));
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::philox::philox4x32_10;
    use crate::kernels;
    use crate::kernels::rowwise::testing::{check_plans, check_twin};

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
}
