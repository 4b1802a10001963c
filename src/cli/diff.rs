//! `repro-audit diff`: what two files of tensors differ in.

use std::path::{Path, PathBuf};

use super::shown::{formats, show};
use super::{Exit, Failure};
use crate::facts::tensors::{Asked, Limit, diff};
use crate::formats::{self, Format};
use crate::model::Scalar;
use crate::process;
use crate::tensors::{self, Content, Raw, TensorError};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The reference: npy, npz, safetensors (or its index), PyTorch's archives, GGUF, TensorBoard's events, numbers as text or
    /// CSV, a log as JSON lines or CSV, or a folder of these, also with a folder a step.
    left: PathBuf,
    /// What is compared with it.
    right: PathBuf,
    /// Only tensors of this name, * standing for anything; may be given more than once.
    #[arg(long = "tensor", value_name = "GLOB")]
    tensors: Vec<String>,
    /// Pair a name on the left with another on the right, such as 'model.*=*'; may be given more than once.
    #[arg(long, value_name = "LEFT=RIGHT", value_parser = renaming)]
    map: Vec<(String, String)>,
    /// Take both as raw little-endian elements of this type.
    #[arg(long, value_name = "TYPE")]
    dtype: Option<Scalar>,
    /// The shape of raw elements, such as 128x64.
    #[arg(long, value_name = "N×M", requires = "dtype", value_parser = shape)]
    shape: Option<Shape>,
    /// What makes the exit status 1, one or several with commas: never, anything, drift, missing, nan, infinity, zero-sign,
    /// payload, flushed, ulp>N, relative>X, absolute>X. Where a file of a folder can't be read, the status is 4.
    #[arg(long, value_name = "LIMITS", default_value = "never", value_parser = limits)]
    fail_on: Limits,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Print everything, not only the first screen (table format).
    #[arg(long)]
    full: bool,
    /// Also write a page with a map of tensors and steps, and tensors.csv, to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads that compare. Default: as many as the processor has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// A shape; clap would take a bare list for several values.
#[derive(Debug, Clone)]
struct Shape(Vec<u64>);

/// Limits; clap would take a bare list for several values.
#[derive(Debug, Clone)]
struct Limits(Vec<Limit>);

fn limits(text: &str) -> Result<Limits, String> {
    Limit::parse_list(text).map(Limits)
}

fn shape(text: &str) -> Result<Shape, String> {
    let axes: Result<Vec<u64>, _> = text.split(['x', '×', ',']).map(|n| n.trim().parse()).collect();
    axes.map(Shape).map_err(|_| "a shape is whole numbers, such as 128x64".to_owned())
}

fn renaming(text: &str) -> Result<(String, String), String> {
    let (left, right) = text.split_once('=').ok_or("it must be LEFT=RIGHT, such as 'model.*=*'")?;
    if left.matches('*').count() > 1 || right.matches('*').count() > left.matches('*').count() {
        return Err("one * on the left and at most one on the right".to_owned());
    }
    Ok((left.to_owned(), right.to_owned()))
}

fn open(path: &Path, raw: Option<&Raw>) -> Result<Content, Failure> {
    let found = tensors::open(path, raw).map_err(|e| match &e {
        TensorError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Failure::usage(e),
        _ => Failure::new(Exit::Unreadable, e),
    })?;
    if found.tensors.is_empty() && found.skipped.is_empty() {
        let what = "it holds no tensors; name a file or folder that does";
        return Err(Failure::new(Exit::Unreadable, format!("can't compare {}: {what}", path.display())));
    }
    Ok(found)
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    process::mapped::end_where_cut(Exit::Unreadable as i32);
    let raw = args.dtype.map(|scalar| Raw { scalar, shape: args.shape.as_ref().map(|s| s.0.clone()) });
    let contents = [open(&args.left, raw.as_ref())?, open(&args.right, raw.as_ref())?];
    let threads = args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let asked = Asked { names: args.tensors.clone(), map: args.map.clone(), threads };
    for glob in &args.tensors {
        let only = Asked { names: vec![glob.clone()], ..Asked::default() };
        if contents.iter().flat_map(|c| &c.tensors).all(|t| !only.wants(&t.name)) {
            let names: Vec<String> = contents[0].tensors.iter().map(|t| t.name.clone()).collect();
            let there = crate::model::words::list(&names, 8);
            return Err(Failure::usage(format!("--tensor {glob} fits no name; there are: {there}")));
        }
    }
    let paths = [args.left.display().to_string(), args.right.display().to_string()];
    let found = diff([&paths[0], &paths[1]], &contents, &asked);
    show(&found, args.format, args.full)?;
    if let Some(folder) = &args.out {
        formats::files::write(&found, "diff", "repro-audit diff", folder).map_err(|e| {
            Failure::new(Exit::Incomplete, format!("the comparison is done, and can't be written: {e}"))
        })?;
        super::note(format_args!("The page is {}.", folder.join("index.html").display()));
    }
    if args.fail_on.0.is_empty() {
        return Ok(Exit::Within);
    }
    if args.fail_on.0.iter().any(|limit| limit.is_exceeded(&found)) {
        return Ok(Exit::Beyond);
    }
    // What was not read may differ, and where nothing was compared nothing is within a limit.
    let known = found.is_whole() && !found.pairs.is_empty();
    Ok(if known { Exit::Within } else { Exit::Incomplete })
}
