//! The data: optical digits, 1,797 images of 8 x 8 pixels with 17 grey levels, in ten classes. Licence and attribution are in
//! `assets/optical-digits-LICENSE.txt`.

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

use crate::numerics::inputs::philox::{key, philox4x32_10};

/// Images in the file.
pub const ALL: usize = 1797;
/// Images that are kept for the test.
pub const TEST: usize = 360;
/// Images that are trained on.
pub const TRAIN: usize = ALL - TEST;
/// Pixels of an image.
pub const PIXELS: usize = 64;
/// Classes.
pub const CLASSES: usize = 10;
/// Grey levels are 0 to this.
pub const WHITE: u8 = 16;

/// Which images are kept for the test is drawn once, so that all trainings ever made have the same.
const SPLIT_SEED: u64 = 1797;

static FILE: &[u8] = include_bytes!("../../../assets/optical-digits.gz");

/// Images with their classes, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// 64 an image, row by row, from 0 to 16.
    pub pixels: Vec<u8>,
    /// One an image, from 0 to 9.
    pub labels: Vec<u8>,
}

impl Images {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * PIXELS..(index + 1) * PIXELS]
    }
}

/// The data, split once and for all.
#[derive(Debug)]
pub struct Digits {
    /// What is trained on: [`TRAIN`] images.
    pub train: Images,
    /// What accuracy is measured with: [`TEST`] images.
    pub test: Images,
    /// BLAKE3 of the 1,797 rows of 65 bytes in the order of the file, as hexadecimal.
    pub digest: String,
}

/// The data.
#[must_use]
pub fn digits() -> &'static Digits {
    static DIGITS: LazyLock<Digits> = LazyLock::new(|| {
        let mut rows = Vec::with_capacity(ALL * (PIXELS + 1));
        // The file is part of the program, and a test reads it.
        if GzDecoder::new(FILE).read_to_end(&mut rows).is_err() {
            rows.clear();
        }
        rows.resize(ALL * (PIXELS + 1), 0);
        split(&rows)
    });
    &DIGITS
}

fn split(rows: &[u8]) -> Digits {
    let mut order: Vec<(u32, usize)> = (0..)
        .zip(0..ALL)
        .map(|(counter, index)| (philox4x32_10([counter, 0, 0, 0], key(SPLIT_SEED))[0], index))
        .collect();
    order.sort_unstable();
    let take = |places: &[(u32, usize)]| {
        let mut images = Images { pixels: Vec::new(), labels: Vec::new() };
        for (_, index) in places {
            let row = &rows[index * (PIXELS + 1)..(index + 1) * (PIXELS + 1)];
            images.pixels.extend_from_slice(&row[..PIXELS]);
            images.labels.push(row[PIXELS]);
        }
        images
    };
    let (test, train) = order.split_at(TEST);
    Digits { train: take(train), test: take(test), digest: blake3::hash(rows).to_hex().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `python3 -c "import gzip, blake3; …"` over the rows of scikit-learn's `digits.csv.gz` gives the same: see
    /// docs/training.md.
    #[test]
    fn the_data_is_what_was_published() {
        let digits = digits();
        assert_eq!(digits.digest, "871a762edb23c6d138f1434d0b23e9fe94a1a2ee79328e095347ab9f62740139", "the rows");
        assert_eq!((digits.train.len(), digits.test.len()), (TRAIN, TEST), "the split");
        let all = digits.train.pixels.iter().chain(&digits.test.pixels);
        assert!(all.clone().all(|p| *p <= WHITE) && all.clone().any(|p| *p == WHITE), "17 grey levels");
        let mut classes = [0; CLASSES];
        digits.train.labels.iter().chain(&digits.test.labels).for_each(|l| classes[usize::from(*l)] += 1);
        assert_eq!(classes, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], "as UCI counts them");
        let rows: std::collections::BTreeSet<_> =
            digits.train.pixels.chunks(PIXELS).chain(digits.test.pixels.chunks(PIXELS)).collect();
        assert_eq!(rows.len(), ALL, "no image twice, so none is in both parts");
    }
}
