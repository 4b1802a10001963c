//! `repro-audit case`: one case again; and `repro-audit kernels`: what cases there can be.

use super::gpu::carry_out;
use super::options::Options;
use super::shown::show;
use super::{Exit, Failure, print};
use crate::facts::Asked;
use crate::kernels::case::{Case, first_seed};
use crate::kernels::{self, Param, Profile};
use crate::model::CasePattern;
use crate::record::{EngineKind, Outcome};
use crate::views::audit::Audit;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The case's id, as every row of a report gives it: 'sum/serial_tree?n=4096&wg=64'. Quote it: ? and & mean
    /// something to a shell. Parameters that are left out take their defaults (see `repro-audit kernels`).
    #[arg(required = true)]
    id: Vec<String>,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let cases: Result<Vec<_>, _> = args.id.iter().map(|id| Case::parse(id)).collect();
    let cases = cases.map_err(Failure::usage)?;
    let seed = first_seed(&cases).unwrap_or(7);
    let plan = args.options.plan(Profile::Quick, Vec::new(), seed, Some(cases))?;
    let plan = plan.with_listing(args.options.check_adapters()?);
    let record = carry_out(&plan, None)?;
    show(&Audit::new(&record).asked(Asked::Case), args.options.format, true)?;
    // Asked for by name and run nowhere: that is no answer.
    for case in &record.cases {
        let skips: Vec<_> = case
            .executions
            .iter()
            .filter_map(|e| {
                if let Outcome::Skipped { why } = &e.outcome { Some(format!("{}: {why}", e.engine)) } else { None }
            })
            .collect();
        let adapters = record.engines.iter().filter(|e| e.kind == EngineKind::Adapter).count();
        if adapters > 0 && skips.len() == adapters {
            return Err(Failure::usage(format!("'{}' can run on no adapter here: {}", case.id, skips.join("; "))));
        }
    }
    Ok(args.options.judge(&record))
}

/// Arguments of `kernels`.
#[derive(Debug, clap::Args)]
pub(super) struct KernelsArgs {
    /// Only what this names: a kernel, or kernel/variant, with * for any text.
    #[arg(default_value = "*")]
    name: String,
    /// Also list the cases of this profile.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
}

pub(super) fn kernels(args: &KernelsArgs) -> Result<Exit, Failure> {
    let pattern = CasePattern::parse(&args.name).map_err(Failure::usage)?;
    let mut text = String::new();
    // The controls are part of every audit and are not asked for.
    for kernel in kernels::all().iter().filter(|k| k.name() != crate::audit::CONTROL) {
        let named = |variant: &str| pattern.names(kernel.name(), variant);
        let mut variants = kernel.variants().iter().filter(|v| named(v.name)).peekable();
        if variants.peek().is_some() {
            text.push_str(&format!("{}: {}\n", kernel.name(), kernel.about()));
        }
        for variant in variants {
            text.push_str(&format!("  {}/{}: {}\n", kernel.name(), variant.name, variant.about));
            for Param { name, default, range, about, config } in variant.params {
                let kind = if *config { " (configuration)" } else { "" };
                text.push_str(&format!("      {name}={default}  {about}; {range}{kind}\n"));
            }
        }
        if let Some(profile) = args.profile {
            for case in kernel.plan(profile, 7).iter().filter(|case| named(case.variant())) {
                text.push_str(&format!("    {case}\n"));
            }
        }
    }
    if text.is_empty() {
        let all = kernels::names().join(", ");
        return Err(Failure::usage(format!("'{}' names no kernel and no variant; the kernels are: {all}", args.name)));
    }
    print(&text)?;
    Ok(Exit::Within)
}
