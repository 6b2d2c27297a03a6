//! What rests on what: every expectation, over the range of every assumption, one at a time.

use super::judge::Judgement;
use super::run::run;
use crate::scenario::{Diagnostics, Override, Scenario};
use rayon::prelude::*;

/// An assumption, moved over its range.
#[derive(Clone, Debug)]
pub struct Sensitivity {
    /// The value that is assumed.
    pub path: String,
    /// The value in the file.
    pub value: String,
    /// Why it was chosen.
    pub reason: String,
    /// Each value tried, with the scenario's expectations judged.
    pub points: Vec<(String, Vec<Judgement>)>,
}

impl Sensitivity {
    /// Expectations that fail somewhere in the range.
    pub fn fails(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for judgement in self.points.iter().flat_map(|(_, judgements)| judgements) {
            if !judgement.holds() && !names.contains(&judgement.name.as_str()) {
                names.push(judgement.name.as_str());
            }
        }
        names
    }
}

/// Runs a scenario at each value of each assumption, in parallel; the answers are in order.
///
/// # Errors
/// If a value makes no valid scenario.
pub fn explore(scenario: &Scenario, seed: u64) -> Result<Vec<Sensitivity>, Diagnostics> {
    let mut tasks = Vec::new();
    for assumption in &scenario.assumptions {
        for value in &assumption.values {
            let change = Override::Set { path: assumption.path.clone(), value: value.clone() };
            tasks.push(scenario.with(&[change])?);
        }
    }
    let judged: Vec<Vec<Judgement>> =
        tasks.par_iter().map(|task| run(task, seed, |_| {}).judgements).collect();
    let mut judged = judged.into_iter();
    Ok(scenario
        .assumptions
        .iter()
        .map(|assumption| Sensitivity {
            path: assumption.path.clone(),
            value: assumption.value.clone(),
            reason: assumption.reason.clone(),
            points: assumption.values.iter().cloned().zip(judged.by_ref()).collect(),
        })
        .collect())
}
