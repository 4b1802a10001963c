//! The hidden verb of child processes.

use std::path::PathBuf;

use super::{Exit, Failure};
use crate::audit::worker::{Duty, work};
use crate::engines::interpreter::Mode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(long)]
    backend: String,
    #[arg(long)]
    list: bool,
    #[arg(long, default_value_t = 0)]
    index: usize,
    #[arg(long, default_value = ".")]
    scratch: PathBuf,
    #[arg(long)]
    planted: Vec<Mode>,
    /// The process that it ends with.
    #[arg(long)]
    parent: u32,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let duty = if args.list {
        Duty::List { backend: args.backend }
    } else {
        Duty::Serve { backend: args.backend, index: args.index, scratch: args.scratch, planted: args.planted }
    };
    // The parent has gone where its pipe is closed; there is nobody to tell.
    work(duty, args.parent).map_err(|e| Failure::new(Exit::Incomplete, format!("worker: {e}")))?;
    Ok(Exit::Within)
}
