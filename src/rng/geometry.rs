//! What of a card decides where PyTorch's CUDA generator puts its numbers: multiprocessors, and threads on each.

use serde::Serialize;

use super::RngError;

/// Threads in a block of every kernel that draws (`block_size_bound`, ATen/native/cuda/DistributionTemplates.h).
pub const BLOCK: u64 = 256;
/// More multiprocessors than any card has.
const SMS: u32 = 4096;
/// More threads on a multiprocessor than any card has.
const THREADS: u32 = 8192;

/// A card as the placement rule sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Geometry {
    /// `multiProcessorCount`. A MIG slice has that of the slice.
    pub sms: u32,
    /// `maxThreadsPerMultiProcessor`.
    pub threads_per_sm: u32,
}

impl Geometry {
    /// A card of `sms` multiprocessors with `threads_per_sm` threads each.
    ///
    /// # Errors
    /// When no card can be like this.
    pub fn new(sms: u32, threads_per_sm: u32) -> Result<Self, RngError> {
        let possible = (1..=SMS).contains(&sms) && (256..=THREADS).contains(&threads_per_sm);
        if possible { Ok(Self { sms, threads_per_sm }) } else { Err(RngError::Geometry { sms, threads_per_sm }) }
    }

    /// The most threads of one launch: `SMs × floor(threads per SM / 256) × 256`.
    #[must_use]
    pub fn capacity(self) -> u64 {
        u64::from(self.sms) * (u64::from(self.threads_per_sm) / BLOCK) * BLOCK
    }

    /// The threads of a launch for `n` elements: `min(ceil(n / 256), SMs × floor(threads per SM / 256)) × 256`
    /// (`calc_execution_policy`, ATen/native/cuda/DistributionTemplates.h; Dropout.cu has the same).
    #[must_use]
    pub fn threads(self, n: u64) -> u64 {
        (n.div_ceil(BLOCK) * BLOCK).min(self.capacity())
    }
}

impl std::fmt::Display for Geometry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} SMs x {} threads", self.sms, self.threads_per_sm)
    }
}
