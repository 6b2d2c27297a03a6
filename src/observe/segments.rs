//! Readings between two neighbouring cuts of the run: every interval is a sum of them.

use crate::engine::time::Time;
use crate::model::probe::{BackendGauge, DatabaseGauge, Gauges};
use crate::model::setup::Setup;

/// One segment of the run.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Differences of the gauges over the segment; peaks are maxima within it.
    pub(super) backends: Vec<BackendGauge>,
    pub(super) database: DatabaseGauge,
}

/// All segments, in order.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    /// Where they begin, the first at the start of the run.
    starts: Vec<Time>,
    /// The end of the run.
    end: Time,
    all: Vec<Segment>,
    current: usize,
    backends_before: Vec<BackendGauge>,
    database_before: DatabaseGauge,
}

impl Segments {
    pub(super) fn new(setup: &Setup) -> Self {
        let n = setup.backends.len();
        let mut starts = vec![Time::ZERO];
        starts.extend(setup.observation.cuts(setup));
        let segment = Segment {
            backends: vec![BackendGauge::default(); n],
            database: DatabaseGauge::default(),
        };
        Self {
            all: vec![segment; starts.len()],
            starts,
            end: setup.duration.after_start(),
            current: 0,
            backends_before: vec![BackendGauge::default(); n],
            database_before: DatabaseGauge::default(),
        }
    }

    /// Where they begin, the first at the start of the run.
    pub(super) fn starts(&self) -> &[Time] {
        &self.starts
    }

    /// A window or a segment ends. Most ends are of windows, and change peaks only.
    pub(super) fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        let segment = &mut self.all[self.current];
        for (sum, after) in segment.backends.iter_mut().zip(gauges.backends) {
            sum.waiting_peak = sum.waiting_peak.max(after.waiting_peak);
        }
        if let Some(after) = gauges.database {
            let peak = &mut segment.database.waiting_peak;
            *peak = (*peak).max(after.waiting_peak);
        }
        let next = self.starts.get(self.current + 1).copied().unwrap_or(self.end);
        if next <= now {
            self.read(gauges);
        }
        while self.starts.get(self.current + 1).is_some_and(|&start| start <= now) {
            self.current += 1;
        }
    }

    /// Adds what the gauges have grown by since they were last read.
    fn read(&mut self, gauges: &Gauges<'_>) {
        let segment = &mut self.all[self.current];
        let readings = gauges.backends.iter().zip(&mut self.backends_before);
        for (sum, (after, before)) in segment.backends.iter_mut().zip(readings) {
            sum.reached += after.reached - before.reached;
            sum.succeeded += after.succeeded - before.succeeded;
            sum.rejected += after.rejected - before.rejected;
            sum.wasted += after.wasted - before.wasted;
            sum.busy_ns += after.busy_ns - before.busy_ns;
            sum.waiting_ns += after.waiting_ns - before.waiting_ns;
            sum.unresponsive_ns += after.unresponsive_ns - before.unresponsive_ns;
            sum.state_changes += after.state_changes - before.state_changes;
            *before = *after;
        }
        if let Some(after) = gauges.database {
            let (sum, before) = (&mut segment.database, &mut self.database_before);
            sum.queries += after.queries - before.queries;
            sum.busy_ns += after.busy_ns - before.busy_ns;
            sum.waiting_ns += after.waiting_ns - before.waiting_ns;
            *before = after;
        }
    }

    /// The segments of an interval whose ends are cuts.
    pub(super) fn within(&self, from: Time, to: Time) -> &[Segment] {
        let first = self.starts.partition_point(|&start| start < from);
        let last = self.starts.partition_point(|&start| start < to);
        &self.all[first..last.max(first)]
    }
}
