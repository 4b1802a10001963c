//! `repro-audit completions SHELL`: what a shell needs to complete verbs and options.

use clap_complete::Shell;

use super::{Exit, Failure, command, print};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut shown(), env!("CARGO_PKG_NAME"), &mut script);
    print(&String::from_utf8(script).map_err(Failure::usage)?)?;
    Ok(Exit::Within)
}

/// The command with the verbs that `--help` shows: `clap_complete` offers hidden ones too.
fn shown() -> clap::Command {
    let all = command();
    let verbs = all.get_subcommands().filter(|c| !c.is_hide_set()).cloned();
    clap::Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments())
        .subcommands(verbs)
}
