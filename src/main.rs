//! The command line. See `repro-audit --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    repro_audit::cli::main()
}
