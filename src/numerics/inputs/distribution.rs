//! Input distributions. Values are computed in binary64 from Philox words with `numerics::elementary`, then rounded.

use super::philox::Stream;
use crate::numerics::elementary;

/// How a case's numbers are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Uniform on (-1, 1).
    Uniform,
    /// Uniform on (0, 1): a sum without cancellation.
    Positive,
    /// Standard normal, by the Box–Muller transform.
    Normal,
    /// Signs and magnitudes from 2^-20 to 2^20: a sum that cancels.
    Wide,
}

impl Distribution {
    /// The words a case id may use.
    pub const NAMES: [&'static str; 4] = ["uniform", "positive", "normal", "wide"];

    /// The distribution of this name, if any.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Uniform, Self::Positive, Self::Normal, Self::Wide];
        Self::NAMES.iter().position(|n| *n == name).map(|at| all[at])
    }

    /// `n` numbers from stream `stream` of `seed`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
    pub fn draw(self, seed: u64, stream: u32, n: usize) -> Vec<f32> {
        let mut words = Stream::new(seed, stream);
        let mut out = Vec::with_capacity(n);
        while out.len() < n {
            match self {
                Self::Uniform => out.push((words.next_unit() * 2.0 - 1.0) as f32),
                Self::Positive => out.push(words.next_unit() as f32),
                Self::Normal => {
                    let radius = libm::sqrt(-2.0 * elementary::log(words.next_unit()));
                    let angle = 2.0 * std::f64::consts::PI * words.next_unit();
                    out.push((radius * elementary::cos(angle)) as f32);
                    if out.len() < n {
                        out.push((radius * elementary::sin(angle)) as f32);
                    }
                }
                Self::Wide => {
                    let exponent = words.next_unit() * 40.0 - 20.0;
                    let sign = if words.next_u32() & 1 == 0 { 1.0 } else { -1.0 };
                    out.push((sign * elementary::exp2(exponent)) as f32);
                }
            }
        }
        out
    }
}
