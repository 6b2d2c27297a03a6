//! Experiments, and how often their intervals contain the truth.

use super::models::{self, FASTER, HALF, HALF_LONG, HIGH, HIGH_LONG, MANY, Model};
use misroute::experiment::column::{Column, columns, position};
use misroute::experiment::compare::{Compared, compare};
use misroute::experiment::replicate::{Nobody, Plan, replicate};
use misroute::experiment::run::run;
use misroute::experiment::statistics::{Estimate, Paired};
use misroute::scenario::Scenario;
use rayon::prelude::*;

/// Experiments of the full study.
pub(crate) const EXPERIMENTS: u64 = 400;
/// Replications of each.
const REPLICATIONS: u32 = 10;
/// Pairs from which the gain of pairing is read.
pub(super) const PAIRS: u32 = 100;
/// The figures looked at.
const FIGURES: [&str; 2] = ["latency.mean", "latency.p99"];

/// How often intervals of one figure contained the truth.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) figure: &'static str,
    pub(super) truth_ms: f64,
    pub(super) experiments: u32,
    /// Experiments that have an interval.
    pub(super) intervals: u32,
    /// Of these, those that contain the truth.
    pub(super) contained: u32,
    /// Mean of the estimates.
    pub(super) mean_ms: f64,
    /// Mean of half the width, over the truth.
    pub(super) half_width: f64,
}

impl Row {
    fn of(
        model: &str,
        figure: &'static str,
        truth_ms: f64,
        estimates: &[Option<Estimate>],
    ) -> Self {
        let known: Vec<&Estimate> = estimates.iter().flatten().collect();
        let (mut contained, mut mean, mut half) = (0, 0.0, 0.0);
        for estimate in &known {
            let interval = estimate.low.zip(estimate.high).expect("several values have one");
            contained += u32::from((interval.0..=interval.1).contains(&truth_ms));
            mean += estimate.mean;
            half += (interval.1 - interval.0) / 2.0;
        }
        let n = known.len() as f64;
        Self {
            model: model.to_owned(),
            figure,
            truth_ms,
            experiments: estimates.len() as u32,
            intervals: known.len() as u32,
            contained,
            mean_ms: mean / n,
            half_width: half / n / truth_ms.abs(),
        }
    }

    pub(super) fn share(&self) -> f64 {
        f64::from(self.contained) / f64::from(self.intervals)
    }
}

/// Everything that the page tells.
#[derive(Clone, Debug)]
pub(super) struct Study {
    pub(super) replicated: Vec<Row>,
    pub(super) paired: Vec<Row>,
    pub(super) batched: Vec<Row>,
}

impl Study {
    pub(super) fn run(experiments: u64) -> Self {
        let (half, paired) = paired(&HALF, &FASTER, experiments);
        let others = [HIGH, MANY].map(|model| replicated(&model, experiments));
        // Runs of half a million requests, hence fewer.
        let batches =
            [batched(&HALF_LONG, experiments), batched(&HIGH_LONG, experiments.div_ceil(5))];
        Self {
            replicated: half.into_iter().chain(others.into_iter().flatten()).collect(),
            paired,
            batched: batches.into_iter().flatten().collect(),
        }
    }
}

/// One experiment per seed: what `of` gives of each, in order.
fn each<T: Send>(experiments: u64, of: impl Fn(u64) -> T + Send + Sync) -> Vec<T> {
    (1..=experiments).into_par_iter().map(of).collect()
}

fn headlines(scenario: &Scenario) -> Vec<Column> {
    columns(scenario, &[]).expect("headlines are metrics")
}

/// Ten replications of a model, again and again.
pub(super) fn replicated(model: &Model, experiments: u64) -> Vec<Row> {
    let scenario = model.scenario();
    let columns = headlines(&scenario);
    let estimates = each(experiments, |seed| {
        let plan = Plan::exactly(seed, REPLICATIONS);
        let replicated = replicate(&scenario, &columns, &plan, &Nobody).expect("nobody ends it");
        FIGURES.map(|figure| {
            let index = position(&columns, figure).expect("it is a headline");
            replicated.estimate(&columns[index], index)
        })
    });
    rows(model.name, [model.mean_ms, model.p99_ms], &estimates)
}

/// What `compare` says of figures of two scenarios: those before, and the differences.
fn differences(
    before: &Scenario,
    after: &Scenario,
    plan: &Plan,
) -> [(Option<Estimate>, Paired); 2] {
    let columns = headlines(before);
    let side = |scenario| Compared { scenario, columns: &columns };
    let compared = compare(side(before), side(after), plan, &[], String::new(), |_, _, _| {});
    FIGURES.map(|name| {
        let figure = compared.figures.iter().find(|figure| figure.name == name);
        let figure = figure.expect("it is a headline");
        (figure.before, figure.difference.expect("all replications have successes"))
    })
}

/// Two models on common random numbers, again and again: the first by itself, and the difference.
fn paired(before: &Model, after: &Model, experiments: u64) -> (Vec<Row>, Vec<Row>) {
    let [one, other] = [before.scenario(), after.scenario()];
    let compared =
        each(experiments, |seed| differences(&one, &other, &Plan::exactly(seed, REPLICATIONS)));
    let first: Vec<_> = compared.iter().map(|figures| figures.map(|(first, _)| first)).collect();
    let apart: Vec<_> =
        compared.iter().map(|figures| figures.map(|(_, paired)| Some(paired.difference))).collect();
    let truth = [after.mean_ms - before.mean_ms, after.p99_ms - before.p99_ms];
    (
        rows(before.name, [before.mean_ms, before.p99_ms], &first),
        rows(&format!("{} less {}", after.name, before.name), truth, &apart),
    )
}

/// One long run in batches, again and again.
fn batched(model: &Model, experiments: u64) -> Vec<Row> {
    let scenario = model.scenario();
    let estimates = each(experiments, |seed| {
        let steady = run(&scenario, seed, |_| {}).steady.expect("nothing changes with time");
        [steady.mean, steady.p99]
    });
    rows(model.name, [model.mean_ms, model.p99_ms], &estimates)
}

fn rows(model: &str, truth: [f64; 2], estimates: &[[Option<Estimate>; 2]]) -> Vec<Row> {
    let row = |index: usize| {
        let of_figure: Vec<_> = estimates.iter().map(|figures| figures[index]).collect();
        Row::of(model, FIGURES[index], truth[index], &of_figure)
    };
    vec![row(0), row(1)]
}

/// The mean latency of ten servers at 80% load with the last one as slow as that, less that of round
/// robin on ten equal ones.
///
/// From ten pairs the gain itself is known to a factor of two only, hence more of them.
fn against_round_robin(algorithm: &str, last_ms: u32) -> Paired {
    let plan = Plan::exactly(1, PAIRS);
    let [(_, mean), _] =
        differences(&models::ten("round-robin", 10), &models::ten(algorithm, last_ms), &plan);
    mean
}

/// Round robin, with and without one member 10% slower.
pub(super) fn slower_member() -> Paired {
    against_round_robin("round-robin", 11)
}

/// Round robin against least connections.
pub(super) fn other_algorithm() -> Paired {
    against_round_robin("least-connections", 10)
}
