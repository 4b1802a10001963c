//! Files of strangers: whatever is in a record, a lock, settings, a policy or a shader, the answer is a view without a
//! character that commands anybody, or an error of one line; never a panic, and never an endless wait.
//!
//! `REPRO_AUDIT_HOSTILE=N` tries N records, and half as many of everything else; the default is a short form.

mod binary;
#[path = "../common/mod.rs"]
mod common;
#[path = "../fixture/mod.rs"]
mod fixture;
mod honest;
mod mutate;
mod reading;
mod records;
mod settings;
mod texts;

/// How many records are tried.
fn count() -> usize {
    std::env::var("REPRO_AUDIT_HOSTILE").ok().and_then(|n| n.parse().ok()).unwrap_or(120)
}
