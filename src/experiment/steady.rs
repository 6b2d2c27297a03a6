//! The steady state of one long run: its figures after the warm-up, by batch means.

use super::statistics::batch::{NoBatches, batch_means};
use super::statistics::{Estimate, LEVEL};
use super::warm_up::{SLICES, is_stationary};
use super::warnings::{Warning, few};
use crate::engine::histogram::Histogram;
use crate::model::setup::Setup;
use schemars::JsonSchema;
use serde::Serialize;

/// The steady state of one run, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Steady {
    /// What was left out at the beginning, seconds.
    pub warm_up_s: f64,
    /// Into how many batches the rest was cut; 0 without intervals.
    pub batches: u32,
    /// The mean latency of successes; absent, as the others, if it varies too much between batches.
    pub mean: Option<Estimate>,
    /// Their median.
    pub p50: Option<Estimate>,
    /// Their 99th percentile; absent also if it rests on too little.
    pub p99: Option<Estimate>,
    /// What should be known of these.
    #[schemars(with = "Vec<String>")]
    pub warnings: Vec<Warning>,
}

/// Slices that a run of `setup` should be cut into; none where nothing is steady.
pub(super) fn slices(setup: &Setup) -> Option<usize> {
    is_stationary(setup).then_some(SLICES)
}

impl Steady {
    /// The steady state of a run, from the latencies of its slices; `None` without slices.
    pub fn of(setup: &Setup, slices: &[Histogram]) -> Option<Self> {
        if slices.is_empty() {
            return None;
        }
        let none = |warning| Self {
            warm_up_s: 0.0,
            batches: 0,
            mean: None,
            p50: None,
            p99: None,
            warnings: vec![warning],
        };
        let found = match batch_means(slices, LEVEL) {
            Ok(found) => found,
            Err(NoBatches::Few) => return Some(none(Warning::TooShort)),
            Err(NoBatches::Correlated) => return Some(none(Warning::Correlated)),
            Err(NoBatches::Unsettled) => return Some(none(Warning::Unsettled)),
        };
        let mut warnings: Vec<Warning> = few(0.99, found.count, 1).into_iter().collect();
        let p99 = found.p99.filter(|_| warnings.is_empty());
        let figures = [("mean", found.mean), ("p50", found.p50), ("p99", found.p99)];
        let names = figures.iter().filter(|(_, figure)| figure.is_none()).map(|(name, _)| *name);
        let names: Vec<&str> = names.collect();
        if !names.is_empty() {
            warnings.push(Warning::Unlike { names });
        }
        let slice_s = setup.duration.as_secs_f64() / slices.len() as f64;
        Some(Self {
            warm_up_s: slice_s * found.dropped as f64,
            batches: found.batches,
            mean: found.mean.as_ref().map(in_ms),
            p50: found.p50.as_ref().map(in_ms),
            p99: p99.as_ref().map(in_ms),
            warnings,
        })
    }
}

fn in_ms(ns: &Estimate) -> Estimate {
    let ms = |value: f64| value / 1e6;
    Estimate { mean: ms(ns.mean), low: ns.low.map(ms), high: ns.high.map(ms), n: ns.n }
}
