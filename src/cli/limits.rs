//! `misroute limits`.

use super::failure::Failure;
use super::progress::Progress;
use super::replication::{on_threads, precision, warm_up};
use super::run::quoted;
use super::{Common, Format, Out, input, output};
use crate::engine::time::Span;
use crate::experiment::limits::{self, LIMITS, Terms};
use crate::experiment::warm_up::WarmUp;
use crate::report::files;
use crate::report::limits::{LimitsReport, json, text, write};
use crate::report::text::Style;
use crate::scenario::{suggest, units};
use clap::Args;
use std::process::ExitCode;

/// Find out how far a scenario can go: the knee, the highest load that meets its objective, the same
/// with members or a zone lost, and what tips it over. Each is searched for, with an interval.
///
/// Limits are of the scenario without its timeline. A lost member has crashed when a run begins: the
/// balancers find out by themselves. Where nothing changes with time, runs are made long enough for
/// 50,000 requests, no longer than for 200,000, and their second half is observed.
#[derive(Args, Debug)]
pub(super) struct Limits {
    /// A scenario file, or the name of one that comes with misroute; `-` is standard input
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// Which limits: names of `misroute list limits`, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// How narrow intervals are to be, as a share of the limit
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = precision)]
    tolerance: f64,
    /// Goodput follows offered load if it is at least this share of it
    #[arg(long, value_name = "SHARE", default_value = "99.5%", value_parser = precision)]
    follow: f64,
    /// The most runs at one value
    #[arg(long, value_name = "N", default_value_t = 80)]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    max_replications: u32,
    /// The height of the surge whose shortest fatal length is searched for, as a share of the load
    #[arg(long, value_name = "SHARE", default_value = "200%", value_parser = pulse)]
    pulse: f64,
    /// How long users have to be well again after a surge, and the longest surge [default: five user
    /// windows, and at least 60 times the longest timeout of a client]
    #[arg(long, value_name = "TIME", value_parser = within)]
    within: Option<Span>,
    /// Ask about the scenario with its timeline, not without; surges are always alone
    #[arg(long)]
    keep_timeline: bool,
    /// How much of the beginning is left out: auto (half of a run where nothing but chance changes
    /// with time), none, or a duration
    #[arg(long, value_name = "TIME", default_value = "auto", value_parser = warm_up)]
    warm_up: WarmUp,
    /// Threads; 0 is one per core. Changes no result
    #[arg(long, short, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1024))]
    jobs: u32,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    out: Out,
}

pub(super) fn execute(command: &Limits) -> Result<ExitCode, Failure> {
    let names = names(&command.only)?;
    let scenarios =
        input::scenarios(std::slice::from_ref(&command.scenario), false, &command.common)?;
    let scenario = scenarios.first().expect("one name is one scenario");
    if !command.out.no_files {
        files::check_root(&command.out.out)?;
    }
    let terms = Terms {
        seed: command.common.seed,
        tolerance: command.tolerance,
        follow: command.follow,
        most: command.max_replications,
        pulse: command.pulse,
        within: command.within,
        keep_timeline: command.keep_timeline,
        warm_up: command.warm_up,
    };
    if !command.common.yes {
        refuse_for_ever(limits::requests(scenario, &terms, &names))?;
    }
    let progress = Progress::new(names.len(), command.common.quiet);
    let found = on_threads(command.jobs, || {
        limits::find(scenario, &terms, &names, |index, share| progress.update(index, share))
    });
    drop(progress);
    let found = found?;
    let report = LimitsReport {
        name: &scenario.name,
        title: scenario.title.as_deref(),
        digest: &scenario.digest,
        terms: &terms,
        limits: &found,
        command: &reproduce(command),
    };
    let written = (!command.out.no_files).then(|| write(&report, &command.out.out));
    if command.format == Format::Json {
        output::result(&json(&report))?;
    } else if !command.common.quiet {
        let style = Style { color: output::result_has_color(), ..Style::plain() };
        output::result(&text::text(&report, style))?;
    }
    if let Some(written) = written {
        input::tell_written(&written?.directory, command.common.quiet);
    }
    Ok(ExitCode::SUCCESS)
}

/// Searches that are estimated to take more than an hour need `--yes`.
fn refuse_for_ever(requests: f64) -> Result<(), Failure> {
    let hours = requests / input::ATTEMPTS_PER_SECOND / 3_600.0;
    if hours <= 1.0 {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "these limits take about {:.0} million requests, some {hours:.0} hours: ask for fewer \
         (--only knee), less closely (--tolerance 5%), of a shorter `duration`, or say --yes",
        requests / 1e6
    )))
}

/// The command that finds the same again.
fn reproduce(command: &Limits) -> String {
    let usual = Terms::default();
    let seed = command.common.seed;
    let mut words = vec![format!("misroute limits {} --seed {seed}", quoted(&command.scenario))];
    words.extend(command.common.set.iter().map(|set| format!("--set {}", quoted(set))));
    if !command.only.is_empty() {
        words.push(format!("--only {}", command.only.join(",")));
    }
    let shares = [
        ("tolerance", command.tolerance, usual.tolerance),
        ("follow", command.follow, usual.follow),
        ("pulse", command.pulse, usual.pulse),
    ];
    for (name, share, usual) in shares {
        if share.total_cmp(&usual).is_ne() {
            words.push(format!("--{name} {}", units::show_ratio(share)));
        }
    }
    if command.max_replications != usual.most {
        words.push(format!("--max-replications {}", command.max_replications));
    }
    words.extend(command.within.map(|within| format!("--within {within}")));
    if command.keep_timeline {
        words.push("--keep-timeline".to_owned());
    }
    if let WarmUp::Fixed(span) = command.warm_up {
        words.push(format!("--warm-up {span}"));
    }
    words.join(" ")
}

/// The questions that are asked.
fn names(only: &[String]) -> Result<Vec<&'static str>, Failure> {
    let all = || LIMITS.iter().map(|question| question.name);
    if let Some(unknown) = only.iter().find(|name| all().all(|known| known != name.as_str())) {
        let help = suggest::help(unknown, all(), "limits");
        return Err(Failure::Usage(format!("--only {unknown}: no such limit; {help}")));
    }
    Ok(all().filter(|name| only.is_empty() || only.iter().any(|only| only == name)).collect())
}

fn pulse(text: &str) -> Result<f64, String> {
    let height = units::ratio(text).map_err(|error| error.message)?;
    if height > 1.0 { Ok(height) } else { Err("a surge is more than 100% of the load".to_owned()) }
}

fn within(text: &str) -> Result<Span, String> {
    match units::duration(text) {
        Ok(Span::ZERO) => Err("users need some time to be well again".to_owned()),
        Ok(span) => Ok(span),
        Err(error) => Err(error.message),
    }
}
