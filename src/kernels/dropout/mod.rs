//! Dropout masks: where the random word of an element comes from decides whether a mask survives a change of the launch,
//! and how the word is compared decides whether it survives a change of the adapter.

mod recompute;
mod seen;

#[cfg(test)]
mod tests;

use super::philox::{GROUPS, WG, words_from};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, Observation, Origin, OutputView, Param, Pass, Problem, Profile,
    Program, Range, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::inputs::philox::key;
use crate::numerics::inputs::philox_simd::{Axis, fill};
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Dropout;

const N: Param = Param::problem("n", "65536", Range::Whole(1, 1 << 26), "how many elements");
const P: Param = Param::problem("p", "0.1", Range::Decimal("[0, 1)"), "probability of dropping");
const SEED: Param = Param::problem("seed", "7", Range::Seed, "the generator's key, low word first");
const KEEP: Param =
    Param::problem("keep", "integer", Range::Words(&["integer", "float"]), "how a word is compared with p");

const N_TWICE: Param = Param::problem("n", "65536", Range::Whole(1, 1 << 25), "elements of each mask");
const ADVANCE: Param = Param::problem(
    "advance",
    "0",
    Range::Whole(0, 1 << 20),
    "counters that the generator is ahead in the second pass; 0 where its state was restored",
);
const PLACE: Param =
    Param::problem("place", "element", Range::Words(&["element", "thread", "thread_vec4"]), "where words come from");
const AGAIN: Param =
    Param::config("again", "0", Range::Whole(0, 65535), "workgroups of the second pass; 0 for as many as of the first");

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
            Param::problem("n", "2048", Range::Whole(1, 1 << 20), "how many words, half of them below the threshold"),
            P,
            KEEP,
            WG,
            GROUPS,
        ],
    },
    Variant {
        name: "recompute",
        about: "The mask of the forward pass, then as the backward pass computes it again (activation checkpointing).",
        params: &[N_TWICE, P, SEED, ADVANCE, PLACE, WG, GROUPS, AGAIN],
    },
    Variant {
        name: "shared_lane",
        about: "Four neighbours take one word, a published defect: duplicate lanes, and a keep rate that strays.",
        params: &[N, P, SEED, WG, GROUPS],
    },
];

impl Kernel for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn about(&self) -> &'static str {
        "Dropout masks from a counter-based generator, placed by element or by thread: the cause \"dropout\" of \
         irreproducible training."
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
                cases.extend([wg, 2 * wg].map(|wg| case.clone().with("wg", wg).with("groups", 4)));
            }
        }
        let case = |variant: usize| Case::of("dropout", &VARIANTS[variant]).with("n", n).with("seed", seed);
        let launched = |case: Case| case.with("wg", wg).with("groups", groups);
        for (place, advance) in [("element", 0), ("element", 1), ("thread", 0), ("thread", 1)] {
            cases.push(launched(case(4).with("place", place).with("advance", advance)));
        }
        // The backward pass in another launch: what is placed by thread is another mask there.
        let fewer = profile.pick(8, 52, 52);
        for place in ["element", "thread"] {
            cases.push(launched(case(4).with("place", place)).with("again", fewer));
        }
        cases.extend(launches[..2].iter().map(|(wg, groups)| case(5).with("wg", wg).with("groups", groups)));
        cases
    }

    /// Where words come by element, the launch is no matter.
    fn algorithm(&self, case: &Case) -> String {
        if matches!(case.variant(), "element" | "threshold") { case.problem() } else { case.to_string() }
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let p = case.decimal("p")?;
        let wg = case.count("wg")?;
        let groups = case.count("groups")?;
        let threads = wg as usize * groups as usize;
        if case.variant() == "recompute" {
            return recompute::problem(case, Threshold::new(p), p);
        }
        let float = case.variant() != "shared_lane" && case.word("keep")? == "float";
        let n = case.count("n")? as usize;
        let threshold = Threshold::new(p);
        let origin = float.then(|| origin(case)).flatten();
        let (place, key) = match case.variant() {
            "threshold" => (Place::Given(threshold.around(n)), [0, 0]),
            "shared_lane" => (Place::SharedLane, key(case.seed("seed")?)),
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
    /// As by element, but the first word of each four for all of them.
    SharedLane,
    Thread {
        threads: usize,
    },
    Vec4 {
        threads: usize,
    },
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

impl Place {
    /// The random word of each of `n` elements, from the counters `first`, `first + 1`, … of each sequence.
    fn words(&self, n: usize, key: [u32; 2], first: u32, threads: usize) -> Vec<u32> {
        match self {
            Self::Element => words_from(first, n, key, threads),
            Self::SharedLane => {
                let mut words = words_from(first, n, key, threads);
                for four in words.chunks_mut(4) {
                    let shared = four[0];
                    four.fill(shared);
                }
                words
            }
            Self::Thread { threads: of } => words_by_thread(n, key, first, *of, threads, |turn, out| {
                // Lane after lane, each `of` elements long.
                for (lane, out) in out.chunks_mut(*of).enumerate() {
                    for (word, block) in out.iter_mut().zip(turn.chunks_exact(4)) {
                        *word = block[lane];
                    }
                }
            }),
            Self::Vec4 { threads: of } => {
                words_by_thread(n, key, first, *of, threads, |turn, out| out.copy_from_slice(&turn[..out.len()]))
            }
            Self::Given(words) => words.clone(),
        }
    }

    /// The shader that places words so.
    fn shader(&self, wg: u32) -> Shader {
        Shader::new(include_str!("../../../shaders/dropout.wgsl"))
            .define("WG", wg)
            .flag("ELEMENT", matches!(self, Self::Element | Self::SharedLane))
            .flag("SHARED_LANE", matches!(self, Self::SharedLane))
            .flag("VEC4", matches!(self, Self::Vec4 { .. }))
            .flag("THRESHOLD", matches!(self, Self::Given(_)))
    }
}

/// Words of counters `(first + turn, 0, thread, 0)`: `place(words, elements)` puts those of one turn, four a thread, into
/// the `4 * of` elements of that turn.
fn words_by_thread(
    n: usize,
    key: [u32; 2],
    first: u32,
    of: usize,
    threads: usize,
    place: impl Fn(&[u32], &mut [u32]) + Sync,
) -> Vec<u32> {
    let mut out = vec![0u32; n];
    threads::rows(&mut out, 4 * of, threads, |turn, part| {
        let mut words = vec![0u32; 4 * of.min(part.len())];
        let turn = u32::try_from(turn).unwrap_or(u32::MAX).wrapping_add(first);
        fill(&mut words, [turn, 0, 0, 0], key, Axis::Stream);
        place(&words, part);
    });
    out
}

impl Mask {
    /// The random word of each element.
    fn words(&self, threads: usize) -> Vec<u32> {
        self.place.words(self.n, self.key, 0, threads)
    }
}

impl Problem for Mask {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::Mask, self.n)
    }

    fn program(&self) -> Option<Program> {
        let shader = self.place.shader(self.wg).flag("FLOAT", self.float);
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
        threads::rows(&mut words, 1 << 14, threads, |_, part| {
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
        let words = self.words(threads::available_threads());
        Allowance::Intervals(words.into_iter().map(|w| self.threshold.allowed(w)).collect())
    }

    fn origin(&self) -> Option<Origin> {
        self.origin.clone()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let random = !matches!(self.place, Place::Given(_)) && self.p > 0.0;
        let mut seen = seen::keep_rate(&output.words, self.p, random);
        if matches!(self.place, Place::Element | Place::Vec4 { .. } | Place::SharedLane) {
            seen.extend(seen::duplicate_lanes(&output.words, self.p));
        }
        if self.float {
            let words = self.words(threads::available_threads());
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
