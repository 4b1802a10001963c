//! What was drawn: the options that `predict` and `identify` share.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::model::text::{lines_fault, shown};
use crate::process::file::read_text;
use crate::rng::{Cards, Draw, Element, Op, Shape, Vector};

/// The draw.
#[derive(Debug, clap::Args)]
pub(super) struct DrawArgs {
    /// What was drawn: rand, uniform (rand between --low and --high), randn or dropout.
    #[arg(long, default_value = "rand")]
    pub(super) op: String,
    /// The shape of the tensor.
    #[arg(long, value_name = "N,N")]
    pub(super) shape: String,
    /// The seed, as given to torch.manual_seed.
    #[arg(long, value_name = "SEED")]
    pub(super) seed: String,
    /// The generator's offset before the draw: torch.cuda.default_generators[0].get_offset(); 0 after seeding.
    #[arg(long, default_value = "0")]
    pub(super) offset: String,
    /// A draw that was made between the seed and this one, such as rand:1000,1000 or dropout:64,512. How far it moves
    /// the offset depends on the card. May be given more than once.
    #[arg(long, value_name = "OP:SHAPE")]
    pub(super) after: Vec<String>,
    /// The element type: f32, f16, bf16 or f64.
    #[arg(long, default_value = "f32")]
    pub(super) dtype: String,
    /// The probability of dropping an element.
    #[arg(long, default_value = "0.5", allow_negative_numbers = true)]
    pub(super) p: String,
    /// The mean of randn.
    #[arg(long, default_value = "0", allow_negative_numbers = true)]
    pub(super) mean: String,
    /// The standard deviation of randn.
    #[arg(long, default_value = "1", allow_negative_numbers = true)]
    pub(super) std: String,
    /// The least value of uniform, such as -1 for the weights of nn.Linear(1, 1).
    #[arg(long, default_value = "0", allow_negative_numbers = true)]
    pub(super) low: String,
    /// The upper bound of uniform (exclusive).
    #[arg(long, default_value = "1", allow_negative_numbers = true)]
    pub(super) high: String,
    /// Number of neighbouring elements that a thread of the dropout kernel handles: auto (as PyTorch chooses now), 1
    /// (before its pull request 33879 of 2020, and tensors that are not dense), 2, 4 (also 16-bit types before eight was
    /// allowed) or 8.
    #[arg(long, default_value = "auto", value_name = "WIDTH")]
    pub(super) vec: String,
    /// A card table of your own, in the form of `rng cards --format csv`.
    #[arg(long, value_name = "FILE")]
    pub(super) cards: Option<PathBuf>,
}

impl DrawArgs {
    /// The shape.
    pub(super) fn shape(&self) -> Result<Shape, Failure> {
        Shape::parse(&self.shape).map_err(Failure::usage)
    }

    /// The seed.
    pub(super) fn seed(&self) -> Result<u64, Failure> {
        integer("--seed", &self.seed)
    }

    /// The offset.
    pub(super) fn offset(&self) -> Result<u64, Failure> {
        integer("--offset", &self.offset)
    }

    /// The draw itself.
    pub(super) fn draw(&self) -> Result<Draw, Failure> {
        let draw = self.of(&self.op, &self.shape()?, vector(&self.vec)?)?;
        let (low, high) = (number("--low", &self.low)?, number("--high", &self.high)?);
        draw.with_normal(number("--mean", &self.mean)?, number("--std", &self.std)?)
            .and_then(|draw| draw.with_bounds(low, high))
            .map_err(Failure::usage)
    }

    /// The draws before it, of the same element type and probability.
    pub(super) fn before(&self) -> Result<Vec<Draw>, Failure> {
        let one = |text: &String| {
            let (op, shape) = text.split_once(':').ok_or_else(|| {
                Failure::usage(format!("--after {text}: an operation and a shape are wanted, such as rand:1000,1000"))
            })?;
            self.of(op, &Shape::parse(shape).map_err(Failure::usage)?, Vector::Auto)
        };
        self.after.iter().map(one).collect()
    }

    /// Whether other bounds than 0 and 1 were asked for.
    pub(super) fn has_bounds(&self) -> bool {
        (self.low.as_str(), self.high.as_str()) != ("0", "1")
    }

    fn of(&self, op: &str, shape: &Shape, vector: Vector) -> Result<Draw, Failure> {
        let op = choice("--op", op, &OPS)?;
        let elements = [Element::F32, Element::F16, Element::Bf16, Element::F64].map(|e| (e.name(), e));
        let element = choice("--dtype", &self.dtype, &elements)?;
        let draw = Draw::new(op, element, shape, vector).map_err(Failure::usage)?;
        draw.with_p(number("--p", &self.p)?).map_err(Failure::usage)
    }
}

/// The operations by name.
const OPS: [(&str, Op); 4] =
    [("rand", Op::Rand), ("uniform", Op::Rand), ("randn", Op::Randn), ("dropout", Op::Dropout)];

/// The known cards and those of the user's table.
pub(super) fn cards(file: Option<&Path>) -> Result<Cards, Failure> {
    let mut cards = Cards::known().map_err(Failure::usage)?;
    if let Some(file) = file {
        let name = file.display().to_string();
        let cant = |e: &dyn std::fmt::Display| Failure::usage(format!("can't read the card table {name}: {e}"));
        let table = read_text(file).map_err(|e| cant(&e))?;
        if let Some(fault) = lines_fault(&table) {
            return Err(cant(&format!("it has {fault}")));
        }
        cards.add(&table, &name).map_err(Failure::usage)?;
    }
    Ok(cards)
}

fn vector(text: &str) -> Result<Vector, Failure> {
    let widths =
        [("auto", Vector::Auto), ("1", Vector::One), ("2", Vector::Two), ("4", Vector::Four), ("8", Vector::Eight)];
    choice("--vec", text, &widths)
}

/// One of several words, in any case.
fn choice<T: Copy>(option: &str, text: &str, words: &[(&str, T)]) -> Result<T, Failure> {
    let lower = text.to_lowercase();
    // As PyTorch writes types.
    let lower = match lower.as_str() {
        "float32" | "float" => "f32",
        "float16" | "half" => "f16",
        "bfloat16" => "bf16",
        "float64" | "double" => "f64",
        "scalar" => "1",
        other => other,
    };
    let found = words.iter().find(|(word, _)| *word == lower).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Failure::usage(format!("{option} {} is not known: {} are", clean(text), words.join(", ")))
    })
}

/// An unsigned integer.
pub(super) fn integer(option: &str, text: &str) -> Result<u64, Failure> {
    text.parse()
        .map_err(|_| Failure::usage(format!("{option} {}: an integer from 0 to 2^64 - 1 is wanted", clean(text))))
}

/// A number.
pub(super) fn number(option: &str, text: &str) -> Result<f64, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("{option} {}: a number is wanted", clean(text))))
}

/// Text of the user's on one line.
fn clean(text: &str) -> String {
    shown(text, 60)
}
