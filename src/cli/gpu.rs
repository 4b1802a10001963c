//! `repro-audit gpu`: the main job.

use std::path::PathBuf;

use super::options::Options;
use super::outputs::Outputs;
use super::progress::Shown;
use super::shown::show;
use super::{Exit, Failure};
use crate::audit::worker::SCRATCH;
use crate::audit::{Plan, audit};
use crate::kernels::Profile;
use crate::record::Record;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How much: quick takes seconds on software adapters; standard and deep are for GPUs.
    #[arg(long, value_enum, default_value = "quick")]
    profile: Profile,
    /// Only these cases: a kernel, kernel/variant, or kernel/variant?name=value, with * for any text, such as
    /// 'sum/*?n=4096'; may be given more than once.
    #[arg(long, value_name = "PATTERN")]
    kernel: Vec<String>,
    /// The seed of all inputs.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where record.json, index.html, summary.csv, values.csv and the charts go. An earlier record there is kept, in
    /// DIR/earlier.
    #[arg(help_heading = "Output", long, value_name = "DIR", default_value = "repro-audit-out")]
    out: PathBuf,
    /// Open the report in a browser when it is written.
    #[arg(long, help_heading = "Output")]
    open: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let plan = args.options.plan(args.profile, args.kernel, args.seed, None)?;
    let plan = plan.with_listing(args.options.check_adapters()?);
    let mut outputs = Outputs::open(&args.out)?;
    let record = carry_out(&plan, Some(&mut outputs))?;
    outputs.finish(&record)?;
    // Where it is, is said whether or not it can be shown.
    let shown = show(&outputs.view(&record), args.options.format, args.options.full);
    outputs.tell(args.options.format, args.open);
    shown?;
    Ok(args.options.judge(&record))
}

/// Runs the audit, with progress.
pub(super) fn carry_out(plan: &Plan, outputs: Option<&mut Outputs>) -> Result<Record, Failure> {
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir()
        .map_err(|e| Failure::usage(format!("can't make a temporary folder: {e}; set TMPDIR to one with room")))?;
    let mut shown = Shown::new(outputs);
    let record = audit(plan, scratch.path(), &mut shown).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    if let Some(e) = shown.trouble.take() {
        super::say(format_args!("warning: an unfinished record could not be written: {e}"));
    }
    Ok(record)
}
