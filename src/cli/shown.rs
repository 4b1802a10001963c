//! What goes to standard output: a view, in the format that was asked for.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::{Failure, print};
use crate::formats::{self, Format, Options};
use crate::views::View;

/// The widest lines that are written, however wide a terminal is: longer ones are not read.
const WIDEST: usize = 120;

/// Parses `--format`: `#[arg(long, default_value = "table", value_parser = formats())]`.
pub(super) fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let names = formats::ALL.map(|f| PossibleValue::new(f.name).help(f.about));
    PossibleValuesParser::new(names).try_map(|name| formats::find(&name).ok_or("no such format"))
}

/// Parses the formats of a text for a paper.
pub(super) fn paper_formats() -> impl TypedValueParser<Value = &'static Format> {
    PossibleValuesParser::new(["markdown", "latex"]).try_map(|name| formats::find(&name).ok_or("no such format"))
}

/// Writes a view to standard output; to a terminal all of it where `full` says so, and its first screen otherwise.
pub(super) fn show(view: &dyn View, format: &Format, full: bool) -> Result<(), Failure> {
    let options = Options { width: width(), full, color: true };
    print(&formats::write(format, view, &options).map_err(Failure::usage)?)
}

/// The columns of the terminal; 80 where there is none.
fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c > 0);
    let seen = || terminal_size::terminal_size_of(std::io::stdout()).map(|(w, _)| usize::from(w.0));
    said.or_else(seen).unwrap_or(Options::default().width).min(WIDEST)
}
