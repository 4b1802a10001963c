//! The engines as they are listed: those of one group in one entry.

use super::groups::Group;
use crate::model::Limit;
use crate::model::words::count;
use crate::record::{Engine, EngineKind, EngineStatus, Record};

/// An engine as shown.
#[derive(Debug)]
pub(super) struct EngineView {
    pub(super) id: String,
    pub(super) label: String,
    /// The adapter's own name; empty for the CPU.
    pub(super) name: String,
    pub(super) is_adapter: bool,
    pub(super) complete: bool,
    pub(super) state: String,
    pub(super) case: Option<String>,
    /// `(name, value)` of the driver's identity, what is unknown left out.
    pub(super) identity: Vec<(String, String)>,
}

/// An entry for each group; the CPU's threads are part of the CPU's.
pub(super) fn engines(record: &Record, groups: &[Group]) -> Vec<EngineView> {
    let mut out: Vec<EngineView> = Vec::new();
    for group in groups {
        let members: Vec<&Engine> = record.engines.iter().filter(|e| group.has(&e.id)).collect();
        let Some(first) = members.first() else { continue };
        if !group.is_varied() {
            out.push(engine(first));
            continue;
        }
        let values = group.which(|_| true);
        let failures: Vec<String> = members
            .iter()
            .filter_map(|e| match &e.status {
                EngineStatus::Failed { reason, .. } => Some(format!("{} failed: {reason}", e.id)),
                EngineStatus::Complete => None,
            })
            .collect();
        if first.kind == EngineKind::Cpu
            && failures.is_empty()
            && let Some(cpu) = out.iter_mut().find(|e| !e.is_adapter)
        {
            cpu.label.push_str(&format!("; threads {values}"));
            continue;
        }
        let mut view = engine(first);
        view.id.clone_from(&group.id);
        view.label = match first.kind {
            EngineKind::Cpu => format!("CPU, threads {values}"),
            EngineKind::Adapter => format!("{} with {values}", first.label),
        };
        if !failures.is_empty() {
            view.complete = false;
            view.state = failures.join("; ");
            view.case = members.iter().find_map(|e| match &e.status {
                EngineStatus::Failed { case, .. } => case.clone(),
                EngineStatus::Complete => None,
            });
        }
        view.identity.retain(|(name, _)| !first.variables.contains_key(name));
        view.identity.push(("varied".to_owned(), values));
        out.push(view);
    }
    out
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
    for limit in &engine.limits {
        let name = if limit.name == Limit::LOOP_ITERATIONS { "loops" } else { limit.name.as_str() };
        add(name, Some(format!("stop in silence after {} passes, {}", count(limit.at), limit.counted)));
    }
    for (name, value) in &engine.variables {
        add(name, Some(value.clone()));
    }
    EngineView {
        id: engine.id.clone(),
        label: engine.label.clone(),
        name: engine.adapter.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        is_adapter: engine.kind == EngineKind::Adapter,
        complete,
        state,
        case,
        identity,
    }
}
