//! The `misroute` command: an exit code and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    misroute::cli::main()
}
