//! For programs: the subject whole.

use super::Format;

/// See the module.
pub const FORMAT: Format =
    Format { name: "json", about: "For programs: everything", write: |view, _| Ok(view.json()?) };
