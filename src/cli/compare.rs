//! `misroute compare`.

use super::failure::{FINDING, Failure};
use super::progress::Progress;
use super::replication::Replicate;
use super::run::quoted;
use super::{Common, Out, input, output};
use crate::experiment::compare::{Compared, Comparison, Threshold, ThresholdStatus, compare};
use crate::experiment::replicate::Replications;
use crate::report::compare as report;
use crate::report::files;
use crate::report::text::Style;
use crate::scenario::{Override, Scenario, suggest};
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// Replications of each side, unless the command line says otherwise.
const REPLICATIONS: u32 = 10;

/// What a change does: two scenarios on the same requests, with paired differences, their intervals, and
/// thresholds.
#[derive(Args, Debug)]
#[command(after_help = "Thresholds: METRIC > BOUND or METRIC < BOUND. A bound with a sign is a \
    difference: +10% of what was before, +0.5 points of a share, +20ms; one without is a level of \
    what is after. A threshold fails if the whole 95% interval is beyond it, passes if none of it \
    is, and is undecided else.")]
pub(super) struct Compare {
    /// A scenario file, or the name of an incident, misconfiguration or pattern; `-` is standard input
    #[arg(value_name = "BEFORE")]
    before: String,
    /// Another one; the same if it is left out
    #[arg(value_name = "AFTER")]
    after: Option<String>,
    /// Override a field of AFTER alone (may be repeated); --set is for both
    #[arg(long, value_name = "PATH=VALUE")]
    set_after: Vec<String>,
    /// Take a [[measure]] of the scenario as AFTER
    #[arg(long, value_name = "NAME")]
    measure: Option<String>,
    /// A finding, if the comparison shows it, such as 'p99 > +10%' (may be repeated)
    #[arg(long, value_name = "THRESHOLD", allow_hyphen_values = true)]
    fail_if: Vec<String>,
    /// Undecided thresholds are no finding
    #[arg(long, requires = "fail_if")]
    allow_undecided: bool,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    replicate: Replicate,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    out: Out,
}

/// What standard output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One document for programs: `misroute schema compare`.
    Json,
    /// A comment for a pull request.
    Markdown,
}

pub(super) fn execute(command: &Compare) -> Result<ExitCode, Failure> {
    let [before, after] = sides(command)?;
    refuse_unlike(&before, &after)?;
    let plan = command.replicate.plan(command.common.seed, REPLICATIONS)?;
    let rounds = match &plan.replications {
        Replications::Exactly(n) => *n,
        Replications::Until { most, .. } => *most,
    };
    if rounds < 2 {
        let message = "a difference needs at least 2 replications to have an interval";
        return Err(Failure::Usage(message.to_owned()));
    }
    let thresholds: Vec<Threshold> = command
        .fail_if
        .iter()
        .map(|text| Threshold::parse(text, &after))
        .collect::<Result<_, _>>()?;
    if !command.out.no_files {
        files::check_root(&command.out.out)?;
    }
    let metrics: Vec<String> =
        thresholds.iter().map(|threshold| threshold.metric.clone()).collect();
    let before_columns = command.replicate.columns_with(&before, &metrics)?;
    let after_columns = command.replicate.columns_with(&after, &metrics)?;
    let progress = Progress::new(2 * rounds as usize, command.common.quiet);
    let comparison = command.replicate.with_jobs(|| {
        compare(
            Compared { scenario: &before, columns: &before_columns },
            Compared { scenario: &after, columns: &after_columns },
            &plan,
            &thresholds,
            reproduce(command),
            |side, replication, share| {
                progress.update(side * rounds as usize + replication as usize, share);
            },
        )
    });
    drop(progress);
    show(command, &comparison)?;
    if !command.out.no_files {
        let written = report::write(&comparison, &command.out.out)?;
        input::tell_written(&written.directory, command.common.quiet);
    }
    let is_finding = |status| match status {
        ThresholdStatus::Pass => false,
        ThresholdStatus::Fail => true,
        ThresholdStatus::Undecided => !command.allow_undecided,
    };
    let found = comparison.thresholds.iter().any(|threshold| is_finding(threshold.status));
    Ok(if found { ExitCode::from(FINDING) } else { ExitCode::SUCCESS })
}

/// Both scenarios.
fn sides(command: &Compare) -> Result<[Scenario; 2], Failure> {
    let names: Vec<String> =
        [Some(&command.before), command.after.as_ref()].into_iter().flatten().cloned().collect();
    if names.len() == 2 && names.iter().all(|name| name == "-") {
        let message = "standard input is one scenario, not two";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut loaded = input::scenarios(&names, false, &command.common)?;
    let last = loaded.pop().expect("there is one scenario at least");
    let mut overrides: Vec<Override> = Vec::new();
    if let Some(name) = &command.measure {
        overrides.extend(measure(&last, name)?);
    }
    for text in &command.set_after {
        overrides.push(Override::parse(text)?);
    }
    if loaded.is_empty() && overrides.is_empty() {
        let message = "compare needs another scenario: AFTER, --set-after PATH=VALUE, or --measure";
        return Err(Failure::Usage(message.to_owned()));
    }
    let after = if overrides.is_empty() { last.clone() } else { last.with(&overrides)? };
    if !command.common.yes {
        input::refuse_for_ever(&after)?;
    }
    Ok([loaded.pop().unwrap_or(last), after])
}

/// What a measure of the scenario changes.
fn measure(scenario: &Scenario, name: &str) -> Result<Vec<Override>, Failure> {
    let found = scenario.measures.iter().find(|measure| measure.name == name);
    found.map(|measure| measure.overrides.clone()).ok_or_else(|| {
        let names = scenario.measures.iter().map(|measure| measure.name.as_str());
        let help = suggest::help(name, names, "measures");
        Failure::Usage(format!("`{}` has no measure `{name}`: {help}", scenario.name))
    })
}

/// The same requests are asked of both for equal times only.
fn refuse_unlike(before: &Scenario, after: &Scenario) -> Result<(), Failure> {
    let [first, second] = [before, after].map(|scenario| scenario.setup.duration);
    if first == second {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "the runs are not equally long, {first} and {second}, so their requests cannot be the same: \
         --set duration={first}"
    )))
}

fn show(command: &Compare, comparison: &Comparison) -> Result<(), Failure> {
    match command.format {
        Format::Json => output::result(&report::json(comparison)),
        Format::Markdown => output::result(&report::markdown(comparison)),
        Format::Text if command.common.quiet => Ok(()),
        Format::Text => {
            let style = Style { color: output::result_has_color(), ..Style::plain() };
            output::result(&report::text(comparison, style))
        }
    }
}

/// The command that gives the same again.
fn reproduce(command: &Compare) -> String {
    let mut parts = vec!["misroute compare".to_owned(), quoted(&command.before)];
    parts.extend(command.after.as_deref().map(quoted));
    parts.extend(command.measure.iter().map(|name| format!("--measure {}", quoted(name))));
    parts.extend(command.set_after.iter().map(|set| format!("--set-after {}", quoted(set))));
    parts.extend(command.common.set.iter().map(|set| format!("--set {}", quoted(set))));
    parts.extend(command.fail_if.iter().map(|text| format!("--fail-if {}", quoted(text))));
    parts.extend(command.allow_undecided.then(|| "--allow-undecided".to_owned()));
    parts.push(format!("--seed {}", command.common.seed));
    parts.extend(command.replicate.words().into_iter().map(|part| quoted(&part)));
    parts.join(" ")
}
