//! Recorded requests, one after another.

use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::engine::time::{Span, Time};
use crate::model::setup::{Arrivals, Trace, TraceRow};

/// Where a replay stands. A load below the recorded one leaves out requests by a keyed hash of their
/// row, one above it adds copies that come a bit later; so whatever else changes with the load,
/// requests that stay are the same.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    trace: Trace,
    key: u64,
    /// The next row of each copy.
    next: Vec<usize>,
    /// The identity of the request that is due.
    due: u64,
}

impl Replay {
    /// The start of a trace; `None` for all other arrivals.
    pub(super) fn new(arrivals: &Arrivals, seed: Seed, population: u64) -> Option<Self> {
        let Arrivals::Trace(trace) = arrivals else { return None };
        let copies = libm::ceil(trace.scale) as usize;
        let key = key(seed, Purpose::TraceRow, population);
        let mut replay = Self { trace: trace.clone(), key, next: vec![0; copies], due: 0 };
        for copy in 0..copies {
            replay.skip(copy);
        }
        Some(replay)
    }

    /// Moves a copy on to a row that it has.
    fn skip(&mut self, copy: usize) {
        let share = self.trace.scale - copy as f64;
        let left_out = |&row: &usize| unit(keyed(self.key, row as u64)) >= share;
        while self.next[copy] < self.trace.rows.len() && left_out(&self.next[copy]) {
            self.next[copy] += 1;
        }
    }

    /// Goes on to the next request, and says when it is born; `None` after the last.
    pub(super) fn advance(&mut self) -> Option<Time> {
        let rows = &self.trace.rows;
        let time = |copy: usize, row: usize| {
            let row: &TraceRow = rows.get(row)?;
            let shift = Span::from_ns(self.trace.shift.as_ns().saturating_mul(copy as u64));
            Some((row.at + shift, copy))
        };
        let heads = self.next.iter().enumerate();
        let (at, copy) = heads.filter_map(|(copy, &row)| time(copy, row)).min()?;
        self.due = (copy * rows.len() + self.next[copy]) as u64;
        self.next[copy] += 1;
        self.skip(copy);
        Some(at)
    }

    /// The identity of the request that is due.
    pub(super) fn due(&self) -> u64 {
        self.due
    }
}

/// The row that a request's identity names.
pub(super) fn row(trace: &Trace, index: u64) -> &TraceRow {
    &trace.rows[(index % trace.rows.len() as u64) as usize]
}
