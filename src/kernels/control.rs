//! The controls: drift planted on purpose. They run like every other case, on every engine, and an audit that does not
//! catch each of them is invalid.

use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Shader, Variant,
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

const SEED: Param = Param::problem("seed", "7", "seed of the inputs");

const fn variant(name: &'static str, about: &'static str) -> Variant {
    Variant { name, about, params: &[SEED] }
}

static VARIANTS: &[Variant] = &[
    variant("one_ulp", "One element of 256 is one ulp off: exactly that must be found."),
    variant("nan", "One element is NaN where the twin has a number: it must not vanish in a comparison."),
    variant("swapped", "Two neighbours are exchanged: sums over the array would not notice."),
    variant("zero_sign", "One zero has the other sign: equal as a number, not in bits."),
    variant("unwritten", "One element is never written: its poison must be found."),
    variant("unordered", "A sum whose order changes from run to run: it must be found not to repeat."),
];

impl Kernel for Control {
    fn name(&self) -> &'static str {
        "control"
    }

    fn about(&self) -> &'static str {
        "Drift planted on purpose, to test the audit itself."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, _profile: Profile, seed: u64) -> Vec<Case> {
        VARIANTS.iter().map(|v| Case::of("control", v).with("seed", seed)).collect()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let seed = case.seed("seed")?;
        let mut input = Distribution::Wide.draw(seed, 0, N);
        match case.variant() {
            "zero_sign" => input[PLACE] = 0.0,
            "unordered" => {
                // Forwards the ones vanish beside the large number one by one, backwards they add up first, in any
                // arithmetic and with any seed.
                input.fill(1.0);
                input[0] = f32::from_bits(0x4d80_0000);
            }
            _ => {}
        }
        Ok(Box::new(Planted { variant: case.variant().to_owned(), input }))
    }
}

struct Planted {
    variant: String,
    input: Vec<f32>,
}

impl Planted {
    fn unordered(&self) -> bool {
        self.variant == "unordered"
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
            .flag("ONE_ULP", self.variant == "one_ulp")
            .flag("NAN", self.variant == "nan")
            .flag("SWAPPED", self.variant == "swapped")
            .flag("ZERO_SIGN", self.variant == "zero_sign")
            .flag("UNWRITTEN", self.variant == "unwritten")
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
        match self.variant.as_str() {
            "one_ulp" => planted[PLACE] = f32::from_bits(planted[PLACE].to_bits() + 1),
            "nan" => planted[PLACE] = f32::from_bits(0x7fc0_0001),
            "swapped" => planted.swap(PLACE, PLACE + 1),
            "zero_sign" => planted[PLACE] = -planted[PLACE],
            // A copy leaves no element out, and is the same in every run.
            _ => return None,
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
