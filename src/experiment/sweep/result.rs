//! What a sweep found, as plain data: what is drawn, written and printed.

use crate::experiment::statistics::Estimate;
use crate::observe::metric::Unit;
use crate::observe::result::{ScenarioId, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a sweep found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SweepResult {
    /// Version of this document's layout.
    pub schema: u32,
    /// What was run.
    pub scenario: ScenarioId,
    /// The seed.
    pub seed: u64,
    /// Version of misroute.
    pub version: String,
    /// What was varied, in the order given.
    pub axes: Vec<AxisResult>,
    /// The figures that every point has, in order.
    pub columns: Vec<ColumnResult>,
    /// One per combination of values, in the order of the design.
    pub points: Vec<PointResult>,
}

/// What was varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AxisResult {
    /// The path, as `--set` takes it.
    pub path: String,
    /// The values, as `--set` takes them, in order.
    pub values: Vec<String>,
    /// The same as numbers in one unit, if all of them are quantities: `load`'s 50% is 0.5, times are
    /// milliseconds, rates per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<f64>>,
    /// Whether equal distances are equal factors.
    pub logarithmic: bool,
}

/// A figure that every point has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnResult {
    /// A metric's name, or `expect.NAME`.
    pub name: String,
    /// What it is measured in.
    pub unit: Unit,
}

/// One combination of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PointResult {
    /// Its number in the design, from 0.
    pub index: u32,
    /// One value per axis, as `--set` takes it.
    pub values: Vec<String>,
    /// How often it was run.
    pub replications: u32,
    /// The warm-up that was left out, seconds.
    pub warm_up_s: f64,
    /// Whether the runs settled; if not, they are too short.
    pub settled: bool,
    /// Whether the wanted precision was reached.
    pub precise: bool,
    /// Successes in all replications together: what quantiles rest on.
    pub successes: u64,
    /// How the replications ended for users.
    pub verdicts: BTreeMap<Verdict, u32>,
    /// One figure per column; absent where no replication has a value.
    pub figures: Vec<Option<Estimate>>,
    /// Fingerprint of all replications together.
    pub digest: String,
}
