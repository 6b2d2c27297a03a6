//! Latencies of equal slices of the run, kept apart: what warm-up and batches are judged by.

use crate::engine::histogram::Histogram;
use crate::engine::time::{Span, Time};

/// Latencies of successes by the slice in which their request was born.
#[derive(Clone, Debug, Default)]
pub(super) struct Slices {
    /// Length of a slice, nanoseconds; the last one may be longer.
    length_ns: u64,
    latencies: Vec<Histogram>,
}

impl Slices {
    pub(super) fn new(duration: Span, count: usize) -> Self {
        let length_ns = duration.as_ns() / (count as u64).max(1);
        Self { length_ns: length_ns.max(1), latencies: vec![Histogram::default(); count] }
    }

    #[inline]
    pub(super) fn record(&mut self, born: Time, latency: Span) {
        if let Some(last) = self.latencies.len().checked_sub(1) {
            let slice = (born.as_ns() / self.length_ns) as usize;
            self.latencies[slice.min(last)].record(latency);
        }
    }

    pub(super) fn into_latencies(self) -> Vec<Histogram> {
        self.latencies
    }
}
