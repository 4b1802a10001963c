//! Uniform draws: the ways in which frameworks make a float of a random word. Those that keep 24 bits or fewer are exact
//! and the same everywhere; the one that keeps 32 is rounded by the adapter.

use std::fmt::Display;

use super::philox::{GROUPS, WG, words_by_element};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, Observation, Origin, OutputView, Param, Pass, Problem, Profile,
    Program, Range, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::evaluate::Evaluator;
use crate::numerics::arith::format::Format;
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::exact;
use crate::numerics::inputs::philox::key;
use crate::numerics::spec::bounds::Bounds;
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Uniform;

pub(super) const N: Param = Param::problem("n", "65536", Range::Whole(1, 1 << 26), "how many numbers");
pub(super) const SEED: Param = Param::problem("seed", "7", Range::Seed, "the generator's key, low word first");

static VARIANTS: &[Variant] = &[
    Variant {
        name: "scale",
        about: "word * 2^-32 + 2^-33, as cuRAND and PyTorch on CUDA have it: 32 bits, rounded by the adapter.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "high24",
        about: "The high 24 bits times 2^-24, as NumPy has it: exact.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "low24",
        about: "The low 24 bits times 2^-24, as PyTorch has it on the CPU: exact.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "bits",
        about: "The high 23 bits as the significand of a float in [1, 2), minus 1, as JAX has it: exact.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "bits_low",
        about: "The low 23 bits as the significand of a float in [1, 2), minus 1, as TensorFlow has it: exact.",
        params: &[N, SEED, WG, GROUPS],
    },
];

/// How a word becomes a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Scale,
    High24,
    Low24,
    Bits,
    BitsLow,
}

/// 2^-32 and 2^-33.
pub(super) const SCALE: f32 = 1.0 / 4_294_967_296.0;
pub(super) const HALF: f32 = SCALE / 2.0;
const UNIT24: f32 = 1.0 / 16_777_216.0;

impl Kernel for Uniform {
    fn name(&self) -> &'static str {
        "uniform"
    }

    fn about(&self) -> &'static str {
        "Uniform random numbers, in the ways in which frameworks make floats of words: initial weights, dropout, sampling."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        by_element_plan("uniform", VARIANTS, profile, seed)
    }

    /// Each element is computed by itself, whatever the launch.
    fn algorithm(&self, case: &Case) -> String {
        case.problem()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let way = match case.variant() {
            "high24" => Way::High24,
            "low24" => Way::Low24,
            "bits" => Way::Bits,
            "bits_low" => Way::BitsLow,
            _ => Way::Scale,
        };
        let seed = case.seed("seed")?;
        Ok(Box::new(Draws {
            n: case.count("n")? as usize,
            seed,
            way,
            wg: case.count("wg")?,
            groups: case.count("groups")?,
        }))
    }
}

/// The cases of a kernel whose words are placed by element: each variant with two launches.
pub(super) fn by_element_plan(kernel: &'static str, variants: &[Variant], profile: Profile, seed: u64) -> Vec<Case> {
    let n: u32 = profile.pick(10_007, 1 << 20, 1 << 24);
    let launches: [(u32, u32); 2] =
        profile.pick([(64, 16), (128, 7)], [(256, 104), (64, 1056)], [(256, 1056), (1024, 264)]);
    let mut cases = Vec::new();
    for variant in variants {
        for (wg, groups) in &launches {
            let case = Case::of(kernel, variant).with("n", n).with("seed", seed);
            cases.push(case.with("wg", wg).with("groups", groups));
        }
    }
    cases
}

struct Draws {
    n: usize,
    seed: u64,
    way: Way,
    wg: u32,
    groups: u32,
}

impl Way {
    /// The number in an arithmetic. Only [`Way::Scale`] rounds: once in the conversion, and once in the addition, whose
    /// product is exact, so that fusing changes nothing.
    fn draw<A: Arith>(self, word: u32) -> f32 {
        match self {
            Self::Scale => unit::<A>(word),
            Self::High24 => A::mul(whole(word >> 8), UNIT24),
            Self::Low24 => A::mul(whole(word & 0xff_ffff), UNIT24),
            Self::Bits => A::sub(f32::from_bits(0x3f80_0000 | word >> 9), 1.0),
            Self::BitsLow => A::sub(f32::from_bits(0x3f80_0000 | word & 0x7f_ffff), 1.0),
        }
    }

    /// The number without any rounding.
    fn exact(self, word: u32) -> f64 {
        let unit = |bits: u32, of: i32| f64::from(bits) * libm::scalbn(1.0, -of);
        match self {
            Self::Scale => (f64::from(word) + 0.5) * f64::exp2(-32.0),
            Self::High24 => unit(word >> 8, 24),
            Self::Low24 => unit(word & 0xff_ffff, 24),
            Self::Bits => unit(word >> 9, 23),
            Self::BitsLow => unit(word & 0x7f_ffff, 23),
        }
    }

    /// The bits of the constants in the shader.
    fn constants(self) -> [u32; 2] {
        match self {
            Self::Scale => [SCALE, HALF],
            Self::High24 | Self::Low24 => [UNIT24, 0.0],
            Self::Bits | Self::BitsLow => [1.0, 0.0],
        }
        .map(f32::to_bits)
    }
}

/// The nearest float.
#[expect(clippy::cast_precision_loss, reason = "the conversion's rounding is the point")]
pub(super) fn whole(word: u32) -> f32 {
    word as f32
}

/// `word * 2^-32 + 2^-33`.
pub(super) fn unit<A: Arith>(word: u32) -> f32 {
    A::mad(whole(word), SCALE, HALF)
}

/// What the specification allows of [`unit`]: the conversion may give either neighbour, and so may the addition.
pub(super) fn unit_allowed(b: &Bounds, word: u32) -> Interval {
    b.mad(converted(b, word), Interval::point(SCALE.into()), Interval::point(HALF.into()))
}

/// What the specification allows of a conversion: either neighbour.
pub(super) fn converted(b: &Bounds, word: u32) -> Interval {
    b.result(word.into(), word.into())
}

/// Where numbers made of words placed by element come from.
pub(super) fn origin(n: impl Display, seed: impl Display, then: &str) -> Origin {
    Origin {
        what: "the generator's words".to_owned(),
        problem: format!("philox/element?n={n}&seed={seed}"),
        prefix: true,
        then: then.to_owned(),
    }
}

impl Problem for Draws {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.n)
    }

    fn program(&self) -> Option<Program> {
        let mut params = key(self.seed).to_vec();
        params.extend(self.way.constants());
        let shader = Shader::new(include_str!("../../shaders/uniform.wgsl"))
            .define("WG", self.wg)
            .flag("SCALE", self.way == Way::Scale)
            .flag("HIGH24", self.way == Way::High24)
            .flag("LOW24", self.way == Way::Low24)
            .flag("BITS", self.way == Way::Bits)
            .flag("BITS_LOW", self.way == Way::BitsLow);
        Some(Program::new(
            shader.source(),
            vec![Buffer::Input(params), Buffer::Output(self.n)],
            vec![Pass::new("main", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::F32, self.n),
        ))
    }

    /// No subnormals, and no product that is rounded: every arithmetic gives the same.
    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut words = words_by_element(self.n, key(self.seed), threads);
        threads::rows(&mut words, 1 << 14, threads, |_, part| {
            with_arith!(arithmetic, A => for word in part {
                *word = self.way.draw::<A>(*word).to_bits();
            });
        });
        Some(Bits::words(Dtype::F32, words))
    }

    fn exact(&self) -> Option<Exact> {
        let words = words_by_element(self.n, key(self.seed), threads::available_threads());
        Some(Exact { values: words.into_iter().map(|w| self.way.exact(w)).collect() })
    }

    /// The exact ways leave nothing open: a conversion, a product and a difference whose results are floats are exact in
    /// every rounding.
    fn allowance(&self) -> Allowance {
        let b = Bounds(Format::F32);
        let words = words_by_element(self.n, key(self.seed), threads::available_threads());
        let allowed = |w| match self.way {
            Way::Scale => unit_allowed(&b, w),
            _ => Interval::point(self.way.exact(w)),
        };
        Allowance::Intervals(words.into_iter().map(allowed).collect())
    }

    fn origin(&self) -> Option<Origin> {
        (self.way == Way::Scale).then(|| origin(self.n, self.seed, "the conversion of 32 bits to floats"))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let n = self.n as f64;
        let mean = exact::sum((0..output.len).map(|i| output.value(i))) / n;
        let ones = (0..output.len).filter(|i| output.value(*i) >= 1.0).count() as f64;
        vec![
            Observation::new("mean_z", (mean - 0.5) * (12.0 * n).sqrt(), "standard errors of the mean from 1/2"),
            Observation::new("ones", ones, "numbers that are 1, which an interval open at 1 does not have"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::kernels::rowwise::testing::{check_plans, check_twin};

    const NAMES: [&str; 5] = ["scale", "high24", "low24", "bits", "bits_low"];

    fn twin(id: &str) -> Vec<f32> {
        let problem = kernels::problem(&Case::parse(id).unwrap()).unwrap();
        let bits = problem.twin(Arithmetic::STRICT, 2).unwrap();
        bits.words.iter().map(|w| f32::from_bits(*w)).collect()
    }

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&Uniform);
    }

    #[test]
    fn the_twin_is_within_what_is_allowed() {
        for name in NAMES {
            for n in [1, 2, 3, 5, 97, 5000] {
                check_twin(&format!("uniform/{name}?n={n}&wg=32&groups=3"));
            }
        }
    }

    /// The first words of key 7, each way, from the formulas of the frameworks' sources in integers.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn ways_are_those_of_the_frameworks() {
        let words = words_by_element(4000, [7, 0], 1);
        for (i, word) in words.iter().enumerate() {
            let w = u64::from(*word);
            let high24 = (w >> 8) as f64 / 16_777_216.0;
            let low24 = (w % 16_777_216) as f64 / 16_777_216.0;
            let (bits, bits_low) = ((w >> 9) as f64 / 8_388_608.0, (w % 8_388_608) as f64 / 8_388_608.0);
            let scale = (w as f32 as f64 / 4_294_967_296.0 + 0.5 / 4_294_967_296.0) as f32;
            for (name, want) in NAMES.iter().zip([f64::from(scale), high24, low24, bits, bits_low]) {
                let way = [Way::Scale, Way::High24, Way::Low24, Way::Bits, Way::BitsLow]
                    [NAMES.iter().position(|n| n == name).unwrap()];
                assert_eq!(
                    f64::from(way.draw::<crate::numerics::arith::Ieee<false, false>>(*word)),
                    want,
                    "{name} {i}"
                );
            }
        }
    }

    /// 1 is reached by rounding alone, and only by `scale`; 0 by all others and not by it.
    #[test]
    fn ends_of_the_interval() {
        type Strict = crate::numerics::arith::Ieee<false, false>;
        assert_eq!(Way::Scale.draw::<Strict>(u32::MAX), 1.0, "rounded up");
        assert!(Way::Scale.draw::<Strict>(0) > 0.0, "never zero");
        for way in [Way::High24, Way::Low24, Way::Bits, Way::BitsLow] {
            assert!(way.draw::<Strict>(u32::MAX) < 1.0, "{way:?} is below 1");
            assert_eq!(way.draw::<Strict>(0).to_bits(), 0, "{way:?} is +0");
        }
        let b = Bounds(Format::F32);
        assert!(unit_allowed(&b, u32::MAX).allows(1.0), "1 is allowed there");
        assert!(unit_allowed(&b, 0xffff_ff7f).allows(1.0f32.next_down().into()), "and the number below, next to it");
        assert!(!unit_allowed(&b, 0xffff_0000).allows(1.0), "and not further away");
    }

    /// Kolmogorov's statistic of 100,000 draws against the uniform distribution, and the first two moments. With a fixed
    /// seed this is no random test: 1.95 is the quantile of 0.1 %.
    #[test]
    fn draws_are_uniform() {
        for name in NAMES {
            let mut x = twin(&format!("uniform/{name}?n=100000"));
            let n = x.len() as f64;
            let mean = x.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
            let square = x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n;
            assert!((mean - 0.5).abs() < 4.0 / (12.0 * n).sqrt(), "{name}: mean {mean}");
            assert!((square - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / n).sqrt(), "{name}: second moment {square}");
            x.sort_by(f32::total_cmp);
            let steps = x.iter().enumerate().map(|(i, v)| (f64::from(*v) - (i as f64 + 0.5) / n).abs() + 0.5 / n);
            let ks = steps.fold(0.0, f64::max) * n.sqrt();
            assert!(ks < 1.95, "{name}: {ks}");
        }
    }

    /// An answer off by two units, or of another word, is refused.
    #[test]
    fn the_allowance_refuses_another_word() {
        let b = Bounds(Format::F32);
        for word in words_by_element(2000, [7, 0], 1) {
            let near = unit::<crate::numerics::arith::Ieee<false, false>>(word);
            let allowed = unit_allowed(&b, word);
            assert!(allowed.allows(near.into()), "{word:#x}");
            let far = f32::from_bits(near.to_bits() + 3);
            assert!(!allowed.allows(far.into()), "{word:#x}: {far:e}");
            assert!(
                !allowed.allows(unit::<crate::numerics::arith::Ieee<false, false>>(word ^ 0x10_0000).into()),
                "{word:#x}"
            );
        }
    }

    #[test]
    fn bad_parameters_say_what_to_type() {
        for query in ["n=0", "n=67108865", "groups=0", "wg=2000", "seed=a"] {
            let error = Uniform.problem(&Case::parse(&format!("uniform/scale?{query}")).unwrap()).err().unwrap();
            let error = error.to_string();
            assert!(error.contains("wanted") && !error.contains('\n'), "{query}: {error}");
        }
    }
}
