//! `repro-audit rng cards`.

use std::path::PathBuf;

use super::{Exit, Failure, json};
use crate::cli::shown::{formats, show};
use crate::formats::Format;
use crate::model::words::{count, plural};
use crate::rng::Card;
use crate::views::document::{Cell, Column, Document, Rows, Section, Table, Tone};
use crate::views::prepared::Prepared;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A card table of your own, in the form of --format csv.
    #[arg(long, value_name = "FILE")]
    cards: Option<PathBuf>,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let cards = super::draw::cards(args.cards.as_deref())?;
    let all = cards.all();
    let known = plural(all.len(), "card");
    let mut document = Document::new(Tone::Plain, format!("{known} whose random numbers can be predicted"));
    let columns = [
        Column::text("card"),
        Column::number("SMs"),
        Column::number("threads per SM"),
        Column::number("launched at most"),
        Column::text("evidence"),
        Column::text("source"),
    ];
    let mut table = Table::new("cards", &columns).most(all.len());
    let mut rows = Rows::new("cards", &["name", "sms", "threads_per_sm", "evidence", "source"]);
    for Card { name, geometry, evidence, source } in all {
        table.push([
            Cell::text(name.as_str()),
            Cell::number(geometry.sms.to_string()),
            Cell::number(geometry.threads_per_sm.to_string()),
            Cell::number(count(geometry.capacity())),
            Cell::text(evidence.as_str()),
            Cell::code(source.as_str()),
        ]);
        rows.push(vec![
            name.into(),
            geometry.sms.into(),
            geometry.threads_per_sm.into(),
            evidence.into(),
            source.into(),
        ]);
    }
    let mut section = Section::new("cards", "");
    section.table(table);
    document.push(section);
    show(&Prepared { document, rows: vec![rows], json: json(&all)? }, args.format, true)?;
    Ok(Exit::Within)
}
