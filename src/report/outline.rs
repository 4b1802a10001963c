//! A short document of paragraphs and tables, written for a terminal or as Markdown.

use crate::formats::Options;
use crate::model::words::count;
use crate::views::document::{Cell, Column, Document, Section, Table, Tone};

/// A part of a document.
#[derive(Debug)]
pub(super) enum Part {
    /// A paragraph.
    Text(String),
    /// The title of what follows.
    Heading(&'static str),
    /// A table, and how many more rows there are.
    Table { head: Vec<&'static str>, rows: Vec<Vec<String>>, more: usize },
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

impl Outline {
    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Text(text.into()));
    }

    /// A table with its heading; nothing where it has no rows.
    pub(super) fn table(&mut self, heading: &'static str, head: &[&'static str], rows: Vec<Vec<String>>, most: usize) {
        if rows.is_empty() {
            return;
        }
        self.parts.push(Part::Heading(heading));
        let more = rows.len().saturating_sub(most);
        let rows = rows.into_iter().take(most).collect();
        self.parts.push(Part::Table { head: head.to_vec(), rows, more });
    }

    /// For a terminal.
    pub(super) fn terminal(&self) -> String {
        let options = Options { width: 110, full: true, color: false };
        crate::formats::terminal::write(&self.document(), &options)
    }

    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        crate::formats::markdown::write(&self.document())
    }

    /// As a document.
    pub(super) fn document(&self) -> Document {
        let mut out = Document::new(Tone::Plain, self.title.as_str());
        let mut section = Section::new("whole", "");
        for (i, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => section.text(text.as_str()),
                Part::Heading(title) => {
                    let next = Section::new(format!("part-{i}"), *title);
                    out.push(std::mem::replace(&mut section, next));
                }
                Part::Table { head, rows, more } => {
                    let columns: Vec<Column> = head.iter().map(|h| Column::text(*h)).collect();
                    let mut table = Table::new(format!("table-{i}"), &columns).most(rows.len());
                    rows.iter().for_each(|row| table.push(row.iter().map(|c| Cell::text(c.as_str()))));
                    section.table(table);
                    if *more > 0 {
                        section.text(format!("… and {} more; all are in --format json", count(*more as u64)));
                    }
                }
            }
        }
        out.push(section);
        out
    }
}
