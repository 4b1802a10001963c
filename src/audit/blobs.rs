//! Outputs on their way from a child to this process: files named by their digest, in a scratch folder that goes away
//! with the audit.

use std::path::{Path, PathBuf};

use crate::model::bits::{Bits, Dtype, digest_words};

/// A folder of outputs.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.bits"))
    }

    /// Stores an output under its digest, unless it is there.
    pub(super) fn put(&self, bits: &Bits, digest: &str) -> std::io::Result<()> {
        let path = self.path(digest);
        if path.exists() {
            return Ok(());
        }
        crate::record::write_atomically(&path, bytemuck::cast_slice(&bits.words))
    }

    /// The output of this digest. The digest is checked, so that a damaged file can not pass for an answer.
    pub(super) fn get(&self, digest: &str, dtype: Dtype, len: usize) -> Result<Bits, String> {
        let bytes = std::fs::read(self.path(digest)).map_err(|e| format!("an output is missing: {e}"))?;
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
        if words.len() != len.div_ceil(dtype.per_word()) || digest_words(&words) != digest {
            return Err("an output was damaged on its way".to_owned());
        }
        Ok(Bits::new(dtype, words, len))
    }
}
