//! `repro-audit sweep`: built-in functions at all their inputs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::options::{limits, unmatched};
use super::shown::{formats, show};
use super::{Exit, Failure, refuse_to_replace, scratch};
use crate::audit::sweep::{SweepPlan, SweepProgress, sweep};
use crate::audit::{Listing, adapters};
use crate::engines::interpreter::Mode;
use crate::facts::sweep::{alone, compare};
use crate::formats::Format;
use crate::kernels::sweep::{Sweepable, functions};
use crate::model::AdapterIdentity;
use crate::model::pattern::{glob, instead};
use crate::model::sweep::{Inputs, Missing, SweepFile, VERSION};
use crate::numerics::arith::format::Format as Element;
use crate::process::file::read_object;
use crate::record::write_atomically;
use crate::views::sweep::{compared, swept};

/// The most bytes of a sweep's file.
const MOST: u64 = 256 << 20;

/// What makes a sweep fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Nothing: what is found is reported and does not change the exit status.
    Never,
    /// A result that the specification does not allow.
    OutsideSpecification,
    /// Of --compare: any difference, and a function that is in one file only or was swept at other inputs.
    Drift,
}

/// The type of operands and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dtype {
    /// binary32: the functions of one number.
    F32,
    /// binary16: the functions of one number, and where they are named those of two.
    F16,
}

/// Here and not beside the type, which knows of no command line.
impl ValueEnum for Inputs {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::All, Self::Stratified]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self {
            Self::All => "Every bit pattern: 2^32, or 2^16 of one binary16 operand",
            Self::Stratified => "2^20 of 2^32 patterns, equally many of every sign and exponent, always the same",
        };
        Some(clap::builder::PossibleValue::new(self.name()).help(help))
    }
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The functions, such as sin, exp2 or 'a*'. Default: all of one operand.
    #[arg(value_name = "FUNCTION")]
    functions: Vec<String>,
    /// Only adapters with this id (vulkan:0), or whose name, backend or driver contains this text; may be given more than
    /// once. Default: all that have a driver.
    #[arg(long, value_name = "TEXT")]
    adapter: Vec<String>,
    /// Also an interpreter with this defect planted, such as flush. May be given more than once.
    #[arg(long, value_name = "MODE")]
    planted: Vec<Mode>,
    /// Which inputs.
    #[arg(long, value_enum, default_value = "all")]
    inputs: Inputs,
    /// The type of operands and results.
    #[arg(long, value_enum, default_value = "f32")]
    dtype: Dtype,
    /// Sweep nothing, and show which blocks of 2^20 inputs differ: between the adapters of two files, or between those of
    /// one.
    #[arg(long, value_name = "FILE", num_args = 1..=2,
        conflicts_with_all = ["functions", "adapter", "planted", "inputs", "dtype", "out"])]
    compare: Vec<PathBuf>,
    /// Also write everything to this file as JSON, for --compare.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Print the limits, and how errors are distributed (table format).
    #[arg(long)]
    full: bool,
    /// Seconds that one chunk of inputs may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// MiB of memory that one adapter's processes may take together, 0 for all there is. Default: half of the machine's
    /// memory.
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// What makes the exit status 1.
    #[arg(long, value_enum, default_value = "never")]
    fail_on: FailOn,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if !args.compare.is_empty() {
        return run_compare(args);
    }
    if args.fail_on == FailOn::Drift {
        return Err(Failure::usage("--fail-on drift is for --compare"));
    }
    if let Some(out) = &args.out {
        refuse_to_replace(out, "--out", &[], ("sweep of this program", |text| text.contains("\"sweep_version\"")))?;
    }
    let wanted = wanted(args)?;
    let limits = limits(Duration::from_secs(args.timeout), args.memory);
    let listing = adapters(&args.planted, limits);
    let chosen = chosen(args, &listing)?;
    let plan = SweepPlan {
        adapters: chosen,
        environment: listing.environment,
        planted: args.planted.clone(),
        functions: wanted,
        inputs: args.inputs,
        limits,
    };
    let scratch = scratch()?;
    let mut shown = Shown::new();
    let sweeps = sweep(&plan, scratch.path(), &mut shown).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    drop(shown);
    let file = SweepFile { sweep_version: VERSION, program: env!("CARGO_PKG_VERSION").to_owned(), sweeps };
    if let Some(out) = &args.out {
        let text = crate::views::pretty(&file).map_err(Failure::usage)?;
        write_atomically(out, text.as_bytes())
            .map_err(|e| Failure::unwritten(&out.display().to_string(), &e, "file with --out"))?;
    }
    show(&swept(&file).map_err(Failure::usage)?, args.format, args.full)?;
    let failed = file.sweeps.iter().any(|s| s.missing.iter().any(|m| m.failed) || s.functions.is_empty());
    let outside = file.sweeps.iter().any(|s| s.functions.iter().any(|f| f.outside > 0));
    Ok(match (failed || !listing.failed.is_empty(), outside && args.fail_on == FailOn::OutsideSpecification) {
        (true, _) => Exit::Incomplete,
        (_, true) => Exit::Beyond,
        _ => Exit::Within,
    })
}

/// The functions that were named.
fn wanted(args: &Args) -> Result<Vec<Sweepable>, Failure> {
    let element = if args.dtype == Dtype::F16 { Element::F16 } else { Element::F32 };
    let all = functions(element);
    if args.functions.is_empty() {
        return Ok(all.into_iter().filter(|s| s.function.operands == 1).collect());
    }
    let matches = |pattern: &str, s: &Sweepable| glob(&pattern.to_lowercase(), &s.function.name.to_lowercase());
    for pattern in &args.functions {
        if all.iter().any(|s| matches(pattern, s)) {
            continue;
        }
        let names = || all.iter().map(|s| s.function.name);
        if functions(Element::F16).iter().any(|s| matches(pattern, s)) {
            return Err(Failure::usage(format!(
                "'{pattern}' has two operands: --dtype f16 takes all pairs; the functions are {}",
                names().collect::<Vec<_>>().join(", ")
            )));
        }
        return Err(Failure::usage(format!(
            "'{pattern}' is no function that can be swept; {}",
            instead(pattern, "functions", names())
        )));
    }
    Ok(all.into_iter().filter(|s| args.functions.iter().any(|p| matches(p, s))).collect())
}

/// The adapters that were named, each of which must be there.
fn chosen(args: &Args, listing: &Listing) -> Result<Vec<AdapterIdentity>, Failure> {
    for unlisted in &listing.failed {
        super::tell(&format!("warning: the adapters of {unlisted} could not be listed: {}", unlisted.reason));
    }
    let present: Vec<_> = listing.adapters.iter().map(|a| format!("{} {}", a.id(), a.label())).collect();
    if let Some(text) = args.adapter.iter().find(|t| !listing.adapters.iter().any(|a| a.matches(t))) {
        return Err(unmatched(text, &format!("present: {}", present.join("; "))));
    }
    let chosen = SweepPlan::chosen(listing, &args.adapter, &args.planted);
    if chosen.is_empty() {
        return Err(Failure::new(
            Exit::Incomplete,
            "no adapter has a driver here: install one, or add --adapter embedded --inputs stratified for this program's \
             own interpreter",
        ));
    }
    Ok(chosen)
}

fn run_compare(args: &Args) -> Result<Exit, Failure> {
    if args.fail_on == FailOn::OutsideSpecification {
        return Err(Failure::usage("--fail-on outside-specification is not for --compare"));
    }
    let files = args.compare.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let Some((left, others)) = files.split_first() else { return Err(Failure::usage("--compare needs a file")) };
    let pairs = compare(left, others.first()).map_err(Failure::usage)?;
    let alone = others.first().map(|right| alone(left, right)).unwrap_or_default();
    show(&compared(&pairs, &alone).map_err(Failure::usage)?, args.format, true)?;
    let functions = || pairs.iter().flat_map(|p| &p.functions);
    let unmatched = functions().next().is_none()
        || alone.iter().any(|names| !names.is_empty())
        || pairs.iter().any(|p| !p.apart.is_empty() || p.only.iter().any(|o| !o.is_empty()));
    let differs = functions().any(|f| f.differing > 0) || unmatched;
    Ok(if args.fail_on == FailOn::Drift && differs { Exit::Beyond } else { Exit::Within })
}

fn read(path: &Path) -> Result<SweepFile, Failure> {
    let bad = |e: String| Failure::new(Exit::Unreadable, format!("can't read {}: {e}", path.display()));
    let bytes = read_object(path, MOST).map_err(|e| bad(e.to_string()))?;
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|e| bad(format!("it is no sweep of this program: {e}")))?;
    match value.get("sweep_version").and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(VERSION) => {
            return Err(bad(format!("it has version {version}, and this program knows {VERSION}")));
        }
        Some(_) => {}
        None => return Err(bad("it is no sweep of this program".to_owned())),
    }
    serde_json::from_value(value).map_err(|e| bad(e.to_string()))
}

/// Progress on standard error, on a terminal only.
struct Shown {
    bar: ProgressBar,
}

impl Shown {
    fn new() -> Self {
        let quiet = super::QUIET.load(std::sync::atomic::Ordering::Relaxed);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self { bar: ProgressBar::with_draw_target(None, target) }
    }
}

impl SweepProgress for Shown {
    fn begin(&mut self, adapter: &AdapterIdentity, function: &str, inputs: u64) {
        let style = ProgressStyle::with_template("{bar:24} {percent} %, {eta} left · {msg}");
        self.bar.reset();
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_length(inputs);
        self.bar.set_message(format!("{function} on {}", crate::process::shown(&adapter.id())));
    }

    fn done(&mut self, inputs: u64) {
        self.bar.set_position(inputs);
    }

    fn end(&mut self, adapter: &AdapterIdentity, missing: Option<&Missing>) {
        if let Some(missing) = missing.filter(|m| m.failed) {
            let line = format!("{}: {} FAILED: {}", adapter.id(), missing.function, missing.reason);
            self.bar.suspend(|| super::tell(&line));
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
