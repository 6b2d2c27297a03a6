//! The command line: one command a file. The only place that prints.
//!
//! Results go to standard output; notes, progress and errors to standard error.

mod assumptions;
mod compare;
mod completions;
mod failure;
mod input;
mod interrupt;
mod limits;
mod list;
mod merge;
mod output;
mod progress;
mod replication;
mod replications;
mod run;
mod schema;
mod sweep;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// Rehearse a load-balancer failure before production does.
#[derive(Debug, Parser)]
#[command(name = "misroute", version, about, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 success, 1 a finding (an expectation failed), \
    2 usage or invalid input, 3 parts of a sweep are missing, 4 output could not be written, \
    130 interrupted.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Replay scenarios: summary, plots and data; checks what they expect
    Run(run::Run),
    /// How each expectation moves over the range of each assumption; twins and measures
    Assumptions(assumptions::Assumptions),
    /// Run a scenario over ranges of its values: degradation curves and heat maps
    Sweep(sweep::Sweep),
    /// Put the parts of a sweep together that several machines have run
    Merge(merge::Merge),
    /// What a change does: two scenarios on the same requests
    Compare(compare::Compare),
    /// How far a scenario can go: the knee, its objective, members lost, what tips it over
    Limits(limits::Limits),
    /// What there is: incidents, algorithms, distributions, actions, metrics
    List(list::List),
    /// The JSON Schema of scenario files, or of results
    Schema(schema::Schema),
    /// A completion script for a shell
    Completions(completions::Completions),
}

/// Options of every command that reads scenarios.
#[derive(Args, Debug)]
struct Common {
    /// Override a field of the scenario, such as clients.web.rate=550/s (may be repeated)
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of the random streams
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Simulate even what takes very long
    #[arg(long)]
    yes: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// What standard output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One document for programs: `misroute schema` describes it.
    Json,
}

/// Where files go.
#[derive(Args, Debug)]
struct Out {
    /// Folder for results: one folder per scenario in it
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
    /// Write no files
    #[arg(long)]
    no_files: bool,
}

/// Parses the command line, does what it says, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    let done = match cli.command {
        Command::Run(command) => run::execute(&command),
        Command::Assumptions(command) => assumptions::execute(&command),
        Command::Sweep(command) => sweep::execute(&command),
        Command::Merge(command) => merge::execute(&command),
        Command::Compare(command) => compare::execute(&command),
        Command::Limits(command) => limits::execute(&command),
        Command::List(command) => list::execute(&command),
        Command::Schema(command) => schema::execute(&command),
        Command::Completions(command) => completions::execute(&command),
    };
    match done {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// The command line, for completions and tests.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
