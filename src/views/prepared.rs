//! A view that is made whole beforehand: an answer in a few sentences or one table, of which no facts are asked.

use serde_json::Value;

use super::View;
use super::document::{Document, Rows};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// What people read.
    pub document: Document,
    /// What data frames read.
    pub rows: Vec<Rows>,
    /// What programs read.
    pub json: Value,
}

impl View for Prepared {
    fn document(&self) -> Document {
        self.document.clone()
    }

    fn rows(&self) -> Vec<Rows> {
        self.rows.clone()
    }

    fn json(&self) -> serde_json::Result<String> {
        super::pretty(&self.json)
    }
}
