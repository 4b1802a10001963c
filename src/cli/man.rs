//! `repro-audit man`: the manual pages, in roff.

use std::path::PathBuf;

use super::{Exit, Failure, command, print};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write repro-audit.1 and a page for each verb to this folder, instead of the first to standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.out {
        Some(folder) => {
            let cant = |e: std::io::Error| {
                Failure::unwritten(&format!("to {}", folder.display()), &e, "folder with --out DIR")
            };
            std::fs::create_dir_all(folder).map_err(cant)?;
            clap_mangen::generate_to(command(), folder).map_err(cant)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command()).render(&mut page).map_err(Failure::usage)?;
            print(&String::from_utf8(page).map_err(Failure::usage)?)?;
        }
    }
    Ok(Exit::Within)
}
