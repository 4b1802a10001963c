//! The command line: one file a verb. Data goes to standard output, progress and errors to standard error.

mod adapters;
mod case;
mod check;
mod compare;
mod completions;
mod diff;
mod exit;
mod explain;
mod gpu;
mod kernel;
mod kernels;
mod lock;
mod man;
mod merge;
mod options;
mod outputs;
mod progress;
mod report;
mod rng;
mod shown;
mod sweep;
mod train;
mod worker;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{CommandFactory as _, Parser, Subcommand};

pub use exit::Exit;

use crate::process::interrupt;
use crate::record::Merged;
use crate::wgsl::with_deep_stack;

/// Audits, bit for bit, what this machine's GPUs, drivers and threads do to the arithmetic that training is made of.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Exit status: 0 within policy (without --fail-on, differences that an audit or compare \
                        finds do not change the status) · 1 drift beyond --fail-on or the policy · 2 usage · 3 required \
                        or locked adapter absent · 4 audit incomplete, control missed or output not stored · 5 record, \
                        lock or file of tensors unreadable, or too new")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Whether to use colours.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Everywhere")]
    color: Color,
    /// Say nothing on standard error but warnings and errors.
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    quiet: bool,
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Into files and pipes, too.
    Always,
    /// Nowhere.
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Audit every adapter on this machine, and the CPU; write a record and a report.
    #[command(
        after_help = "Examples:\n  repro-audit gpu\n  repro-audit gpu --kernel matmul --kernel 'sum/*' --full\n  repro-audit gpu --vary LP_NUM_THREADS=1,4 --out node7 --open"
    )]
    Gpu(gpu::Args),
    /// List the adapters and the identity of their drivers.
    Adapters(adapters::Args),
    /// Audit a WGSL compute shader of your own on every adapter, against the interpreter.
    #[command(after_help = "Examples:\n  repro-audit kernel my.wgsl\n  repro-audit kernel my.wgsl --planted contract")]
    Kernel(kernel::Args),
    /// Run one case again, on every adapter.
    #[command(
        after_help = "Examples:\n  repro-audit case 'sum/serial_tree?n=4096&wg=64'\n  repro-audit case 'matmul/tiled?m=64&k=64&n=64' --planted contract"
    )]
    Case(case::Args),
    /// Render a record, or a merged one: HTML, charts, CSV, Markdown or a table.
    #[command(
        after_help = "Examples:\n  repro-audit report latest --full\n  repro-audit report node7 --statement latex\n  repro-audit report all.json --out report --open"
    )]
    Report(report::Args),
    /// Show what two records differ in, the worst first.
    #[command(
        after_help = "Examples:\n  repro-audit compare node7 node8\n  repro-audit compare before.json after.json --fail-on drift"
    )]
    Compare(compare::Args),
    /// Show what two files of tensors differ in, bit for bit: checkpoints, arrays, logs, of any program.
    #[command(
        after_help = "Examples:\n  repro-audit diff a.safetensors b.safetensors\n  repro-audit diff run1 run2 --fail-on 'nan,ulp>4'\n  repro-audit diff a.npz b.npz --map 'model.*=*' --format json"
    )]
    Diff(diff::Args),
    /// Merge any number of records into one file.
    #[command(after_help = "Examples:\n  repro-audit merge node*/record.json --out all.json")]
    Merge(merge::Args),
    /// Write repro.lock: what each engine computed, as text to commit.
    #[command(after_help = "Examples:\n  repro-audit lock latest\n  repro-audit lock latest --diff repro.lock")]
    Lock(lock::Args),
    /// Compare a record, or this machine, with repro.lock and a policy, for continuous integration.
    #[command(after_help = "Examples:\n  repro-audit check --run\n  repro-audit check latest --policy policy.toml")]
    Check(Box<check::Args>),
    /// List the kernels, their variants and parameters.
    #[command(
        after_help = "Examples:\n  repro-audit kernels softmax\n  repro-audit kernels --profile quick --format csv"
    )]
    Kernels(kernels::Args),
    /// Try built-in functions at all their inputs on every adapter, against the correctly rounded results.
    #[command(
        after_help = "Examples:\n  repro-audit sweep sin exp --inputs stratified\n  repro-audit sweep --adapter llvmpipe --out before.json\n  repro-audit sweep --compare before.json after.json"
    )]
    Sweep(sweep::Args),
    /// Train a small network again and again on every engine, with one thing changed at a time: how far the models part, and
    /// where first. In integers the training is the same everywhere.
    #[command(
        after_help = "Examples:\n  repro-audit train --arithmetic integer\n  repro-audit train --factor ulp --factor init --replicas 10\n  repro-audit train --factor adapter --planted contract --format json"
    )]
    Train(train::Args),
    /// What makes this machine's results differ from strict arithmetic, proven by computing them again.
    #[command(
        after_help = "Examples:\n  repro-audit explain\n  repro-audit explain repro-audit-out --full\n  repro-audit explain 'softmax/rows?rows=8&cols=64'"
    )]
    Explain(explain::Args),
    /// Predict the random numbers that GPUs not in this machine draw, or identify the GPU from printed numbers. Works
    /// offline.
    Rng(rng::Args),
    /// Print what a shell needs to complete verbs and options.
    #[command(hide = true)]
    Completions(completions::Args),
    /// Print the manual page.
    #[command(hide = true)]
    Man(man::Args),
    /// Serve one adapter to a parent process.
    #[command(hide = true)]
    Worker(worker::Args),
}

/// Why a verb did not do its work. The message goes to standard error, and the program ends with the exit status.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    fn new(exit: Exit, message: impl ToString) -> Self {
        Self { exit, message: message.to_string() }
    }

    fn usage(message: impl ToString) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// That something could not be written. Where the name is at fault another one helps; a disk that is full or broken
    /// keeps what is right from being stored.
    fn unwritten(what: &str, error: &std::io::Error, instead: &str) -> Self {
        use std::io::ErrorKind as E;
        let name = matches!(
            error.kind(),
            E::NotFound
                | E::PermissionDenied
                | E::AlreadyExists
                | E::NotADirectory
                | E::IsADirectory
                | E::ReadOnlyFilesystem
                | E::InvalidInput
                | E::InvalidFilename
        );
        let exit = if name { Exit::Usage } else { Exit::Incomplete };
        let instead = if instead.is_empty() { String::new() } else { format!("; choose another {instead}") };
        Self::new(exit, format!("can't write {what}: {error}{instead}"))
    }
}

/// Whether only warnings and errors go to standard error.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Says on standard error what was done, unless nobody wants to know.
fn note(text: impl std::fmt::Display) {
    if !QUIET.load(Ordering::Relaxed) {
        say(text);
    }
}

/// Says a line on standard error. Where nobody can be told, as on a terminal that was closed or a full disk, the work goes on:
/// what it finds is in its files and its exit status.
fn say(text: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// The longest line on standard error, in characters.
const LONGEST: usize = 480;

/// Says something on standard error: one line, whatever it quotes.
fn tell(text: &str) {
    say(crate::model::text::shown(text, LONGEST));
}

/// Parses the arguments, does what they say, and gives the exit status.
#[must_use]
pub fn main() -> ExitCode {
    // Shaders of others may nest deeper than the first thread's stack, whose size is the system's choice.
    with_deep_stack(run)
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are data; everything else is an error, of one line.
            if e.use_stderr() && e.kind() != clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                tell(&one_line(&e.to_string()));
                return Exit::Usage.into();
            }
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage.into() } else { Exit::Within.into() };
        }
    };
    QUIET.store(cli.quiet, Ordering::Relaxed);
    match cli.color {
        // What the environment says.
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::AlwaysAnsi.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    // Every reference is computed here. A library that was linked with -ffast-math may have set the processor to flush.
    if std::hint::black_box(f32::MIN_POSITIVE) * std::hint::black_box(0.5) == 0.0
        || std::hint::black_box(f32::from_bits(1)) * std::hint::black_box(16_777_216.0) == 0.0
    {
        tell(
            "error: something that was loaded into this program makes the processor flush subnormal numbers, so no reference \
             would be right; run it without (see LD_PRELOAD)",
        );
        return Exit::Incomplete.into();
    }
    // A child ends with its parent and needs no other way; an audit has a record and temporary files to put away.
    let _held = match &cli.verb {
        Verb::Worker(_) => None,
        verb => {
            interrupt::listen();
            matches!(
                verb,
                Verb::Gpu(_)
                    | Verb::Kernel(_)
                    | Verb::Case(_)
                    | Verb::Check(_)
                    | Verb::Sweep(_)
                    | Verb::Explain(_)
                    | Verb::Train(_)
            )
            .then(interrupt::hold)
        }
    };
    let done = match cli.verb {
        Verb::Gpu(args) => gpu::run(args),
        Verb::Adapters(args) => adapters::run(&args),
        Verb::Kernel(args) => kernel::run(args),
        Verb::Case(args) => case::run(args),
        Verb::Report(args) => report::run(&args),
        Verb::Compare(args) => compare::run(&args),
        Verb::Diff(args) => diff::run(&args),
        Verb::Merge(args) => merge::run(&args),
        Verb::Lock(args) => lock::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Kernels(args) => kernels::run(&args),
        Verb::Sweep(args) => sweep::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Train(args) => train::run(&args),
        Verb::Rng(args) => rng::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
        Verb::Worker(args) => worker::run(args),
    };
    if let Err(failure) = &done {
        tell(&format!("error: {}", failure.message));
    }
    interrupt::end();
    done.unwrap_or_else(|failure| failure.exit).into()
}

/// A usage error as one line: what is wrong and what would be right, without the usage below it.
fn one_line(error: &str) -> String {
    let said = error.split("\n\nUsage:").next().unwrap_or_default();
    let said = said.split("\n\nFor more information").next().unwrap_or_default();
    let words: Vec<&str> = said.split_whitespace().collect();
    format!("{}; see --help", words.join(" "))
}

/// The whole command, for man pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The record or merged record that an argument names, looked for where `gpu` writes unless told otherwise.
fn open(text: &std::ffi::OsStr) -> Result<Merged, Failure> {
    crate::record::open(text, &[std::path::Path::new(crate::record::FOLDER)]).map_err(unselected)
}

fn unselected(error: crate::record::SelectError) -> Failure {
    Failure::new(if error.is_unreadable() { Exit::Unreadable } else { Exit::Usage }, error)
}

/// Says on standard error what keeps a record from being relied on, where standard output has no place for it.
fn warn(soundness: &crate::facts::Soundness) {
    if let Some(title) = soundness.title() {
        tell(&format!("warning: {title}"));
    }
}

/// Refuses to write a file in the place of another that the verb reads, or of anything but what it wrote there earlier,
/// which `is_own` knows by its text and `kind` names; before any work.
fn refuse_to_replace(
    file: &std::path::Path,
    option: &str,
    inputs: &[&std::path::Path],
    (kind, is_own): (&str, fn(&str) -> bool),
) -> Result<(), Failure> {
    refuse_to_replace_inputs(file, option, inputs)?;
    let name = file.display();
    if crate::record::is_record(file) {
        return Err(Failure::usage(format!("{name} is a record and would be lost; choose another file with {option}")));
    }
    let own = || std::fs::read(file).is_ok_and(|text| text.is_empty() || is_own(&String::from_utf8_lossy(&text)));
    if file.is_file() && !own() {
        return Err(Failure::usage(format!(
            "{name} is not a {kind} and would be lost; choose another file with {option}"
        )));
    }
    Ok(())
}

/// Refuses to write a file in the place of one that the verb reads.
fn refuse_to_replace_inputs(file: &std::path::Path, option: &str, inputs: &[&std::path::Path]) -> Result<(), Failure> {
    let name = file.display();
    let is = |input: &&std::path::Path| match (file.canonicalize(), input.canonicalize()) {
        (Ok(file), Ok(input)) => file == input,
        _ => false,
    };
    if inputs.iter().any(is) {
        return Err(Failure::usage(format!(
            "{name} is read here and would be lost; choose another file with {option}"
        )));
    }
    Ok(())
}

/// A temporary folder for what children leave, removed with it.
fn scratch() -> Result<tempfile::TempDir, Failure> {
    tempfile::Builder::new()
        .prefix(crate::audit::worker::SCRATCH)
        .tempdir()
        .map_err(|e| Failure::usage(format!("can't make a temporary folder: {e}; set TMPDIR to one with room")))
}

/// A label of an audit: a word that fits in a list and a table.
fn label(text: &str) -> Result<String, String> {
    let plain = crate::model::text::line_fault(text).is_none() && !text.contains(',');
    if text.trim().is_empty() || text.len() > 100 || !plain {
        return Err("a label is 1 to 100 characters without commas or line breaks".to_owned());
    }
    Ok(text.trim().to_owned())
}

/// Writes to standard output. A closed pipe is the reader's choice and no error.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) => unprinted(&e),
        Ok(()) => Ok(()),
    }
}

/// That standard output took no more: no other name helps.
fn unprinted(error: &std::io::Error) -> Result<(), Failure> {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::new(Exit::Incomplete, format!("can't write to standard output: {error}"))),
    }
}
