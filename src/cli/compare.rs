//! `repro-audit compare`: what two records differ in, or two captures.

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum;

use super::shown::{formats, show};
use super::{Exit, Failure, open};
use crate::facts::captures;
use crate::facts::pair::{Compared, PairError, compare_all};
use crate::formats::Format;
use crate::model::capture::Capture;
use crate::record::ReadError;
use crate::record::capture::{self as files, CaptureFileError};

/// What makes a comparison fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Nothing: differences are reported and do not change the exit status.
    Never,
    /// A result that differs, failed, or ran on one side only; or that nothing could be compared. A case with another shader
    /// or output on either side is not compared, and is none of these. Of captures: a file that the command made, or how it
    /// ended.
    Drift,
    /// Anything at all, the surroundings included.
    Anything,
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The reference: a record.json, a folder that holds one, the beginning of an id, or latest; of a merged record
    /// FILE#LABEL. Or a capture.json, or a folder that holds one.
    left: OsString,
    /// What is compared with it.
    right: OsString,
    /// Pair this engine of the left record with that of the right one, such as vulkan:0=vulkan:1; may be given more than
    /// once. Others are matched by device and backend.
    #[arg(long = "match", value_name = "LEFT=RIGHT", value_parser = pair)]
    matched: Vec<(String, String)>,
    /// What goes to standard output.
    #[arg(long, default_value = "table", value_parser = formats())]
    format: &'static Format,
    /// Print everything, not only the first screen (table format).
    #[arg(long)]
    full: bool,
    /// What makes the exit status 1. Where a side cannot be relied on, it is 4: such a comparison is no pass.
    #[arg(long, value_enum, default_value = "never")]
    fail_on: FailOn,
}

fn pair(text: &str) -> Result<(String, String), String> {
    // An engine's id may have an equals sign of its own, after a space: 'vulkan:0 LP_NUM_THREADS=1'.
    let cuts = text.match_indices('=').map(|(i, _)| (&text[..i], &text[i + 1..]));
    let engine = |id: &str| {
        let place = id.split(' ').next().unwrap_or_default();
        let adapter = |(backend, _): (&str, &str)| backend.chars().all(|c| c.is_ascii_alphanumeric());
        place == "cpu" || place.split_once(':').is_some_and(adapter)
    };
    cuts.filter(|(l, r)| engine(l) && engine(r))
        .map(|(l, r)| (l.trim().to_owned(), r.trim().to_owned()))
        .next()
        .ok_or_else(|| "it must be two engines' ids, such as vulkan:0=vulkan:1".to_owned())
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let captures = [&args.left, &args.right].map(|name| files::find(Path::new(name)));
    match captures {
        [Some(left), Some(right)] => return of_captures(args, [&left, &right]),
        [None, None] => {}
        [left, _] => {
            let (capture, other) = if left.is_some() { (&args.left, &args.right) } else { (&args.right, &args.left) };
            let (capture, other) = (Path::new(capture).display(), Path::new(other).display());
            return Err(Failure::usage(format!("{capture} is a capture and {other} is none; name two of a kind")));
        }
    }
    let (left, right) = (open(&args.left)?, open(&args.right)?);
    let found = compare_all(&left, &right, &args.matched).map_err(|e| match e {
        PairError::Json(_) => Failure::new(Exit::Unreadable, e),
        _ => Failure::usage(e),
    })?;
    show(&found, args.format, args.full)?;
    if args.fail_on == FailOn::Never {
        return Ok(Exit::Within);
    }
    if !found.pairs.iter().all(Compared::is_sound) {
        return Ok(Exit::Incomplete);
    }
    let alone = !found.only.0.is_empty() || !found.only.1.is_empty();
    let beyond = match args.fail_on {
        FailOn::Never => false,
        FailOn::Drift => alone || found.pairs.iter().any(Compared::drifts),
        FailOn::Anything => alone || found.pairs.iter().any(|p| !p.is_same()),
    };
    Ok(if beyond { Exit::Beyond } else { Exit::Within })
}

/// Reads a capture.
fn capture(path: &Path) -> Result<Capture, Failure> {
    files::read(path).map_err(|e| match &e {
        CaptureFileError::Read(ReadError::Io { .. }) => Failure::usage(e),
        _ => Failure::new(Exit::Unreadable, e),
    })
}

/// Compares two captures.
fn of_captures(args: &Args, paths: [&Path; 2]) -> Result<Exit, Failure> {
    if !args.matched.is_empty() {
        return Err(Failure::usage("--match pairs the engines of records, and captures have none"));
    }
    let (left, right) = (capture(paths[0])?, capture(paths[1])?);
    let names = [&args.left, &args.right].map(|name| Path::new(name).display().to_string());
    let found = captures::compare([&names[0], &names[1]], &left, &right);
    show(&found, args.format, args.full)?;
    let results = found.results.differ();
    let beyond = match args.fail_on {
        FailOn::Never => false,
        FailOn::Drift => results == Some(true),
        FailOn::Anything => results == Some(true) || !found.differences.is_empty(),
    };
    Ok(match (beyond, args.fail_on, results) {
        (true, ..) => Exit::Beyond,
        // Nothing was compared.
        (false, FailOn::Drift | FailOn::Anything, None) => Exit::Incomplete,
        _ => Exit::Within,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_engines_may_have_variables() {
        let of = |text| pair(text).expect("a pair");
        assert_eq!(of("vulkan:0=gl:0"), ("vulkan:0".to_owned(), "gl:0".to_owned()), "plain");
        let varied = of("vulkan:0 A=1=vulkan:0 A=2");
        assert_eq!(varied, ("vulkan:0 A=1".to_owned(), "vulkan:0 A=2".to_owned()), "with variables");
        assert!(pair("vulkan:0").is_err() && pair("a=b").is_err(), "no pair");
    }
}
