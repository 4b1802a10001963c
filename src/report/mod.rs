//! Placeholder until the report branch lands.
use crate::record::Record;
use std::path::{Path, PathBuf};
/// Table.
#[must_use]
pub fn table(record: &Record, _color: bool) -> String {
    let mut out = String::new();
    for c in &record.cases {
        out.push_str(&format!("{}\n", c.id));
        for e in &c.executions {
            out.push_str(&format!(
                "   {:14} {:?} equals {:?} {:?}\n",
                e.engine,
                e.status,
                e.equals.iter().map(|a| a.name()).collect::<Vec<_>>(),
                match &e.outcome {
                    crate::record::Outcome::Ran { distinct, runs, .. } => format!("{} of {runs}", distinct.len()),
                    o => format!("{o:?}"),
                }
            ));
        }
    }
    for v in &record.verdicts {
        out.push_str(&format!("{} {} {:?} {:?} {}\n", v.problem, v.engine, v.level, v.status, v.because));
    }
    for c in &record.controls {
        out.push_str(&format!("{c:?}\n"));
    }
    for e in &record.engines {
        out.push_str(&format!("{} {:?}\n", e.label, e.status));
    }
    out
}
/// Markdown.
#[must_use]
pub fn markdown(record: &Record) -> String {
    table(record, false)
}
/// CSV.
///
/// # Errors
/// None.
pub fn summary_csv(_: &Record) -> Result<String, csv::Error> {
    Ok(String::new())
}
/// All.
///
/// # Errors
/// None.
pub fn write_all(_: &Record, _: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    Ok(vec![])
}
