//! Charts drawn: [`scene`] lays one out, and [`svg`] and [`png`] draw the same layout.

mod png;
mod scene;
mod strip;
mod svg;

pub use png::{KEYWORD, png, png_with_foot};
pub use svg::svg;
