//! What the comparator reads: elements of one type, wherever they lie.

use crate::model::Scalar;
use crate::model::bits::Bits;

/// Elements of one type, of which any range can be had.
pub trait Sequence {
    /// Their type.
    fn scalar(&self) -> Scalar;

    /// How many there are.
    fn count(&self) -> usize;

    /// The elements `from..to`, one after another in the byte order of this machine. Where they do not lie so, they are put
    /// into `scratch`, whatever it holds.
    fn block<'s>(&'s self, from: usize, to: usize, scratch: &'s mut Vec<u64>) -> &'s [u8];
}

impl Sequence for Bits {
    fn scalar(&self) -> Scalar {
        self.dtype.into()
    }

    fn count(&self) -> usize {
        self.len
    }

    fn block<'s>(&'s self, from: usize, to: usize, scratch: &'s mut Vec<u64>) -> &'s [u8] {
        let width = self.scalar().width();
        if cfg!(target_endian = "little") || width == 4 {
            return &bytemuck::cast_slice(&self.words)[from * width..to * width];
        }
        // Two to a word, the first in the low half.
        scratch.clear();
        scratch.resize((to - from).div_ceil(4), 0);
        let halves: &mut [u16] = bytemuck::cast_slice_mut(scratch);
        for (place, i) in halves.iter_mut().zip(from..to) {
            *place = low16(self.get(i));
        }
        &bytemuck::cast_slice(scratch)[..(to - from) * width]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn low16(bits: u32) -> u16 {
    bits as u16
}

/// An unsigned word that holds an element.
pub(super) trait Word: bytemuck::Pod {
    /// The pattern in the low bits.
    fn bits(self) -> u64;
}

macro_rules! words {
    ($($word:ty),*) => {
        $(impl Word for $word {
            #[inline(always)]
            fn bits(self) -> u64 {
                self.into()
            }
        })*
    };
}

words!(u8, u16, u32, u64);

/// Bytes as words; copied where they are not aligned.
pub(super) fn words<'b, W: Word>(bytes: &'b [u8], room: &'b mut Vec<W>) -> &'b [W] {
    if let Ok(words) = bytemuck::try_cast_slice(bytes) {
        return words;
    }
    room.clear();
    room.extend(bytes.chunks_exact(size_of::<W>()).map(bytemuck::pod_read_unaligned::<W>));
    room
}
