//! `repro-audit case`: one case again.

use std::path::PathBuf;

use super::gpu::carry_out;
use super::options::Options;
use super::outputs::Outputs;
use super::shown::show;
use super::{Exit, Failure};
use crate::facts::Asked;
use crate::kernels::Profile;
use crate::kernels::case::{Case, first_seed};
use crate::record::{EngineKind, Outcome};
use crate::views::audit::Audit;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The case's id, as every row of a report gives it: 'sum/serial_tree?n=4096&wg=64'. Quote it: ? and & mean
    /// something to a shell. Parameters that are left out take their defaults (see `repro-audit kernels`).
    #[arg(required = true)]
    id: Vec<String>,
    /// Write the record and its report to this folder too. An earlier record there is kept, in DIR/earlier.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let cases: Result<Vec<_>, _> = args.id.iter().map(|id| Case::parse(id)).collect();
    let cases = cases.map_err(Failure::usage)?;
    let seed = first_seed(&cases).unwrap_or(7);
    let plan = args.options.plan(Profile::Quick, Vec::new(), seed, Some(cases))?;
    let plan = plan.with_listing(args.options.check_adapters()?);
    let mut outputs = args.out.as_deref().map(Outputs::open).transpose()?;
    let record = carry_out(&plan, outputs.as_mut())?;
    if let Some(outputs) = &mut outputs {
        outputs.finish(&record)?;
    }
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
