//! `misroute completions`.

use super::failure::Failure;
use super::output;
use clap::Args;
use clap_complete::Shell;
use std::process::ExitCode;

/// A completion script for a shell, on standard output.
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn execute(command: &Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut super::command(), "misroute", &mut script);
    output::result(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
