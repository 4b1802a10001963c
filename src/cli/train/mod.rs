//! `repro-audit train`: a small training made again, with one thing changed at a time.

mod weights;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::gpu::carry_out;
use super::options::limits;
use super::outputs::Outputs;
use super::shown::{formats, show};
use super::{Exit, Failure, scratch};
use crate::audit::train::{EPOCH, EPOCHS, SEED, TrainPlan, TrainProgress, can_vary, train};
use crate::audit::{Listing, Plan, Wanted, adapters, varied};
use crate::engines::interpreter::Mode;
use crate::formats::Format;
use crate::gate::Lock;
use crate::kernels::Profile;
use crate::kernels::train::data::digits;
use crate::model::AdapterIdentity;
use crate::model::training::{CPU, Factor, Launch, Tier, TrainingFile};
use crate::process::Limits;
use crate::record::{self, FormatVersion, Record, TRAIN, training_data, training_id};
use crate::views::train::trained;

/// Here and not beside the type, which knows of no command line.
impl ValueEnum for Tier {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self {
            Self::Native => "binary32 as a framework uses it",
            Self::Portable => "binary32 of which fused products and built-in functions change no bit",
            Self::Integer => "Fixed point in 32-bit integers, the same bits everywhere",
        };
        Some(clap::builder::PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for Factor {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()).help(self.about()))
    }
}

/// The most epochs.
const MOST: u32 = 10_000;

/// What makes trainings fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Nothing: what is found is reported and does not change the exit status.
    Never,
    /// Another digest on an engine than on the CPU, or in integers another than the published one.
    Drift,
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is computed in.
    #[arg(long, value_enum, default_value = "native")]
    arithmetic: Tier,
    /// What is changed; may be given more than once. The control is always made. Default: in integers
    /// adapter, otherwise all but contention, and vary where --vary is given.
    #[arg(long, value_enum, value_name = "FACTOR")]
    factor: Vec<Factor>,
    /// Two factors that are changed together besides, such as init+order; may be given more than once. Each is one that the
    /// CPU simulates, and one of another kind than the other.
    #[arg(long, value_name = "FACTOR+FACTOR", value_parser = pair)]
    pair: Vec<(Factor, Factor)>,
    /// Train on every adapter whose driver may read NAME, an environment variable, again with NAME set to each value, as the
    /// factor vary. May be given more than once.
    #[arg(long, value_name = "NAME=A,B")]
    vary: Vec<String>,
    /// Trainings of a factor, the one without a change included. Factors that are taken or not have two.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=1000))]
    replicas: u32,
    /// Epochs of 44 steps.
    #[arg(long, value_name = "N", default_value_t = EPOCHS, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    epochs: u32,
    /// Epochs that an interpreter makes, which is slower: its digest is compared with the CPU's after as many.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    interpreter_epochs: u32,
    /// The seed of everything that is not changed.
    #[arg(long, value_name = "SEED", default_value_t = SEED)]
    seed: u64,
    /// Invocations of a workgroup on adapters.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    workgroup: u32,
    /// Add the terms of every sum from the last to the first on adapters.
    #[arg(long)]
    reversed: bool,
    /// Parts into which adapters split a batch's gradient, which are added with atomics: 1, 2, 4 … 32. Integers only.
    #[arg(long, value_name = "N", default_value_t = 1)]
    parts: u32,
    /// Only adapters with this id (vulkan:0), or whose name, backend or driver contains this text; may be given more than
    /// once. Default: all, and the interpreter.
    #[arg(long, value_name = "TEXT")]
    adapter: Vec<String>,
    /// Also an interpreter with this defect planted, such as contract. May be given more than once.
    #[arg(long, value_name = "MODE")]
    planted: Vec<Mode>,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Print everything (table format).
    #[arg(long)]
    full: bool,
    /// Seconds that an epoch may take on an adapter.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// MiB of memory that one adapter's processes may take together, 0 for all there is. Default: half of the machine's
    /// memory.
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Write a record of it: record.json, index.html, the tables and the charts go into this folder. An earlier record
    /// there is kept, in DIR/earlier.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the last weights of every training into this folder, as safetensors.
    #[arg(long, value_name = "DIR")]
    weights: Option<PathBuf>,
    /// What makes the exit status 1.
    #[arg(long, value_enum, default_value = "never")]
    fail_on: FailOn,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let launch = Launch { workgroup: args.workgroup, reversed: args.reversed, parts: args.parts };
    if let Some(why) = unlaunchable(args.arithmetic, launch) {
        return Err(Failure::usage(why));
    }
    let factors = factors(args);
    let on_engines = factors.contains(&Factor::Adapter);
    let on_adapters = factors.iter().any(|f| f.is_of_adapters());
    let vary = varied(&args.vary).map_err(Failure::usage)?;
    if factors.contains(&Factor::Vary) && vary.is_empty() {
        return Err(Failure::usage("--factor vary needs --vary NAME=A,B"));
    }
    if !(on_adapters || args.adapter.is_empty() && args.planted.is_empty()) {
        return Err(Failure::usage("--adapter and --planted are for --factor adapter, vary and contention"));
    }
    if args.out.is_some() && !on_engines {
        return Err(Failure::usage("--out is for --factor adapter: a record is of engines"));
    }
    let limits = limits(Duration::from_secs(args.timeout), args.memory);
    let mut outputs = args.out.as_deref().map(Outputs::open).transpose()?;
    let listing = if on_adapters { adapters(&args.planted, limits) } else { Listing::default() };
    let plan = TrainPlan {
        tier: args.arithmetic,
        factors,
        pairs: args.pair.clone(),
        vary,
        keep: args.weights.is_some(),
        replicas: args.replicas,
        steps: args.epochs * EPOCH,
        interpreted: args.interpreter_epochs.min(args.epochs) * EPOCH,
        seed: args.seed,
        launch,
        adapters: if on_adapters { chosen(args, &listing)? } else { Vec::new() },
        environment: listing.environment.clone(),
        planted: args.planted.clone(),
        limits,
    };
    if let Some(factor) = plan.factors.iter().find(|f| f.is_of_one_adapter() && !can_vary(&plan, **f)) {
        let why = match factor {
            Factor::Vary => "no adapter that is trained on has a driver that reads the variable",
            _ => "there is no adapter with a driver to keep busy",
        };
        return Err(Failure::usage(format!("--factor {} cannot be changed here: {why}", factor.name())));
    }
    if let Some(folder) = &args.weights {
        weights::prepare(folder)?;
    }
    let scratch = scratch()?;
    let mut shown = Shown::new();
    let made = train(&plan, scratch.path(), &mut shown).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    let file = &made.file;
    drop(shown);
    let mut id = None;
    if let Some(outputs) = &mut outputs {
        let audit = Plan::new(Wanted {
            adapters: args.adapter.clone(),
            planted: args.planted.clone(),
            seed: args.seed,
            memory: limits.memory,
            cases: Some(Vec::new()),
            ..Wanted::of(Profile::Quick)
        });
        let audit = audit.map_err(Failure::usage)?.with_listing(listing.clone());
        let mut record = carry_out(&audit, None)?;
        take(&mut record, file)?;
        id = Some(record.id.clone());
        outputs.finish(&record)?;
        outputs.tell(args.format, false);
    }
    if let Some(folder) = &args.weights {
        weights::write(folder, &made, id.as_deref())?;
    }
    show(&trained(file).map_err(Failure::usage)?, args.format, args.full)?;
    Ok(judged(file, args.fail_on, !listing.failed.is_empty()))
}

/// Puts a training into a record, in the place of the same one. Engines that the record does not list are left out.
pub(super) fn take(record: &mut Record, file: &TrainingFile) -> Result<(), Failure> {
    let mut file = file.clone();
    let listed = |id: &str| record.engine(id).is_some();
    file.trainings.retain(|t| t.factor != Factor::Adapter || t.engine == CPU || listed(&t.engine));
    let id = training_id(&file, file.steps);
    record.trainings.retain(|there| training_id(there, there.steps) != id);
    record.trainings.push(file);
    record.format = FormatVersion::CURRENT;
    record.id = record::content_id(record).map_err(|e| Failure::new(Exit::Incomplete, e))?;
    Ok(())
}

/// A training of a lock.
struct Locked {
    tier: Tier,
    seed: u64,
    launch: Launch,
    /// Steps of its longest case.
    steps: u32,
    /// Those of the longest that an interpreter has in the lock; 0 where none does.
    interpreted: u32,
}

/// The trainings of a lock, each once and as long as its longest. What this version does not make is left out, and the check
/// says that it is missing: trainings on other data, and launches that there are not.
fn locked(lock: &Lock) -> Vec<Locked> {
    let mut all: Vec<Locked> = Vec::new();
    for (id, case) in lock.cases.iter().filter(|(id, _)| id.kernel() == TRAIN) {
        let number = |name: &str| id.parameter(name).and_then(|text| text.parse::<u64>().ok());
        let small = |name: &str| number(name).and_then(|n| u32::try_from(n).ok());
        let tier = Tier::ALL.into_iter().find(|tier| id.parameter("arithmetic") == Some(tier.name()));
        let (Some(tier), Some(seed), Some(steps), Some(workgroup)) =
            (tier, number("seed"), small("steps"), small("wg"))
        else {
            continue;
        };
        let reversed = id.parameter("order") == Some("reversed");
        let launch = Launch { workgroup, reversed, parts: small("parts").unwrap_or(1) };
        let made = id.parameter("data") == Some(training_data(&digits().digest))
            && (1..=MOST * EPOCH).contains(&steps)
            && (1..=1024).contains(&workgroup)
            && unlaunchable(tier, launch).is_none();
        if !made {
            continue;
        }
        let interpreter = |label: &String| lock.engines.get(label).is_some_and(|e| e.identity.class.is_interpreter());
        let interpreted = if case.rows.keys().any(interpreter) { steps } else { 0 };
        match all.iter_mut().find(|l| (l.tier, l.seed, l.launch) == (tier, seed, launch)) {
            Some(there) => {
                there.steps = steps.max(there.steps);
                there.interpreted = interpreted.max(there.interpreted);
            }
            None => all.push(Locked { tier, seed, launch, steps, interpreted }),
        }
    }
    all
}

/// Makes the trainings of a lock again on the engines of a record, and puts them into it. An interpreter makes as many steps
/// as it has in the lock.
pub(super) fn again(lock: &Lock, record: &mut Record, planted: &[Mode], limits: Limits) -> Result<(), Failure> {
    let locked = locked(lock);
    if locked.is_empty() {
        return Ok(());
    }
    let listing = adapters(planted, limits);
    for Locked { tier, seed, launch, steps, interpreted } in locked {
        let plan = TrainPlan {
            tier,
            factors: vec![Factor::Control, Factor::Adapter],
            pairs: Vec::new(),
            vary: BTreeMap::new(),
            keep: false,
            replicas: 2,
            steps,
            interpreted: interpreted.max(EPOCH.min(steps)),
            seed,
            launch,
            adapters: listing.adapters.iter().filter(|a| record.engine(&a.id()).is_some()).cloned().collect(),
            environment: listing.environment.clone(),
            planted: planted.to_vec(),
            limits,
        };
        let scratch = scratch()?;
        let mut shown = Shown::new();
        let made = train(&plan, scratch.path(), &mut shown).map_err(|e| Failure::new(Exit::Incomplete, e))?;
        take(record, &made.file)?;
    }
    Ok(())
}

/// Why a training cannot be launched so; `None` where it can.
fn unlaunchable(tier: Tier, launch: Launch) -> Option<String> {
    if !launch.parts.is_power_of_two() || launch.parts > 32 {
        return Some(format!("--parts {} is not 1, 2, 4, 8, 16 or 32", launch.parts));
    }
    (launch.parts > 1 && tier != Tier::Integer)
        .then(|| "--parts is for --arithmetic integer: not every adapter adds binary32 with atomics".to_owned())
}

fn judged(file: &TrainingFile, fail_on: FailOn, unlisted: bool) -> Exit {
    let failed = !file.failed().is_empty() || file.engines().any(|t| t.equal.is_none());
    let drift = !file.differing().is_empty() || file.is_golden_moved();
    match (failed || unlisted || !file.is_sound(), drift && fail_on == FailOn::Drift) {
        (true, _) => Exit::Incomplete,
        (_, true) => Exit::Beyond,
        _ => Exit::Within,
    }
}

/// Two factors that can be changed together.
fn pair(text: &str) -> Result<(Factor, Factor), String> {
    let named = |name: &str| {
        let found = Factor::ALL.into_iter().find(|f| f.name() == name);
        found.ok_or_else(|| format!("'{name}' is no factor"))
    };
    let (left, right) = text.split_once('+').ok_or("it is not of the form FACTOR+FACTOR")?;
    let (left, right) = (named(left)?, named(right)?);
    for factor in [left, right] {
        if factor.is_of_adapters() || matches!(factor, Factor::Control | Factor::All) {
            return Err(format!("{} is not changed together with another", factor.name()));
        }
    }
    // Each changes the order of sums.
    let orders = |f: Factor| matches!(f, Factor::Order | Factor::Atomics | Factor::Threads);
    // The functions' reference is strict otherwise.
    let liberties = |f: Factor| matches!(f, Factor::Fma | Factor::Flush | Factor::Functions);
    let apart = left == right
        || orders(left) && orders(right)
        || liberties(left) && liberties(right) && [left, right].contains(&Factor::Functions);
    if apart { Err(format!("{} and {} change the same", left.name(), right.name())) } else { Ok((left, right)) }
}

/// The factors that were asked for, each once, in the order in which they are shown.
fn factors(args: &Args) -> Vec<Factor> {
    let wanted: &[Factor] = match (args.factor.as_slice(), args.arithmetic) {
        ([], Tier::Integer) => &[Factor::Adapter],
        ([], Tier::Native | Tier::Portable) => &Factor::ALL,
        (wanted, _) => wanted,
    };
    // What takes a training for each value, or keeps an adapter busy, is asked for.
    let asked = |factor: Factor| match factor {
        Factor::Contention => args.factor.contains(&factor),
        Factor::Vary => args.factor.contains(&factor) || !args.vary.is_empty(),
        _ => wanted.contains(&factor),
    };
    // Without the control nothing that is measured counts.
    Factor::ALL.into_iter().filter(|factor| *factor == Factor::Control || asked(*factor)).collect()
}

/// The engines that were named, each of which must be there; without a name all.
fn chosen(args: &Args, listing: &Listing) -> Result<Vec<AdapterIdentity>, Failure> {
    for unlisted in &listing.failed {
        super::tell(&format!("warning: the adapters of {unlisted} could not be listed: {}", unlisted.reason));
    }
    let present: Vec<_> = listing.adapters.iter().map(|a| format!("{} {}", a.id(), a.label())).collect();
    if let Some(text) = args.adapter.iter().find(|t| !listing.adapters.iter().any(|a| a.matches(t))) {
        return Err(Failure::usage(format!("--adapter {text} matches nothing; present: {}", present.join("; "))));
    }
    let named = |a: &&AdapterIdentity| args.adapter.is_empty() || args.adapter.iter().any(|text| a.matches(text));
    let planted = |a: &&AdapterIdentity| a.is_embedded() && a.index > 0;
    Ok(listing.adapters.iter().filter(|a| named(a) || planted(a)).cloned().collect())
}

/// Progress on standard error, on a terminal only.
struct Shown {
    bar: ProgressBar,
    what: String,
}

impl Shown {
    fn new() -> Self {
        let quiet = super::QUIET.load(std::sync::atomic::Ordering::Relaxed);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self { bar: ProgressBar::with_draw_target(None, target), what: String::new() }
    }
}

impl TrainProgress for Shown {
    fn begin(&mut self, what: &str, steps: u32) {
        let style = ProgressStyle::with_template("{bar:24} {percent} % · {msg}");
        self.what = crate::process::shown(what);
        self.bar.reset();
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_length(steps.max(1).into());
        self.bar.set_message(self.what.clone());
    }

    fn made(&mut self, steps: u32) {
        self.bar.set_position(steps.into());
    }

    fn end(&mut self, failure: Option<&str>) {
        if let Some(reason) = failure {
            let line = format!("{}: FAILED: {reason}", self.what);
            self.bar.suspend(|| super::tell(&line));
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
