//! A scenario, run once.

use super::judge::{Judgement, judge, judge_objective};
use super::steady::{self, Steady};
use crate::engine::random::Seed;
use crate::model::run::simulate_with_progress;
use crate::observe::recorder::Recorder;
use crate::observe::result::{RunResult, ScenarioId};
use crate::scenario::Scenario;
use std::sync::Arc;

/// Pieces in which a run reports its progress.
const PIECES: u64 = 200;

/// What a run showed, and how it compares with what the scenario expects.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it showed.
    pub result: RunResult,
    /// The scenario's expectations, in order.
    pub judgements: Vec<Judgement>,
    /// Whether service was good, as the scenario defines it.
    pub objective: Vec<Judgement>,
    /// Its steady state, if nothing in the scenario changes with time but by chance.
    pub steady: Option<Steady>,
}

impl Run {
    /// Whether every expectation held.
    pub fn holds(&self) -> bool {
        self.judgements.iter().all(Judgement::holds)
    }
}

/// Runs a scenario. `progress` is told how much of it is done, from 0 to 1.
pub fn run(scenario: &Scenario, seed: u64, progress: impl FnMut(f64)) -> Run {
    let setup = Arc::new(scenario.setup.clone());
    let seed = Seed::new(seed);
    let mut recorder = Recorder::new(&setup);
    if let Some(slices) = steady::slices(&setup) {
        recorder = recorder.with_slices(slices);
    }
    let world = simulate_with_progress(&setup, seed, &mut recorder, PIECES, progress);
    let id = ScenarioId { name: scenario.name.clone(), digest: scenario.digest.clone() };
    let start = scenario.start.map(|start| start.to_string());
    let result = recorder.into_result(&world, seed, id, start);
    let judgements = judge(scenario, &result);
    let objective = judge_objective(scenario, &result);
    let steady = Steady::of(&setup, &result.slices);
    Run { result, judgements, objective, steady }
}
