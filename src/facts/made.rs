//! Small records for the tests of this room.

use std::collections::BTreeMap;

use crate::model::bits::{Bits, Dtype};
use crate::model::record::{
    AxisLevel, CaseRecord, Comparison, Control, Dispersion, Distinct, Engine, EngineKind, EngineStatus, Environment,
    Execution, FormatVersion, Outcome, Outputs, Provenance, Record, Run, Settings, Status,
};
use crate::model::{AdapterIdentity, Profile};
use crate::numerics::drift::measure;

pub(super) fn engine(id: &str) -> Engine {
    Engine {
        id: id.to_owned(),
        label: id.to_owned(),
        kind: EngineKind::Adapter,
        adapter: None,
        variables: BTreeMap::new(),
        status: EngineStatus::Complete,
        limits: Vec::new(),
    }
}

/// An adapter of this name and driver, such as `vulkan:0`.
pub(super) fn adapter(id: &str, name: &str, vendor: u32, device: u32, info: &str) -> Engine {
    let (backend, index) = id.split_once(':').expect("an id");
    let identity = AdapterIdentity {
        name: name.to_owned(),
        index: index.parse().expect("an index"),
        vendor,
        device,
        driver_info: info.to_owned(),
        ..AdapterIdentity::unlisted(backend)
    };
    Engine { adapter: Some(identity), ..engine(id) }
}

pub(super) fn execution(engine: &str, outcome: Outcome, status: Status) -> Execution {
    Execution {
        engine: engine.to_owned(),
        outcome,
        status,
        equals: Vec::new(),
        accuracy: None,
        observations: Vec::new(),
        findings: Vec::new(),
        content: None,
        samples: Vec::new(),
        seconds: 0.0,
    }
}

/// An execution with so many distinct results.
pub(super) fn ran(engine: &str, results: u32) -> Execution {
    let distinct = (0..results).map(|i| Distinct { digest: format!("{i:032x}"), runs: 1, bits: None }).collect();
    let dispersion = Dispersion { entropy: 0.0, mode_share: 1.0, rate_below: 1.0, variability: 0.0 };
    let status = if results == 1 { Status::Unjudged } else { Status::NotRepeatable };
    execution(engine, Outcome::Ran { runs: results.max(2), distinct, dispersion }, status)
}

pub(super) fn failed(engine: &str) -> Execution {
    execution(engine, Outcome::Failed { reason: "it crashed".to_owned() }, Status::Failed)
}

/// A comparison of two numbers.
pub(super) fn compared(axis: AxisLevel, left: &str, right: &str, values: [f32; 2]) -> Comparison {
    let drift = measure(&Bits::f32(&[values[0]]), &Bits::f32(&[values[1]])).expect("one shape");
    Comparison { axis, left: left.into(), right: right.into(), drift }
}

pub(super) fn equal(axis: AxisLevel, left: &str, right: &str) -> Comparison {
    compared(axis, left, right, [1.0, 1.0])
}

pub(super) fn case(config: &str, executions: Vec<Execution>, comparisons: Vec<Comparison>) -> CaseRecord {
    CaseRecord {
        id: format!("sum/serial_tree?n=1&{config}"),
        kernel: "sum".to_owned(),
        variant: "serial_tree".to_owned(),
        problem: "sum/serial_tree?n=1".to_owned(),
        config: config.to_owned(),
        dtype: Dtype::F32,
        elements: 1,
        quantity: None,
        shader: None,
        twins: Vec::new(),
        twin_accuracy: None,
        origin: None,
        examination: crate::model::Examination::default(),
        executions,
        comparisons,
    }
}

/// A record of these engines and cases, with a control on each engine that was caught.
pub(super) fn record(engines: &[Engine], cases: &[&CaseRecord]) -> Record {
    let control = |e: &Engine| Control {
        name: "one-ulp".to_owned(),
        engine: e.id.clone(),
        about: "one element moved".to_owned(),
        caught: true,
    };
    Record {
        format: FormatVersion::CURRENT,
        id: "0".repeat(64),
        run: Run { started: "2026-01-01T00:00:00Z".to_owned(), seconds: 1.0, shader_caches: BTreeMap::new() },
        provenance: Provenance {
            version: "0".to_owned(),
            commit: None,
            libraries: BTreeMap::new(),
            settings: Settings {
                profile: Profile::Quick,
                kernels: Vec::new(),
                adapters: Vec::new(),
                repeats: 2,
                seed: 7,
                threads: Vec::new(),
                vary: BTreeMap::new(),
                planted: Vec::new(),
                models: Vec::new(),
                engines: Vec::new(),
                store: 0,
                label: None,
            },
            own: None,
        },
        environment: Environment {
            machine_id: "m".to_owned(),
            host: "h".to_owned(),
            os: "o".to_owned(),
            kernel: "k".to_owned(),
            architecture: "x86_64".to_owned(),
            cpu: "c".to_owned(),
            cpu_threads: 2,
            cpu_features: Vec::new(),
            memory_mib: 1,
            variables: BTreeMap::new(),
        },
        engines: engines.to_vec(),
        controls: engines.iter().map(control).collect(),
        cases: cases.iter().map(|c| (*c).clone()).collect(),
        verdicts: Vec::new(),
        sweeps: Vec::new(),
        notes: Vec::new(),
        explained: Vec::new(),
        trainings: Vec::new(),
        outputs: Outputs::default(),
    }
}
