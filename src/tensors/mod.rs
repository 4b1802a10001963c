//! Files of tensors: what is in them, by content and not by name, without reading what is not asked for.
//!
//! | file | format |
//! |---|---|
//! | `npy` | NumPy's arrays |
//! | `archive` | zip: NumPy's `.npz`; PyTorch's archives |
//! | `pickle`, `torch` | PyTorch's objects, read with a closed list of opcodes and never executed |
//! | `safetensors` | also in several files, by their index |
//! | `gguf` | llama.cpp's |
//! | `events` | TensorBoard's event files |
//! | `text` | numbers as text and CSV; logs of (step, key, value) as JSON lines and CSV |
//! | `folder` | folders of all these, and of one folder a step |
//!
//! Whatever a file claims is checked against its size before it is believed: no length in it makes memory grow.

mod archive;
mod data;
mod events;
mod folder;
mod gguf;
mod npy;
mod open;
mod pickle;
mod safetensors;
mod text;
mod torch;
mod write;

use std::path::Path;

pub use open::{Raw, open};
pub use write::{Written, write_safetensors};

use crate::model::Scalar;
use crate::numerics::drift::Sequence;
use data::{Data, Elements};

/// What a reader gives, or what is wrong in words that follow the file's name.
type Found<T> = Result<T, String>;

/// A tensor of a file.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Its name; of a file with one array, the file's without its ending.
    pub name: String,
    /// The step of the training that it is of.
    pub step: Option<u64>,
    /// The type of its elements.
    pub scalar: Scalar,
    /// The file's own name of the type, where elements are compared as something else: bytes of quantised blocks, pairs of
    /// complex numbers.
    pub stored: Option<String>,
    /// Its shape, the axis that varies fastest last.
    pub shape: Vec<u64>,
    /// Of a log's series, the step of each element, ascending.
    pub steps: Option<Vec<u64>>,
    count: usize,
    data: Data,
}

impl Tensor {
    /// `count` is the product of the shape, and `data` has that many elements.
    fn new(name: &str, scalar: Scalar, shape: Vec<u64>, count: usize, data: Data) -> Self {
        Self { name: name.to_owned(), step: None, scalar, stored: None, shape, steps: None, count, data }
    }

    /// How many elements it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The elements in the order of the shape. None of texts.
    #[must_use]
    pub fn elements(&self) -> impl Sequence + '_ {
        Elements { scalar: self.scalar, count: self.count, data: &self.data }
    }

    /// Where elements are texts, such as digests.
    #[must_use]
    pub fn texts(&self) -> Option<&[String]> {
        match &self.data {
            Data::Texts(texts) => Some(texts),
            Data::Words { .. } => None,
        }
    }

    /// The elements at these places alone, as a series of so many.
    ///
    /// # Panics
    /// Never: places beyond the end are left out.
    #[must_use]
    pub fn chosen(&self, places: &[usize]) -> Self {
        let width = self.scalar.width();
        let data = match &self.data {
            Data::Texts(texts) => {
                Data::Texts(std::sync::Arc::new(places.iter().filter_map(|i| texts.get(*i).cloned()).collect()))
            }
            Data::Words { .. } => {
                let (elements, mut scratch, mut bytes) = (self.elements(), Vec::new(), Vec::new());
                for i in places.iter().filter(|i| **i < self.count) {
                    bytes.extend_from_slice(&elements.block(*i, i + 1, &mut scratch)[..width]);
                }
                Data::own(bytes)
            }
        };
        let count = match &data {
            Data::Texts(texts) => texts.len(),
            Data::Words { region, .. } => region.bytes().len() / width,
        };
        let steps = self.steps.as_ref().map(|s| places.iter().filter_map(|i| s.get(*i).copied()).collect());
        Self { steps, shape: vec![count as u64], count, data, ..self.clone() }
    }

    /// The same elements with the two axes of a matrix exchanged. `None` of what is no matrix.
    #[must_use]
    pub fn transposed(&self) -> Option<Self> {
        let Data::Words { region, offset, swapped, strides } = &self.data else { return None };
        let [rows, columns] = self.shape[..] else { return None };
        let (m, n) = (usize::try_from(rows).ok()?, usize::try_from(columns).ok()?);
        let mut axes = strides.clone().unwrap_or_else(|| vec![(m, n), (n, 1)]);
        axes.reverse();
        let (region, offset, swapped) = (region.clone(), *offset, *swapped);
        let data = Data::Words { region, offset, swapped, strides: Some(axes) };
        Some(Self { shape: vec![columns, rows], data, ..self.clone() })
    }

    /// The type as it is told: the file's own name where elements are compared as something else.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.stored.as_deref().unwrap_or_else(|| self.scalar.name())
    }

    /// Whether elements have values that can be compared by size.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.scalar != Scalar::Bytes && self.texts().is_none()
    }
}

/// What is in a file or folder.
#[derive(Debug, Clone)]
pub struct Content {
    /// What it is, in words.
    pub format: &'static str,
    /// Its tensors, in the order of the file; of folders, by step.
    pub tensors: Vec<Tensor>,
    /// What in it was not read, and why: nothing is known of it.
    pub skipped: Vec<String>,
    /// Files of a folder that hold no tensors.
    pub other: Vec<String>,
}

impl Content {
    fn new(format: &'static str) -> Self {
        Self { format, tensors: Vec::new(), skipped: Vec::new(), other: Vec::new() }
    }

    fn of(format: &'static str, tensors: Vec<Tensor>) -> Self {
        Self { format, tensors, skipped: Vec::new(), other: Vec::new() }
    }
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TensorError {
    /// The file system's.
    #[error("can't read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what its format says.
    #[error("can't read {path}: {why}")]
    Damaged {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// It is of a kind that is not read.
    #[error("can't read {path}: {why}; {instead}")]
    Refused {
        /// The file.
        path: String,
        /// Why.
        why: String,
        /// What to do.
        instead: String,
    },
}

impl TensorError {
    fn refused(path: &Path, why: impl Into<String>, instead: impl Into<String>) -> Self {
        Self::Refused { path: path.display().to_string(), why: why.into(), instead: instead.into() }
    }
}
