//! A scenario, run again and again on independent randomness, until its figures are worth something.

use super::column::{Column, position};
use super::sample::{Observed, Sample, View};
use super::statistics::{Estimate, LEVEL};
use super::warm_up::{self, WarmUp};
use crate::engine::random::Seed;
use crate::observe::result::{RunResult, Verdict};
use crate::scenario::Scenario;
use crate::scenario::units::show_ratio;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The fewest replications after which precision is judged (Law, section 9.4.1: a rule that looks
/// earlier stops too early too often).
pub const LEAST: u32 = 10;

/// How often a scenario is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replications {
    /// So often.
    Exactly(u32),
    /// Until every one of these figures is known to within a share of itself; looked at after
    /// [`LEAST`] replications and whenever they have doubled, at most `most`.
    Until {
        /// Half the width of the interval over the mean.
        relative: f64,
        /// Names of columns. One that is zero everywhere is known; one that some runs lack is not, and
        /// if all runs lack all of them there is nothing to wait for.
        columns: Vec<String>,
        /// The most replications.
        most: u32,
    },
}

impl fmt::Display for Replications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(1) => f.write_str("1 replication"),
            Self::Exactly(n) => write!(f, "{n} replications"),
            Self::Until { relative, columns, most } => {
                let (share, names) = (show_ratio(*relative), columns.join(" and "));
                write!(f, "{share} of {names} in at most {most} replications")
            }
        }
    }
}

/// How a scenario is replicated.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The number the user gives.
    pub seed: u64,
    /// How often.
    pub replications: Replications,
    /// Which part of each run is observed.
    pub warm_up: WarmUp,
}

impl Plan {
    /// A fixed number of replications, with the warm-up found out.
    pub fn exactly(seed: u64, replications: u32) -> Self {
        Self { seed, replications: Replications::Exactly(replications), warm_up: WarmUp::Auto }
    }
}

/// Who looks on: remembers what was run before, keeps what is run now, and may end it.
pub trait Keeper: Sync {
    /// A replication that need not be run again.
    fn recall(&self, _replication: u32) -> Option<Sample> {
        None
    }

    /// A replication is done.
    fn keep(&self, _sample: &Sample) {}

    /// A replication is done, and this is the whole of it, which is let go afterwards.
    fn see(&self, _replication: u32, _result: &RunResult) {}

    /// A replication is done to this share; `false` ends everything.
    fn goes_on(&self, _replication: u32, _share: f64) -> bool {
        true
    }
}

/// Keeps nothing and never ends anything.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Keeper for Nobody {}

/// A scenario's replications.
#[derive(Clone, Debug)]
pub struct Replicated {
    /// In the order of their numbers.
    pub samples: Vec<Sample>,
    /// Where observation begins: which of each sample's views counts.
    pub view: usize,
    /// The warm-up that is left out, seconds.
    pub warm_up_s: f64,
    /// Whether the runs settled; if not, they are too short.
    pub settled: bool,
    /// Whether the wanted precision was reached.
    pub precise: bool,
}

/// Replicates a scenario; `None` if the keeper ended it. The same on any number of threads.
pub fn replicate(
    scenario: &Scenario,
    columns: &[Column],
    plan: &Plan,
    keeper: &impl Keeper,
) -> Option<Replicated> {
    let observed = Observed::new(scenario, columns, plan.warm_up);
    let mut samples = Vec::new();
    let (mut wanted, most) = match &plan.replications {
        Replications::Exactly(n) => (*n, *n),
        Replications::Until { most, .. } => (LEAST.min(*most), *most),
    };
    loop {
        let from = samples.len() as u32;
        let more: Option<Vec<Sample>> = (from..wanted)
            .into_par_iter()
            .map(|replication| one(&observed, plan.seed, replication, keeper))
            .collect();
        samples.extend(more?);
        let replicated = Replicated::of(scenario, columns, plan, samples);
        if replicated.precise || wanted >= most || replicated.shows_nothing(columns, plan) {
            return Some(replicated);
        }
        samples = replicated.samples;
        wanted = wanted.saturating_mul(2).min(most);
    }
}

fn one(
    observed: &Observed<'_>,
    seed: u64,
    replication: u32,
    keeper: &impl Keeper,
) -> Option<Sample> {
    if let Some(known) = keeper.recall(replication) {
        return Some(known);
    }
    let seed = Seed::new(seed).replication(replication);
    let goes_on = |share| keeper.goes_on(replication, share);
    let see = |result: &RunResult| keeper.see(replication, result);
    let sample = observed.sample(seed, goes_on, see)?;
    keeper.keep(&sample);
    Some(sample)
}

impl Replicated {
    /// What replications, in the order of their numbers, are worth together.
    pub fn of(scenario: &Scenario, columns: &[Column], plan: &Plan, samples: Vec<Sample>) -> Self {
        let starts = warm_up::starts(&scenario.setup, plan.warm_up);
        let (view, settled) = warm_up::end(&mean_slices(&samples), starts.len());
        let warm_up_s = starts[view].as_secs_f64();
        let mut replicated = Self { samples, view, warm_up_s, settled, precise: true };
        if let Replications::Until { relative, columns: names, .. } = &plan.replications {
            // A figure that some runs do not have is not known, however alike it is in the others.
            let runs = replicated.samples.len() as u32;
            let is_known = |estimate: Estimate| estimate.n == runs && estimate.is_within(*relative);
            replicated.precise =
                names.iter().all(|name| replicated.named(columns, name).is_some_and(is_known));
        }
        replicated
    }

    /// Whether there is nothing that more replications could make precise.
    fn shows_nothing(&self, columns: &[Column], plan: &Plan) -> bool {
        match &plan.replications {
            Replications::Exactly(_) => false,
            Replications::Until { columns: names, .. } => {
                names.iter().all(|name| self.named(columns, name).is_none())
            }
        }
    }

    /// A figure with its interval, by the name of its column.
    pub fn named(&self, columns: &[Column], name: &str) -> Option<Estimate> {
        let index = position(columns, name)?;
        self.estimate(&columns[index], index)
    }

    /// The views that count, one per replication, in order.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.samples.iter().map(|sample| &sample.views[self.view])
    }

    /// The values of a column, one per replication, in order.
    pub fn values(&self, column: usize) -> impl Iterator<Item = Option<f64>> {
        self.views().map(move |view| view.values[column])
    }

    /// A column's figure with its interval; `None` if no replication has a value.
    pub fn estimate(&self, column: &Column, index: usize) -> Option<Estimate> {
        let values: Vec<f64> = self.values(index).flatten().collect();
        if column.is_yes_or_no() {
            let yes = values.iter().filter(|value| **value > 0.5).count() as u32;
            return Estimate::share(yes, values.len() as u32, LEVEL);
        }
        let estimate = Estimate::of(&values, LEVEL)?.within_possible(column.possible);
        let trials = self.views().map(|view| column.trials(view)).sum();
        Some(estimate.not_surer_than(trials, LEVEL))
    }

    /// Successes in all replications together.
    pub fn successes(&self) -> u64 {
        self.views().map(|view| view.successes).sum()
    }

    /// The share of replications that ended so, with its interval.
    pub fn verdict(&self, verdict: Verdict) -> Option<Estimate> {
        let count = self.samples.iter().filter(|sample| sample.verdict == verdict).count();
        Estimate::share(count as u32, self.samples.len() as u32, LEVEL)
    }
}

/// The mean latency of each slice over all replications that have one.
fn mean_slices(samples: &[Sample]) -> Vec<Option<f64>> {
    let slices = samples.first().map_or(0, |sample| sample.slices.len());
    let mean = |slice: usize| {
        let values: Vec<f64> = samples.iter().filter_map(|sample| sample.slices[slice]).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    (0..slices).map(mean).collect()
}
