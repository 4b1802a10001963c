//! The exact answer of a case, and what the WGSL specification allows of its results.

/// The closed interval of results that the specification allows for one element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The least value allowed.
    pub lo: f64,
    /// The greatest value allowed.
    pub hi: f64,
}

impl Interval {
    /// Any value at all, NaN included: what the specification says of non-finite operands.
    pub const ANY: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// `centre ± radius`.
    #[must_use]
    pub fn around(centre: f64, radius: f64) -> Self {
        if centre.is_nan() || radius.is_nan() {
            return Self::ANY;
        }
        Self { lo: centre - radius, hi: centre + radius }
    }

    /// Just this value.
    #[must_use]
    pub fn point(value: f64) -> Self {
        Self::around(value, 0.0)
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// This interval with zero in it: what flushing a subnormal result may add.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.join(Self { lo: 0.0, hi: 0.0 })
    }

    /// Whether everything is allowed.
    #[must_use]
    pub fn is_any(self) -> bool {
        self == Self::ANY
    }

    /// Whether `value` is allowed. NaN is allowed only where everything is.
    #[must_use]
    pub fn allows(self, value: f64) -> bool {
        self.is_any() || (self.lo <= value && value <= self.hi)
    }
}

/// What the WGSL specification allows of a case's output.
#[derive(Debug, Clone, PartialEq)]
pub enum Allowance {
    /// Only the twin's bits: integer work and copies.
    Exact,
    /// An interval for each element.
    Intervals(Vec<Interval>),
    /// It is not known.
    Unjudged,
}

/// The truth: for each element the exact answer, correctly rounded to binary64 or far more precise than the output.
#[derive(Debug, Clone)]
pub struct Exact {
    /// One value an element. NaN where there is no answer.
    pub values: Vec<f64>,
}
