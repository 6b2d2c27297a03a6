//! Expectations, judged on the interval of several replications instead of on one run.

use super::column::{Column, position};
use super::judge;
use super::replicate::Replicated;
use super::statistics::Estimate;
use crate::observe::metric::Unit;
use crate::scenario::units::show_ratio;
use crate::scenario::{Bounds, Scenario};
use schemars::JsonSchema;
use serde::Serialize;

/// What an interval says about a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The whole interval is within the bounds.
    Pass,
    /// The whole interval is outside.
    Fail,
    /// The interval has a bound in it, or there is no interval: more replications may tell.
    Undecided,
    /// No replication has a value, which does not meet an expectation.
    NoData,
}

impl Certainty {
    /// What an estimate says about a figure that should be between `low` and `high`.
    pub fn of(estimate: Option<&Estimate>, low: Option<f64>, high: Option<f64>) -> Self {
        let Some(estimate) = estimate else { return Self::NoData };
        let (Some(from), Some(to)) = (estimate.low, estimate.high) else { return Self::Undecided };
        let below = low.is_some_and(|low| to < low);
        let above = high.is_some_and(|high| from > high);
        if below || above {
            return Self::Fail;
        }
        let inside = low.is_none_or(|low| low <= from) && high.is_none_or(|high| to <= high);
        if inside { Self::Pass } else { Self::Undecided }
    }
}

/// An expectation of a scenario, judged on all replications.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// How it was judged.
    pub status: Certainty,
    /// What the replications showed, with its interval; of a word, the share of replications that
    /// showed it. Absent if none showed anything.
    pub estimate: Option<Estimate>,
    /// What the estimate is measured in.
    #[serde(skip)]
    pub unit: Unit,
    /// Whether it is a difference to a baseline.
    #[serde(skip)]
    pub is_difference: bool,
    /// Replications that showed nothing.
    pub missing: u32,
    /// What it should have been, with its unit.
    pub bounds: String,
    /// What the incident's text states, if the expectation comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
}

/// Judges every expectation of a scenario, in order.
///
/// A replication that shows nothing does not meet an expectation, so one with such replications never
/// passes. A word is what is expected of most replications: of more than half, with confidence.
pub fn judge(scenario: &Scenario, columns: &[Column], replicated: &Replicated) -> Vec<Judged> {
    let judged = scenario.expects.iter().filter_map(|expect| {
        let index = position(columns, &format!("expect.{}", expect.name))?;
        let (low, high) = match expect.bounds {
            Bounds::Within { low, high } => (low, high),
            Bounds::Is(_) => (Some(0.5), None),
        };
        let unit = match expect.metric.metric.unit {
            Unit::Text => Unit::Ratio,
            unit => unit,
        };
        let seen = Seen::of(columns, replicated, index);
        Some(Judged {
            name: expect.name.clone(),
            status: seen.certainty(low, high),
            estimate: seen.estimate,
            unit,
            is_difference: expect.baseline.is_some(),
            missing: seen.missing,
            bounds: match &expect.bounds {
                Bounds::Is(word) => format!("{word} in most runs"),
                Bounds::Within { .. } => judge::bounds(scenario, expect),
            },
            fact: expect.fact.clone(),
        })
    });
    judged.collect()
}

/// Judges what the scenario calls good service. An incident misses it by nature, so that is shown,
/// and no reason to fail.
pub fn judge_objective(
    scenario: &Scenario,
    columns: &[Column],
    replicated: &Replicated,
) -> Vec<Judged> {
    let Some(objective) = &scenario.objective else { return Vec::new() };
    let judged = |name: &str, metric: &str, unit, (low, high), bounds: String| {
        let seen = Seen::of(columns, replicated, position(columns, metric)?);
        Some(Judged {
            name: name.to_owned(),
            status: seen.certainty(low, high),
            estimate: seen.estimate,
            unit,
            is_difference: false,
            missing: seen.missing,
            bounds,
            fact: None,
        })
    };
    let success = objective.success.and_then(|least| {
        let bounds = format!("at least {}", show_ratio(least));
        judged("success", "requests.succeeded_ratio", Unit::Ratio, (Some(least), None), bounds)
    });
    let p99 = objective.p99.and_then(|most| {
        let ms = most.as_ms_f64();
        let text = judge::show(scenario, Unit::Milliseconds, false, ms);
        let bounds = format!("less than {text}");
        judged("p99", "latency.p99", Unit::Milliseconds, (None, Some(ms)), bounds)
    });
    success.into_iter().chain(p99).collect()
}

/// What replications showed of one column.
struct Seen {
    estimate: Option<Estimate>,
    missing: u32,
}

impl Seen {
    fn of(columns: &[Column], replicated: &Replicated, index: usize) -> Self {
        let missing = replicated.values(index).filter(Option::is_none).count() as u32;
        Self { estimate: replicated.estimate(&columns[index], index), missing }
    }

    fn certainty(&self, low: Option<f64>, high: Option<f64>) -> Certainty {
        match Certainty::of(self.estimate.as_ref(), low, high) {
            Certainty::Pass if self.missing > 0 => Certainty::Undecided,
            certainty => certainty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_inside_the_interval_decides_nothing() {
        // 10 +- 0.5 or so: t(0.975; 2) = 4.303, s / sqrt(3) = 0.1 / sqrt(3).
        let estimate = Estimate::of(&[9.9, 10.0, 10.1], 0.95).unwrap();
        let of = |low, high| Certainty::of(Some(&estimate), low, high);
        assert_eq!(of(Some(9.0), Some(11.0)), Certainty::Pass);
        assert_eq!(of(None, Some(11.0)), Certainty::Pass);
        assert_eq!(of(None, None), Certainty::Pass);
        assert_eq!(of(Some(10.1), None), Certainty::Undecided, "the upper end is 10.25");
        assert_eq!(of(Some(10.3), None), Certainty::Fail);
        assert_eq!(of(None, Some(9.7)), Certainty::Fail);
        assert_eq!(of(Some(9.9), Some(10.1)), Certainty::Undecided, "wider than the bounds");
    }

    #[test]
    fn one_run_decides_nothing_and_none_is_no_data() {
        let one = Estimate::of(&[10.0], 0.95).unwrap();
        assert_eq!(Certainty::of(Some(&one), Some(9.0), None), Certainty::Undecided);
        assert_eq!(Certainty::of(None, None, None), Certainty::NoData);
        let same = Estimate::of(&[10.0; 3], 0.95).unwrap();
        assert_eq!(Certainty::of(Some(&same), Some(10.0), Some(10.0)), Certainty::Pass);
    }
}
