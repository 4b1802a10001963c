//! For data frames and databases: one observation per row.

use super::{Format, FormatError, Options, clean};
use crate::views::View;
use crate::views::document::{Cell, Rows, Table, Value};

/// See the module. Writes the first of [`View::rows`], or where there is none the first table of the document.
pub const FORMAT: Format = Format { name: "csv", about: "For data frames: one observation per row", write: shown };

fn shown(view: &dyn View, _: &Options) -> Result<String, FormatError> {
    if let Some(first) = view.rows().first() {
        return write(first);
    }
    match view.document().tables().first() {
        Some(table) => write(&of_table(table)),
        None => Ok(String::new()),
    }
}

/// Rows as CSV, with a header whether or not there is a row.
///
/// # Errors
/// When a row cannot be written.
pub fn write(rows: &Rows) -> Result<String, FormatError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(&rows.columns)?;
    for row in &rows.rows {
        let guarded: Vec<Value> = row.iter().map(guarded).collect();
        writer.serialize(guarded)?;
    }
    let bytes = writer.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8(bytes).map_err(|e| ::csv::Error::from(std::io::Error::other(e)))?)
}

/// A value that no spreadsheet takes for a formula: text that begins like one and is no number gets an apostrophe before
/// it, and so does text that a runner of workflows takes for a command. What breaks or hides in a line is shown as U+FFFD.
fn guarded(value: &Value) -> Value {
    let Value::Text(text) = value else { return value.clone() };
    let text = clean::line(text);
    let formula = text.starts_with(['=', '+', '-', '@', '\u{fffd}']) && text.parse::<f64>().is_err();
    Value::Text(if formula || text.trim_start().starts_with("::") { format!("'{text}") } else { text })
}

/// A table for people as rows for programs.
fn of_table(table: &Table) -> Rows {
    let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let mut rows = Rows::new(table.id.as_str(), &columns);
    for row in &table.rows {
        let value = |i| match row.cells.get(i) {
            None | Some(Cell::Empty) => Value::Empty,
            Some(Cell::Mark { mark, .. }) => Value::from(mark.class()),
            Some(cell) => Value::from(cell.words()),
        };
        rows.push((0..columns.len()).map(value).collect());
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_formula_and_numbers_are_numbers() {
        let mut rows = Rows::new("t", &["a", "b"]);
        for text in ["=1+2", "@x", "-2+3", "+1", "\tx", "-inf", "-0.5", "\r=1"] {
            rows.push(vec![text.into(), f64::NEG_INFINITY.into()]);
        }
        rows.push(vec![Value::Empty, f64::NAN.into()]);
        let text = write(&rows).expect("it is written");
        let first: Vec<&str> = text.lines().skip(1).filter_map(|l| l.split(',').next()).collect();
        let wanted = ["'=1+2", "'@x", "'-2+3", "+1", "'\u{fffd}x", "-inf", "-0.5", "'\u{fffd}=1", ""];
        assert_eq!(first, wanted, "{text}");
        assert!(text.contains(",-inf\n") && text.ends_with(",NaN\n"), "numbers that are not finite: {text}");
        assert_eq!(write(&Rows::new("t", &["a", "b"])).expect("it is written"), "a,b\n", "a head without rows");
    }
}
