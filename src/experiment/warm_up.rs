//! Which part of a run is observed.

use super::statistics::batch::mser;
use crate::engine::time::{Span, Time};
use crate::model::setup::{Arrivals, Setup};
use std::fmt;

/// What is done about the time that a system needs until it is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// Found by MSER-5 where nothing in the scenario changes with time; none elsewhere.
    Auto,
    /// So long.
    Fixed(Span),
}

impl fmt::Display for WarmUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(Span::ZERO) => f.write_str("none"),
            Self::Fixed(span) => span.fmt(f),
        }
    }
}

/// Slices whose mean latencies MSER looks at: batches, in the terms of MSER-5.
pub const SLICES: usize = 200;
/// Parts of a run into which it is cut, so that a warm-up may be left out afterwards.
const PARTS: u64 = 20;

/// Whether nothing in a scenario changes with time but by chance, so that it has a steady state.
pub fn is_stationary(setup: &Setup) -> bool {
    let steady_demand = setup.populations.iter().all(|population| {
        population.profile.is_none() && !matches!(population.arrivals, Arrivals::Trace(_))
    });
    let steady_backends = setup.backends.iter().all(|backend| backend.own_faults.memory.is_none());
    setup.timeline.is_empty() && steady_demand && steady_backends
}

/// Where observation may begin, in order: one place, unless it is to be found out.
pub(super) fn starts(setup: &Setup, warm_up: WarmUp) -> Vec<Time> {
    match warm_up {
        WarmUp::Fixed(span) => vec![span.after_start()],
        WarmUp::Auto if is_stationary(setup) => {
            let part = |n| Time::from_ns(setup.duration.as_ns() / PARTS * n);
            (0..=PARTS / 2).map(part).collect()
        }
        WarmUp::Auto => vec![Time::ZERO],
    }
}

/// Which of `starts` places the warm-up ends at, and whether it ended at all in the first half.
/// `slices` are the mean latencies of equal slices of the run, over all replications.
pub(super) fn end(slices: &[Option<f64>], starts: usize) -> (usize, bool) {
    if starts < 2 || slices.is_empty() {
        return (0, true);
    }
    match mser(slices) {
        Some(dropped) => {
            let part = (dropped as u64 * PARTS).div_ceil(slices.len() as u64);
            ((part as usize).min(starts - 1), true)
        }
        None => (starts - 1, false),
    }
}
