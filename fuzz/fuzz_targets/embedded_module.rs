//! Valid modules from the grammar of `tests/machine/embedded_fuzz`, with the same properties.

#![no_main]

#[path = "../../tests/machine/embedded_fuzz/grammar/mod.rs"]
#[allow(dead_code, reason = "there is no other adapter here")]
mod grammar;
#[path = "../../tests/machine/embedded_fuzz/program.rs"]
mod program;
#[path = "../../tests/machine/embedded_fuzz/properties.rs"]
#[allow(dead_code, reason = "there is no other adapter here")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(why) = properties::holds(bytes) {
        panic!("{why}\n{}", grammar::module(bytes, grammar::Bounds::Free).source);
    }
});
