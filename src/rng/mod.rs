//! Where random numbers land: the values that a framework's generator gives on cards that are not here, and the cards
//! that could have given values which someone printed. Offline; nothing here asks a driver.
//!
//! `docs/numerics.md`, "Where random numbers land", defines every term.

mod agreement;
mod cards;
mod convert;
mod cpu;
mod draw;
mod geometry;
mod identify;
mod jax;
mod mt19937;
mod observe;
mod predict;
mod shape;
mod source;
mod streams;
mod tensorflow;

pub use agreement::{Agreement, CELLS, CommonSize, common_size, compare};
pub use cards::{Card, Cards};
pub use convert::{Scale, TOLERANCE};
pub use cpu::CpuRule;
pub use draw::{Draw, Element, Op, Place, Vector};
pub use geometry::{BLOCK, Geometry};
pub use identify::{Candidate, Class, CpuMatch, Identified, identify, most_slack};
pub use jax::{Layout, bits as jax_bits, key as jax_key, uniform as jax_uniform};
pub use mt19937::Mt19937;
pub use observe::{Form, Interval, Observations};
pub use predict::{Prediction, Subject, Summary, predict};
pub use shape::Shape;
pub use source::Source;
pub use streams::{Claim, Framework, Kind, STREAMS, Survival, Survives, stream};
pub use tensorflow::{Stateless, uniform as tensorflow_uniform};

/// Why a question about random numbers has no answer. Every message is one line that says what to type instead.
#[derive(Debug, thiserror::Error)]
pub enum RngError {
    /// A shape that is none, or too large.
    #[error("the shape '{shape}' {why}; a list of positive sizes is wanted, such as 1000,1000")]
    Shape {
        /// What was given.
        shape: String,
        /// What is wrong with it.
        why: String,
    },
    /// More elements than PyTorch draws in one launch.
    #[error(
        "{n} elements of {element} are more than one launch draws (at most {most}): PyTorch splits larger tensors, \
         which is not modelled"
    )]
    TooLarge {
        /// How many.
        n: u64,
        /// The element type.
        element: &'static str,
        /// The most.
        most: u64,
    },
    /// A card that cannot be.
    #[error(
        "no card has {sms} SMs with {threads_per_sm} threads each: 1 to 4096 SMs and 256 to 8192 threads are wanted"
    )]
    Geometry {
        /// Multiprocessors.
        sms: u32,
        /// Threads on each.
        threads_per_sm: u32,
    },
    /// A card that is not in the table.
    #[error(
        "no card '{name}' in the table; nearest: {nearest} (all: repro-audit rng cards; or give --sm and --threads-per-sm)"
    )]
    UnknownCard {
        /// What was asked for.
        name: String,
        /// The nearest names.
        nearest: String,
    },
    /// A line of a card table.
    #[error("{file}, line {line}: {why}")]
    CardTable {
        /// Where the table came from.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A parameter out of its range.
    #[error("{what} {value} is out of range: {wanted}")]
    Range {
        /// Which.
        what: &'static str,
        /// What was given.
        value: String,
        /// What is wanted.
        wanted: &'static str,
    },
    /// A combination whose rule is not known.
    #[error("{0}")]
    Unsupported(String),
    /// Values that cannot be read.
    #[error("the values{}: {why}", place(at))]
    Values {
        /// The text.
        at: String,
        /// What is wrong.
        why: String,
    },
}

/// Where in the values something is, where that can be said.
fn place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!(", at '{at}'") }
}
