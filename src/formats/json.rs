//! For programs: the subject whole.

use super::{Format, FormatError, Options};
use crate::views::View;

/// See the module.
pub const FORMAT: Format = Format { name: "json", about: "For programs: everything", write: shown };

fn shown(view: &dyn View, _: &Options) -> Result<String, FormatError> {
    // The same text to who parses it, and no command to a runner of workflows, which takes `##[name]` anywhere.
    Ok(view.json()?.replace("##", "#\\u0023"))
}
