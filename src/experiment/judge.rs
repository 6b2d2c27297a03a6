//! Expectations, judged against a result.

use crate::engine::time::{Span, Time};
use crate::observe::metric::{Observed, Unit};
use crate::observe::result::{Figures, RunResult};
use crate::scenario::units::show_ratio;
use crate::scenario::{Bounds, Expect, Scenario};
use schemars::JsonSchema;
use serde::Serialize;

/// How an expectation was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Observed within the bounds.
    Pass,
    /// Observed outside the bounds.
    Fail,
    /// Nothing was observed, which does not meet an expectation.
    NoData,
}

/// An expectation of a scenario, judged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Judgement {
    /// Its name.
    pub name: String,
    /// How it was judged.
    pub status: Status,
    /// What the run showed, with its unit.
    pub observed: String,
    /// What it should have been, with its unit.
    pub bounds: String,
    /// What the incident's text states, if the expectation comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
}

impl Judgement {
    /// Whether the expectation is met.
    pub fn holds(&self) -> bool {
        self.status == Status::Pass
    }
}

/// Judges every expectation of a scenario, in order.
pub fn judge(scenario: &Scenario, result: &RunResult) -> Vec<Judgement> {
    scenario.expects.iter().map(|expect| judge_one(scenario, expect, result)).collect()
}

/// Judges what the scenario calls good service, over the whole run. An incident misses it by nature,
/// so that is shown, and no reason to fail.
pub fn judge_objective(scenario: &Scenario, result: &RunResult) -> Vec<Judgement> {
    let Some(objective) = &scenario.objective else { return Vec::new() };
    let figures = &result.figures;
    let finished = figures.totals.succeeded + figures.totals.failed;
    let success = (finished > 0).then(|| figures.totals.succeeded as f64 / finished as f64);
    let judgement = |name: &str, good: bool, observed: Option<String>, bounds: String| Judgement {
        name: name.to_owned(),
        status: match observed {
            None => Status::NoData,
            Some(_) if good => Status::Pass,
            Some(_) => Status::Fail,
        },
        observed: observed.unwrap_or_else(|| "nothing".to_owned()),
        bounds,
        fact: None,
    };
    let success = objective.success.map(|least| {
        // Rounded to tenths, 99.96% would be shown as 100.0% and miss 99.99%.
        let observed = success.map(|share| format!("{:.3}%", share * 100.0));
        let bounds = format!("at least {}", show_ratio(least));
        judgement("success", success >= Some(least), observed, bounds)
    });
    let p99 = objective.p99.map(|most| {
        let observed = figures.latency_ms.p99;
        let time = |ms| show(scenario, Unit::Milliseconds, false, ms);
        let good = observed.is_some_and(|ms| ms < most.as_ms_f64());
        let bounds = format!("less than {}", time(most.as_ms_f64()));
        judgement("p99", good, observed.map(time), bounds)
    });
    success.into_iter().chain(p99).collect()
}

fn judge_one(scenario: &Scenario, expect: &Expect, result: &RunResult) -> Judgement {
    let observed = observe(scenario, expect, result);
    let unit = expect.metric.metric.unit;
    let show = |value: f64| show(scenario, unit, expect.baseline.is_some(), value);
    let holds = match &expect.bounds {
        Bounds::Within { low, high } => {
            let inside = |value: f64| {
                low.is_none_or(|low| low <= value) && high.is_none_or(|high| value <= high)
            };
            observed.number().is_some_and(inside)
        }
        Bounds::Is(word) => matches!(observed, Observed::Text(text) if text == word),
    };
    Judgement {
        name: expect.name.clone(),
        status: match observed {
            Observed::Absent => Status::NoData,
            _ if holds => Status::Pass,
            _ => Status::Fail,
        },
        observed: match observed {
            Observed::Absent => "nothing".to_owned(),
            Observed::Number(value) => show(value),
            Observed::Text(text) => text.to_owned(),
        },
        bounds: bounds(scenario, expect),
        fact: expect.fact.clone(),
    }
}

/// What an expectation asks for, with its unit.
pub(super) fn bounds(scenario: &Scenario, expect: &Expect) -> String {
    let show = |value| show(scenario, expect.metric.metric.unit, expect.baseline.is_some(), value);
    match &expect.bounds {
        Bounds::Within { low: Some(low), high: Some(high) } => joined(&show(*low), &show(*high)),
        Bounds::Within { low: Some(low), high: None } => format!("at least {}", show(*low)),
        Bounds::Within { low: None, high: Some(high) } => format!("at most {}", show(*high)),
        Bounds::Within { low: None, high: None } => "any".to_owned(),
        Bounds::Is(word) => word.clone(),
    }
}

/// An expectation's metric over its interval; less that over its baseline, if it has one.
pub(super) fn observe(scenario: &Scenario, expect: &Expect, result: &RunResult) -> Observed {
    let read = |interval| {
        let figures = figures(scenario, result, interval);
        figures.map_or(Observed::Absent, |figures| expect.metric.read(result, figures))
    };
    let observed = read(expect.between);
    let Some(baseline) = expect.baseline else { return observed };
    match (observed.number(), read(Some(baseline)).number()) {
        (Some(value), Some(before)) => Observed::Number(value - before),
        _ => Observed::Absent,
    }
}

/// The figures of a declared interval; of the whole run for `None`.
fn figures<'a>(
    scenario: &Scenario,
    result: &'a RunResult,
    interval: Option<(Time, Time)>,
) -> Option<&'a Figures> {
    let Some(interval) = interval else { return Some(&result.figures) };
    let declared = &scenario.setup.observation.intervals;
    let index = declared.iter().position(|&candidate| candidate == interval)?;
    result.intervals.get(index)
}

/// A range with its unit once: `-3.0 to +3.0 points`.
fn joined(low: &str, high: &str) -> String {
    let bare = match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => number,
        _ => low,
    };
    format!("{bare} to {high}")
}

/// A value as a reader wants it; a difference of shares is in points.
pub(super) fn show(scenario: &Scenario, unit: Unit, is_difference: bool, value: f64) -> String {
    let sign = if is_difference && value > 0.0 { "+" } else { "" };
    match unit {
        Unit::Ratio if is_difference => format!("{sign}{:.1} points", value * 100.0),
        Unit::Ratio => format!("{:.1}%", value * 100.0),
        Unit::Milliseconds if value.abs() >= 1e3 => format!("{sign}{:.2} s", value / 1e3),
        Unit::Milliseconds => format!("{sign}{value:.0} ms"),
        Unit::Rate => format!("{sign}{value:.1}/s"),
        Unit::Instant if is_difference => format!("{sign}{value:.0} s"),
        Unit::Instant => scenario.clock(Span::from_secs_f64(value.round()).after_start()),
        Unit::Minutes => format!("{sign}{value:.0} min"),
        Unit::Count => format!("{sign}{value:.0}"),
        Unit::Number | Unit::Text => format!("{sign}{value:.2}"),
    }
}
