//! One row an item, those as they should be included.

use serde::Serialize;

use super::place;
use crate::gate::judge::Checked;

#[derive(Serialize)]
struct Row<'a> {
    gravity: String,
    outcome: &'static str,
    engine: &'a str,
    on: &'a str,
    case: &'a str,
    expected: &'a str,
    found: &'a str,
    what: &'a str,
    reason: &'a str,
    link: &'a str,
    place: String,
}

/// The answer for data frames.
///
/// # Errors
/// None in practice: rows are written to memory.
pub fn csv(checked: &Checked) -> Result<String, csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for item in &checked.items {
        writer.serialize(Row {
            gravity: item.gravity.word().to_lowercase(),
            outcome: item.outcome.name(),
            engine: item.engine.as_deref().unwrap_or_default(),
            on: item.on.as_deref().unwrap_or_default(),
            case: item.case.as_deref().unwrap_or_default(),
            expected: &item.expected,
            found: &item.found,
            what: &item.what,
            reason: item.reason.as_ref().map_or("", |(r, _)| r),
            link: item.reason.as_ref().map_or("", |(_, l)| l),
            place: place(item),
        })?;
    }
    let bytes = writer.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
