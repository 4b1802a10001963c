//! Any text: refused with an error, or executed within a step limit.

#![no_main]

#[path = "../../tests/machine/embedded_fuzz/text.rs"]
#[allow(dead_code, reason = "the fuzzer makes its own mutations")]
mod text;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // naga itself recurses on the depth of blocks and parentheses.
    if let Some(source) = std::str::from_utf8(bytes).ok().filter(|s| s.len() <= 4096) {
        text::run(source);
    }
});
