//! Tables of a document, their rows and cells.

use serde::Serialize;

use super::document::{Block, Mark, Text};

/// A table.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// The anchor on a page.
    pub id: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, those that matter most first.
    pub rows: Vec<Row>,
    /// How many rows a terminal and a step summary list; a page folds the others.
    pub most: usize,
    /// Where all rows are, said where some are left out.
    pub rest: String,
    /// Whether a page offers a filter over its rows.
    pub filter: bool,
    /// Whether rows that differ in their first cell alone share a line of a terminal.
    pub shared: bool,
}

impl Table {
    /// A table without rows, of which 40 are listed.
    pub fn new(id: impl Into<String>, columns: &[Column]) -> Self {
        Self {
            id: id.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            most: 40,
            rest: "all are in --format json".to_owned(),
            filter: false,
            shared: false,
        }
    }

    /// Lets rows that differ in their first cell alone share a line of a terminal.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Lists so many rows.
    #[must_use]
    pub fn most(mut self, rows: usize) -> Self {
        self.most = rows;
        self
    }

    /// Adds a row.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), ..Row::default() });
    }

    /// Adds a row with what a page unfolds below it.
    pub fn push_with(&mut self, cells: impl IntoIterator<Item = Cell>, below: Vec<Block>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), below, ..Row::default() });
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its head.
    pub name: String,
    /// What it says, in a sentence; empty where the head says it.
    pub about: String,
    /// Whether its cells stand to the right.
    pub right: bool,
}

impl Column {
    /// A column of words.
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), about: String::new(), right: false }
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), about: String::new(), right: true }
    }

    /// The same, explained.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }
}

/// A row.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// The cells, one a column.
    pub cells: Vec<Cell>,
    /// The row's anchor on a page; empty for none.
    pub anchor: String,
    /// Words that the filter finds besides those in the cells.
    pub keywords: String,
    /// Whether nothing in it differs: a page can hide such rows, and does not print them.
    pub calm: bool,
    /// What a page unfolds below the row.
    pub below: Vec<Block>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(Text),
    /// A number as it is shown, unit included.
    Number(String),
    /// A mark, with a note for who points at it.
    Mark {
        /// The mark.
        mark: Mark,
        /// Words beside it, such as `3/4`; empty for none.
        beside: String,
        /// What it rests on, in a sentence.
        note: String,
    },
    /// A case's id, with its anchor on the page where there is one.
    Case {
        /// The id.
        id: String,
        /// The anchor; empty for none.
        anchor: String,
    },
    /// A share of 1 as a bar behind the words.
    Bar {
        /// From 0 to 1.
        share: f64,
        /// The words.
        text: String,
    },
    /// A field of a heat map.
    Heat {
        /// From 0, calm, to 1, hottest; `None` where it was not tested, which a page hatches.
        heat: Option<f64>,
        /// The words.
        text: String,
        /// What it rests on, in a sentence.
        note: String,
        /// The anchor of the case that shows it; empty for none.
        anchor: String,
    },
}

impl Cell {
    /// Words; nothing where there are none.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(Text::plain(text)) }
    }

    /// Something to type or to copy; nothing where there is none.
    pub fn code(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(Text::code(text)) }
    }

    /// A number as it is shown; nothing where there is none.
    pub fn number(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Number(text) }
    }

    /// A mark by itself.
    #[must_use]
    pub fn mark(mark: Mark) -> Self {
        Self::Mark { mark, beside: String::new(), note: String::new() }
    }

    /// A case's id.
    pub fn case(id: impl Into<String>) -> Self {
        Self::Case { id: id.into(), anchor: String::new() }
    }

    /// The words alone.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.words(),
            Self::Number(text) | Self::Bar { text, .. } | Self::Heat { text, .. } => text.clone(),
            Self::Case { id, .. } => id.clone(),
            Self::Mark { mark, beside, .. } if beside.is_empty() => format!("{} {}", mark.glyph(), mark.word()),
            Self::Mark { mark, beside, .. } => format!("{} {} {beside}", mark.glyph(), mark.word()),
        }
    }
}
