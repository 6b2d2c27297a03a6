//! `misroute run --replications N` and `--precision SHARE`.

use super::failure::{FINDING, Failure};
use super::progress::Progress;
use super::run::{Run, assumption_lines, reproduce};
use super::{Format, input, output};
use crate::experiment::replicate::{Keeper, LEAST, Plan, Replications, replicate};
use crate::experiment::replications::ReplicationsResult;
use crate::experiment::run::{Run as Ran, run};
use crate::report::files::{self, Written};
use crate::report::text::Style;
use crate::report::{Report, replications as pages};
use crate::scenario::Scenario;
use std::process::ExitCode;
use std::sync::Mutex;

/// How often a scenario is run where the command line says nothing; here it always does.
const DEFAULT: u32 = 10;

/// Shows the progress of one scenario's replications.
struct Watch<'a> {
    progress: &'a Progress,
    scenario: usize,
    /// How much of each replication is done.
    shares: Mutex<Vec<f64>>,
}

impl<'a> Watch<'a> {
    fn new(progress: &'a Progress, scenario: usize, plan: &Plan) -> Self {
        let known = match plan.replications {
            Replications::Exactly(n) => n,
            Replications::Until { .. } => LEAST,
        };
        Self { progress, scenario, shares: Mutex::new(vec![0.0; known as usize]) }
    }
}

impl Keeper for Watch<'_> {
    fn goes_on(&self, replication: u32, share: f64) -> bool {
        let mut shares = self.shares.lock().expect("no holder of this lock panics");
        let (index, known) = (replication as usize, shares.len());
        if index >= known {
            // The precision was not reached, and there are twice as many now.
            shares.resize((known * 2).max(index + 1), 0.0);
        }
        shares[index] = share;
        let done = shares.iter().sum::<f64>() / shares.len() as f64;
        self.progress.update(self.scenario, done);
        true
    }
}

pub(super) fn execute(command: &Run, scenarios: &[Scenario]) -> Result<ExitCode, Failure> {
    let plan = command.replicate.plan(command.common.seed, DEFAULT)?;
    let mut columns = Vec::new();
    for scenario in scenarios {
        columns.push(command.replicate.columns(scenario)?);
        if !command.common.yes {
            let (Replications::Exactly(times) | Replications::Until { most: times, .. }) =
                plan.replications;
            let least =
                if matches!(plan.replications, Replications::Exactly(_)) { times } else { LEAST };
            input::refuse_many(scenario, least)?;
        }
    }
    let progress = Progress::new(scenarios.len(), command.common.quiet);
    let mut shown = Vec::new();
    let mut all_hold = true;
    let mut written = Vec::new();
    for (index, (scenario, columns)) in scenarios.iter().zip(&columns).enumerate() {
        let watch = Watch::new(&progress, index, &plan);
        let (replicated, first) = command.replicate.with_jobs(|| {
            rayon::join(
                || replicate(scenario, columns, &plan, &watch),
                // For the plots and the series: the first replication is the run of this seed.
                || (!command.out.no_files).then(|| run(scenario, plan.seed, |_| {})),
            )
        });
        let replicated = replicated.expect("nobody ends it early");
        let result = ReplicationsResult::of(scenario, columns, &plan, &replicated);
        let again = reproduce(command, scenario);
        all_hold &= result.holds(command.allow_undecided);
        let document = pages::json(&result, &again);
        if let Some(ran) = first {
            let table = pages::csv(columns, &replicated);
            written.push(write(command, scenario, &ran, document.clone(), table));
        }
        shown.push(match command.format {
            Format::Json => document,
            Format::Text => {
                let style = Style { color: output::result_has_color(), ..Style::plain() };
                pages::text(&result, &again, style)
            }
        });
    }
    drop(progress);
    // What was simulated is shown even if it could not be written.
    show(command, &shown)?;
    for written in written {
        input::tell_written(&written?.directory, command.common.quiet);
    }
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(FINDING) })
}

fn write(
    command: &Run,
    scenario: &Scenario,
    ran: &Ran,
    document: String,
    table: String,
) -> Result<Written, Failure> {
    let report = Report {
        result: &ran.result,
        title: scenario.title.as_deref(),
        expect: &ran.judgements,
        objective: &ran.objective,
        steady: ran.steady.as_ref(),
        assumptions: &assumption_lines(scenario),
        command: None,
    };
    let others = [("replications.json", document), ("replications.csv", table)];
    Ok(files::write_run(&report, &command.out.out, true, &others)?)
}

fn show(command: &Run, pages: &[String]) -> Result<(), Failure> {
    match (command.format, pages) {
        (Format::Json, [only]) => output::result(only),
        (Format::Json, several) => {
            let joined: Vec<&str> = several.iter().map(|page| page.trim_end()).collect();
            output::result(&format!("[{}]\n", joined.join(",\n")))
        }
        (Format::Text, _) if command.common.quiet => Ok(()),
        (Format::Text, pages) => output::result(&pages.join("\n")),
    }
}
