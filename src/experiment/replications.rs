//! What several replications of one scenario showed, as plain data: what is printed and written.

use super::column::Column;
use super::replicate::{Plan, Replicated, Replications};
use super::statistics::Estimate;
use super::verdicts::{self, Certainty, Judged};
use super::warnings::{Warning, warnings};
use crate::engine::digest::Digest;
use crate::observe::metric::Unit;
use crate::observe::result::{ScenarioId, Verdict};
use crate::scenario::Scenario;
use schemars::JsonSchema;
use serde::Serialize;

/// What several replications of one scenario showed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReplicationsResult {
    /// Version of this document's layout.
    pub schema: u32,
    /// What was run.
    pub scenario: ScenarioId,
    /// The scenario's title, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Wall clock at the start of each run, RFC 3339, if the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Length of each run, seconds.
    pub duration_s: f64,
    /// The seed.
    pub seed: u64,
    /// Fingerprint of all replications together.
    pub digest: String,
    /// Version of misroute.
    pub version: String,
    /// How often it was run.
    pub replications: u32,
    /// The precision that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// The warm-up that was left out of each run, seconds.
    pub warm_up_s: f64,
    /// Whether the runs settled; if not, they are too short.
    pub settled: bool,
    /// Successes in all replications together: what quantiles rest on.
    pub successes: u64,
    /// How the replications ended for users; those that occurred.
    pub verdicts: Vec<Share>,
    /// The headline figures and those asked for.
    pub figures: Vec<Figure>,
    /// The scenario's expectations, in order.
    pub expect: Vec<Judged>,
    /// Whether service was good, as the scenario defines it.
    pub objective: Vec<Judged>,
    /// What should be known before the figures are believed.
    #[schemars(with = "Vec<String>")]
    pub warnings: Vec<Warning>,
}

/// The precision that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Precision {
    /// The error as a share of each figure.
    pub relative: f64,
    /// Of which figures.
    pub figures: Vec<String>,
    /// Whether it was reached.
    pub reached: bool,
}

/// The share of replications that ended in one way.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Share {
    /// How.
    pub verdict: Verdict,
    /// How many.
    pub count: u32,
    /// The share, with Wilson's interval.
    pub share: Estimate,
}

/// A figure with its interval over the replications.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    /// The metric's name.
    pub name: String,
    /// What it is measured in: shares are fractions, times milliseconds.
    #[serde(serialize_with = "unit_name")]
    #[schemars(with = "String")]
    pub unit: Unit,
    /// Its mean over those that have a value; absent if none has.
    pub estimate: Option<Estimate>,
    /// Replications without a value.
    pub missing: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn unit_name<S: serde::Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match unit {
        Unit::Ratio => "fraction",
        Unit::Milliseconds => "ms",
        Unit::Count => "count",
        Unit::Rate => "1/s",
        Unit::Instant => "s",
        Unit::Minutes => "min",
        Unit::Number => "number",
        Unit::Text => "word",
    })
}

impl ReplicationsResult {
    /// What replications were worth together.
    pub fn of(
        scenario: &Scenario,
        columns: &[Column],
        plan: &Plan,
        replicated: &Replicated,
    ) -> Self {
        let figures = columns.iter().enumerate();
        let figures = figures.filter(|(_, column)| !column.name.starts_with("expect."));
        let figures = figures.map(|(index, column)| Figure {
            name: column.name.clone(),
            unit: column.unit,
            estimate: replicated.estimate(column, index),
            missing: replicated.values(index).filter(Option::is_none).count() as u32,
        });
        Self {
            schema: 1,
            scenario: ScenarioId { name: scenario.name.clone(), digest: scenario.digest.clone() },
            title: scenario.title.clone(),
            start: scenario.start.map(|start| start.to_string()),
            duration_s: scenario.setup.duration.as_secs_f64(),
            seed: plan.seed,
            digest: digest(replicated),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            replications: replicated.samples.len() as u32,
            precision: match &plan.replications {
                Replications::Exactly(_) => None,
                Replications::Until { relative, columns, .. } => Some(Precision {
                    relative: *relative,
                    figures: columns.clone(),
                    reached: replicated.precise,
                }),
            },
            warm_up_s: replicated.warm_up_s,
            settled: replicated.settled,
            successes: replicated.successes(),
            verdicts: shares(replicated),
            figures: figures.collect(),
            expect: verdicts::judge(scenario, columns, replicated),
            objective: verdicts::judge_objective(scenario, columns, replicated),
            warnings: warnings(columns, plan, replicated),
        }
    }

    /// Whether every expectation is met, with confidence; those that are not decided count as met if
    /// `undecided` may.
    pub fn holds(&self, undecided: bool) -> bool {
        self.expect.iter().all(|judged| match judged.status {
            Certainty::Pass => true,
            Certainty::Undecided => undecided,
            Certainty::Fail | Certainty::NoData => false,
        })
    }
}

fn shares(replicated: &Replicated) -> Vec<Share> {
    let all = [Verdict::Unharmed, Verdict::Recovered, Verdict::Degraded, Verdict::Metastable];
    let share = |verdict| {
        let count = replicated.samples.iter().filter(|sample| sample.verdict == verdict).count();
        let share = replicated.verdict(verdict).filter(|_| count > 0)?;
        Some(Share { verdict, count: count as u32, share })
    };
    all.into_iter().filter_map(share).collect()
}

/// The fingerprint of all replications together, in order.
pub fn digest(replicated: &Replicated) -> String {
    let mut digest = Digest::default();
    for sample in &replicated.samples {
        digest.text(&sample.digest);
    }
    digest.to_string()
}
