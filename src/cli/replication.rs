//! Options of every command that runs a scenario more than once.

use super::failure::Failure;
use crate::engine::time::Span;
use crate::experiment::column::{self, Column};
use crate::experiment::replicate::{LEAST, Plan, Replications};
use crate::experiment::warm_up::WarmUp;
use crate::observe::metric::{MetricError, MetricRef, Unit};
use crate::scenario::units::UnitError;
use crate::scenario::{Scenario, suggest, units};
use clap::Args;

/// What precision is wanted of, unless the command line says.
const PRECISE: [&str; 2] = ["latency.mean", "latency.p99"];
/// Six doublings of the fewest.
const MAX_REPLICATIONS: u32 = 640;
/// No machine has more.
const JOBS_MOST: i64 = 1024;
/// A number beyond which somebody has mistyped.
const REPLICATIONS_MOST: i64 = 1_000_000;

/// How often a scenario is run, and what is read of each run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Replications")]
pub(super) struct Replicate {
    /// Run it so often, each time on other randomness, for intervals of confidence
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=REPLICATIONS_MOST))]
    replications: Option<u32>,
    /// Run it until its figures are known to within this share of themselves, such as 2%
    #[arg(long, value_name = "SHARE", value_parser = precision)]
    precision: Option<f64>,
    /// What --precision is wanted of (may be repeated) [default: latency.mean and latency.p99]
    #[arg(long, value_name = "METRIC", requires = "precision")]
    precision_of: Vec<String>,
    /// The most runs for --precision
    #[arg(long, value_name = "N", default_value_t = MAX_REPLICATIONS, requires = "precision")]
    #[arg(value_parser = clap::value_parser!(u32).range(i64::from(LEAST)..=REPLICATIONS_MOST))]
    max_replications: u32,
    /// How much of the beginning is left out: auto (found by MSER-5 where nothing but chance
    /// changes with time), none, or a duration [default: auto]
    #[arg(long, value_name = "TIME", value_parser = warm_up)]
    warm_up: Option<WarmUp>,
    /// A further figure to report, such as latency.p90 (may be repeated)
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// Threads; 0 is one per core. Changes no result
    #[arg(long, short, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=JOBS_MOST))]
    jobs: u32,
}

impl Replicate {
    /// Whether more than one run is asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.replications.is_some() || self.precision.is_some()
    }

    /// Refuses what means nothing where there is one run only.
    pub(super) fn refuse_for_one_run(&self) -> Result<(), Failure> {
        let option = match self {
            Self { metrics, .. } if !metrics.is_empty() => "--metric",
            Self { warm_up: Some(_), .. } => "--warm-up",
            _ => return Ok(()),
        };
        let message =
            format!("{option} is about several runs: add --replications 10 or --precision 2%");
        Err(Failure::Usage(message))
    }

    /// The options that change results, as they would be written again.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
        if let Some(replications) = self.replications {
            add("--replications", replications.to_string());
        }
        if let Some(precision) = self.precision {
            add("--precision", units::show_ratio(precision));
            self.precision_of.iter().for_each(|name| add("--precision-of", name.clone()));
            if self.max_replications != MAX_REPLICATIONS {
                add("--max-replications", self.max_replications.to_string());
            }
        }
        match self.warm_up {
            None | Some(WarmUp::Auto) => {}
            Some(WarmUp::Fixed(Span::ZERO)) => add("--warm-up", "none".to_owned()),
            Some(WarmUp::Fixed(span)) => add("--warm-up", span.to_string()),
        }
        self.metrics.iter().for_each(|name| add("--metric", name.clone()));
        words
    }

    /// How often to run, `default_replications` times unless the command line says otherwise.
    pub(super) fn plan(&self, seed: u64, default_replications: u32) -> Result<Plan, Failure> {
        let replications = match (self.replications, self.precision) {
            (Some(_), Some(_)) => {
                let message = "--replications says how often to run, --precision until when: \
                    leave one out (--max-replications bounds --precision)";
                return Err(Failure::Usage(message.to_owned()));
            }
            (_, Some(relative)) => self.until(relative),
            (replications, None) => {
                Replications::Exactly(replications.unwrap_or(default_replications))
            }
        };
        Ok(Plan { seed, replications, warm_up: self.warm_up.unwrap_or(WarmUp::Auto) })
    }

    /// What is read of each run: the headlines, what is asked for, and what the scenario expects.
    pub(super) fn columns(&self, scenario: &Scenario) -> Result<Vec<Column>, Failure> {
        self.columns_with(scenario, &[])
    }

    /// The same with metrics that are read where the scenario has them.
    pub(super) fn columns_with(
        &self,
        scenario: &Scenario,
        further: &[String],
    ) -> Result<Vec<Column>, Failure> {
        if let Some(WarmUp::Fixed(span)) = self.warm_up
            && span >= scenario.setup.duration
        {
            let (name, duration) = (&scenario.name, scenario.setup.duration);
            let message =
                format!("--warm-up {span} leaves nothing of `{name}`, which is {duration} long");
            return Err(Failure::Usage(message));
        }
        let mut names = Vec::new();
        for name in &self.metrics {
            check(scenario, name, "--metric", &[])?;
            names.push(name.clone());
        }
        let expected: Vec<String> =
            scenario.expects.iter().map(|expect| format!("expect.{}", expect.name)).collect();
        for name in &self.precision_of {
            if !expected.contains(name) {
                check(scenario, name, "--precision-of", &expected)?;
                names.push(name.clone());
            }
        }
        let known = |name: &&String| {
            column::with_names(scenario, |names| MetricRef::parse(name, names)).is_ok()
        };
        names.extend(further.iter().filter(known).cloned());
        column::columns(scenario, &names).map_err(|error| unknown(&error, "--metric", ""))
    }

    /// As often as it takes to know the figures to within this share of themselves.
    pub(super) fn until(&self, relative: f64) -> Replications {
        let (columns, most) = (self.precise_columns(), self.max_replications);
        Replications::Until { relative, columns, most }
    }

    fn precise_columns(&self) -> Vec<String> {
        match &self.precision_of {
            none if none.is_empty() => PRECISE.map(str::to_owned).to_vec(),
            some => some.clone(),
        }
    }

    /// Does work on as many threads as the command line says.
    pub(super) fn with_jobs<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        on_threads(self.jobs, work)
    }
}

/// Does work on so many threads; 0 is one per core.
pub(super) fn on_threads<T: Send>(jobs: u32, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs as usize).build();
    match pool {
        Ok(pool) if jobs > 0 => pool.install(work),
        // Results do not depend on the number of threads.
        _ => work(),
    }
}

/// Whether a name is that of a figure; `others` are names that would do as well.
fn check(scenario: &Scenario, name: &str, option: &str, others: &[String]) -> Result<(), Failure> {
    let metric = column::with_names(scenario, |names| MetricRef::parse(name, names));
    let metric = metric.map_err(|mut error| {
        if name.starts_with("expect.") {
            others.clone_into(&mut error.candidates);
        }
        unknown(&error, option, name)
    })?;
    if metric.metric.unit == Unit::Text {
        let message = format!("{option} {name}: this is a word, which has no mean");
        return Err(Failure::Usage(message));
    }
    Ok(())
}

fn unknown(error: &MetricError, option: &str, name: &str) -> Failure {
    let wrong = name.get(error.at.clone()).unwrap_or(name);
    let candidates = error.candidates.iter().map(String::as_str);
    let help = if error.candidates.is_empty() {
        String::new()
    } else {
        format!("; {}", suggest::help(wrong, candidates, "possible"))
    };
    Failure::Usage(format!("{option} {name}: {}{help}", error.message))
}

pub(super) fn precision(text: &str) -> Result<f64, String> {
    let share = units::ratio(text).map_err(|error| reason(&error))?;
    if share > 0.0 && share < 1.0 {
        Ok(share)
    } else {
        Err("a precision is more than 0% and less than 100% of the figure".to_owned())
    }
}

pub(super) fn warm_up(text: &str) -> Result<WarmUp, String> {
    match text {
        "auto" => Ok(WarmUp::Auto),
        "none" => Ok(WarmUp::Fixed(Span::ZERO)),
        _ => match units::duration(text) {
            Ok(span) => Ok(WarmUp::Fixed(span)),
            Err(error) => Err(format!("{}; or auto, or none", reason(&error))),
        },
    }
}

fn reason(error: &UnitError) -> String {
    let fix = error.fix.as_ref().map(|fix| format!("; did you mean `{fix}`?"));
    format!("{}{}", error.message, fix.unwrap_or_default())
}
