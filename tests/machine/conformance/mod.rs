//! What every engine must do, whatever it is: one suite over the adapters, the interpreter, the CPU, a remote process and the
//! mock. A broken driver's child is in `broken_driver`.
//!
//! The remote engine is `examples/remote_numpy.py`. It needs a Python that has NumPy: `REPRO_AUDIT_TEST_PYTHON`, or the first
//! of the usual names that has. Without one its tests are ignored, and fail where `REPRO_AUDIT_TEST_ADAPTERS` is set.

mod broken_driver;
#[cfg(target_os = "linux")]
mod hostile;
mod numpy;
mod remote;
mod suite;

use libtest_mimic::Trial;

/// Whether what is absent is a failure.
fn demanded() -> bool {
    std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_some()
}

/// The suite over every engine.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = broken_driver::trials();
    trials.extend(suite::trials());
    trials.extend(remote::trials());
    trials.extend(numpy::trials());
    trials
}
