//! Trainings on the engines of a record.

use crate::record::Record;
use crate::views::document::{Detail, Section};
use crate::views::train;

/// The section; empty where nothing was trained.
pub(super) fn trainings(record: &Record) -> Section {
    let mut out = Section::new("trainings", "Trainings").at(Detail::Full);
    for (number, file) in (1..).zip(&record.trainings) {
        out.push(train::section(file, number));
    }
    out
}
