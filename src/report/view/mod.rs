//! What a report says, before any format says it: computed once from a record, the same for every format.

mod actions;
mod drift;
mod engines;
mod explain;
mod findings;
mod groups;
mod headline;
mod interpreter;
mod matrix;
mod title;

use serde::Serialize;

pub(super) use drift::{CaseRow, DriftRow};
pub(super) use engines::EngineView;
pub(super) use findings::FindingRow;
pub(super) use groups::{column, groups};
pub(super) use headline::{Headline, Tone};
pub(super) use matrix::{AxisRow, Cell, KernelRows, LevelRow, Reason};

use super::text;
use crate::record::Record;

/// All that the formats show.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) id: String,
    pub(super) short_id: String,
    pub(super) headline: Headline,
    pub(super) engines: Vec<EngineView>,
    /// The engines that have a column in the matrix.
    pub(super) columns: Vec<String>,
    pub(super) kernels: Vec<KernelRows>,
    pub(super) axes: Vec<AxisRow>,
    pub(super) levels: Vec<LevelRow>,
    /// The worst drift of each kernel's variant, worst first.
    pub(super) drifts: Vec<DriftRow>,
    /// Every case, drifting ones first.
    pub(super) cases: Vec<CaseRow>,
    /// What the embedded adapter noticed of shaders.
    pub(super) findings: Vec<FindingRow>,
    pub(super) skips: Vec<Reason>,
    pub(super) failures: Vec<Reason>,
    pub(super) controls: ControlsView,
}

/// The planted differences.
#[derive(Debug, Serialize)]
pub(super) struct ControlsView {
    pub(super) total: usize,
    pub(super) caught: usize,
    pub(super) sentence: String,
}

impl View {
    /// The view of a record.
    pub(super) fn new(record: &Record) -> Self {
        let groups = groups(record);
        let kernels = matrix::kernels(record, &groups);
        let columns = groups
            .iter()
            .map(|g| g.id.clone())
            .filter(|id| kernels.iter().flat_map(|k| &k.rows).flat_map(|r| &r.cells).any(|c| c.engine == *id))
            .collect();
        let cases = drift::cases(record, &groups);
        let drifts = drift::worst(&cases);
        let findings = findings::findings(record, &groups);
        Self {
            id: record.id.clone(),
            short_id: text::short(&record.id),
            headline: headline::headline(record, &groups, &kernels, &findings),
            findings,
            engines: engines::engines(record, &groups),
            columns,
            axes: matrix::axes(record),
            levels: matrix::levels(record, &groups),
            kernels,
            drifts,
            cases,
            skips: matrix::skips(record, &groups),
            failures: matrix::failures(record, &groups),
            controls: controls(record),
        }
    }
}

fn controls(record: &Record) -> ControlsView {
    let total = record.controls.len();
    let missed: Vec<String> =
        record.controls.iter().filter(|c| !c.caught).map(|c| format!("{} on {}", c.name, c.engine)).collect();
    let sentence = if total == 0 {
        "No planted difference was tried: this record can not show that a difference would have been seen.".to_owned()
    } else if missed.is_empty() {
        format!("All {total} planted differences were caught.")
    } else {
        format!("{} of {total} planted differences went unseen: {}.", missed.len(), text::list(&missed, 4))
    };
    ControlsView { total, caught: total - missed.len(), sentence }
}
