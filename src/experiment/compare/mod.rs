//! Two scenarios on the same demand: what differs, and whether it differs for a reason.
//!
//! Both sides run on common random numbers, so what they share cancels in the difference of each pair
//! of replications (Law, Simulation Modeling and Analysis, section 11.2).

pub mod align;
pub mod course;
pub mod result;
pub mod threshold;

mod difference;

pub use result::{Change, Comparison, Direction, Figure, Meaning, Side};
pub use threshold::{Threshold, ThresholdResult, ThresholdStatus};

use super::column::{Column, position};
use super::replicate::{Keeper, Plan, Replicated, Replications, replicate};
use super::sample::Sample;
use super::warm_up::{WarmUp, is_stationary};
use super::warnings::{self, Warning};
use crate::engine::digest::Digest;
use crate::engine::time::Span;
use crate::model::setup::Trigger;
use crate::observe::result::{RunResult, ScenarioId, Verdict};
use crate::scenario::Scenario;
use crate::scenario::difference::differences;
use course::{Course, KEPT, Trail};
use difference::{Values, correct, figure};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Version of the layout of a comparison.
const SCHEMA: u32 = 1;

/// A scenario and what is read of its runs.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// What is run.
    pub scenario: &'a Scenario,
    /// What is read of each run.
    pub columns: &'a [Column],
}

/// Compares two scenarios that are equally long. `progress` is told which side (0 or 1) and which
/// replication of it is done to which share. The same on any number of threads.
///
/// # Panics
/// If they are not equally long.
pub fn compare(
    before: Compared<'_>,
    after: Compared<'_>,
    plan: &Plan,
    thresholds: &[Threshold],
    command: String,
    progress: impl Fn(usize, u32, f64) + Sync,
) -> Comparison {
    let durations = [before, after].map(|side| side.scenario.setup.duration);
    assert_eq!(durations[0], durations[1], "demand is the same for equal times only");
    let mut aligned = after.scenario.clone();
    align::align(&before.scenario.setup, &mut aligned.setup);
    let sides = [before, Compared { scenario: &aligned, ..after }];
    let runs = both(sides, plan, progress);
    let [(first, first_course), (second, second_course)] = &runs;
    let mut figures = figures(sides, [first, second]);
    let tested = correct(&mut figures);
    let thresholds = judge(thresholds, sides, [first, second], &figures);
    let changes =
        differences(before.scenario, after.scenario).into_iter().map(|difference| Change {
            path: difference.path,
            before: difference.before,
            after: difference.after,
            demand: difference.is_demand,
        });
    let mut reacting = align::reacting(before.scenario);
    for name in align::reacting(after.scenario) {
        if !reacting.contains(&name) {
            reacting.push(name);
        }
    }
    Comparison {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command,
        seed: plan.seed,
        duration_s: durations[0].as_secs_f64(),
        replications: first.samples.len() as u32,
        warm_up_s: first.warm_up_s,
        settled: first.settled && second.settled,
        precise: first.precise && second.precise,
        few: few(before.columns, [first, second]),
        before: side(before.scenario, first),
        after: side(after.scenario, second),
        changes: changes.collect(),
        reacting,
        surges_on_alerts: sides.iter().any(|side| align::surges_on_alerts(side.scenario)),
        figures,
        tested,
        thresholds,
        courses: (first_course.clone(), second_course.clone()),
        marks: marks(before.scenario, after.scenario),
    }
}

/// Quantiles that rest on too little on either side.
fn few(columns: &[Column], runs: [&Replicated; 2]) -> Vec<Warning> {
    let successes = runs.map(Replicated::successes).into_iter().min().unwrap_or(0);
    let replications = runs[0].samples.len() as u32;
    let quantiles = columns.iter().filter_map(Column::quantile);
    quantiles.filter_map(|quantile| warnings::few(quantile, successes, replications)).collect()
}

/// Entries of the timeline that have a time; those of one side only say of which.
fn marks(before: &Scenario, after: &Scenario) -> Vec<(f64, String)> {
    let entries = |scenario: &Scenario| -> Vec<(f64, String)> {
        let entries = scenario.setup.timeline.iter().filter_map(|entry| match entry.trigger {
            Trigger::At(at) => Some((at.as_secs_f64(), entry.name.clone())),
            Trigger::AfterAlert(..) => None,
        });
        entries.collect()
    };
    let (first, second) = (entries(before), entries(after));
    let (both, gone): (Vec<_>, Vec<_>) = first.iter().cloned().partition(|m| second.contains(m));
    let new = second.into_iter().filter(|mark| !first.contains(mark));
    let told =
        |side: &'static str| move |(at, name): (f64, String)| (at, format!("{name} ({side})"));
    let mut marks = both;
    marks.extend(gone.into_iter().map(told("before")));
    marks.extend(new.map(told("after")));
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    marks
}

/// Who looks on at one side.
struct Witness<'a, P> {
    side: usize,
    known: &'a [Sample],
    trails: Mutex<BTreeMap<u32, Trail>>,
    progress: &'a P,
}

impl<P: Fn(usize, u32, f64) + Sync> Keeper for Witness<'_, P> {
    fn recall(&self, replication: u32) -> Option<Sample> {
        self.known.get(replication as usize).cloned()
    }

    fn see(&self, replication: u32, result: &RunResult) {
        if replication < KEPT {
            let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
            trails.insert(replication, Trail::of(result));
        }
    }

    fn goes_on(&self, replication: u32, share: f64) -> bool {
        (self.progress)(self.side, replication, share);
        true
    }
}

/// Both sides, equally often, observed over the same part of the run.
fn both(
    sides: [Compared<'_>; 2],
    plan: &Plan,
    progress: impl Fn(usize, u32, f64) + Sync,
) -> [(Replicated, Course); 2] {
    let mut plan = plan.clone();
    let [first, second] = sides.map(|side| is_stationary(&side.scenario.setup));
    if plan.warm_up == WarmUp::Auto && first != second {
        // What one side does over time must be seen on both.
        plan.warm_up = WarmUp::Fixed(Span::ZERO);
    }
    let trails = || Mutex::new(BTreeMap::new());
    let witness = |side| Witness { side, known: &[], trails: trails(), progress: &progress };
    let witnesses = [witness(0), witness(1)];
    let run = |side: usize, plan: &Plan, witness: &Witness<'_, _>| {
        let Compared { scenario, columns } = sides[side];
        replicate(scenario, columns, plan, witness).expect("nobody ends it")
    };
    let (first, second) =
        rayon::join(|| run(0, &plan, &witnesses[0]), || run(1, &plan, &witnesses[1]));
    let most = first.samples.len().max(second.samples.len());
    let [first_seen, second_seen] = witnesses.map(|witness| witness.trails);
    let level = |side: usize, replicated: Replicated, trails| {
        if replicated.samples.len() == most {
            return (replicated, trails);
        }
        // Precision was reached earlier on this side: pairs need as many.
        let exactly = Plan { replications: Replications::Exactly(most as u32), ..plan.clone() };
        let known = &replicated.samples;
        let witness = Witness { side, known, trails, progress: &progress };
        let levelled = run(side, &exactly, &witness);
        (Replicated { precise: replicated.precise, ..levelled }, witness.trails)
    };
    let mut both = [level(0, first, first_seen), level(1, second, second_seen)];
    let [(first, _), (second, _)] = &both;
    let later = if first.view >= second.view { first } else { second };
    let (view, warm_up_s) = (later.view, later.warm_up_s);
    for (replicated, _) in &mut both {
        (replicated.view, replicated.warm_up_s) = (view, warm_up_s);
    }
    both.map(|(replicated, trails)| {
        let trails = trails.into_inner().unwrap_or_else(PoisonError::into_inner);
        let trails: Vec<Trail> = trails.into_values().collect();
        (replicated, Course::of(&trails))
    })
}

fn figures(sides: [Compared<'_>; 2], runs: [&Replicated; 2]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for column in sides[1].columns.iter().chain(sides[0].columns) {
        if figures.iter().any(|figure| figure.name == column.name) {
            continue;
        }
        let of = |side: usize| {
            let index = position(sides[side].columns, &column.name)?;
            runs[side].estimate(&sides[side].columns[index], index)
        };
        let values = values(&column.name, sides, runs);
        figures.push(figure(&column.name, column.unit, &values, [of(0), of(1)]));
    }
    figures
}

/// The values of a figure on both sides; absent on a side that has no such figure.
fn values(name: &str, sides: [Compared<'_>; 2], runs: [&Replicated; 2]) -> Values {
    let of = |side: usize| -> Vec<Option<f64>> {
        match position(sides[side].columns, name) {
            Some(index) => runs[side].values(index).collect(),
            None => vec![None; runs[side].samples.len()],
        }
    };
    Values { before: of(0), after: of(1) }
}

fn judge(
    thresholds: &[Threshold],
    sides: [Compared<'_>; 2],
    runs: [&Replicated; 2],
    figures: &[Figure],
) -> Vec<ThresholdResult> {
    let judged = thresholds.iter().filter_map(|threshold| {
        let figure = figures.iter().find(|figure| figure.name == threshold.metric)?;
        let values = values(&threshold.metric, sides, runs);
        Some(threshold.judge(&values, figure))
    });
    judged.collect()
}

fn side(scenario: &Scenario, replicated: &Replicated) -> Side {
    let mut digest = Digest::default();
    let mut verdicts: BTreeMap<Verdict, u32> = BTreeMap::new();
    for sample in &replicated.samples {
        digest.text(&sample.digest);
        *verdicts.entry(sample.verdict).or_default() += 1;
    }
    Side {
        scenario: ScenarioId { name: scenario.name.clone(), digest: scenario.digest.clone() },
        digest: digest.to_string(),
        verdicts,
        successes: replicated.successes(),
    }
}
