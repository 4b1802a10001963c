//! The elements of a tensor where they lie: in a file that is mapped, or in memory.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use super::TensorError;
use crate::model::Scalar;
use crate::numerics::drift::Sequence;

/// Bytes that several tensors share.
#[derive(Debug, Clone)]
pub(super) struct Region(Arc<Held>, std::ops::Range<usize>);

#[derive(Debug)]
enum Held {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Region {
    /// A file's bytes, mapped: what is not looked at is not read.
    pub(super) fn open(path: &Path) -> Result<Self, TensorError> {
        let io = |source| TensorError::Io { path: path.display().to_string(), source };
        let file = File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        if !about.is_file() {
            return Err(TensorError::refused(
                path,
                "it is no regular file, and can't be mapped",
                "copy it to a file first",
            ));
        }
        Self::of_file(&file).map_err(io)
    }

    fn of_file(file: &File) -> std::io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::owned(Vec::new()));
        }
        // SAFETY: the bytes are only read, as bytes, and whoever changes them meanwhile changes what is compared and nothing
        // else. Of one who truncates the file this process is told by a signal: see `crate::process::mapped`.
        let mapped = unsafe { Mmap::map(file)? };
        let all = 0..mapped.len();
        Ok(Self(Arc::new(Held::Mapped(mapped)), all))
    }

    pub(super) fn owned(bytes: Vec<u8>) -> Self {
        let all = 0..bytes.len();
        Self(Arc::new(Held::Owned(bytes)), all)
    }

    /// What `write` puts into a temporary file, mapped: so large data that must be unpacked takes no memory.
    pub(super) fn unpacked(
        write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> std::io::Result<Self> {
        let mut file = std::io::BufWriter::with_capacity(1 << 20, tempfile::tempfile()?);
        write(&mut file)?;
        file.flush()?;
        Self::of_file(file.get_ref())
    }

    /// A part of it, which must lie within.
    pub(super) fn part(&self, range: std::ops::Range<usize>) -> Self {
        Self(self.0.clone(), self.1.start + range.start..self.1.start + range.end)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        let all: &[u8] = match &*self.0 {
            Held::Mapped(map) => map,
            Held::Owned(bytes) => bytes,
        };
        &all[self.1.clone()]
    }
}

/// The elements of a tensor.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// Patterns of a type in a region.
    Words {
        region: Region,
        /// The first byte.
        offset: usize,
        /// Whether their byte order is not this machine's.
        swapped: bool,
        /// Where elements do not lie one after another in the order of the shape: for each axis its length, and how many
        /// elements apart its neighbours lie.
        strides: Option<Vec<(usize, usize)>>,
    },
    /// Texts, such as digests, which are equal or not.
    Texts(Arc<Vec<String>>),
}

impl Data {
    /// Numbers that were read from text.
    pub(super) fn floats(values: &[f64]) -> Self {
        Self::own(values.iter().flat_map(|v| v.to_ne_bytes()).collect())
    }

    /// Patterns in this machine's byte order.
    pub(super) fn own(bytes: Vec<u8>) -> Self {
        Self::Words { region: Region::owned(bytes), offset: 0, swapped: false, strides: None }
    }

    /// Little-endian patterns at an offset.
    pub(super) fn little(region: &Region, offset: usize) -> Self {
        Self::Words { region: region.clone(), offset, swapped: cfg!(target_endian = "big"), strides: None }
    }
}

/// A range of bytes within a region's, or what is wrong with it.
pub(super) fn range(bytes: &[u8], offset: u64, len: u64) -> Result<std::ops::Range<usize>, String> {
    let beyond = || format!("its data end beyond the file's {} bytes: the file is truncated or damaged", bytes.len());
    let end = offset.checked_add(len).ok_or_else(beyond)?;
    let (from, to) = (usize::try_from(offset).map_err(|_| beyond())?, usize::try_from(end).map_err(|_| beyond())?);
    if to > bytes.len() { Err(beyond()) } else { Ok(from..to) }
}

/// How many elements a shape has, and how many bytes they take, where a file can hold them.
pub(super) fn size(shape: &[u64], width: usize) -> Result<(usize, u64), String> {
    let too_many = || format!("its shape {shape:?} has more elements than a file can hold");
    let count = shape.iter().try_fold(1u64, |all, n| all.checked_mul(*n)).ok_or_else(too_many)?;
    let bytes = count.checked_mul(width as u64).filter(|b| *b < 1 << 62).ok_or_else(too_many)?;
    Ok((usize::try_from(count).map_err(|_| too_many())?, bytes))
}

/// The elements of a tensor, from one on, or some of them.
#[derive(Debug, Clone)]
pub(super) struct Elements<'t> {
    pub(super) scalar: Scalar,
    pub(super) count: usize,
    pub(super) data: &'t Data,
}

impl Sequence for Elements<'_> {
    fn scalar(&self) -> Scalar {
        self.scalar
    }

    fn count(&self) -> usize {
        self.count
    }

    fn block<'s>(&'s self, from: usize, to: usize, scratch: &'s mut Vec<u64>) -> &'s [u8] {
        let width = self.scalar.width();
        let Data::Words { region, offset, swapped, strides } = self.data else { return &[] };
        let bytes = region.bytes();
        if !*swapped && strides.is_none() {
            return &bytes[offset + from * width..offset + to * width];
        }
        let len = (to - from) * width;
        scratch.clear();
        scratch.resize(len.div_ceil(8), 0);
        let out = &mut bytemuck::cast_slice_mut::<u64, u8>(scratch)[..len];
        match strides {
            None => out.copy_from_slice(&bytes[offset + from * width..offset + to * width]),
            Some(axes) => gather(&bytes[*offset..], width, axes, from, out),
        }
        if *swapped {
            out.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        out
    }
}

/// Copies elements from the one of index `from` on, in the order of the shape.
fn gather(bytes: &[u8], width: usize, axes: &[(usize, usize)], from: usize, out: &mut [u8]) {
    let mut at = vec![0; axes.len()];
    let mut rest = from;
    for (place, (len, _)) in at.iter_mut().zip(axes).rev() {
        *place = rest % (*len).max(1);
        rest /= (*len).max(1);
    }
    let mut offset: usize = at.iter().zip(axes).map(|(i, (_, stride))| i * stride).sum();
    for element in out.chunks_exact_mut(width) {
        element.copy_from_slice(&bytes[offset * width..(offset + 1) * width]);
        for (place, (len, stride)) in at.iter_mut().zip(axes).rev() {
            *place += 1;
            offset += stride;
            if *place < *len {
                break;
            }
            offset -= *place * stride;
            *place = 0;
        }
    }
}
