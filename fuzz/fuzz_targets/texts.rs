//! A letter that names a reader of `tests/hostile/texts.rs`, and a text for it: an error of one line, or something that is used.

#![no_main]

#[path = "../../tests/fixture/mod.rs"]
#[allow(dead_code, reason = "of one record alone")]
mod fixture;
#[path = "../../tests/hostile/honest.rs"]
#[allow(dead_code, reason = "of one record alone")]
mod honest;
#[path = "../../tests/hostile/reading.rs"]
#[allow(dead_code, reason = "no record is read")]
mod reading;
#[path = "../../tests/hostile/texts.rs"]
mod texts;

use std::sync::LazyLock;

static BESIDE: LazyLock<texts::Beside> = LazyLock::new(|| texts::Beside::new(honest::honest()));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((reader, text)) =
        texts::READERS.iter().find_map(|(letter, reader)| Some((reader, text.strip_prefix(*letter)?)))
    else {
        return;
    };
    let mut read = reading::Read::default();
    reader(&BESIDE, text, &mut read);
    assert!(read.faults.is_empty(), "{}", read.faults.join("\n"));
});
