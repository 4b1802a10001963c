//! `repro-audit rng cards`.

use std::path::PathBuf;

use super::layout::{columns, count, markdown};
use super::{Exit, Failure, Format, csv, json};
use crate::cli::print;
use crate::rng::Card;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A card table of your own, in the form of --format csv.
    #[arg(long, value_name = "FILE")]
    cards: Option<PathBuf>,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let cards = super::draw::cards(args.cards.as_deref())?;
    let head = ["card", "SMs", "threads", "launched at most", "evidence", "source"];
    let row = |card: &Card| {
        let geometry = card.geometry;
        vec![
            card.name.clone(),
            geometry.sms.to_string(),
            geometry.threads_per_sm.to_string(),
            count(geometry.capacity()),
            card.evidence.clone(),
            card.source.clone(),
        ]
    };
    let rows: Vec<_> = cards.all().iter().map(row).collect();
    let text = match args.format {
        Format::Table => columns(&head, &rows, &[1, 2, 3]),
        Format::Markdown => markdown(&head, &rows),
        Format::Json => json(&cards.all())?,
        Format::Csv => {
            let rows: Vec<_> = rows.iter().map(|r| [&r[..3], &r[4..]].concat()).collect();
            csv(&["name", "sms", "threads_per_sm", "evidence", "source"], &rows)?
        }
    };
    print(&text)?;
    Ok(Exit::Within)
}
