//! `repro-audit capture`: runs a command unchanged and writes what the run was.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, tell};
use crate::capture::{self, Asked};
use crate::model::words::short;
use crate::record::{self, capture as files};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file or folder of data, whose contents are digested before the command starts; may be given more than once.
    #[arg(long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// The file of hyperparameters: YAML, TOML or JSON.
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// The files that the command makes, as a pattern (* any name, ** any folders); may be given more than once.
    #[arg(long = "artifact", value_name = "GLOB")]
    artifacts: Vec<String>,
    /// Keep the digest of the difference from the commit alone, and not the difference.
    #[arg(long)]
    no_patch: bool,
    /// The folder for capture.json. An earlier one is replaced.
    #[arg(long, value_name = "DIR", default_value = files::FOLDER)]
    out: PathBuf,
    /// The command and its arguments, after --.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    argv: Vec<OsString>,
}

/// The statuses that `env` and shells give for a command that is not there, or can't be executed.
const ABSENT: u8 = 127;
const REFUSED: u8 = 126;

/// Runs the command. The status is the command's: 128 and the signal where one ended it.
pub(super) fn run(args: Args) -> Result<ExitCode, Failure> {
    // What can't be written is better known before hours of training than after.
    let file = args.out.join(files::FILE);
    std::fs::create_dir_all(&args.out)
        .map_err(|e| Failure::unwritten(&args.out.display().to_string(), &e, "folder with --out"))?;
    if file.exists() && files::find(&file).is_none() {
        let name = file.display();
        return Err(Failure::usage(format!(
            "{name} is no capture and would be lost; choose another folder with --out"
        )));
    }
    let whole = |path: &std::path::Path| path.canonicalize().ok();
    let holds = |data: &&PathBuf| whole(&args.out).zip(whole(data)).is_some_and(|(out, data)| out.starts_with(data));
    if let Some(data) = args.data.iter().find(holds) {
        let (out, data) = (args.out.display(), data.display());
        return Err(Failure::usage(format!(
            "{out} is in {data}, so that the capture would be data of the next run; choose another folder with --out"
        )));
    }
    tempfile::tempfile_in(&args.out)
        .map_err(|e| Failure::unwritten(&args.out.display().to_string(), &e, "folder with --out"))?;
    let asked = Asked {
        argv: args.argv,
        data: args.data,
        params: args.params,
        artifacts: args.artifacts,
        patch: !args.no_patch,
    };
    let program = asked.argv.first().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let prepared = capture::prepare(asked).map_err(Failure::usage)?;
    let found = match prepared.run() {
        Ok(found) => found,
        Err(e) => {
            tell(&format!("error: can't run {program}: {e}"));
            let absent = e.kind() == std::io::ErrorKind::NotFound;
            return Ok(ExitCode::from(if absent { ABSENT } else { REFUSED }));
        }
    };
    let status = found.command.exit.status();
    let written =
        files::to_json(&found).map_err(std::io::Error::from).and_then(|text| record::write_atomically(&file, &text));
    match written {
        // Where standard error is kept in a file it is the command's.
        Ok(()) if std::io::stderr().is_terminal() => super::note(format_args!(
            "The capture is {} (situation {}, run {}).",
            file.display(),
            short(&found.ids.situation),
            short(&found.ids.run)
        )),
        Ok(()) => {}
        Err(e) => {
            tell(&format!("error: can't write {}: {e}; the command ran, and this run is not captured", file.display()));
        }
    }
    Ok(ExitCode::from(status))
}
