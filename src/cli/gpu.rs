//! `repro-audit gpu`: the main job.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::options::Options;
use super::outputs::Outputs;
use super::progress::Shown;
use super::shown::show;
use super::{Exit, Failure, explain};
use crate::audit::{Plan, audit};
use crate::kernels::Profile;
use crate::record::{self, Record};

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
    /// Where record.json, index.html, summary.csv, values.csv, sweep.csv and the charts go. An earlier record there is kept, in
    /// DIR/earlier.
    #[arg(help_heading = "Output", long, value_name = "DIR", default_value = "repro-audit-out")]
    out: PathBuf,
    /// End after so long, such as 90s or 10m: of each variant the smallest problems come first, no case is begun that is
    /// expected to end later, and the record says which were left out.
    #[arg(help_heading = "Runs", long, value_name = "TIME", value_parser = duration)]
    budget: Option<Duration>,
    /// Go on with the audit in --out that was cut off, with the same settings.
    #[arg(help_heading = "Runs", long)]
    resume: bool,
    /// Open the report in a browser when it is written.
    #[arg(long, help_heading = "Output")]
    open: bool,
    /// Then find what makes results differ from the strict reference, and write it into the record: takes about as long
    /// as the audit again.
    #[arg(help_heading = "Runs", long)]
    explain: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let plan = args.options.plan(args.profile, args.kernel, args.seed, None)?;
    let listing = args.options.check_adapters()?;
    let plan = plan.with_listing(listing.clone()).with_budget(args.budget);
    let plan = if args.resume { resumed(plan, &args.out)? } else { plan };
    let mut outputs = Outputs::open(&args.out)?;
    if args.resume {
        outputs.forget_earlier();
    }
    let mut record = carry_out(&plan, Some(&mut outputs))?;
    outputs.finish(&record)?;
    if args.explain {
        let found = explain::found(&record, listing, &args.options.planted, None, args.options.limits())?;
        explain::take(&mut record, &found)?;
        outputs.finish(&record)?;
    }
    // Where it is, is said whether or not it can be shown.
    let shown = show(&outputs.view(&record), args.options.format, args.options.full);
    outputs.tell(args.options.format, args.open);
    shown?;
    Ok(args.options.judge(&record))
}

/// The plan that goes on with the unfinished record in a folder.
fn resumed(plan: Plan, folder: &Path) -> Result<Plan, Failure> {
    let path = folder.join("record.json");
    if !path.exists() {
        return Err(Failure::usage(format!("there is no {} to go on with; run without --resume", path.display())));
    }
    let record = record::read(&path).map_err(|e| Failure::new(Exit::Unreadable, e))?;
    plan.resuming(record).map_err(|e| Failure::usage(format!("can't go on with {}: {e}", path.display())))
}

/// A time as people write it.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no time such as 90s, 10m or 1h");
    let time = text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?;
    Duration::try_from(time).ok().filter(|t| !t.is_zero()).ok_or_else(wrong)
}

/// Runs the audit, with progress.
pub(super) fn carry_out(plan: &Plan, outputs: Option<&mut Outputs>) -> Result<Record, Failure> {
    let scratch = super::scratch()?;
    let mut shown = Shown::new(outputs);
    let record = audit(plan, scratch.path(), &mut shown).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    if let Some(e) = shown.trouble.take() {
        super::say(format_args!("warning: an unfinished record could not be written: {e}"));
    }
    Ok(record)
}
