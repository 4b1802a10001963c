//! Records that are as they should be, before they are changed.

use repro_audit::facts::verdicts;
use repro_audit::record::{self, Record, content_id};
use serde_json::Value;

use crate::fixture;

/// A record with few cases of many kinds, that a lock can be made of.
pub(crate) fn honest() -> Record {
    let mut record = fixture::interpreted(fixture::full(1), false);
    record.engines.retain(|e| e.id != "gl:1");
    let few = ["sum/tree", "sum/atomic", "dropout/philox", "adam/step", "threads_sum/chunked"];
    record
        .cases
        .retain(|c| few.contains(&format!("{}/{}", c.kernel, c.variant).as_str()) && !c.problem.contains("n=65536&d"));
    for case in &mut record.cases {
        case.executions.retain(|x| x.engine != "gl:1");
        for finding in case.executions.iter_mut().flat_map(|x| &mut x.findings) {
            finding.message = finding.message.replace('\u{1b}', "");
        }
    }
    for engine in ["embedded:0", "embedded:1"] {
        let about = "a NaN".to_owned();
        record.controls.push(record::Control {
            name: "nan".to_owned(),
            engine: engine.to_owned(),
            about,
            caught: true,
        });
    }
    fixture::readable(&mut record);
    record.provenance.settings.label = Some("a leg".to_owned());
    if record.notes.is_empty() {
        record.notes.push("a note".to_owned());
    }
    record.verdicts = verdicts(&record);
    record.id = content_id(&record).expect("a record is JSON");
    record
}

/// What is changed: the honest record, and those of earlier versions.
pub(crate) fn originals(honest: &Record) -> Vec<Value> {
    let own = include_bytes!("../records/1.2-own-kernel.json").to_vec();
    let honest = record::to_json(honest).expect("JSON");
    [honest, own].iter().map(|json| serde_json::from_slice(json).expect("JSON")).collect()
}
