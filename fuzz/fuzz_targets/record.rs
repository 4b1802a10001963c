//! Any bytes: an error, or a record that is written as it was read.

#![no_main]

use repro_audit::record;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = record::parse("the input", bytes) {
        let id = record::content_id(&record).expect("what was read can be written");
        assert!(!id.is_empty(), "a record has an id");
    }
});
