//! What must hold on this machine, with the adapters and programs that it has. A test is named for what it speaks of; what is
//! absent is shown as ignored, and fails where `REPRO_AUDIT_TEST_ADAPTERS` is set.

mod adapters;
#[path = "../common/mod.rs"]
mod common;
mod conformance;
mod embedded_fuzz;
#[path = "../fixture/mod.rs"]
mod fixture;
mod foreign;
mod models;
mod report_browser;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test of a room, named for both.
fn trial(room: &str, name: impl AsRef<str>, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(format!("{room}::{}", name.as_ref()), run)
}

const ROOMS: [&str; 6] = ["adapters", "conformance", "embedded_fuzz", "foreign", "models", "report_browser"];

fn main() {
    // A child of `foreign`.
    if std::env::args().nth(1).as_deref() == Some("--serve") {
        return foreign::serve();
    }
    let arguments = Arguments::from_args();
    let wanted = |room: &str| {
        let first = arguments.filter.as_ref().and_then(|f| f.split("::").next());
        first.is_none_or(|f| f == room || !ROOMS.contains(&f)) && !arguments.skip.iter().any(|s| s == room)
    };
    let mut trials = Vec::new();
    // Making its trials runs an audit: only where they are asked for.
    let mut add = |room: &str, make: &dyn Fn() -> Vec<Trial>| {
        if wanted(room) {
            trials.extend(make());
        }
    };
    add("adapters", &adapters::trials);
    add("conformance", &conformance::trials);
    add("embedded_fuzz", &embedded_fuzz::trials);
    add("foreign", &|| foreign::trials(arguments.list));
    add("models", &models::trials);
    add("report_browser", &report_browser::trials);
    libtest_mimic::run(&arguments, trials).exit();
}
