//! `misroute assumptions`.

use super::failure::Failure;
use super::progress::Progress;
use super::{Common, input, output};
use crate::experiment::run::run;
use crate::experiment::{assumptions, reach, variants};
use crate::report::honesty::{self, Honesty};
use crate::scenario::Scenario;
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
    /// Find out how far each conclusion reaches: over which part of each assumption's range each
    /// expectation, and the verdict, hold in most of some runs
    #[arg(long)]
    reach: bool,
    /// Runs at each value, with --reach
    #[arg(long, value_name = "N", default_value_t = 5, requires = "reach")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    replications: u32,
    #[command(flatten)]
    common: Common,
}

pub(super) fn execute(command: &Assumptions) -> Result<ExitCode, Failure> {
    let scenarios = input::scenarios(&command.scenarios, command.all_incidents, &command.common)?;
    let seed = command.common.seed;
    if command.reach {
        return reach(command, &scenarios);
    }
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

/// How far each conclusion reaches.
fn reach(command: &Assumptions, scenarios: &[Scenario]) -> Result<ExitCode, Failure> {
    let progress = Progress::new(scenarios.len(), command.common.quiet);
    let mut text = String::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        let plan = reach::Plan { seed: command.common.seed, replications: command.replications };
        let reaches = reach::explore(scenario, plan, |done| progress.update(index, done))?;
        text += &crate::report::reach::text(scenario, plan, &reaches);
    }
    drop(progress);
    output::result(&text)?;
    Ok(ExitCode::SUCCESS)
}
