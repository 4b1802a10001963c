//! The controls: drift planted on purpose. They run like every other case, on every engine, and an audit that does not
//! catch each of them is invalid. With them runs the probe of loops, whose finding is a limit of the adapter.

pub(crate) mod loops;

use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader,
    Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::Arithmetic;
use crate::numerics::inputs::Distribution;

/// See the module.
#[derive(Debug)]
pub struct Control;

/// The element at which drift is planted.
pub const PLACE: usize = 137;

const N: usize = 256;

const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");

/// What is planted; or the probe, which plants nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// One element moved by one ulp.
    OneUlp,
    /// A NaN in place of a number.
    Nan,
    /// Two neighbours exchanged.
    Swapped,
    /// A zero of the other sign.
    ZeroSign,
    /// An element that is never written.
    Unwritten,
    /// A sum in alternating order.
    Unordered,
    /// The probe of how long loops run.
    Loop,
}

impl Plant {
    /// What a control's case plants; `None` for a case of another kernel.
    #[must_use]
    pub fn of(case: &Case) -> Option<Self> {
        VARIANTS.iter().find(|(_, v)| case.kernel() == "control" && v.name == case.variant()).map(|(plant, _)| *plant)
    }
}

const fn variant(name: &'static str, about: &'static str) -> Variant {
    Variant { name, about, params: &[SEED] }
}

static VARIANTS: &[(Plant, Variant)] = &[
    (Plant::OneUlp, variant("one_ulp", "One element of 256 is one ulp off: exactly that must be found.")),
    (Plant::Nan, variant("nan", "One element is NaN where the reference has a number: it must not vanish.")),
    (Plant::Swapped, variant("swapped", "Two neighbours are exchanged: sums over the array would not notice.")),
    (Plant::ZeroSign, variant("zero_sign", "One zero has the other sign: equal as a number, not in bits.")),
    (Plant::Unwritten, variant("unwritten", "One element is never written: its poison must be found.")),
    (
        Plant::Unordered,
        variant("unordered", "A sum whose order changes from run to run: it must be found not to repeat."),
    ),
    (
        Plant::Loop,
        Variant {
            name: "loop",
            about: "Counts the iterations of long loops: where an adapter stops early, that is a limit of it.",
            params: &[],
        },
    ),
];

impl Kernel for Control {
    fn name(&self) -> &'static str {
        "control"
    }

    fn about(&self) -> &'static str {
        "Drift planted on purpose, to test the audit itself; and a probe of an adapter's limits."
    }

    fn variants(&self) -> &'static [Variant] {
        static LIST: std::sync::LazyLock<Vec<Variant>> = std::sync::LazyLock::new(|| {
            VARIANTS.iter().map(|(_, v)| Variant { name: v.name, about: v.about, params: v.params }).collect()
        });
        &LIST
    }

    fn plan(&self, _profile: Profile, seed: u64) -> Vec<Case> {
        let case = |v: &Variant| Case::of("control", v);
        VARIANTS.iter().map(|(_, v)| if v.params.is_empty() { case(v) } else { case(v).with("seed", seed) }).collect()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let plant = Plant::of(case).ok_or_else(|| CaseError::new(format!("control has no '{}'", case.variant())))?;
        if plant == Plant::Loop {
            return Ok(Box::new(loops::Loops));
        }
        let mut input = Distribution::Wide.draw(case.seed("seed")?, 0, N);
        if plant == Plant::ZeroSign {
            input[PLACE] = 0.0;
        }
        if plant == Plant::Unordered {
            // Forwards the ones vanish beside the large number one by one, backwards they add up first, in any
            // arithmetic and with any seed.
            input.fill(1.0);
            input[0] = f32::from_bits(0x4d80_0000);
        }
        Ok(Box::new(Planted { plant, input }))
    }
}

struct Planted {
    plant: Plant,
    input: Vec<f32>,
}

impl Planted {
    fn unordered(&self) -> bool {
        self.plant == Plant::Unordered
    }
}

impl Problem for Planted {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, if self.unordered() { 1 } else { N })
    }

    fn program(&self) -> Option<Program> {
        let (_, len) = self.shape();
        let source = Shader::new(include_str!("../../shaders/control.wgsl"))
            .define("PLACE", PLACE)
            .flag("ONE_ULP", self.plant == Plant::OneUlp)
            .flag("NAN", self.plant == Plant::Nan)
            .flag("SWAPPED", self.plant == Plant::Swapped)
            .flag("ZERO_SIGN", self.plant == Plant::ZeroSign)
            .flag("UNWRITTEN", self.plant == Plant::Unwritten)
            .flag("UNORDERED", self.unordered())
            .source();
        Some(Program::new(
            source,
            vec![Buffer::floats(&self.input), Buffer::Output(len)],
            vec![Pass::new("main", [if self.unordered() { 1 } else { 4 }, 1, 1])],
            OutputView::whole(1, Dtype::F32, len),
        ))
    }

    fn operation(&self) -> Option<Operation> {
        let mut planted = self.input.clone();
        match self.plant {
            Plant::OneUlp => planted[PLACE] = f32::from_bits(planted[PLACE].to_bits() + 1),
            Plant::Nan => planted[PLACE] = f32::from_bits(0x7fc0_0001),
            Plant::Swapped => planted.swap(PLACE, PLACE + 1),
            Plant::ZeroSign => planted[PLACE] = -planted[PLACE],
            // A copy leaves no element out, and is the same in every run.
            Plant::Unwritten | Plant::Unordered | Plant::Loop => return None,
        }
        Some(Operation::new("copy", [("x", Tensor::floats(&[N], &planted))]))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    /// The input as it was before drift was planted; for the sum, forwards.
    fn twin(&self, _arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        Some(if self.unordered() { Bits::f32(&[self.input.iter().sum()]) } else { Bits::f32(&self.input) })
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Copies allow nothing but the input, so that what is planted must be found outside; only a zero's sign is free.
    fn allowance(&self) -> Allowance {
        if self.unordered() {
            return Allowance::Intervals(vec![Interval::ANY]);
        }
        Allowance::Intervals(self.input.iter().map(|x| Interval::point(f64::from(*x))).collect())
    }
}
