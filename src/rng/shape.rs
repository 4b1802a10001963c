//! A tensor's shape.

use super::RngError;

/// Positive sizes whose product fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    sizes: Vec<u64>,
}

impl Shape {
    /// Reads `1000,1000` or `1000x1000`.
    ///
    /// # Errors
    /// When a size is no positive integer, or the number of elements does not fit 63 bits.
    pub fn parse(text: &str) -> Result<Self, RngError> {
        let wrong = |why: String| RngError::Shape { shape: text.to_owned(), why };
        let inner = text.trim().trim_start_matches(['(', '[']).trim_end_matches([')', ']']).trim_end_matches(',');
        let mut sizes = Vec::new();
        for part in inner.split([',', 'x', '*']).map(str::trim) {
            let size: u64 = part.parse().map_err(|_| wrong(format!("has the size '{part}'")))?;
            if size == 0 {
                return Err(wrong("has no elements".to_owned()));
            }
            sizes.push(size);
        }
        let fits =
            sizes.iter().try_fold(1u64, |n, size| n.checked_mul(*size)).is_some_and(|n| i64::try_from(n).is_ok());
        if fits { Ok(Self { sizes }) } else { Err(wrong("has more elements than a tensor can have".to_owned())) }
    }

    /// The sizes.
    #[must_use]
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// The number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.sizes.iter().product()
    }

    /// An element's indices from its place in row-major order.
    #[must_use]
    pub fn indices(&self, element: u64) -> Vec<u64> {
        let mut rest = element;
        let mut indices: Vec<u64> = self
            .sizes
            .iter()
            .rev()
            .map(|size| {
                let index = rest % size;
                rest /= size;
                index
            })
            .collect();
        indices.reverse();
        indices
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes: Vec<_> = self.sizes.iter().map(u64::to_string).collect();
        write!(f, "{}", sizes.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_and_bad_ones_are_one_line() {
        assert_eq!(Shape::parse("1000,1000").unwrap().elements(), 1_000_000, "two sizes");
        assert_eq!(Shape::parse("(8, 77, 1024)").unwrap().sizes(), [8, 77, 1024], "as Python prints it");
        assert_eq!(Shape::parse("(5,)").unwrap().sizes(), [5], "a tuple of one");
        assert_eq!(Shape::parse("2,3,4").unwrap().indices(23), [1, 2, 3], "the last element");
        for text in ["", "0", "3,0", "-1", "a", "1.5", "4294967296,4294967296", "9223372036854775808", "1,,2"] {
            let message = Shape::parse(text).unwrap_err().to_string();
            assert!(message.contains("1000,1000") && !message.contains('\n'), "{text}: {message}");
        }
    }
}
