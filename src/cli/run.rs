//! `misroute run`.

use super::failure::{FINDING, Failure};
use super::progress::Progress;
use super::replication::Replicate;
use super::{Common, Format, Out, input, output, replications};
use crate::experiment::run::{Run as Ran, run};
use crate::report::files::{self, Written};
use crate::report::stated::{StatedRow, stated_against_simulated};
use crate::report::text::{self, Style};
use crate::report::{AssumptionLine, Report, ReportError, json};
use crate::scenario::Scenario;
use clap::Args;
use rayon::prelude::*;
use std::process::ExitCode;

/// Replay scenarios, show what users went through, and check what the scenarios expect.
#[derive(Args, Debug)]
pub(super) struct Run {
    /// Scenario files, or names of incidents or misconfigurations; `-` is standard input
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Replay the five incidents, and set what their post-mortems state against what is simulated
    #[arg(long)]
    all_incidents: bool,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
    /// With several runs: an expectation that they do not decide is no reason to fail
    #[arg(long)]
    pub(super) allow_undecided: bool,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) out: Out,
    #[command(flatten)]
    pub(super) replicate: Replicate,
}

/// A run with everything that is reported about it.
struct Reported {
    scenario: Scenario,
    ran: Ran,
    assumptions: Vec<AssumptionLine>,
    command: String,
    written: Option<Result<Written, ReportError>>,
}

impl Reported {
    fn report(&self) -> Report<'_> {
        Report {
            result: &self.ran.result,
            title: self.scenario.title.as_deref(),
            expect: &self.ran.judgements,
            objective: &self.ran.objective,
            steady: self.ran.steady.as_ref(),
            assumptions: &self.assumptions,
            command: Some(&self.command),
        }
    }
}

pub(super) fn execute(command: &Run) -> Result<ExitCode, Failure> {
    let scenarios = input::scenarios(&command.scenarios, command.all_incidents, &command.common)?;
    if !command.out.no_files {
        refuse_same_names(&scenarios)?;
        // Better said before a long run than after it.
        files::check_root(&command.out.out)?;
    }
    if command.replicate.is_asked() {
        return replications::execute(command, &scenarios);
    }
    command.replicate.refuse_for_one_run()?;
    if command.allow_undecided {
        let message = "--allow-undecided is about several runs: add --replications 10";
        return Err(Failure::Usage(message.to_owned()));
    }
    let progress = Progress::new(scenarios.len(), command.common.quiet);
    let reported: Vec<Reported> = command.replicate.with_jobs(|| {
        scenarios
            .into_par_iter()
            .enumerate()
            .map(|(index, scenario)| replay(command, scenario, |done| progress.update(index, done)))
            .collect()
    });
    drop(progress);
    // What was simulated is shown even if it could not be written.
    show(command, &reported)?;
    for written in reported.iter().filter_map(|reported| reported.written.as_ref()) {
        let written = written.as_ref().map_err(|error| Failure::Unwritten(error.clone()))?;
        input::tell_written(&written.directory, command.common.quiet);
    }
    let all_hold = reported.iter().all(|reported| reported.ran.holds());
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(FINDING) })
}

fn replay(command: &Run, scenario: Scenario, progress: impl FnMut(f64)) -> Reported {
    let ran = run(&scenario, command.common.seed, progress);
    let mut reported = Reported {
        assumptions: assumption_lines(&scenario),
        command: reproduce(command, &scenario),
        scenario,
        ran,
        written: None,
    };
    if !command.out.no_files {
        reported.written = Some(files::write_run(&reported.report(), &command.out.out, true, &[]));
    }
    reported
}

/// Two scenarios of one name would write into one folder.
fn refuse_same_names(scenarios: &[Scenario]) -> Result<(), Failure> {
    for (index, scenario) in scenarios.iter().enumerate() {
        if let Some(other) = scenarios[..index].iter().find(|other| other.name == scenario.name) {
            return Err(Failure::Usage(format!(
                "{} and {} are both named `{}`, and would write into one folder: \
                 run them one by one, or say --no-files",
                other.source().name,
                scenario.source().name,
                scenario.name
            )));
        }
    }
    Ok(())
}

pub(super) fn assumption_lines(scenario: &Scenario) -> Vec<AssumptionLine> {
    let lines = scenario.assumptions.iter().map(|assumption| AssumptionLine {
        path: assumption.path.clone(),
        value: assumption.value.clone(),
        range: assumption.range(),
        reason: assumption.reason.clone(),
    });
    lines.collect()
}

/// The command that gives the same again.
pub(super) fn reproduce(command: &Run, scenario: &Scenario) -> String {
    let name = match command.scenarios.as_slice() {
        [only] if !command.all_incidents => only,
        _ => &scenario.source().name,
    };
    let sets = command.common.set.iter().map(|set| format!(" --set {}", quoted(set)));
    let sets: String = sets.collect();
    let words = command.replicate.words();
    let words = words.iter().map(|word| quoted(word));
    let start = format!("misroute run {} --seed {}{sets}", quoted(name), command.common.seed);
    let allows = command.allow_undecided.then(|| "--allow-undecided".to_owned());
    std::iter::once(start).chain(words).chain(allows).collect::<Vec<_>>().join(" ")
}

/// Quoted for a shell if it needs to be.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:%,+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// What an incident's text states, beside what its replay shows.
fn stated(reported: &Reported) -> Vec<StatedRow> {
    let rows = reported.ran.judgements.iter().map(|judgement| StatedRow {
        incident: reported.scenario.name.clone(),
        fact: judgement.fact.clone().unwrap_or_else(|| judgement.name.clone()),
        bounds: judgement.bounds.clone(),
        simulated: judgement.observed.clone(),
        status: judgement.status,
    });
    rows.collect()
}

fn show(command: &Run, reported: &[Reported]) -> Result<(), Failure> {
    if command.format == Format::Json {
        let documents: Vec<String> = reported.iter().map(|r| json::summary(&r.report())).collect();
        let [only] = documents.as_slice() else {
            let joined: Vec<&str> = documents.iter().map(|document| document.trim_end()).collect();
            return output::result(&format!("[{}]\n", joined.join(",\n")));
        };
        return output::result(only);
    }
    if command.common.quiet {
        return Ok(());
    }
    let style = Style { color: output::result_has_color(), ..Style::plain() };
    if command.all_incidents {
        let rows: Vec<StatedRow> = reported.iter().flat_map(stated).collect();
        return output::result(&stated_against_simulated(&rows, style));
    }
    for (index, one) in reported.iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        output::result(&format!("{gap}{}", text::summary(&one.report(), style)))?;
    }
    Ok(())
}
