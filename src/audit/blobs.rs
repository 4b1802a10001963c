//! Outputs on their way from a child to this process: files named by their digest, in a folder for each case that goes
//! away when the case is analysed.

use std::path::{Path, PathBuf};

use super::AuditError;
use crate::model::bits::{Bits, Dtype, digest_words};

/// The outputs of one case, and those of the problem's first configurations, which later cases are compared with.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    case: PathBuf,
    firsts: PathBuf,
}

fn name(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

impl Blobs {
    /// The outputs of the case and the problem of these ids.
    pub(super) fn new(scratch: &Path, case: &str, problem: &str) -> Self {
        Self { case: scratch.join(name(case)), firsts: scratch.join(format!("{}-firsts", name(problem))) }
    }

    /// Stores an output under its digest, unless it is there.
    pub(super) fn put(&self, bits: &Bits, digest: &str) -> Result<(), AuditError> {
        let path = self.case.join(digest);
        if path.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.case)
            .and_then(|()| crate::record::write_atomically(&path, bytemuck::cast_slice(&bits.words)))
            .map_err(AuditError::Store)
    }

    /// The output of this digest. The digest is checked, so that a damaged file cannot pass for an answer.
    pub(super) fn get(&self, digest: &str, dtype: Dtype, len: usize) -> Result<Bits, AuditError> {
        let bytes = std::fs::read(self.case.join(digest))
            .or_else(|_| std::fs::read(self.firsts.join(digest)))
            .map_err(AuditError::Missing)?;
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
        if words.len() != len.div_ceil(dtype.per_word()) || digest_words(&words) != digest {
            return Err(AuditError::Damaged);
        }
        Ok(Bits::new(dtype, words, len))
    }

    /// Keeps an output of this case for later cases of the problem.
    pub(super) fn keep(&self, digest: &str) -> Result<(), AuditError> {
        let kept = self.firsts.join(digest);
        if kept.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.firsts)
            .and_then(|()| std::fs::rename(self.case.join(digest), kept))
            .map_err(AuditError::Store)
    }

    /// Whether there is anything of this case, and of the first configurations of its problem.
    #[cfg(test)]
    pub(super) fn lie(&self) -> (bool, bool) {
        (self.case.exists(), self.firsts.exists())
    }

    /// Removes the outputs of this case; those that were kept too where no case of the problem is left.
    pub(super) fn free(&self, last: bool) {
        // What can't be removed goes with the scratch folder.
        let _ = std::fs::remove_dir_all(&self.case);
        if last {
            let _ = std::fs::remove_dir_all(&self.firsts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_last_as_long_as_something_is_compared_with_them() {
        let scratch = tempfile::tempdir().unwrap();
        let left = || std::fs::read_dir(scratch.path()).unwrap().count();
        let (a, b) = (Bits::f32(&[1.0]), Bits::f32(&[2.0]));
        let first = Blobs::new(scratch.path(), "sum/x?n=1&wg=1", "sum/x?n=1");
        first.put(&a, &a.digest()).unwrap();
        first.put(&b, &b.digest()).unwrap();
        first.keep(&a.digest()).unwrap();
        first.free(false);
        assert_eq!(left(), 1, "only what was kept");
        let second = Blobs::new(scratch.path(), "sum/x?n=1&wg=2", "sum/x?n=1");
        assert_eq!(second.get(&a.digest(), Dtype::F32, 1).unwrap(), a, "for the next configuration");
        assert!(matches!(second.get(&b.digest(), Dtype::F32, 1), Err(AuditError::Missing(_))), "the other is gone");
        assert!(matches!(second.get(&a.digest(), Dtype::F32, 2), Err(AuditError::Damaged)), "another shape");
        second.free(true);
        assert_eq!(left(), 0, "nothing is left");
    }
}
