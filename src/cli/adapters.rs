//! `repro-audit adapters`: who is there.

use std::time::Duration;

use super::shown::{self, show};
use super::{Exit, Failure};
use crate::audit::{self, Listing};
use crate::formats::{self, Format};
use crate::model::words::plural;
use crate::model::{AdapterIdentity, FloatControls};
use crate::process::{Limits, default_limit};
use crate::views::document::{Document, Mark, Rows, Section, Tone};
use crate::views::prepared::Prepared;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The same as --format json: everything that the drivers tell.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = shown::formats())]
    format: &'static Format,
    /// Seconds that listing may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let limits = Limits { time: Duration::from_secs(args.timeout), memory: default_limit() };
    let Listing { adapters: found, failed, .. } = audit::adapters(&[], limits);
    for unlisted in &failed {
        super::say(format_args!("warning: the adapters of {unlisted} could not be listed: {}", unlisted.reason));
    }
    // JSON was the only other format once.
    let format = if args.json { &formats::json::FORMAT } else { args.format };
    let json = serde_json::to_value(&found).map_err(Failure::usage)?;
    show(&Prepared { document: document(&found), rows: vec![rows(&found)], json }, format, true)?;
    Ok(if failed.is_empty() { Exit::Within } else { Exit::Incomplete })
}

fn document(found: &[AdapterIdentity]) -> Document {
    let drivers = found.iter().filter(|a| !a.is_embedded()).count();
    let headline = match drivers {
        0 => "No driver is here: only the interpreter would be audited".to_owned(),
        n => format!("{} with a driver, and the interpreter", plural(n, "adapter")),
    };
    let mut document = Document::new(if drivers == 0 { Tone::Broke } else { Tone::Plain }, headline);
    for a in found {
        let id = format!("{}:{}", a.backend, a.index);
        let mut section = Section::new(id.replace(':', "-"), format!("{id}  {}", a.label()));
        let mut fact = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|v| !v.is_empty()) {
                section.fact(name, value);
            }
        };
        fact("hardware", Some(format!("{} ({})", a.hardware(), a.device_type)));
        fact("driver version", a.driver_version.clone());
        fact("driver UUID", a.driver_uuid.clone());
        fact("pipeline cache UUID", a.pipeline_cache_uuid.clone());
        fact("Vulkan", a.api_version.clone());
        fact("conformance", a.conformance_version.clone());
        fact("subgroup sizes", Some(format!("{} to {}", a.subgroup_sizes[0], a.subgroup_sizes[1])));
        fact("float controls", a.float_controls.map(|f| float_controls(&f)));
        let names: Vec<_> = a.features.iter().map(|f| format!("{f:?}")).collect();
        fact("features", Some(names.join(", ")));
        document.push(section);
    }
    let gpus = audit::unreached(std::path::Path::new("/"), &audit::Reached::of(found));
    if !gpus.is_empty() {
        let mut section = Section::new("unreached", "Not reached");
        gpus.into_iter().for_each(|gpu| section.statement(Mark::Attention, gpu.what, gpu.remedy));
        document.push(section);
    }
    if drivers == 0 {
        let mut next = Section::new("next", "Next");
        let what = "A software driver, Mesa's lavapipe, audits a CPU as a GPU would be (Debian and Ubuntu):";
        next.step(what, "apt install mesa-vulkan-drivers");
        document.push(next);
    }
    document
}

fn float_controls(f: &FloatControls) -> String {
    let promised = [
        (f.signed_zero_inf_nan_preserve, "zero's sign, infinity and NaN kept"),
        (f.denorm_preserve, "subnormals kept"),
        (f.denorm_flush_to_zero, "subnormals flushed"),
        (f.rounding_rte, "rounds to nearest even"),
    ];
    let said = |on: bool| promised.into_iter().filter(|(p, _)| *p == on).map(|(_, what)| what).collect::<Vec<_>>();
    match (said(true).as_slice(), said(false).as_slice()) {
        (can, []) => format!("supported: {}", can.join(", ")),
        ([], not) => format!("not supported: {}", not.join(", ")),
        (can, not) => format!("supported: {}; not supported: {}", can.join(", "), not.join(", ")),
    }
}

/// A row an adapter.
fn rows(found: &[AdapterIdentity]) -> Rows {
    let columns = ["adapter", "label", "hardware", "type", "driver_version", "driver_uuid", "api_version"];
    let mut rows = Rows::new("adapters", &columns);
    for a in found {
        rows.push(vec![
            format!("{}:{}", a.backend, a.index).into(),
            a.label().into(),
            a.hardware().into(),
            a.device_type.as_str().into(),
            a.driver_version.clone().into(),
            a.driver_uuid.clone().into(),
            a.api_version.clone().into(),
        ]);
    }
    rows
}
