//! The figures that every replication leaves behind.

use super::judge;
use super::sample::View;
use crate::observe::metric::{MetricError, MetricRef, Names, Observed, Unit, throughput_rps};
use crate::observe::result::{Figures, RunResult};
use crate::scenario::{Bounds, Scenario};

/// What is reported of every experiment, by metric name.
pub const HEADLINES: [&str; 14] = [
    "requests.offered_rps",
    "requests.goodput_rps",
    "requests.succeeded_ratio",
    "requests.slow_ratio",
    "latency.mean",
    "latency.p50",
    "latency.p95",
    "latency.p99",
    "latency.p999",
    "users.affected_ratio",
    "users.unable_ratio",
    "users.affected_minutes",
    "requests.amplification",
    "balance.max_over_mean",
];

/// Counted when requests succeed: after a warm-up, those born later are no measure of it.
const GOODPUT: &str = "requests.goodput_rps";

/// A figure that every replication leaves behind.
#[derive(Clone, Debug)]
pub struct Column {
    /// A metric's name, or `expect.NAME`.
    pub name: String,
    /// What it is measured in.
    pub unit: Unit,
    /// The least and the most that it can be.
    pub possible: (f64, f64),
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// Over the observed part of the run.
    Metric(MetricRef),
    /// What an expectation asks for, over its own interval; of a word, 1 if it is the one.
    Expect(usize),
}

impl Column {
    /// Whether its values are 0 or 1: whether an expectation of a word was met.
    pub fn is_yes_or_no(&self) -> bool {
        self.unit == Unit::Text
    }

    /// The quantile of the latency that it is, if it is one.
    pub fn quantile(&self) -> Option<f64> {
        let Source::Metric(metric) = &self.source else { return None };
        match metric.argument {
            crate::observe::metric::Argument::Quantile(q) => Some(q),
            _ => None,
        }
    }

    /// How many requests or people a share is of, at most: 0 of what is no share of them.
    pub(super) fn trials(&self, view: &View) -> u64 {
        let Source::Metric(metric) = &self.source else { return 0 };
        let of = |room: &str| metric.metric.name.starts_with(room);
        match self.unit {
            Unit::Ratio if of("users.") => view.users,
            Unit::Ratio if of("requests.") || of("outcomes.") => view.requests,
            _ => 0,
        }
    }

    /// Its value in a run; `figures` are those of the observed part.
    pub(super) fn read(
        &self,
        scenario: &Scenario,
        result: &RunResult,
        figures: &Figures,
    ) -> Option<f64> {
        // A file of samples has no way to say anything else.
        self.number(scenario, result, figures).filter(|value| value.is_finite())
    }

    fn number(&self, scenario: &Scenario, result: &RunResult, figures: &Figures) -> Option<f64> {
        match &self.source {
            Source::Metric(metric) if metric.metric.name == GOODPUT => {
                throughput_rps(result, figures)
            }
            // What adds up over a run is of the whole run, whatever is left out as its warm-up.
            Source::Metric(metric) if metric.metric.unit == Unit::Minutes => {
                metric.read(result, &result.figures).number()
            }
            Source::Metric(metric) => metric.read(result, figures).number(),
            Source::Expect(index) => {
                let expect = &scenario.expects[*index];
                match (judge::observe(scenario, expect, result), &expect.bounds) {
                    (Observed::Text(text), Bounds::Is(word)) => {
                        Some(f64::from(u8::from(text == word)))
                    }
                    (observed, _) => observed.number(),
                }
            }
        }
    }
}

/// The names in a scenario that metrics may refer to.
pub fn with_names<T>(scenario: &Scenario, read: impl FnOnce(&Names<'_>) -> T) -> T {
    let setup = &scenario.setup;
    let backends: Vec<String> = setup.backends.iter().map(|b| b.name.clone()).collect();
    let alerts: Vec<String> = setup.alerts.iter().map(|a| a.name.clone()).collect();
    let database = setup.database.is_some();
    read(&Names { backends: &backends, alerts: &alerts, database })
}

/// The figures of a scenario: the headlines, those asked for, and what it expects.
///
/// # Errors
/// If the scenario has no such metric.
pub fn columns(scenario: &Scenario, metrics: &[String]) -> Result<Vec<Column>, MetricError> {
    let mut columns: Vec<Column> = Vec::new();
    with_names(scenario, |names| {
        for name in HEADLINES.into_iter().chain(metrics.iter().map(String::as_str)) {
            let metric = MetricRef::parse(name, names)?;
            if columns.iter().all(|column| column.name != name) && metric.metric.unit != Unit::Text
            {
                let unit = metric.metric.unit;
                columns.push(Column {
                    name: name.to_owned(),
                    unit,
                    possible: possible(unit, false),
                    source: Source::Metric(metric),
                });
            }
        }
        Ok(())
    })?;
    for (index, expect) in scenario.expects.iter().enumerate() {
        let name = format!("expect.{}", expect.name);
        let unit = expect.metric.metric.unit;
        let possible = possible(unit, expect.baseline.is_some());
        columns.push(Column { name, unit, possible, source: Source::Expect(index) });
    }
    Ok(columns)
}

/// The least and the most that a figure in this unit can be, or a difference of two of them.
fn possible(unit: Unit, is_difference: bool) -> (f64, f64) {
    let most = if unit == Unit::Ratio { 1.0 } else { f64::INFINITY };
    (if is_difference { -most } else { 0.0 }, most)
}

/// The position of a column.
pub fn position(columns: &[Column], name: &str) -> Option<usize> {
    columns.iter().position(|column| column.name == name)
}
