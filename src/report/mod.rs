//! Views of pairs and of merged records, on their way to `views`.

mod compared;
mod merged;
mod outline;

use crate::views::{chart, text};

pub use compared::{csv as compared_csv, markdown as compared_markdown, table as compared_table};
pub use merged::{merged_csv, merged_html, merged_markdown, merged_table, write_merged};

fn finish(writer: ::csv::Writer<Vec<u8>>) -> Result<String, ::csv::Error> {
    let bytes = writer.into_inner().map_err(|e| ::csv::Error::from(std::io::Error::other(e.to_string())))?;
    String::from_utf8(bytes).map_err(|e| ::csv::Error::from(std::io::Error::other(e)))
}
