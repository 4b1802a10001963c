//! Weights that are drawn one by one: uniform, normal, and normal without its tails.

use std::f64::consts::SQRT_2;

use crate::kernels::case::{Case, CaseError};
use crate::kernels::normal::quantile::{self, Fixed};
use crate::kernels::normal::transform::{self, Angle};
use crate::kernels::philox::words_by_element;
use crate::kernels::uniform::{HALF, SCALE, origin, unit, unit_allowed};
use crate::kernels::{
    Allowance, Buffer, Exact, Interval, Observation, Origin, OutputView, Pass, Problem, Program, Shader, rowwise,
};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::evaluate::{Evaluator, F1};
use crate::numerics::arith::format::Format;
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::exact;
use crate::numerics::inputs::philox::key;
use crate::numerics::spec::bounds::Bounds;
use crate::numerics::spec::{U32, gamma};
use crate::numerics::threads;
use crate::with_arith;

/// The deviation of the normal distribution that is truncated, as in ViT and GPT-2.
const TRUNCATED: f64 = 0.02;
/// `erf(sqrt(2))`: what of a normal distribution lies within two deviations.
const WITHIN_TWO: f64 = 0.954_499_736_103_641_6;
/// The variance of a normal distribution of variance 1 truncated at two deviations: `1 - 4 density(2) / erf(sqrt(2))`.
const TRUNCATED_VARIANCE: f64 = 0.773_741_303_549_916_2;

/// Giles, "Approximating the erfinv function" (GPU Computing Gems, 2012), single precision, for `w < 5`, in powers of
/// `w - 5/2` from the highest; as in XLA and cuDNN.
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const ERFINV: [f32; 9] = [
    2.810_226_36e-8,
    3.432_739_39e-7,
    -3.523_387_7e-6,
    -4.391_506_54e-6,
    2.185_808_7e-4,
    -1.253_725_03e-3,
    -4.177_681_64e-3,
    2.466_407_27e-1,
    1.501_409_41,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Uniform,
    Normal,
    Truncated,
}

struct Weights {
    family: Family,
    /// Half of the range, or the deviation.
    scale: f32,
    integer: bool,
    n: usize,
    seed: u64,
    wg: u32,
    groups: u32,
}

/// The problem of a case of any variant but `orthogonal`.
#[expect(clippy::cast_possible_truncation, reason = "the scale is a binary32 parameter of the draw")]
pub(super) fn problem(case: &Case) -> Result<Box<dyn Problem>, CaseError> {
    let rows = case.count("rows")?;
    let cols = case.count("cols")?;
    if u64::from(rows) * u64::from(cols) > 1 << 26 {
        return Err(CaseError::new(format!("rows={rows}&cols={cols} in '{case}': rows*cols up to 2^26 is wanted")));
    }
    let both = f64::from(rows) + f64::from(cols);
    let (family, scale) = match case.variant() {
        "xavier_uniform" => (Family::Uniform, (6.0 / both).sqrt()),
        "xavier_normal" => (Family::Normal, (2.0 / both).sqrt()),
        "kaiming_uniform" => (Family::Uniform, (6.0 / f64::from(cols)).sqrt()),
        "kaiming_normal" => (Family::Normal, (2.0 / f64::from(cols)).sqrt()),
        _ => (Family::Truncated, TRUNCATED),
    };
    Ok(Box::new(Weights {
        family,
        scale: scale as f32,
        integer: case.word("way")? == "integer",
        n: rows as usize * cols as usize,
        seed: case.seed("seed")?,
        wg: case.count("wg")?,
        groups: case.count("groups")?,
    }))
}

/// The words of -2 and of the distance from there to 2, for draws between them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to below 2^32")]
fn words_within_two() -> [u32; 2] {
    let lowest = ((1.0 - WITHIN_TWO) / 2.0 * f64::exp2(32.0)).round() as u32;
    [lowest, lowest.wrapping_neg().wrapping_sub(lowest)]
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
fn narrow(x: f64) -> f32 {
    x as f32
}

impl Weights {
    fn words(&self, threads: usize) -> Vec<u32> {
        words_by_element(self.n.next_multiple_of(4), key(self.seed), threads)
    }

    /// The width and the lower end of the uniform distribution behind.
    fn range(&self) -> [f32; 2] {
        let half = if self.family == Family::Truncated { narrow(WITHIN_TWO) } else { self.scale };
        [2.0 * half, -half]
    }

    /// `sqrt(2)` times the deviation, and two deviations.
    fn truncation(&self) -> [f32; 2] {
        [narrow(SQRT_2 * f64::from(self.scale)), 2.0 * self.scale]
    }

    /// The scale's significand of 24 bits, and its exponent.
    fn factor(&self) -> (u32, i32) {
        let bits = self.scale.to_bits();
        ((bits & 0x7f_ffff) | 0x80_0000, (bits >> 23).cast_signed() - 150)
    }

    /// The constants of the shader, in its order.
    fn constants(&self) -> Vec<u32> {
        if self.integer {
            let (factor, exponent) = self.factor();
            let mut all = vec![factor, exponent.cast_unsigned()];
            all.extend(words_within_two());
            return all;
        }
        let mut all = [SCALE, HALF].into_iter().chain(self.range()).collect::<Vec<_>>();
        match self.family {
            Family::Uniform => {}
            Family::Normal => {
                return Angle::Centred.constants().into_iter().chain([self.scale.to_bits()]).collect();
            }
            Family::Truncated => {
                all.push(2.5);
                all.extend(self.truncation());
                all.extend(ERFINV);
            }
        }
        all.into_iter().map(f32::to_bits).collect()
    }

    /// Two weights from two words, in integers.
    fn fixed(&self, word: u32) -> u32 {
        let (factor, exponent) = self.factor();
        match self.family {
            Family::Uniform => {
                let negative = word >> 31 == 0;
                let from_middle = if negative { 0x7fff_ffff - word } else { word - 0x8000_0000 };
                Fixed { magnitude: 2 * from_middle + 1, point: 32, negative }.times(factor, exponent)
            }
            Family::Normal => quantile::fixed(word).times(factor, exponent),
            Family::Truncated => truncated(word).times(factor, exponent),
        }
    }

    /// `u * range + low`.
    fn between<A: Arith>(&self, word: u32) -> f32 {
        let [range, low] = self.range();
        A::mad(unit::<A>(word), range, low)
    }

    /// Fused: each step of the polynomial feeds its coefficient, and the draw's product its lower end.
    fn pair<A: Arith>(&self, words: [u32; 2]) -> [f32; 2] {
        match self.family {
            Family::Uniform => words.map(|w| self.between::<A>(w)),
            Family::Normal => transform::pair::<A>(Angle::Centred, words).map(|z| A::mul(z, self.scale)),
            Family::Truncated => words.map(|w| {
                let x = self.between::<A>(w);
                let log = rowwise::log::<A>(A::mul(A::sub(1.0, x), A::add(1.0, x)));
                let t = A::sub(-log, 2.5);
                let p = ERFINV.into_iter().reduce(|p, c| A::mad(p, t, c)).unwrap_or(0.0);
                let [factor, limit] = self.truncation();
                A::mul(A::mul(p, x), factor).max(-limit).min(limit)
            }),
        }
    }

    /// The weights in real numbers, for words as they are.
    fn exact_pair(&self, words: [u32; 2]) -> [f64; 2] {
        let scale = f64::from(self.scale);
        let middle = words.map(|w| (f64::from(w) + 0.5) * f64::exp2(-32.0));
        match (self.family, self.integer) {
            (Family::Uniform, _) => middle.map(|u| (2.0 * u - 1.0) * scale),
            (Family::Normal, true) => words.map(|w| quantile::truth(w) * scale),
            (Family::Normal, false) => transform::exact(Angle::Centred, words).map(|z| z * scale),
            (Family::Truncated, _) => middle.map(|u| {
                let lower = (1.0 - WITHIN_TWO) / 2.0;
                let tail = lower + u.min(1.0 - u) * WITHIN_TWO;
                quantile::upper(tail) * scale * if u < 0.5 { -1.0 } else { 1.0 }
            }),
        }
    }

    /// Each operation within its own limit; where terms may be regrouped, the roundings of the terms besides.
    fn allowed(&self, b: &Bounds, words: [u32; 2]) -> [Interval; 2] {
        match self.family {
            Family::Uniform => words.map(|w| self.between_allowed(b, w)),
            Family::Normal => transform::allowed(Angle::Centred, words).map(|z| {
                let scaled = b.mul(z, Interval::point(self.scale.into()));
                b.widen(scaled, gamma(4.0, U32) * rowwise::bound::magnitude(scaled))
            }),
            Family::Truncated => words.map(|w| self.truncated_allowed(b, w)),
        }
    }

    /// `word * (2^-32 range) + (2^-33 range + low)` and the order as written: five roundings of the terms.
    fn between_allowed(&self, b: &Bounds, word: u32) -> Interval {
        let [range, low] = self.range().map(f64::from);
        let written = b.mad(unit_allowed(b, word), Interval::point(range), Interval::point(low));
        b.widen(written, gamma(5.0, U32) * (range + low.abs()))
    }

    /// `1 - x^2` in place of the product, the polynomial in another order (18 operations), the factors in another order.
    fn truncated_allowed(&self, b: &Bounds, word: u32) -> Interval {
        let one = Interval::point(1.0);
        let x = self.between_allowed(b, word);
        let product = b.widen(b.mul(b.sub(one, x), b.add(one, x)), gamma(5.0, U32) * 2.0);
        let t = b.sub(b.call(F1::Negate, b.call(F1::Log, product)), Interval::point(2.5));
        let coefficients = ERFINV.map(f64::from);
        let p = coefficients.map(Interval::point).into_iter().reduce(|p, c| b.mad(p, t, c)).unwrap_or(Interval::ANY);
        let reach = rowwise::bound::magnitude(t);
        let total = coefficients.iter().fold(0.0, |sum, c| sum * reach + c.abs());
        let p = b.widen(p, gamma(18.0, U32) * total);
        let [factor, limit] = self.truncation().map(f64::from);
        let y = b.mul(b.mul(p, x), Interval::point(factor));
        let y = b.widen(y, gamma(3.0, U32) * rowwise::bound::magnitude(y));
        if y.is_any() { y } else { Interval { lo: y.lo.clamp(-limit, limit), hi: y.hi.clamp(-limit, limit) } }
    }

    /// The deviation of the distribution.
    fn deviation(&self) -> f64 {
        let scale = f64::from(self.scale);
        match self.family {
            Family::Uniform => scale / 3.0f64.sqrt(),
            Family::Normal => scale,
            Family::Truncated => scale * TRUNCATED_VARIANCE.sqrt(),
        }
    }
}

/// The quantile of a word's place between the words of -2 and 2.
fn truncated(word: u32) -> Fixed {
    let [lowest, range] = words_within_two();
    let offset = (u64::from(word) * u64::from(range)) >> 32;
    let z = quantile::fixed(lowest + u32::try_from(offset).unwrap_or(u32::MAX));
    if z.point == 29 { Fixed { magnitude: z.magnitude.min(2 << 29), ..z } } else { z }
}

impl Problem for Weights {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.n)
    }

    fn program(&self) -> Option<Program> {
        let mut params = key(self.seed).to_vec();
        let shader = Shader::new(include_str!("../../../shaders/init.wgsl"))
            .define("WG", self.wg)
            .define("BOX_MULLER", params.len())
            .flag("INTEGER", self.integer)
            .flag("UNIFORM", self.family == Family::Uniform)
            .flag("NORMAL", self.family == Family::Normal)
            .flag("TRUNCATED", self.family == Family::Truncated);
        params.extend(self.constants());
        let mut buffers = vec![Buffer::Input(params), Buffer::Output(self.n)];
        if self.integer {
            buffers.push(Buffer::Input(quantile::table().to_vec()));
        }
        Some(Program::new(
            shader.source(),
            buffers,
            vec![Pass::new("main", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::F32, self.n),
        ))
    }

    /// There are no subnormals, but products that feed sums, save in Box and Muller's transform.
    fn arithmetics(&self) -> &'static [Arithmetic] {
        if self.integer || self.family == Family::Normal { &[Arithmetic::STRICT] } else { &Arithmetic::CONTRACTION }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut words = self.words(threads);
        threads::rows(&mut words, 1 << 14, threads, |_, part| {
            if self.integer {
                part.iter_mut().for_each(|word| *word = self.fixed(*word));
                return;
            }
            with_arith!(arithmetic, A => for pair in part.chunks_exact_mut(2) {
                pair.copy_from_slice(&self.pair::<A>([pair[0], pair[1]]).map(f32::to_bits));
            });
        });
        words.truncate(self.n);
        Some(Bits::words(Dtype::F32, words))
    }

    fn exact(&self) -> Option<Exact> {
        let words = self.words(threads::available_threads());
        let mut values: Vec<f64> = words.chunks_exact(2).flat_map(|w| self.exact_pair([w[0], w[1]])).collect();
        values.truncate(self.n);
        Some(Exact { values })
    }

    fn allowance(&self) -> Allowance {
        if self.integer {
            return Allowance::Exact;
        }
        let b = Bounds(Format::F32);
        let words = self.words(threads::available_threads());
        let mut intervals: Vec<_> = words.chunks_exact(2).flat_map(|w| self.allowed(&b, [w[0], w[1]])).collect();
        intervals.truncate(self.n);
        Allowance::Intervals(intervals)
    }

    fn origin(&self) -> Option<Origin> {
        let then = match self.family {
            Family::Uniform => "their conversion to floats and the product and sum after it",
            Family::Normal => "their conversion, logarithm, root, sine and cosine",
            Family::Truncated => "their conversion, logarithm and polynomial",
        };
        (!self.integer).then(|| origin(self.n, self.seed, then))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let n = output.len as f64;
        let mean = exact::sum((0..output.len).map(|i| output.value(i))) / n;
        let square = exact::sum((0..output.len).map(|i| output.value(i) * output.value(i))) / n;
        let expected = self.deviation();
        vec![
            Observation::new("mean_z", mean / expected * n.sqrt(), "standard errors of the mean from 0"),
            Observation::new("deviation", square.sqrt(), "the root of the mean square"),
            Observation::new("deviation_expected", expected, "the distribution's standard deviation"),
        ]
    }
}
