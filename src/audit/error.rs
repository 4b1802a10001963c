//! Why an audit, or a part of it, could not be carried out. A failing adapter is no such error, but a line in the record.

use crate::kernels::case::CaseError;
use crate::kernels::user::UserError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// An output could not be put in the scratch folder.
    #[error("an output could not be stored: {0}; set TMPDIR to a folder with room")]
    Store(std::io::Error),
    /// An output is not in the scratch folder.
    #[error("an output is missing: {0}")]
    Missing(std::io::Error),
    /// An output is not what its digest says.
    #[error("an output was damaged on its way")]
    Damaged,
    /// Two outputs that should have one shape have two.
    #[error("two outputs of one case differ in shape")]
    Shape,
    /// A case cannot be built.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A case of the CPU's threads was not computed there.
    #[error("the case has neither a program nor a threaded form")]
    NoProgram,
    /// A kernel of the user's own could not be handed to the children, or read there.
    #[error("the kernel could not be handed to the children: {0}")]
    Own(String),
    /// The user's kernel is refused where it is read again.
    #[error(transparent)]
    User(#[from] UserError),
    /// The record cannot be written as JSON.
    #[error("the record can't be written: {0}")]
    Record(#[from] serde_json::Error),
    /// Another audit can't be gone on with.
    #[error("can't go on: {0}")]
    Resume(#[from] super::ResumeError),
    /// A signal asked the program to end.
    #[error("stopped by signal {0}")]
    Stopped(i32),
    /// A defect of this program.
    #[error("{0}")]
    Defect(&'static str),
}
