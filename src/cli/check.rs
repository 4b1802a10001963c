//! `repro-audit check`: the gate.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::gpu::carry_out;
use super::outputs::Outputs;
use super::shown::{formats, show};
use super::{Exit, Failure, kernel, train};
use crate::audit::{Caches, LEAST, Plan, Wanted};
use crate::formats::{self, Format};
use crate::gate::{self, Conclusion, Lock, Policy, Question};
use crate::kernels;
use crate::kernels::case::Case;
use crate::kernels::sweep::functions;
use crate::model::CaseId;
use crate::numerics::arith::format::Format as Element;
use crate::process::default_limit;
use crate::process::file::read_text;
use crate::record::{FOLDER, Record, STORE, SWEEP, TRAIN, write_atomically};
use crate::views::check::Check;
use crate::views::{Document, View as _};

/// The policy that is taken where it is there and none is named.
const POLICY: &str = "repro-audit.toml";

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The records: a record.json or a merged file each, the folder that holds one, the beginning of an id, or latest.
    #[arg(value_name = "RECORD", default_value = "latest")]
    record: Vec<OsString>,
    /// Audit this machine now, with the lock's cases and settings, instead of reading a record.
    #[arg(long, conflicts_with = "record")]
    run: bool,
    /// The lock file, written by `repro-audit lock`.
    #[arg(long, value_name = "FILE", default_value = "repro.lock")]
    lock: PathBuf,
    /// The policy: repro-audit.toml where there is one. Without a rule, a result must equal the lock's.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Only engines with this text in their name, as the lock gives it; may be given more than once. Others may be absent.
    #[arg(long, value_name = "TEXT")]
    engine: Vec<String>,
    /// Treat warnings as failures: deviations that are gone, new cases and engines, rules that match nothing.
    #[arg(long)]
    strict: bool,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Also write JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write GitHub annotations to standard error, and append a summary to the file $GITHUB_STEP_SUMMARY.
    #[arg(long)]
    github: bool,
    /// With --run: where the record and its report go.
    #[arg(long, value_name = "DIR", default_value = FOLDER, requires = "run")]
    out: PathBuf,
    /// With --run: seconds that one case may take on one adapter. Default: 120, and for large cases more.
    #[arg(long, value_name = "SECONDS", requires = "run", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(file) = &args.junit {
        let policy = args.policy.as_deref().unwrap_or(Path::new(POLICY));
        let is_junit = |text: &str| text.contains("<testsuite");
        super::refuse_to_replace(file, "--junit FILE", &[&args.lock, policy], ("JUnit XML file", is_junit))?;
    }
    let lock_file = args.lock.display().to_string();
    let lock = lock(&args.lock, &lock_file)?;
    let (policy_file, policy) = policy(args.policy.as_deref())?;
    let names = |records: &[Record]| policy.check_names(&policy_file, &known(&lock, records)).map_err(Failure::usage);
    let (records, missing) = if args.run {
        // Before the work, not after it.
        names(&[])?;
        (audit(args, &lock)?, Vec::new())
    } else {
        super::lock::records(&args.record)?
    };
    names(&records)?;
    let question = Question {
        lock: &lock,
        lock_file: &lock_file,
        policy: &policy,
        policy_file: &policy_file,
        records: &records,
        missing: &missing,
        engines: &args.engine,
        strict: args.strict,
    };
    let known = question.labels();
    if let Some(text) = args.engine.iter().find(|t| !question.knows(t)) {
        return Err(Failure::usage(format!("--engine {text} matches nothing; there are: {}", known.join("; "))));
    }
    let checked = gate::check(&question);
    let exit = exit(checked.conclusion);
    let view = Check { checked: &checked, exit: exit as u8 };
    show(&view, args.format, true)?;
    if let Some(file) = &args.junit {
        write_atomically(file, formats::junit::write(&view.document()).as_bytes())
            .map_err(|e| Failure::unwritten(&file.display().to_string(), &e, "--junit FILE"))?;
    }
    if args.github {
        github(&view.document());
    }
    Ok(exit)
}

fn exit(conclusion: Conclusion) -> Exit {
    match conclusion {
        Conclusion::Pass | Conclusion::Note | Conclusion::Warn => Exit::Within,
        Conclusion::Fail => Exit::Beyond,
        Conclusion::Absent => Exit::AdapterAbsent,
        Conclusion::Incomplete => Exit::Incomplete,
    }
}

fn lock(path: &Path, name: &str) -> Result<Lock, Failure> {
    let text = read_text(path).map_err(|e| {
        if e.kind() == std::io::ErrorKind::NotFound {
            return Failure::usage(format!("there is no {name}; write it with: repro-audit lock RECORD --out {name}"));
        }
        Failure::new(Exit::Unreadable, format!("can't read {name}: {e}"))
    })?;
    Lock::parse(name, &text).map_err(super::lock::refused)
}

/// The policy; an empty one where none is named and none is there.
fn policy(path: Option<&Path>) -> Result<(String, Policy), Failure> {
    let name = path.map_or_else(|| POLICY.to_owned(), |p| p.display().to_string());
    match read_text(Path::new(&name)) {
        Ok(text) => Ok((name.clone(), Policy::parse(&name, &text).map_err(Failure::usage)?)),
        Err(e) if path.is_none() && e.kind() == std::io::ErrorKind::NotFound => Ok((name, Policy::default())),
        Err(e) => Err(Failure::usage(format!("can't read the policy {name}: {e}"))),
    }
}

/// All variants that a policy may name: the registry's, and those of the lock and the records.
fn known(lock: &Lock, records: &[Record]) -> BTreeSet<gate::Known> {
    let registered = kernels::all().iter().flat_map(|k| {
        k.variants().iter().map(|v| gate::Known {
            kernel: k.name().to_owned(),
            variant: v.name.to_owned(),
            parameters: v.params.iter().map(|p| p.name.to_owned()).collect(),
        })
    });
    let swept = [Element::F32, Element::F16].into_iter().flat_map(functions).map(|s| gate::Known {
        kernel: SWEEP.to_owned(),
        variant: s.function.name.to_owned(),
        parameters: ["dtype", "inputs"].map(str::to_owned).into(),
    });
    let trained = gate::Known {
        kernel: TRAIN.to_owned(),
        variant: "perceptron".to_owned(),
        parameters: ["data", "arithmetic", "seed", "steps", "wg", "parts", "order"].map(str::to_owned).into(),
    };
    let recorded = records.iter().flat_map(|r| &r.cases).filter_map(|c| CaseId::parse(&c.id).ok());
    let locked = lock.cases.keys().map(gate::Known::from);
    registered.chain(swept).chain([trained]).chain(locked).chain(recorded.map(|id| gate::Known::from(&id))).collect()
}

/// Audits this machine as the lock's was: a record of the registry's cases, and one of each kernel of the user's own.
fn audit(args: &Args, lock: &Lock) -> Result<Vec<Record>, Failure> {
    // A case that this version does not know is missing from the record, which is what the check says then.
    let cases: Vec<Case> = lock.cases.keys().filter_map(|id| Case::check(id).ok()).collect();
    let mut plans = Vec::new();
    if !cases.is_empty() || lock.cases.keys().any(|id| id.kernel() == TRAIN) {
        let sweeps: BTreeSet<String> = lock.cases.keys().map(ToString::to_string).collect();
        plans.push(plan(args, lock, cases)?.with_sweeps(|id| sweeps.contains(id)));
    }
    for arguments in &lock.settings.own {
        let kernel = Arc::new(kernel::open_again(arguments)?);
        let locked: Vec<Case> =
            kernel.cases().filter(|c| c.id().is_ok_and(|id| lock.cases.contains_key(&id))).cloned().collect();
        // A kernel that changed has other cases: they are audited, and the check says that they are new.
        let cases = if locked.is_empty() { kernel.cases().cloned().collect() } else { locked };
        for case in &cases {
            kernel::rehearse(&kernel, case, args.timeout.map_or(LEAST, Duration::from_secs))?;
        }
        plans.push(plan(args, lock, Vec::new())?.with_own(kernel, cases));
    }
    if plans.is_empty() {
        let what = "the lock has no case that this version of repro-audit knows; lock again";
        return Err(Failure::usage(what));
    }
    let mut records = Vec::new();
    for plan in &plans {
        let mut outputs = Outputs::open(&args.out)?;
        let mut record = carry_out(plan, Some(&mut outputs))?;
        if plan.own.is_none() {
            train::again(lock, &mut record, &plan.planted, plan.limits())?;
        }
        outputs.finish(&record)?;
        super::note(format_args!("The audit is in {}.", outputs.folder().display()));
        records.push(record.with_derived_cases());
    }
    Ok(records)
}

/// A plan of these cases with the lock's settings.
fn plan(args: &Args, lock: &Lock, cases: Vec<Case>) -> Result<Plan, Failure> {
    let settings = &lock.settings;
    let planted = settings.planted.iter().map(|mode| mode.parse()).collect::<Result<Vec<_>, _>>();
    Plan::new(Wanted {
        profile: settings.profile,
        kernels: Vec::new(),
        adapters: settings.adapters.clone(),
        planted: planted.map_err(Failure::usage)?,
        repeats: settings.repeats,
        seed: settings.seed,
        threads: settings.threads.clone(),
        vary: settings.vary.iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect(),
        vary_all: lock.varies_all(),
        timeout: args.timeout.map(Duration::from_secs),
        memory: default_limit(),
        cases: Some(cases),
        store: STORE,
        label: None,
        engines: Vec::new(),
    })
    .map(|plan| plan.with_caches(Caches::of_user(false)))
    .map_err(Failure::usage)
}

/// Annotations and the step summary. Standard output stays data: GitHub's runner reads commands from both streams.
fn github(document: &Document) {
    let mut err = std::io::stderr().lock();
    // Nobody is left to tell where standard error is closed.
    let _ = err.write_all(formats::github::write(document).as_bytes());
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|p| !p.is_empty()) else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    if let Err(e) = file.and_then(|mut f| f.write_all(formats::markdown::write(document).as_bytes())) {
        let _ = writeln!(err, "warning: the step summary {} can't be written: {e}", Path::new(&path).display());
    }
}
