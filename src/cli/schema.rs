//! `misroute schema`.

use super::failure::Failure;
use super::output;
use crate::{report, scenario};
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// The JSON Schema of scenario files, for completion in an editor, or of results.
#[derive(Args, Debug)]
pub(super) struct Schema {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// What a scenario file may say.
    Scenario,
    /// What `--format json` prints and `summary.json` holds.
    Result,
    /// What `compare --format json` prints and `compare.json` holds.
    Compare,
    /// What `run --replications N --format json` prints and `replications.json` holds.
    Replications,
    /// What `misroute sweep` writes into `sweep.json`.
    Sweep,
    /// What `misroute limits --format json` prints and `limits.json` holds.
    Limits,
}

pub(super) fn execute(command: &Schema) -> Result<ExitCode, Failure> {
    let schema = match command.of {
        Of::Scenario => scenario::schema::json(),
        Of::Compare => report::compare::schema(),
        Of::Result => report::json::result_schema(),
        Of::Replications => report::replications::schema(),
        Of::Sweep => report::sweep::schema(),
        Of::Limits => report::limits::schema(),
    };
    output::result(&format!("{schema:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}
