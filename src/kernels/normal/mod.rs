//! Standard normal draws: the Box–Muller transform, whose functions are the adapter's own, so that the same seed gives
//! other numbers on another driver; and the inverse distribution function in integers, which gives the same everywhere.

pub(super) mod quantile;
pub(super) mod transform;

use super::philox::{GROUPS, WG, words_by_element};
use super::uniform::{N, SEED, by_element_plan, origin};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, Observation, Origin, OutputView, Pass, Problem, Profile, Program,
    Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;
use crate::numerics::exact;
use crate::numerics::inputs::philox::key;
use crate::numerics::threads;
use crate::with_arith;
use transform::Angle;

/// See the module.
#[derive(Debug)]
pub struct Normal;

static VARIANTS: &[Variant] = &[
    Variant {
        name: "box_muller",
        about: "Two numbers from two words with the adapter's log, sqrt, sin and cos, the angle in [-pi, pi].",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "full_turn",
        about: "The same with the angle in [0, 2pi], as cuRAND has it: beyond pi WGSL promises nothing.",
        params: &[N, SEED, WG, GROUPS],
    },
    Variant {
        name: "inverse_cdf",
        about: "One number from one word by a table and 32-bit integers: the same bits on every adapter.",
        params: &[N, SEED, WG, GROUPS],
    },
];

impl Kernel for Normal {
    fn name(&self) -> &'static str {
        "normal"
    }

    fn about(&self) -> &'static str {
        "Standard normal random numbers: initial weights, noise."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        by_element_plan("normal", VARIANTS, profile, seed)
    }

    /// Each element is computed by itself, whatever the launch.
    fn algorithm(&self, case: &Case) -> String {
        case.problem()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let way = match case.variant() {
            "inverse_cdf" => Way::Integers,
            "full_turn" => Way::BoxMuller(Angle::FullTurn),
            _ => Way::BoxMuller(Angle::Centred),
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

/// How normal numbers are made of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    BoxMuller(Angle),
    Integers,
}

struct Draws {
    n: usize,
    seed: u64,
    way: Way,
    wg: u32,
    groups: u32,
}

impl Draws {
    /// The words of whole blocks: the second number of a pair needs both words.
    fn words(&self, threads: usize) -> Vec<u32> {
        words_by_element(self.n.next_multiple_of(4), key(self.seed), threads)
    }
}

impl Problem for Draws {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.n)
    }

    fn program(&self) -> Option<Program> {
        let mut params = key(self.seed).to_vec();
        let mut shader = Shader::new(include_str!("../../../shaders/normal.wgsl")).define("WG", self.wg);
        let mut table = None;
        match self.way {
            Way::BoxMuller(angle) => {
                shader = shader.define("BOX_MULLER", params.len()).flag("FULL_TURN", angle == Angle::FullTurn);
                params.extend(angle.constants());
            }
            Way::Integers => {
                shader = shader.flag("TABLE", true);
                table = Some(Buffer::Input(quantile::table().to_vec()));
            }
        }
        let mut buffers = vec![Buffer::Input(params), Buffer::Output(self.n)];
        buffers.extend(table);
        Some(Program::new(
            shader.source(),
            buffers,
            vec![Pass::new("main", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::F32, self.n),
        ))
    }

    /// There are no subnormals. Only cuRAND's angle has a rounded product that feeds a sum.
    fn arithmetics(&self) -> &'static [Arithmetic] {
        match self.way {
            Way::BoxMuller(Angle::FullTurn) => &Arithmetic::CONTRACTION,
            _ => &[Arithmetic::STRICT],
        }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut words = self.words(threads);
        threads::rows(&mut words, 1 << 14, threads, |_, part| match self.way {
            Way::BoxMuller(angle) => with_arith!(arithmetic, A => for pair in part.chunks_exact_mut(2) {
                pair.copy_from_slice(&transform::pair::<A>(angle, [pair[0], pair[1]]).map(f32::to_bits));
            }),
            Way::Integers => part.iter_mut().for_each(|word| *word = quantile::fixed(*word).rounded()),
        });
        words.truncate(self.n);
        Some(Bits::words(Dtype::F32, words))
    }

    fn exact(&self) -> Option<Exact> {
        let words = self.words(threads::available_threads());
        let mut values: Vec<f64> = match self.way {
            Way::BoxMuller(angle) => {
                words.chunks_exact(2).flat_map(|w| transform::exact(angle, [w[0], w[1]])).collect()
            }
            Way::Integers => words.into_iter().map(quantile::truth).collect(),
        };
        values.truncate(self.n);
        Some(Exact { values })
    }

    fn allowance(&self) -> Allowance {
        let Way::BoxMuller(angle) = self.way else { return Allowance::Exact };
        let words = self.words(threads::available_threads());
        let mut intervals: Vec<Interval> =
            words.chunks_exact(2).flat_map(|w| transform::allowed(angle, [w[0], w[1]])).collect();
        intervals.truncate(self.n);
        Allowance::Intervals(intervals)
    }

    fn origin(&self) -> Option<Origin> {
        let Way::BoxMuller(_) = self.way else { return None };
        Some(origin(self.n, self.seed, "their conversion, logarithm, root, sine and cosine"))
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        moments(output, 1.0)
    }
}

/// How far the mean and the deviation of an output are from those of a normal distribution of mean 0 and this deviation,
/// in the standard errors that independent draws would have.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn moments(output: &Bits, deviation: f64) -> Vec<Observation> {
    let n = output.len as f64;
    let mean = exact::sum((0..output.len).map(|i| output.value(i))) / n;
    let square = exact::sum((0..output.len).map(|i| output.value(i) * output.value(i))) / n;
    let excess = square / (deviation * deviation) - 1.0;
    vec![
        Observation::new("mean_z", mean / deviation * n.sqrt(), "standard errors of the mean from 0"),
        Observation::new(
            "variance_z",
            excess * (n / 2.0).sqrt(),
            "standard errors of the variance from the theoretical",
        ),
    ]
}

#[cfg(test)]
mod tests;
