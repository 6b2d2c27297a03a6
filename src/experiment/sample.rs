//! What one replication leaves behind: small enough to keep thousands, plain enough for a file.

use super::column::Column;
use super::warm_up::{self, SLICES, WarmUp};
use crate::engine::random::Seed;
use crate::engine::time::Time;
use crate::model::world::World;
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
    /// Successes: what its quantiles rest on.
    pub successes: u64,
    /// One value per column; absent where nothing was observed.
    pub values: Vec<Option<f64>>,
}

/// Runs one replication; `None` if it was told to stop. `goes_on` is asked now and then, with the
/// share of the run that is done; `see` is shown the whole of it before it is let go.
pub fn sample(
    scenario: &Scenario,
    columns: &[Column],
    warm_up: WarmUp,
    seed: Seed,
    mut goes_on: impl FnMut(f64) -> bool,
    see: impl FnOnce(&RunResult),
) -> Option<Sample> {
    let mut setup = scenario.setup.clone();
    let starts = warm_up::starts(&setup, warm_up);
    let first = setup.observation.intervals.len();
    let end = setup.duration.after_start();
    let whole = |start: Time| start == Time::ZERO;
    setup
        .observation
        .intervals
        .extend(starts.iter().filter(|&&start| !whole(start)).map(|&start| (start, end)));
    let setup = Arc::new(setup);
    let mut recorder = Recorder::new(&setup);
    if starts.len() > 1 {
        recorder = recorder.with_slices(SLICES);
    }
    let mut world = World::new(Arc::clone(&setup), seed);
    for piece in 1..=PIECES {
        let until = u128::from(end.as_ns()) * u128::from(piece) / u128::from(PIECES);
        world.step_until(Time::from_ns(until as u64), &mut recorder);
        if !goes_on(piece as f64 / PIECES as f64) {
            return None;
        }
    }
    world.finish(&mut recorder);
    world.assert_bookkeeping();
    let id = ScenarioId { name: scenario.name.clone(), digest: scenario.digest.clone() };
    let result = recorder.into_result(&world, seed, id, None);
    see(&result);
    let mut later = result.intervals[first..].iter();
    let view = |start: &Time| {
        let figures = if whole(*start) { Some(&result.figures) } else { later.next() };
        view(scenario, columns, &result, figures.expect("every later start has its interval"))
    };
    let views = starts.iter().map(view).collect();
    let mean = |slice: &crate::engine::histogram::Histogram| slice.mean_ns().map(|ns| ns / 1e6);
    Some(Sample {
        replication: seed.replication,
        digest: result.digest.clone(),
        verdict: result.recovery.verdict,
        views,
        slices: result.slices.iter().map(mean).collect(),
    })
}

fn view(scenario: &Scenario, columns: &[Column], result: &RunResult, figures: &Figures) -> View {
    View {
        successes: figures.latency_ms.count,
        values: columns.iter().map(|column| column.read(scenario, result, figures)).collect(),
    }
}
