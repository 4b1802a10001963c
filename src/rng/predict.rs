//! A draw on several cards: values, sums, and who agrees with whom.

use std::sync::Mutex;

use serde::Serialize;

use super::source::moved;
use super::{Agreement, CommonSize, Draw, Geometry, Op, RngError, Source, common_size, compare};

/// A card that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// What it is called.
    pub name: String,
    /// What decides.
    #[serde(flatten)]
    pub geometry: Geometry,
}

/// What one card gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Which card.
    #[serde(flatten)]
    pub subject: Subject,
    /// Threads of the launch.
    pub threads: u64,
    /// The generator's offset before and after.
    pub offset: [u64; 2],
    /// The first values; of a mask 1 and 0.
    pub first: Vec<f64>,
    /// The last values.
    pub last: Vec<f64>,
    /// The sum of all values in binary64, in element order; of a mask the number of elements kept.
    pub sum: f64,
    /// Of a mask, the sum of dropout applied to ones: kept elements times `1 / (1 - p)`.
    pub output_sum: Option<f64>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// What was drawn.
    pub draw: Draw,
    /// The seed.
    pub seed: u64,
    /// A card each.
    pub cards: Vec<Summary>,
    /// A pair of cards each, `(0, 1), (0, 2) … (1, 2) …`.
    pub pairs: Vec<Agreement>,
    /// The largest tensor about which all agree.
    pub common: CommonSize,
}

impl Prediction {
    /// The comparison of two cards by their numbers, in either order; none for a card with itself.
    #[must_use]
    pub fn pair(&self, a: usize, b: usize) -> Option<&Agreement> {
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            return None;
        }
        let before: usize = (0..a).map(|row| self.cards.len() - 1 - row).sum();
        self.pairs.get(before + b - a - 1)
    }
}

/// Predicts `draw` on `subjects`, with a generator that was seeded with `seed`, had `offset` then, and made the draws
/// `before` since; `show` values are kept from either end.
///
/// # Errors
/// When the offset is none that a generator has.
pub fn predict(
    draw: &Draw,
    seed: u64,
    offset: u64,
    before: &[Draw],
    subjects: &[Subject],
    show: usize,
) -> Result<Prediction, RngError> {
    let sources: Result<Vec<Source>, RngError> = subjects
        .iter()
        .map(|subject| Source::new(draw.clone(), seed, moved(offset, before, subject.geometry)?, subject.geometry))
        .collect();
    let sources = sources?;
    // A sum of doubles depends on its order, so parts are kept by their start and added in order.
    let sums: Vec<Mutex<Vec<(u64, f64)>>> = sources.iter().map(|_| Mutex::default()).collect();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let pairs = compare(&sources, workers, &|number, start, values| {
        let sum: f64 = values.iter().sum();
        if let Ok(mut sums) = sums[number].lock() {
            sums.push((start, sum));
        }
    });
    let show = (show as u64).min(draw.n);
    let cards = sources
        .iter()
        .zip(subjects)
        .zip(sums)
        .map(|((source, subject), sums)| {
            let mut sums = sums.into_inner().unwrap_or_default();
            sums.sort_by_key(|(start, _)| *start);
            let sum: f64 = sums.iter().map(|(_, sum)| sum).sum();
            let values = |range: std::ops::Range<u64>| range.map(|i| source.value(i).0).collect();
            let mask = draw.op == Op::Dropout;
            Summary {
                subject: subject.clone(),
                threads: source.threads(),
                offset: [source.offset(), source.offset_after()],
                first: values(0..show),
                last: values(draw.n - show..draw.n),
                sum,
                output_sum: mask.then(|| if sum == 0.0 { 0.0 } else { sum * draw.kept_value() }),
            }
        })
        .collect();
    let geometries: Vec<Geometry> = subjects.iter().map(|s| s.geometry).collect();
    Ok(Prediction { draw: draw.clone(), seed, cards, pairs, common: common_size(draw, &geometries) })
}
