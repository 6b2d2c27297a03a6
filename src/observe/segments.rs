//! Counts between two neighbouring cuts of the run: the pieces every interval is a sum of.

use super::people::Experience;
use crate::engine::histogram::Histogram;
use crate::engine::time::Time;
use crate::model::outcome::Outcome;
use crate::model::probe::{BackendGauge, DatabaseGauge, FinishedRequest, Gauges};
use crate::model::setup::Setup;

/// One piece of the run.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) requests: u64,
    pub(super) outcomes: [u64; Outcome::COUNT],
    pub(super) slow: u64,
    /// Attempts of finished requests.
    pub(super) attempts: u64,
    pub(super) latency: Histogram,
    pub(super) experience: Experience,
    /// Differences of the gauges over the piece; peaks are maxima within it.
    pub(super) backends: Vec<BackendGauge>,
    pub(super) database: DatabaseGauge,
}

/// All pieces, in order.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    /// Where pieces begin, the first at the start of the run.
    starts: Vec<Time>,
    pieces: Vec<Segment>,
    current: usize,
    backends_before: Vec<BackendGauge>,
    database_before: DatabaseGauge,
}

impl Segments {
    pub(super) fn new(setup: &Setup, people: usize) -> Self {
        let n = setup.backends.len();
        let mut starts = vec![Time::ZERO];
        starts.extend(setup.observation.cuts(setup));
        let piece = Segment {
            requests: 0,
            outcomes: [0; Outcome::COUNT],
            slow: 0,
            attempts: 0,
            latency: Histogram::default(),
            experience: Experience::new(people),
            backends: vec![BackendGauge::default(); n],
            database: DatabaseGauge::default(),
        };
        Self {
            pieces: vec![piece; starts.len()],
            starts,
            current: 0,
            backends_before: vec![BackendGauge::default(); n],
            database_before: DatabaseGauge::default(),
        }
    }

    #[inline]
    fn at(&self, born: Time) -> usize {
        if self.starts[self.current] <= born {
            return self.current;
        }
        self.starts.partition_point(|&start| start <= born) - 1
    }

    #[inline]
    pub(super) fn born(&mut self, _now: Time, person: usize) {
        let piece = &mut self.pieces[self.current];
        piece.requests += 1;
        piece.experience.born(person);
    }

    #[inline]
    pub(super) fn finished(&mut self, now: Time, request: &FinishedRequest, person: usize) {
        let at = self.at(request.born);
        let piece = &mut self.pieces[at];
        let served = request.outcome.is_ok();
        piece.outcomes[request.outcome.index()] += 1;
        piece.attempts += u64::from(request.attempts);
        piece.slow += u64::from(request.slow);
        piece.experience.finished(person, served, served && !request.slow);
        if served {
            piece.latency.record(now.since(request.born));
        }
    }

    /// The run is over, and a request has waited too long for its answer.
    pub(super) fn overdue(&mut self, born: Time, person: usize) {
        let at = self.at(born);
        self.pieces[at].experience.finished(person, false, false);
    }

    /// A window or a piece ends.
    pub(super) fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        let piece = &mut self.pieces[self.current];
        let readings = gauges.backends.iter().zip(&mut self.backends_before);
        for (sum, (after, before)) in piece.backends.iter_mut().zip(readings) {
            sum.reached += after.reached - before.reached;
            sum.succeeded += after.succeeded - before.succeeded;
            sum.rejected += after.rejected - before.rejected;
            sum.wasted += after.wasted - before.wasted;
            sum.busy_ns += after.busy_ns - before.busy_ns;
            sum.waiting_ns += after.waiting_ns - before.waiting_ns;
            sum.unresponsive_ns += after.unresponsive_ns - before.unresponsive_ns;
            sum.state_changes += after.state_changes - before.state_changes;
            sum.waiting_peak = sum.waiting_peak.max(after.waiting_peak);
            *before = *after;
        }
        if let Some(after) = gauges.database {
            let before = &mut self.database_before;
            piece.database.queries += after.queries - before.queries;
            piece.database.busy_ns += after.busy_ns - before.busy_ns;
            piece.database.waiting_ns += after.waiting_ns - before.waiting_ns;
            piece.database.waiting_peak = piece.database.waiting_peak.max(after.waiting_peak);
            *before = after;
        }
        while self.starts.get(self.current + 1).is_some_and(|&start| start <= now) {
            self.current += 1;
        }
    }

    /// The pieces of an interval whose ends are cuts.
    pub(super) fn within(&self, from: Time, to: Time) -> &[Segment] {
        let first = self.starts.partition_point(|&start| start < from);
        let last = self.starts.partition_point(|&start| start < to);
        &self.pieces[first..last.max(first)]
    }
}
