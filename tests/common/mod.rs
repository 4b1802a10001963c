//! Running the program as a user does. Each test takes what it needs.
#![allow(dead_code, reason = "not every test needs all of it")]

pub(crate) mod older;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use repro_audit::record::{self, Record};

/// The program with these arguments, outside any folder of ours.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_repro-audit"));
    command
        .args(arguments)
        // What tests compile is kept for other tests, and not among what the user's own audits compiled.
        .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
        .env_remove("REPRO_AUDIT_FAULT")
        .env_remove("REPRO_AUDIT_REQUIRE_ADAPTER")
        .env_remove("REPRO_AUDIT_LABEL");
    command
}

/// The program on a machine without adapters: the loaders find no driver.
pub(crate) fn without_adapters(arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    let nowhere = "/nonexistent/driver.json";
    command
        .env("VK_DRIVER_FILES", nowhere)
        .env("VK_ICD_FILENAMES", nowhere)
        .env("__EGL_VENDOR_LIBRARY_FILENAMES", nowhere)
        .env("LIBGL_DRIVERS_PATH", "/nonexistent")
        .env("GALLIUM_DRIVER", "nonexistent");
    command
}

/// Runs a command and gives its output, with what it printed in the message of a failure.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|e| panic!("{command:?} can't be run: {e}"))
}

/// The exit status.
pub(crate) fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What was printed, without the line breaks and indents of a terminal.
pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One of the small shaders of `tests/cases`.
pub(crate) fn small_shader(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(format!("{name}.wgsl"))
}

/// The record in an output folder.
pub(crate) fn record_in(folder: &Path) -> Record {
    record::read(&folder.join("record.json")).unwrap_or_else(|e| panic!("{e}"))
}

/// The labels of the adapters that the program sees.
pub(crate) fn adapters() -> Vec<repro_audit::model::AdapterIdentity> {
    let output = run(&mut program(&["adapters", "--json"]));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}
