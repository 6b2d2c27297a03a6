//! What one replication leaves behind: small enough to keep thousands, plain enough for a file.

use super::column::Column;
use super::warm_up::{self, SLICES, WarmUp};
use crate::engine::histogram::Histogram;
use crate::engine::random::Seed;
use crate::engine::time::Time;
use crate::model::run::simulate_while;
use crate::model::setup::Setup;
use crate::observe::recorder::Recorder;
use crate::observe::result::{Figures, RunResult, ScenarioId, Verdict};
use crate::scenario::Scenario;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Pieces in which a run asks whether to go on.
const PIECES: u64 = 100;

/// What one replication leaves behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which replication, from 0.
    pub replication: u32,
    /// Fingerprint of the run.
    pub digest: String,
    /// How it ended for users.
    pub verdict: Verdict,
    /// The figures from each place at which observation may begin, in order.
    pub views: Vec<View>,
    /// Mean latency of each slice of the run, milliseconds; none unless a warm-up is looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Option<f64>>,
}

/// The figures of a part of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Requests born.
    pub requests: u64,
    /// Different people who sent them.
    pub users: u64,
    /// Successes: what its quantiles rest on.
    pub successes: u64,
    /// One value per column; absent where nothing was observed.
    pub values: Vec<Option<f64>>,
}

/// A scenario as its replications are run: observed from each place where a warm-up may end.
#[derive(Clone, Debug)]
pub(super) struct Observed<'a> {
    scenario: &'a Scenario,
    columns: &'a [Column],
    setup: Arc<Setup>,
    starts: Vec<Time>,
}

impl<'a> Observed<'a> {
    pub(super) fn new(scenario: &'a Scenario, columns: &'a [Column], warm_up: WarmUp) -> Self {
        let mut setup = scenario.setup.clone();
        let starts = warm_up::starts(&setup, warm_up);
        let end = setup.duration.after_start();
        let later = starts.iter().filter(|&&start| start > Time::ZERO);
        setup.observation.intervals.extend(later.map(|&start| (start, end)));
        Self { scenario, columns, setup: Arc::new(setup), starts }
    }

    /// Runs one replication; `None` if it was told to stop. `goes_on` is asked now and then, with the
    /// share of the run that is done; `see` is shown the whole of it before it is let go.
    pub(super) fn sample(
        &self,
        seed: Seed,
        goes_on: impl FnMut(f64) -> bool,
        see: impl FnOnce(&RunResult),
    ) -> Option<Sample> {
        let mut recorder = Recorder::new(&self.setup);
        if self.starts.len() > 1 {
            recorder = recorder.with_slices(SLICES);
        }
        let world = simulate_while(&self.setup, seed, &mut recorder, PIECES, goes_on)?;
        let Scenario { name, digest, .. } = self.scenario;
        let id = ScenarioId { name: name.clone(), digest: digest.clone() };
        let result = recorder.into_result(&world, seed, id, None);
        see(&result);
        let mean = |slice: &Histogram| slice.mean_ns().map(|ns| ns / 1e6);
        Some(Sample {
            replication: seed.replication,
            digest: result.digest.clone(),
            verdict: result.recovery.verdict,
            views: self.views(&result),
            slices: result.slices.iter().map(mean).collect(),
        })
    }

    fn views(&self, result: &RunResult) -> Vec<View> {
        // Those of the scenario's own questions come first.
        let first = self.scenario.setup.observation.intervals.len();
        let mut later = result.intervals[first..].iter();
        let view = |start: &Time| {
            let figures = if *start > Time::ZERO { later.next() } else { Some(&result.figures) };
            self.view(result, figures.expect("every later start has its interval"))
        };
        self.starts.iter().map(view).collect()
    }

    fn view(&self, result: &RunResult, figures: &Figures) -> View {
        let value = |column: &Column| column.read(self.scenario, result, figures);
        View {
            requests: figures.totals.requests,
            users: figures.users.active,
            successes: figures.latency_ms.count,
            values: self.columns.iter().map(value).collect(),
        }
    }
}
