//! Whatever the bytes of a record's file are, reading them gives a record or an error.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use repro_audit::record::{self, ReadError};

/// A record as it lies in a file.
fn text() -> &'static [u8] {
    static TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut record = crate::fixture::without_adapters();
        record.id = record::content_id(&record).expect("it has an id");
        serde_json::to_vec(&record).expect("it is written")
    });
    &TEXT
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let read = record::parse("it", text()).expect("it is read");
    assert_eq!(serde_json::to_vec(&read).expect("it is written"), text(), "the same bytes");
}

#[test]
fn what_is_cut_off_is_no_record() {
    let text = text();
    for end in (0..text.len()).step_by(101) {
        let error = record::parse("it", &text[..end]).expect_err("it is cut off");
        assert!(matches!(error, ReadError::NotARecord { .. }), "{end}: {error}");
    }
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn changed_bytes_are_noticed(changes in vec((any::<u16>(), any::<u8>()), 1..6)) {
        let original = text();
        let mut bytes = original.to_vec();
        for (at, byte) in changes {
            let at = usize::from(at) * 7 % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(read) = record::parse("it", &bytes) {
            // White space, the spelling of a number and times may change, and nothing else, for the id covers all.
            let first = record::parse("it", original).expect("it is read");
            let content = record::content_id(&read).expect("it has an id");
            proptest::prop_assert!(content == first.id, "a change went unnoticed");
            proptest::prop_assert!(read.outputs == first.outputs, "an output changed");
        }
    }
}
