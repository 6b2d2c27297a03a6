//! What a comparison found, as plain data: what is printed, written and drawn.

use super::course::Course;
use super::threshold::ThresholdResult;
use crate::experiment::statistics::{Estimate, Paired};
use crate::experiment::warnings::Warning;
use crate::observe::metric::Unit;
use crate::observe::result::{ScenarioId, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a comparison found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "misroute comparison")]
pub struct Comparison {
    /// Version of this document's layout.
    pub schema: u32,
    /// Version of misroute.
    pub version: String,
    /// The command that gives the same again.
    pub command: String,
    /// The seed; both sides have the same.
    pub seed: u64,
    /// Simulated length of every run, seconds.
    pub duration_s: f64,
    /// How often each side was run.
    pub replications: u32,
    /// The warm-up that was left out on both sides, seconds.
    pub warm_up_s: f64,
    /// Whether both sides settled; if not, the runs are too short.
    pub settled: bool,
    /// Whether the wanted precision was reached on both sides.
    pub precise: bool,
    /// Quantiles that rest on too little on either side.
    #[serde(skip)]
    pub few: Vec<Warning>,
    /// What is compared.
    pub before: Side,
    /// With what.
    pub after: Side,
    /// What was changed.
    pub changes: Vec<Change>,
    /// Populations of either side whose requests depend on the answers that they get: closed loops,
    /// sessions, and users who give up. All others' requests are the same on both sides.
    pub reacting: Vec<String>,
    /// Whether surges or their ends wait for an alert, so that the two sides may have them at
    /// different times.
    pub surges_on_alerts: bool,
    /// Figures, in order.
    pub figures: Vec<Figure>,
    /// Figures that were tested: those that are not equal throughout. Holm's correction is for so many.
    pub tested: u32,
    /// What was asked for.
    pub thresholds: Vec<ThresholdResult>,
    /// Both sides over time.
    #[serde(skip)]
    pub courses: (Course, Course),
    /// What is done to either side, and when, seconds since the start.
    #[serde(skip)]
    pub marks: Vec<(f64, String)>,
}

/// One of the two sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Side {
    /// What was run.
    pub scenario: ScenarioId,
    /// Fingerprint of all replications together.
    pub digest: String,
    /// How they ended for users.
    pub verdicts: BTreeMap<Verdict, u32>,
    /// Successes in all replications together: what quantiles rest on.
    pub successes: u64,
}

/// One thing in which the scenarios differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Where, as `--set` takes it.
    pub path: String,
    /// The value before; null where it is absent.
    pub before: Option<String>,
    /// The value after; null where it is absent.
    pub after: Option<String>,
    /// Whether it decides which requests there are, so that differences are of demand as well.
    pub demand: bool,
}

/// A figure on both sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Figure {
    /// A metric's name, or `expect.NAME`.
    pub name: String,
    /// What it is measured in.
    #[serde(skip)]
    pub unit: Unit,
    /// Before; absent where no replication has a value.
    pub before: Option<Estimate>,
    /// After.
    pub after: Option<Estimate>,
    /// Replications with a value on both sides: what the difference rests on.
    pub pairs: u32,
    /// Replications with a value on one side only, which are left out of the difference.
    pub unpaired: u32,
    /// After minus before, replication by replication; absent without pairs.
    pub difference: Option<Paired>,
    /// The difference as a share of what was before, with Fieller's interval; absent where what was
    /// before is zero within its uncertainty.
    pub relative: Option<Estimate>,
    /// How many times narrower pairing makes the interval; absent where the pairs do not vary.
    pub gain: Option<f64>,
    /// Probability of a difference at least as large if there were none (Student's, two-sided).
    pub p: Option<f64>,
    /// What the difference is.
    pub meaning: Meaning,
    /// Whether it is real still, if all figures are tested at once (Holm's correction).
    pub remains: bool,
    /// What it means to users.
    pub direction: Direction,
}

/// What a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The interval leaves zero out.
    Real,
    /// The interval contains zero.
    Noise,
    /// There is none in any replication.
    Equal,
    /// Fewer than two pairs: nothing can be said.
    Unknown,
}

/// Where a difference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Users are better off.
    Better,
    /// Users are worse off.
    Worse,
    /// More, of what is neither good nor bad.
    Higher,
    /// Less, of what is neither good nor bad.
    Lower,
    /// Nowhere.
    None,
}

impl Comparison {
    /// Whether nothing was changed that a run depends on.
    pub fn is_of_the_same(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether every figure is equal in every replication.
    pub fn is_equal(&self) -> bool {
        self.tested == 0 && self.before.digest == self.after.digest
    }

    /// The figure of this name.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }
}
