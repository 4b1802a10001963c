//! `repro-audit adapters`: who is there.

use std::time::Duration;

use super::{Exit, Failure, print};
use crate::audit::{self, Listing};
use crate::model::AdapterIdentity;
use crate::process::{Limits, default_limit};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As JSON, with everything the drivers tell.
    #[arg(long)]
    json: bool,
    /// Seconds that listing may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let limits = Limits { time: Duration::from_secs(args.timeout), memory: default_limit() };
    let Listing { adapters: found, failed, .. } = audit::adapters(&[], limits);
    for unlisted in &failed {
        anstream::eprintln!("warning: the adapters of {unlisted} could not be listed: {}", unlisted.reason);
    }
    if args.json {
        let text = serde_json::to_string_pretty(&found).map_err(Failure::usage)?;
        print(&(text + "\n"))?;
    } else {
        let mut text = String::new();
        for a in &found {
            text.push_str(&format!("{}:{}  {}\n", a.backend, a.index, a.label()));
            let mut line = |name: &str, value: Option<String>| {
                if let Some(value) = value.filter(|v| !v.is_empty()) {
                    text.push_str(&format!("    {name:<20} {value}\n"));
                }
            };
            line("hardware", Some(format!("{} ({})", a.hardware(), a.device_type)));
            line("driver version", a.driver_version.clone());
            line("driver uuid", a.driver_uuid.clone());
            line("pipeline cache uuid", a.pipeline_cache_uuid.clone());
            line("vulkan", a.api_version.clone());
            line("conformance", a.conformance_version.clone());
            line("subgroup sizes", Some(format!("{} to {}", a.subgroup_sizes[0], a.subgroup_sizes[1])));
            line(
                "float controls",
                a.float_controls.map(|f| {
                    format!(
                        "signed zero, inf and nan {}, subnormals preserved {}, flushed {}, round to even {}",
                        f.signed_zero_inf_nan_preserve, f.denorm_preserve, f.denorm_flush_to_zero, f.rounding_rte
                    )
                }),
            );
            let names: Vec<_> = a.features.iter().map(|f| format!("{f:?}")).collect();
            line("features", Some(names.join(", ")));
        }
        if found.iter().all(AdapterIdentity::is_embedded) {
            text.push_str(
                "no driver; a software one comes with Mesa's lavapipe (Debian and Ubuntu: apt install mesa-vulkan-drivers)\n",
            );
        }
        print(&text)?;
    }
    Ok(if failed.is_empty() { Exit::Within } else { Exit::Incomplete })
}
