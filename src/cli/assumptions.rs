//! `misroute assumptions`.

use super::failure::Failure;
use super::progress::Progress;
use super::{Common, input, output};
use crate::experiment::run::run;
use crate::experiment::{assumptions, variants};
use crate::report::honesty::{self, Honesty};
use clap::Args;
use std::process::ExitCode;

/// Show how each expectation moves over the range of each assumption, that each twin (the scenario
/// without a mechanism) misses what the mechanism carries, and what each measure would have saved.
#[derive(Args, Debug)]
pub(super) struct Assumptions {
    /// Scenario files, or names of incidents or misconfigurations; `-` is standard input
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// All five incidents
    #[arg(long)]
    all_incidents: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn execute(command: &Assumptions) -> Result<ExitCode, Failure> {
    let scenarios = input::scenarios(&command.scenarios, command.all_incidents, &command.common)?;
    let seed = command.common.seed;
    let progress = Progress::new(scenarios.len(), command.common.quiet);
    let mut pages = Vec::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        let base = run(scenario, seed, |_| {});
        pages.push(Honesty {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            base,
            assumptions: assumptions::explore(scenario, seed)?,
            twins: variants::run_all(scenario, &scenario.twins, seed)?,
            measures: variants::run_all(scenario, &scenario.measures, seed)?,
        });
        progress.update(index, 1.0);
    }
    drop(progress);
    output::result(&honesty::markdown(&pages, seed, command.all_incidents))?;
    Ok(ExitCode::SUCCESS)
}
