//! What a report says, before any format says it: computed once from a record, the same for every format.

mod drift;
mod headline;
mod matrix;

use serde::Serialize;

pub(super) use drift::{CaseRow, DriftRow};
pub(super) use headline::{Headline, Tone};
pub(super) use matrix::{AxisRow, Cell, KernelRows, LevelRow, Reason};

use super::text;
use crate::record::{Engine, EngineKind, EngineStatus, Record};

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
    /// The worst drift of each kernel, variant and axis, worst first.
    pub(super) drifts: Vec<DriftRow>,
    /// Every case, drifting ones first.
    pub(super) cases: Vec<CaseRow>,
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

/// An engine as shown.
#[derive(Debug, Serialize)]
pub(super) struct EngineView {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) is_adapter: bool,
    pub(super) complete: bool,
    pub(super) state: String,
    pub(super) case: Option<String>,
    /// `(name, value)` of the driver's identity, what is unknown left out.
    pub(super) identity: Vec<(String, String)>,
}

impl View {
    /// The view of a record.
    pub(super) fn new(record: &Record) -> Self {
        let kernels = matrix::kernels(record);
        let columns = record
            .engines
            .iter()
            .map(|e| e.id.clone())
            .filter(|id| kernels.iter().flat_map(|k| &k.rows).flat_map(|r| &r.cells).any(|c| c.engine == *id))
            .collect();
        let cases = drift::cases(record);
        let drifts = drift::worst(&cases);
        Self {
            id: record.id.clone(),
            short_id: text::short(&record.id),
            headline: headline::headline(record, &kernels),
            engines: record.engines.iter().map(engine).collect(),
            columns,
            axes: matrix::axes(record),
            levels: matrix::levels(record),
            kernels,
            drifts,
            cases,
            skips: matrix::skips(record),
            failures: matrix::failures(record),
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

fn engine(engine: &Engine) -> EngineView {
    let (complete, state, case) = match &engine.status {
        EngineStatus::Complete => (true, "complete".to_owned(), None),
        EngineStatus::Failed { reason, case } => (false, format!("failed: {reason}"), case.clone()),
    };
    let mut identity = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            identity.push((name.to_owned(), value));
        }
    };
    if let Some(a) = &engine.adapter {
        add("adapter", Some(a.name.clone()));
        add("backend", Some(a.backend.clone()));
        add("type", Some(a.device_type.clone()));
        add("vendor:device", Some(a.hardware()));
        add("driver", Some(a.driver.clone()));
        add("driver information", Some(a.driver_info.clone()));
        add("driver version", a.driver_version.clone());
        add("API version", a.api_version.clone());
        add("conformance version", a.conformance_version.clone());
        add("driver UUID", a.driver_uuid.clone());
        add("device UUID", a.device_uuid.clone());
        add("pipeline cache UUID", a.pipeline_cache_uuid.clone());
        add("subgroup sizes", Some(format!("{} to {}", a.subgroup_sizes[0], a.subgroup_sizes[1])));
        add(
            "float controls (claimed)",
            a.float_controls.map(|f| {
                let claims = [
                    (f.signed_zero_inf_nan_preserve, "preserves −0, ∞ and NaN"),
                    (f.denorm_preserve, "can keep subnormals"),
                    (f.denorm_flush_to_zero, "can flush subnormals"),
                    (f.rounding_rte, "can round to nearest even"),
                ];
                let made: Vec<_> = claims.iter().filter(|c| c.0).map(|c| c.1).collect();
                if made.is_empty() { "none".to_owned() } else { made.join(", ") }
            }),
        );
        let features: Vec<_> =
            a.features.iter().filter_map(|f| serde_json::to_value(f).ok()?.as_str().map(str::to_owned)).collect();
        add("optional features", Some(if features.is_empty() { "none".to_owned() } else { features.join(", ") }));
    }
    for (name, value) in &engine.variables {
        add(name, Some(value.clone()));
    }
    EngineView {
        id: engine.id.clone(),
        label: engine.label.clone(),
        is_adapter: engine.kind == EngineKind::Adapter,
        complete,
        state,
        case,
        identity,
    }
}

/// The engine that a side of a comparison names: the longest engine id it starts with.
pub(super) fn engine_of<'a>(record: &'a Record, side: &str) -> Option<&'a Engine> {
    record
        .engines
        .iter()
        .filter(|e| {
            side.strip_prefix(e.id.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '[', '(']))
        })
        .max_by_key(|e| e.id.len())
}
