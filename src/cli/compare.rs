//! `repro-audit compare`: what two records differ in.

use std::ffi::OsString;

use clap::ValueEnum;

use super::shown::{formats, show};
use super::{Exit, Failure, open};
use crate::facts::pair::{Compared, PairError, compare_all};
use crate::formats::Format;

/// What makes a comparison fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Nothing: differences are reported and do not change the exit status.
    Never,
    /// A result that differs, failed, or ran on one side only; or that nothing could be compared. A case with another shader
    /// or output on either side is not compared, and is none of these.
    Drift,
    /// Anything at all, the surroundings included.
    Anything,
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The reference: a record.json, a folder that holds one, the beginning of an id, or latest; of a merged record
    /// FILE#LABEL.
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
