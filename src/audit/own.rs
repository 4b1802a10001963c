//! A kernel of the user's own on its way to the children: a file in the scratch folder that all of them read.

use std::path::Path;

use super::AuditError;
use crate::kernels::user::Kernel;
use crate::record::{OwnKernel, write_atomically};

/// The file's name.
const FILE: &str = "kernel.json";

/// Leaves a kernel for the children.
pub(super) fn put(scratch: &Path, kernel: &Kernel) -> Result<(), AuditError> {
    let text = serde_json::to_vec(&kernel.own())?;
    write_atomically(&scratch.join(FILE), &text).map_err(|e| AuditError::Own(e.to_string()))
}

/// The kernel that was left there; `None` where none was.
pub(super) fn take(scratch: &Path) -> Result<Option<Kernel>, AuditError> {
    let path = scratch.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).map_err(|e| AuditError::Own(e.to_string()))?;
    let own: OwnKernel = serde_json::from_slice(&text).map_err(|e| AuditError::Own(e.to_string()))?;
    Ok(Some(Kernel::again(&own)?))
}
