//! What there is to say of a record, computed once.

use super::drift::{CaseRow, DriftRow};
use super::engines::EngineView;
use super::findings::FindingRow;
use super::first::First;
use super::groups::groups;
use super::headline::Headline;
use super::matrix::{AxisRow, KernelRows, LevelRow, Reason};
use super::{drift, engines, findings, headline, matrix};
use crate::facts::{Asked, Soundness};
use crate::record::Record;
use crate::views::text;

/// See the module.
pub(super) struct Parts<'r> {
    /// The operations of a training, where the record is an audit of any.
    pub(super) first: Option<First<'r>>,
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
    /// What the interpreter found in shaders.
    pub(super) findings: Vec<FindingRow>,
    pub(super) skips: Vec<Reason>,
    pub(super) failures: Vec<Reason>,
    pub(super) controls: ControlsView,
}

/// The planted differences.
#[derive(Debug)]
pub(super) struct ControlsView {
    pub(super) sentence: String,
}

impl<'r> Parts<'r> {
    /// Those of a record.
    pub(super) fn new(record: &'r Record, soundness: &Soundness, asked: Asked) -> Self {
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
        let first = if asked == Asked::Audit { First::of(record) } else { None };
        Self {
            short_id: text::short(&record.id),
            headline: headline::headline(record, &groups, &findings, soundness, asked, first.as_ref()),
            first,
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
        "No difference was planted, so this record does not show that one would be caught.".to_owned()
    } else if missed.is_empty() {
        format!("All {total} differences planted to test this audit were caught.")
    } else {
        format!(
            "{} of {total} differences planted to test this audit were missed: {}.",
            missed.len(),
            text::list(&missed, 4)
        )
    };
    ControlsView { sentence }
}
