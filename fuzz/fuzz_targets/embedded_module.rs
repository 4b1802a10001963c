//! Valid modules from the grammar of `tests/embedded_fuzz`, with the same properties.

#![no_main]

#[path = "../../tests/embedded_fuzz/grammar/mod.rs"]
mod grammar;
#[path = "../../tests/embedded_fuzz/program.rs"]
mod program;
#[path = "../../tests/embedded_fuzz/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(why) = properties::holds(bytes) {
        panic!("{why}\n{}", grammar::module(bytes, grammar::Bounds::Free).source);
    }
});
