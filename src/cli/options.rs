//! The options that `gpu` and `case` share, and what they mean for the exit status.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::{Exit, Failure};
use crate::audit::{Caches, LEAST, Listing, Plan, Wanted, modelled};
use crate::engines::interpreter::Mode;
use crate::facts::Disorder;
use crate::formats::Format;
use crate::kernels::Profile;
use crate::kernels::case::Case;
use crate::model::EXPECTED;
use crate::model::adapter_model::AdapterModel;
use crate::process::file::read_text;
use crate::process::{Limits, default_limit};
use crate::record::{CaseRecord, Engine, Outcome, Record, Settings, Status};

/// What makes an audit fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Nothing: differences are reported and do not change the exit status.
    Never,
    /// A result that the specification does not allow.
    OutsideSpecification,
    /// A result that the specification does not allow, or one that does not repeat.
    NotRepeatable,
    /// Any bit that differs from the strict reference, or between runs, configurations, drivers or adapters.
    Drift,
}

/// Shared options.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Only adapters with this id (vulkan:0), or whose name, backend or driver contains this text (upper and lower case
    /// are equal); may be given more than once.
    #[arg(help_heading = "Adapters and engines", long, value_name = "TEXT")]
    pub(super) adapter: Vec<String>,
    /// End with status 3 unless an adapter with this text is present and audited.
    #[arg(help_heading = "Adapters and engines", long, value_name = "TEXT", env = "REPRO_AUDIT_REQUIRE_ADAPTER",
        value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) require_adapter: Option<String>,
    /// Also audit an interpreter with this defect planted, such as contract+flush: like a driver with known defects. May be
    /// given more than once.
    #[arg(help_heading = "Adapters and engines", long, value_name = "MODE")]
    pub(super) planted: Vec<Mode>,
    /// Also audit the interpreter computing as an adapter that need not be here: by the file that `explain --save` wrote.
    /// May be given more than once.
    #[arg(help_heading = "Adapters and engines", long = "as", value_name = "FILE")]
    pub(super) models: Vec<PathBuf>,
    /// Also audit an engine in another process, such as 'python3 examples/remote_numpy.py': a command that speaks the
    /// protocol of docs/remote.md. It runs the cases whose operation it offers. May be given more than once.
    #[arg(help_heading = "Adapters and engines", long, value_name = "COMMAND")]
    pub(super) engine: Vec<String>,
    /// Runs of every case on every engine; on an interpreter each in another legal order of execution.
    #[arg(help_heading = "Runs", long, value_name = "N", default_value_t = 5)]
    pub(super) repeats: u32,
    /// CPU thread counts to compare.
    #[arg(help_heading = "Runs", long, value_name = "N,N", value_delimiter = ',', default_value = "1,2,3,4,8")]
    pub(super) threads: Vec<usize>,
    /// Also audit every adapter whose driver may read NAME, an environment variable, again with NAME set to each value;
    /// several variables are changed one at a time. May be given more than once.
    #[arg(help_heading = "Adapters and engines", long, value_name = "NAME=A,B")]
    pub(super) vary: Vec<String>,
    /// With --vary, on every driver: also on those that are known not to read the variable.
    #[arg(help_heading = "Adapters and engines", long, requires = "vary")]
    pub(super) vary_all: bool,
    /// Empty the drivers' caches of compiled shaders first. They are this program's own, one for each driver, processor and
    /// setting of variables.
    #[arg(help_heading = "Runs", long)]
    pub(super) cold: bool,
    /// Seconds that one case may take on one adapter. Default: 120, and for large cases more, by an estimate of their work.
    #[arg(help_heading = "Runs", long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) timeout: Option<u64>,
    /// MiB of memory that one adapter's processes may take together, 0 for all there is. Default: half of the
    /// machine's memory.
    #[arg(help_heading = "Runs", long, value_name = "MIB")]
    pub(super) memory: Option<u64>,
    /// Store outputs of up to N elements whole in the record, and of larger ones some chunks of 256 words that the output's
    /// digest proves, so that drift between two records can be computed. Without this, one of a result that does not repeat.
    #[arg(help_heading = "Output", long, value_name = "N", default_value_t = crate::record::STORE)]
    pub(super) store: u64,
    /// A name for this audit in the record, such as that of a leg of a CI matrix.
    #[arg(help_heading = "Output", long, value_name = "NAME", env = "REPRO_AUDIT_LABEL", value_parser = super::label)]
    pub(super) label: Option<String>,
    /// What goes to standard output.
    #[arg(help_heading = "Output", long, default_value = "table", value_parser = super::shown::formats())]
    pub(super) format: &'static Format,
    /// Print everything, not only the first screen (table format).
    #[arg(help_heading = "Output", long)]
    pub(super) full: bool,
    /// What makes the exit status 1. Adapters with a driver are judged, and status 4 says that none was tested; the
    /// interpreter is judged only where --adapter embedded asks for it.
    #[arg(help_heading = "Output", long, value_enum, default_value = "never")]
    pub(super) fail_on: FailOn,
}

/// What a child may take: of memory so many MiB, 0 for all there is.
pub(super) fn limits(time: Duration, mib: Option<u64>) -> Limits {
    Limits { time, memory: mib.map_or_else(default_limit, |mib| (mib > 0).then_some(mib << 20)) }
}

/// The model of an adapter that a file has.
fn model(file: &Path) -> Result<AdapterModel, Failure> {
    let name = file.display().to_string();
    let text = read_text(file).map_err(|e| Failure::usage(format!("can't read --as {name}: {e}")))?;
    modelled::read(&name, &text).map_err(|e| Failure::usage(format!("--as {e}")))
}

/// That `--adapter` names none of those that there are.
pub(super) fn unmatched(text: &str, there: &str) -> Failure {
    Failure::usage(format!("--adapter {text} matches nothing; {there}"))
}

impl Options {
    /// Checks the settings and makes the plan.
    pub(super) fn plan(
        &self,
        profile: Profile,
        kernels: Vec<String>,
        seed: u64,
        cases: Option<Vec<Case>>,
    ) -> Result<Plan, Failure> {
        if self.repeats == 1 && self.fail_on == FailOn::NotRepeatable {
            return Err(Failure::usage("--fail-on not-repeatable needs --repeats 2 or more"));
        }
        let models: Result<Vec<_>, _> = self.models.iter().map(|file| model(file)).collect();
        let (models, files) = (models?, self.models.iter().map(|file| file.display().to_string()).collect());
        Plan::new(Wanted {
            profile,
            kernels,
            adapters: self.adapter.clone(),
            planted: self.planted.clone(),
            repeats: self.repeats,
            seed,
            threads: self.threads.clone(),
            vary: self.vary.clone(),
            vary_all: self.vary_all,
            timeout: self.timeout.map(Duration::from_secs),
            memory: self.limits().memory,
            cases,
            store: self.store,
            label: self.label.clone(),
            engines: self.engine.clone(),
        })
        .map(|plan| plan.with_caches(Caches::of_user(self.cold)).with_models(models, files))
        .map_err(Failure::usage)
    }

    /// How long a small case may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout.map_or(LEAST, Duration::from_secs)
    }

    /// What a child may take.
    pub(super) fn limits(&self) -> Limits {
        limits(self.timeout(), self.memory)
    }

    /// Lists the adapters, and checks before any work that those that are wanted are there.
    pub(super) fn check_adapters(&self) -> Result<Listing, Failure> {
        let listing = crate::audit::adapters(&self.planted, self.limits());
        if self.require_adapter.is_none() && self.adapter.is_empty() {
            return Ok(listing);
        }
        let Listing { adapters: found, failed, .. } = &listing;
        let mut labels: Vec<_> = found.iter().map(|a| format!("{} {}", a.id(), a.label())).collect();
        labels.extend(failed.iter().map(|u| format!("({u} could not be listed: {})", u.reason)));
        let present = if labels.is_empty() { "none".to_owned() } else { labels.join("; ") };
        if let Some(text) = self.require_adapter.as_ref().filter(|t| !found.iter().any(|a| a.matches(t))) {
            return Err(Failure::new(
                Exit::AdapterAbsent,
                format!("the required adapter '{text}' is absent; present: {present}"),
            ));
        }
        let left_out =
            |a: &&crate::model::AdapterIdentity| !self.adapter.is_empty() && !self.adapter.iter().any(|t| a.matches(t));
        // One that is there and is not audited tests nothing.
        if let Some(text) = &self.require_adapter
            && found.iter().filter(|a| a.matches(text)).all(|a| left_out(&a))
        {
            return Err(Failure::new(
                Exit::AdapterAbsent,
                format!(
                    "the required adapter '{text}' is present, but no --adapter names it, so it would not be audited"
                ),
            ));
        }
        if let Some(text) = self.adapter.iter().find(|t| !found.iter().any(|a| a.matches(t))) {
            return Err(unmatched(text, &format!("present: {present}")));
        }
        Ok(listing)
    }

    /// The exit status of a finished audit.
    pub(super) fn judge(&self, record: &Record) -> Exit {
        if !crate::facts::soundness(record).is_sound() {
            return Exit::Incomplete;
        }
        let beyond = |status: Status| match self.fail_on {
            FailOn::Never => false,
            FailOn::OutsideSpecification => status == Status::OutsideSpecification,
            FailOn::NotRepeatable => matches!(status, Status::OutsideSpecification | Status::NotRepeatable),
            FailOn::Drift => !matches!(status, Status::BitExact | Status::Skipped),
        };
        let adapter = |id: &str| record.engine(id).is_some_and(|e| gated(&record.provenance.settings, e));
        // Whatever is asked must have been tested on something.
        if self.fail_on != FailOn::Never && !record.verdicts.iter().any(|v| adapter(&v.engine)) {
            super::say(format_args!(
                "error: --fail-on was given, and no driver was tested: install one, or add --adapter embedded to judge \
                 this program's own interpreter"
            ));
            return Exit::Incomplete;
        }
        // What a race or an order gave in every run of these is chance.
        let chance = |case: &CaseRecord| {
            matches!(self.fail_on, FailOn::NotRepeatable | FailOn::Drift)
                && Disorder::of(case).is_some()
                && case.executions.iter().any(|e| adapter(&e.engine) && matches!(e.outcome, Outcome::Ran { .. }))
        };
        let status = |case: &CaseRecord| case.executions.iter().any(|e| adapter(&e.engine) && beyond(e.status));
        let differs = |case: &CaseRecord| {
            self.fail_on == FailOn::Drift
                && (case.comparisons.iter().any(|c| c.right.engine().is_some_and(adapter) && !c.drift.is_none())
                    || case
                        .examination
                        .outputs
                        .iter()
                        .any(|o| o.other.starts_with(EXPECTED) && adapter(&o.engine) && !o.drift.is_none()))
        };
        let derived = record.derived_cases();
        let found: Vec<_> =
            record.cases.iter().chain(&derived).filter(|c| status(c) || chance(c) || differs(c)).collect();
        let Some(first) = found.first() else { return Exit::Within };
        super::say(format_args!("beyond --fail-on: {} cases, the first {}", found.len(), first.id));
        Exit::Beyond
    }
}

/// Whether `--fail-on` judges this engine: a gate is there for drivers, and on a machine without one it must not pass
/// because the interpreter does.
fn gated(settings: &Settings, engine: &Engine) -> bool {
    let asked = || settings.adapters.iter().any(|f| engine.adapter.as_ref().is_some_and(|a| a.matches(f)));
    engine.is_driver() || engine.is_embedded() && asked()
}

/// Here and not beside the type, which knows of no command line.
impl ValueEnum for Profile {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = self.pick(
            "Seconds on two cores with software adapters: small sizes of every variant",
            "Minutes on a GPU: the sizes of ordinary layers",
            "Tens of minutes on a GPU: large sizes, long reductions, many configurations",
        );
        Some(clap::builder::PossibleValue::new(self.name()).help(help))
    }
}
