//! A chart as data. How it is drawn is the formats' business.

use serde::Serialize;

/// A chart with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// The anchor, and the stem of its file.
    pub name: String,
    /// The title.
    pub title: String,
    /// How to read it.
    pub about: String,
    /// What is drawn.
    pub plot: Plot,
    /// The columns of its numbers.
    pub head: Vec<String>,
    /// Its numbers, as they are shown.
    pub rows: Vec<Vec<String>>,
}

/// The kinds of plot.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Plot {
    /// Logarithmic in both directions.
    Lines {
        /// The label to the right.
        x: String,
        /// The label upwards.
        y: String,
        /// The lines.
        series: Vec<Series>,
        /// Points are joined where the one's x is at most so many times the other's.
        joined: f64,
    },
    /// A row a category, logarithmic to the right, with a line at the limit.
    Dots {
        /// The label to the right.
        x: String,
        /// The categories.
        rows: Vec<String>,
        /// A name, and a value a category.
        series: Vec<(String, Vec<Option<f64>>)>,
        /// Where the line is.
        limit: f64,
        /// What the line is.
        limit_label: String,
    },
    /// A row a category, divided into shares of 1.
    Shares {
        /// The label to the right.
        x: String,
        /// The rows.
        rows: Vec<Share>,
    },
    /// A row a category, with values in a line and how often each came, as a height; linear, with a line at 0.
    Strip {
        /// The label to the right.
        x: String,
        /// The rows.
        rows: Vec<StripRow>,
    },
    /// A row a comparison: from left to right through a tensor, the fraction that differs in each of equal parts, as a
    /// height.
    Map {
        /// The label to the right.
        x: String,
        /// The tensor's number of elements.
        n: u64,
        /// The rows.
        rows: Vec<MapRow>,
    },
    /// A table of letters, coloured alike where they are the same.
    Tiles {
        /// The columns.
        columns: Vec<String>,
        /// A name, and a field a column.
        rows: Vec<(String, Vec<Tile>)>,
    },
    /// Buckets of distances in ulp, small enough for a line of text.
    Spark {
        /// The largest distance of a bucket, and its number of elements.
        buckets: Vec<(u64, u64)>,
    },
}

/// A named line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// A row of shares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// Its name.
    pub label: String,
    /// The shares.
    pub parts: Vec<f64>,
    /// Words to its right.
    pub note: String,
    /// The first part is the one that agrees, drawn calm; the others stand out.
    pub first_is_good: bool,
}

/// A row of values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StripRow {
    /// Its name.
    pub label: String,
    /// Values, finite, and the share of 1 that each has.
    pub values: Vec<(f64, f64)>,
    /// Words to its right.
    pub note: String,
}

/// A row of a map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapRow {
    /// Its name.
    pub label: String,
    /// The fraction that differs, a part each.
    pub cells: Vec<f64>,
    /// Words to its right.
    pub note: String,
}

/// A field of a table of letters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tile {
    /// The letters.
    pub text: String,
    /// Its colour; `None` for none.
    pub series: Option<usize>,
    /// What it rests on.
    pub note: String,
}
