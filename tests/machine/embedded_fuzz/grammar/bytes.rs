//! Choices from bytes.

/// Bytes that are spent on choices. When they are spent, every choice is the first one: shorter input, smaller module.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    /// The next byte.
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `count`, which is at most 256.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// True in `of` of 256 cases, and not when the bytes are spent.
    pub(crate) fn chance(&mut self, of: u8) -> bool {
        self.byte() > 255 - of
    }

    /// Four bytes.
    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// Whether no choice is left.
    pub(crate) fn spent(&self) -> bool {
        self.0.is_empty()
    }
}
