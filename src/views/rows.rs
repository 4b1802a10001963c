//! What a view has for programs: rows of values, which `--format csv` writes.

use serde::Serialize;

/// Rows for programs: what `--format csv` writes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rows {
    /// A name, which is a file's stem.
    pub id: String,
    /// The columns' names, snake_case.
    pub columns: Vec<String>,
    /// The rows, a value a column.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// Rows that are yet to come.
    pub fn new(id: impl Into<String>, columns: &[&str]) -> Self {
        Self { id: id.into(), columns: columns.iter().map(|c| (*c).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Value>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a value a column of '{}'", self.id);
        self.rows.push(row);
    }
}

/// A value for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// None.
    Empty,
    /// Text.
    Text(String),
    /// A count.
    Count(u64),
    /// A number; where it is not finite, `inf`, `-inf` and `NaN`.
    Float(f64),
    /// Yes or no.
    Flag(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Count(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Count(n.into())
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Self {
        Self::Count(n as u64)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Float(x)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}
