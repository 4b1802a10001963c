//! `repro-audit kernel`: a compute shader of the user's own, on every adapter.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clap::Parser as _;

use super::gpu::carry_out;
use super::options::{FailOn, Options};
use super::outputs::Outputs;
use super::shown::show;
use super::{Exit, Failure, explain, print};
use crate::kernels::Profile;
use crate::kernels::case::{Case, first_seed};
use crate::kernels::user::{Contents, Drawn, FileOf, Kernel, Number, Scalars, Settings, UserError};
use crate::wgsl::with_deep_stack;

/// Arguments.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The settings come from FILE.toml beside FILE.wgsl, or from --settings, and flags override them; \
                        what none of these gives is inferred from the shader. --dry-run prints the settings in force as \
                        TOML: save them, and change what is wrong.\n\n\
                        Distributions: normal, uniform, positive, wide (floats); zeros, ones, index, bits, 'below N', \
                        'fill X'."
)]
pub(super) struct Args {
    /// The shader: WGSL; or GLSL (#version …) or SPIR-V, which naga translates to WGSL.
    file: PathBuf,
    /// The settings, instead of the TOML file of the same name beside the shader.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The entry point, where the shader has several.
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// Workgroups in x, y and z.
    #[arg(long, value_name = "X,Y,Z", value_delimiter = ',')]
    groups: Option<Vec<u64>>,
    /// A buffer by its variable's name: len=, dist=, ints= (how integers are drawn), .MEMBER= for a member of a structure,
    /// data=FILE for what a file holds (npy, safetensors …), with tensor=NAME and dtype=TYPE of raw elements. May be given more than once.
    #[arg(long, value_name = "NAME:KEY=VALUE,…")]
    buffer: Vec<String>,
    /// A file that has what an output is to be: FILE where one is compared, or NAME=FILE. Whatever `diff` reads. May be given
    /// more than once.
    #[arg(long, value_name = "[NAME=]FILE")]
    expect: Vec<String>,
    /// The value of an override. May be given more than once.
    #[arg(long = "override", value_name = "NAME=VALUE")]
    overrides: Vec<String>,
    /// The seed of everything that is drawn. If given twice, the last is used.
    #[arg(long, overrides_with = "seed")]
    seed: Option<u64>,
    /// Compare only this buffer, of those that the shader writes. May be given more than once.
    #[arg(long, value_name = "NAME")]
    output: Vec<String>,
    /// Only the case of this id, as a row of a report gives it. May be given more than once.
    #[arg(long, value_name = "ID")]
    case: Vec<String>,
    /// Print the settings in force as TOML, and run nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the WGSL that runs, and run nothing.
    #[arg(long, conflicts_with = "dry_run")]
    wgsl: bool,
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
    let kernel = open(&args)?;
    if args.wgsl {
        print(kernel.source())?;
        return Ok(Exit::Within);
    }
    let mut cases: Vec<Case> = Vec::new();
    for id in &args.case {
        for case in kernel.find(id).map_err(Failure::usage)? {
            if !cases.contains(&case) {
                cases.push(case);
            }
        }
    }
    if args.case.is_empty() {
        cases = kernel.cases().cloned().collect();
    }
    if args.dry_run {
        print(&kernel.settings())?;
        return Ok(Exit::Within);
    }
    let seed = first_seed(&cases).unwrap_or(crate::kernels::user::SEED);
    let plan = args.options.plan(Profile::Quick, Vec::new(), seed, Some(Vec::new()))?;
    // Whether it runs at all, and whether it has one result, is known before any driver sees it.
    let kernel = Arc::new(kernel);
    for case in &cases {
        let unjudged = rehearse(&kernel, case, args.options.timeout())?;
        if let Some(why) = unjudged.filter(|_| args.options.fail_on == FailOn::OutsideSpecification) {
            return Err(Failure::usage(format!(
                "--fail-on outside-specification can't judge '{case}': what the specification allows of it is not known, as \
                 {why}; use not-repeatable or drift"
            )));
        }
    }
    let listing = args.options.check_adapters()?;
    let plan = plan.with_listing(listing.clone()).with_own(Arc::clone(&kernel), cases);
    let mut outputs = Outputs::open(&args.out)?;
    let mut record = carry_out(&plan, Some(&mut outputs))?;
    outputs.finish(&record)?;
    // The shader is not in the record: what makes results differ is found now or never.
    if crate::facts::proof::differ(&record) {
        let found = explain::found(&record, listing, &args.options.planted, Some(kernel), args.options.limits())?;
        explain::take(&mut record, &found)?;
        outputs.finish(&record)?;
    }
    // Where it is, is said whether or not it can be shown.
    let shown = show(&outputs.view(&record), args.options.format, true);
    outputs.tell(args.options.format, args.open);
    shown?;
    Ok(args.options.judge(&record))
}

/// The arguments of `repro-audit kernel`, by themselves.
#[derive(Debug, clap::Parser)]
struct Again {
    #[command(flatten)]
    args: Args,
}

/// The kernel that these arguments name, as a record or a lock keeps them.
pub(super) fn open_again(arguments: &[String]) -> Result<Kernel, Failure> {
    let command = std::iter::once("kernel").chain(arguments.iter().map(String::as_str));
    let args = Again::try_parse_from(command).map_err(|e| {
        let line = e.to_string().lines().next().unwrap_or_default().to_owned();
        Failure::usage(format!("the lock's kernel '{}' can't be named again: {line}; lock again", arguments.join(" ")))
    })?;
    open(&args.args)
}

fn open(args: &Args) -> Result<Kernel, Failure> {
    let flags = |settings: Settings| merge(args, settings);
    Kernel::open(&args.file, args.settings.as_deref(), &flags, arguments(args)).map_err(Failure::usage)
}

/// Runs a case on the interpreter, within the time that an adapter has for it. Gives the reason where its results cannot
/// be judged.
pub(super) fn rehearse(kernel: &Arc<Kernel>, case: &Case, limit: Duration) -> Result<Option<String>, Failure> {
    let (sender, receiver) = channel();
    let (shared, asked) = (Arc::clone(kernel), case.clone());
    // Where it takes too long it is left alone: this program ends then.
    std::thread::spawn(move || {
        let found = with_deep_stack(|| shared.reference(&asked).map(|reference| reference.unjudged.clone()));
        // Nobody listens after the time is over.
        let _ = sender.send(found);
    });
    match receiver.recv_timeout(limit) {
        Ok(found) => found.map_err(Failure::usage),
        Err(RecvTimeoutError::Timeout) => {
            let place = kernel.loop_now(case).map(|line| format!(", and is in the loop on line {line}"));
            Err(Failure::usage(format!(
                "'{case}' did not end on the interpreter within {} s{}; let it end, give it less to do, or more time with \
                 --timeout",
                limit.as_secs(),
                place.unwrap_or_default()
            )))
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err(Failure::new(Exit::Incomplete, format!("the interpreter failed on '{case}'; please report it")))
        }
    }
}

/// What names the kernel again, without what chooses among its cases and how they are audited.
fn arguments(args: &Args) -> Vec<String> {
    let mut out = vec![args.file.display().to_string()];
    let mut add = |name: &str, value: String| out.extend([format!("--{name}"), value]);
    if let Some(settings) = &args.settings {
        add("settings", settings.display().to_string());
    }
    if let Some(entry) = &args.entry {
        add("entry", entry.clone());
    }
    if let Some(groups) = &args.groups {
        add("groups", groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    }
    args.buffer.iter().for_each(|buffer| add("buffer", buffer.clone()));
    args.expect.iter().for_each(|given| add("expect", given.clone()));
    args.overrides.iter().for_each(|given| add("override", given.clone()));
    if let Some(seed) = args.seed {
        add("seed", seed.to_string());
    }
    out
}

/// The settings with what flags say instead.
fn merge(args: &Args, mut settings: Settings) -> Result<Settings, UserError> {
    if args.entry.is_some() {
        settings.entry.clone_from(&args.entry);
    }
    if args.groups.is_some() {
        settings.groups.clone_from(&args.groups);
        // A dispatch that is typed is meant for every configuration.
        settings.config.iter_mut().for_each(|config| config.groups = None);
    }
    if args.seed.is_some() {
        settings.seed = args.seed;
    }
    if !args.output.is_empty() {
        settings.outputs = Some(args.output.clone());
    }
    for text in &args.overrides {
        let read =
            text.split_once('=').and_then(|(name, value)| Some((name.trim(), Number::read_constant(value.trim())?)));
        let (name, value) = read.filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            UserError::new(format!("--override {text} is not of the form NAME=VALUE with a number, true or false"))
        })?;
        settings.overrides.insert(name.to_owned(), value);
        for config in &mut settings.config {
            config.overrides.remove(name);
        }
    }
    for text in &args.buffer {
        let (name, keys) = text.split_once(':').ok_or_else(|| {
            UserError::new(format!("--buffer {text} is not of the form NAME:KEY=VALUE, such as x:len=4096,dist=normal"))
        })?;
        let contents = settings.buffers.entry(name.to_owned()).or_default();
        for pair in keys.split(',') {
            key(contents, pair).map_err(|why| UserError::new(format!("--buffer {text}: {why}")))?;
        }
    }
    for text in &args.expect {
        // A name of WGSL has no dot and no slash, and a file's path may have an equals sign.
        let named = text.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains(['/', '\\', '.']));
        let (name, file) = match (named, args.output.as_slice()) {
            (Some((name, file)), _) => (name.to_owned(), file),
            (None, [only]) => (only.clone(), text.as_str()),
            (None, _) => (String::new(), text.as_str()),
        };
        let file = FileOf { file: file.to_owned(), ..FileOf::default() };
        if name.is_empty() {
            settings.expect = Some(file);
        } else {
            settings.buffers.entry(name).or_default().expect = Some(file);
        }
    }
    Ok(settings)
}

/// One `KEY=VALUE` of a buffer. What is typed replaces what the file says of the same thing.
fn key(contents: &mut Contents, pair: &str) -> Result<(), String> {
    let (name, value) = pair.split_once('=').ok_or_else(|| format!("'{pair}' is not of the form KEY=VALUE"))?;
    let drawn = || Drawn::try_from(value.to_owned());
    match name {
        "len" => {
            contents.len = Some(value.parse().map_err(|_| format!("len={value}: a whole number is wanted"))?);
            contents.values = None;
        }
        "dist" | "initial" => {
            (contents.dist, contents.initial, contents.values) = (Some(drawn()?), None, None);
        }
        "ints" => (contents.ints, contents.values) = (Some(drawn()?), None),
        "data" => {
            let file = FileOf { file: value.to_owned(), ..FileOf::default() };
            *contents = Contents { data: Some(file), expect: contents.expect.take(), ..Contents::default() };
        }
        "tensor" | "dtype" => {
            let file = contents.data.as_mut().ok_or_else(|| format!("{name} is of a file; say data=FILE before it"))?;
            match name {
                "tensor" => file.tensor = Some(value.to_owned()),
                _ => file.dtype = Some(value.parse()?),
            }
        }
        _ => {
            let member = name.strip_prefix('.').ok_or_else(|| {
                format!("'{name}' is not a key; they are len, dist, ints, data, tensor, dtype and .MEMBER")
            })?;
            let number = Number::read(value).ok_or_else(|| format!("{name}={value}: a number is wanted"))?;
            contents.members.insert(member.to_owned(), Scalars::One(number));
            contents.values = None;
        }
    }
    Ok(())
}
