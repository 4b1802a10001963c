//! Exact and far more precise sums, for the truth that outputs are measured against.

/// A running sum in double-double arithmetic, about 106 bits (Dekker 1971; Ogita, Rump and Oishi 2005).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DoubleDouble {
    hi: f64,
    lo: f64,
}

impl DoubleDouble {
    /// Adds `x`.
    #[inline(always)]
    pub fn add(&mut self, x: f64) {
        let sum = self.hi + x;
        let bb = sum - self.hi;
        let error = (self.hi - (sum - bb)) + (x - bb);
        self.lo += error;
        // Renormalise, so that `hi` stays the sum's leading part.
        let hi = sum + self.lo;
        self.lo -= hi - sum;
        self.hi = hi;
    }

    /// Adds the product of two binary32 numbers, which is exact in binary64.
    #[inline(always)]
    pub fn add_product(&mut self, a: f32, b: f32) {
        self.add(f64::from(a) * f64::from(b));
    }

    /// The sum, rounded to binary64.
    #[must_use]
    pub fn value(self) -> f64 {
        self.hi + self.lo
    }
}

/// The sum of `values`, to about 106 bits.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = DoubleDouble::default();
    for x in values {
        total.add(x);
    }
    total.value()
}
