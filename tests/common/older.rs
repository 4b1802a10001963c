//! Records that earlier versions wrote.

use std::path::{Path, PathBuf};

use repro_audit::record;

/// The records that are kept.
pub(crate) fn kept() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the records")
        .flatten()
        .map(|f| f.path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are records to read");
    found
}

/// What a writer of format 1.1 gave: no outputs, labels, origins or own kernels, and no status for what nobody judges.
pub(crate) fn as_written_by_1_1(text: &str, folder: &Path) -> PathBuf {
    let mut value: serde_json::Value = serde_json::from_str(text).expect("JSON");
    value["format"]["minor"] = 1.into();
    let fields = value.as_object_mut().expect("a record");
    fields.remove("outputs");
    let provenance = fields["provenance"].as_object_mut().expect("provenance");
    provenance.remove("own");
    let settings = provenance["settings"].as_object_mut().expect("settings");
    for newer in ["store", "label"] {
        settings.remove(newer);
    }
    for case in fields["cases"].as_array_mut().expect("cases") {
        case.as_object_mut().expect("a case").remove("origin");
    }
    let text = value.to_string().replace("\"unjudged\"", "\"within-specification\"");
    let mut record: record::Record = serde_json::from_str(&text).expect("a record");
    record.id = record::content_id(&record).expect("an id");
    let path = folder.join("1.1.json");
    std::fs::write(&path, record::to_json(&record).expect("text")).expect("written");
    path
}
