//! How far trainings part that were made again. Every formula is that of docs/training.md.

use crate::model::training::Estimate;
use crate::numerics::inputs::philox::Stream;

/// A training as far as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its weights' bits.
    pub words: Vec<u32>,
    /// Their values.
    pub values: Vec<f64>,
    /// The class of each image of the test.
    pub classes: Vec<u8>,
}

/// Resamples of a bootstrap.
const RESAMPLES: usize = 1000;

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

/// The fraction of places in which two lists differ.
#[must_use]
pub fn differing<T: PartialEq>(left: &[T], right: &[T]) -> f64 {
    let count = left.iter().zip(right).filter(|(a, b)| a != b).count();
    real(count) / real(left.len().max(1))
}

/// The mean of something over all pairs of `count` trainings.
fn over_pairs(count: usize, mut of: impl FnMut(usize, usize) -> f64) -> f64 {
    let mut sum = 0.0;
    let mut pairs = 0usize;
    for right in 1..count {
        for left in 0..right {
            sum += of(left, right);
            pairs += 1;
        }
    }
    sum / real(pairs.max(1))
}

/// The mean churn over all pairs, with a percentile interval by bootstrap over trainings (pairs share trainings, and are not
/// independent). Where a resample draws a training twice that pair is left out. Two trainings are one pair, and where all pairs
/// are alike every resample is as well: a width of zero would be told of what was not measured, so there is no interval then.
#[must_use]
pub fn churn(models: &[Model]) -> Estimate {
    let count = models.len();
    let mut table = vec![0.0; count * count];
    for right in 1..count {
        for left in 0..right {
            let churn = differing(&models[left].classes, &models[right].classes);
            table[left * count + right] = churn;
            table[right * count + left] = churn;
        }
    }
    let value = over_pairs(count, |left, right| table[left * count + right]);
    let mut stream = Stream::new(1, 0);
    let mut means = Vec::with_capacity(RESAMPLES);
    while count > 1 && means.len() < RESAMPLES {
        let drawn: Vec<usize> = (0..count).map(|_| stream.next_u32() as usize % count).collect();
        let (mut sum, mut pairs) = (0.0, 0usize);
        for right in 1..count {
            for left in 0..right {
                if drawn[left] != drawn[right] {
                    sum += table[drawn[left] * count + drawn[right]];
                    pairs += 1;
                }
            }
        }
        if pairs > 0 {
            means.push(sum / real(pairs));
        }
    }
    means.sort_by(f64::total_cmp);
    let at = |permille: usize| means.get(means.len() * permille / 1000).copied();
    match (at(25), at(975)) {
        (Some(low), Some(high)) if low < high => Estimate { value, low: Some(low), high: Some(high) },
        _ => Estimate { value, low: None, high: None },
    }
}

/// The length of a vector.
fn length(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The mean distance of weights, each divided by its length, and their mean cosine.
#[must_use]
pub fn weights_apart(models: &[Model]) -> (f64, f64) {
    let lengths: Vec<f64> = models.iter().map(|m| length(&m.values).max(f64::MIN_POSITIVE)).collect();
    let pair = |left: usize, right: usize| models[left].values.iter().zip(&models[right].values);
    let distance = over_pairs(models.len(), |left, right| {
        let squares = pair(left, right).map(|(a, b)| (a / lengths[left] - b / lengths[right]).powi(2));
        squares.sum::<f64>().sqrt()
    });
    let cosine = over_pairs(models.len(), |left, right| {
        if models[left].words == models[right].words {
            return 1.0;
        }
        pair(left, right).map(|(a, b)| a * b).sum::<f64>() / (lengths[left] * lengths[right])
    });
    (distance, if models.len() > 1 { cosine } else { 1.0 })
}

/// The mean fraction of weights whose bits differ.
#[must_use]
pub fn bits_apart(models: &[Model]) -> f64 {
    over_pairs(models.len(), |left, right| differing(&models[left].words, &models[right].words))
}

/// The fraction that is right.
#[must_use]
pub fn accuracy(classes: &[u8], labels: &[u8]) -> f64 {
    1.0 - differing(classes, labels)
}

/// The mean and the standard deviation (with R - 1 below) of numbers, and the standard error of the latter.
#[must_use]
pub fn deviation(numbers: &[f64]) -> (f64, f64, f64) {
    let count = real(numbers.len().max(1));
    let mean = numbers.iter().sum::<f64>() / count;
    // Of equal numbers the mean may be off by a rounding, and nothing would be shown as something.
    if numbers.windows(2).all(|w| w[0].to_bits() == w[1].to_bits()) {
        return (numbers.first().copied().unwrap_or_default(), 0.0, 0.0);
    }
    let deviation = (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    (mean, deviation, deviation / (2.0 * (count - 1.0)).sqrt())
}

/// What an accuracy varies by because a test has no more than `images`.
#[must_use]
pub fn binomial_floor(accuracy: f64, images: usize) -> f64 {
    (accuracy * (1.0 - accuracy) / real(images.max(1))).sqrt()
}

/// The mean correlation of which images two trainings have right; `None` where a training has all right, or none.
#[must_use]
pub fn correlation(models: &[Model], labels: &[u8]) -> Option<f64> {
    let right: Vec<f64> = models.iter().map(|m| accuracy(&m.classes, labels)).collect();
    if models.len() < 2 || right.iter().any(|p| *p <= 0.0 || *p >= 1.0) {
        return None;
    }
    Some(over_pairs(models.len(), |a, b| {
        let both = models[a].classes.iter().zip(&models[b].classes).zip(labels).filter(|((x, y), l)| x == l && y == l);
        let both = real(both.count()) / real(labels.len());
        let scale = (right[a] * (1.0 - right[a]) * right[b] * (1.0 - right[b])).sqrt();
        (both - right[a] * right[b]) / scale
    }))
}

/// How much more the vote of all trainings has right than their mean; of equal votes the lowest class wins.
#[must_use]
pub fn ensemble(models: &[Model], labels: &[u8]) -> f64 {
    let mean = models.iter().map(|m| accuracy(&m.classes, labels)).sum::<f64>() / real(models.len().max(1));
    let vote = |image: usize| {
        let mut votes = [0usize; 256];
        models.iter().for_each(|m| votes[usize::from(m.classes[image])] += 1);
        let most = votes.iter().copied().max().unwrap_or(0);
        votes.iter().position(|v| *v == most).and_then(|class| u8::try_from(class).ok()).unwrap_or(0)
    };
    let voted: Vec<u8> = (0..labels.len()).map(vote).collect();
    accuracy(&voted, labels) - mean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(values: &[f64], classes: &[u8]) -> Model {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let words = values.iter().map(|v| (*v as f32).to_bits()).collect();
        Model { words, values: values.to_vec(), classes: classes.to_vec() }
    }

    #[test]
    fn measures_are_those_of_their_definitions() {
        let labels = [0, 1, 2, 3];
        let models =
            [model(&[3.0, 4.0], &[0, 1, 2, 0]), model(&[4.0, 3.0], &[0, 1, 0, 0]), model(&[6.0, 8.0], &[0, 1, 2, 0])];
        let churn = churn(&models);
        assert!((churn.value - (0.25 + 0.0 + 0.25) / 3.0).abs() < 1e-12, "mean over pairs: {churn:?}");
        let (low, high) = churn.low.zip(churn.high).expect("an interval");
        assert!(low <= churn.value && churn.value <= high, "{churn:?}");
        let (distance, cosine) = weights_apart(&models);
        let apart = (0.2f64.powi(2) * 2.0).sqrt();
        assert!((distance - 2.0 * apart / 3.0).abs() < 1e-12, "length does not matter: {distance}");
        assert!((cosine - (0.96 + 1.0 + 0.96) / 3.0).abs() < 1e-12, "{cosine}");
        assert_eq!(bits_apart(&models), 1.0, "bits do");
        let (mean, deviation, error) = deviation(&[0.75, 0.5, 0.75]);
        assert!((mean - 2.0 / 3.0).abs() < 1e-12 && (deviation - 0.144_337_567_3).abs() < 1e-9, "{mean} {deviation}");
        assert!((error - deviation / 2.0).abs() < 1e-12, "{error}");
        assert!((binomial_floor(0.97, 360) - 0.008_99).abs() < 1e-5, "0.9 points of 360 images");
        let correlation = correlation(&models[..2], &labels).unwrap();
        assert!((correlation - (0.5 - 0.375) / (0.1875f64 * 0.25).sqrt()).abs() < 1e-12, "{correlation}");
        assert!((ensemble(&models, &labels) - (0.75 - 2.0 / 3.0)).abs() < 1e-12, "two of three say 2");
    }

    #[test]
    fn equal_trainings_are_at_no_distance() {
        let same = vec![model(&[1.0, -2.0], &[1, 2]); 3];
        assert_eq!(churn(&same), Estimate { value: 0.0, low: None, high: None }, "churn");
        assert_eq!(weights_apart(&same), (0.0, 1.0), "weights");
        assert_eq!((bits_apart(&same), correlation(&same, &[1, 2])), (0.0, None), "all right has no correlation");
        assert_eq!(churn(&same[..1]).value, 0.0, "one training has no pair");
        let two = [model(&[1.0], &[1, 2]), model(&[2.0], &[1, 3])];
        assert_eq!(churn(&two), Estimate { value: 0.5, low: None, high: None }, "one pair has no interval");
    }
}
