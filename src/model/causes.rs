//! Random failures: each cause strikes, lasts, is over, and strikes again.

use super::event::{Event, TIMELINE};
use super::probe::{Probe, WorldChange};
use super::setup::{BackendId, Cause, CauseId, Fault, FaultKind, Origin, Setup};
use super::world::World;
use crate::engine::random::{Purpose, Seed, Stream, key, keyed, unit};
use std::sync::Arc;

/// A cause at run time. When it strikes does not depend on what it may hit.
#[derive(Clone, Debug)]
pub(super) struct CauseState {
    stream: Stream,
    hits: u64,
    strikes: u64,
    /// Whom the strike in force has hit.
    struck: Vec<BackendId>,
}

impl CauseState {
    pub(super) fn new(cause: &Cause, setup: &Setup, seed: Seed) -> Self {
        let (purpose, index) = match cause.origin {
            Origin::Shared(CauseId(index)) => (Purpose::Cause, u64::from(index)),
            Origin::Own(backend) => (Purpose::Failures, setup.backend_stream(backend)),
        };
        let hits = key(seed, Purpose::CauseHits, index);
        Self { stream: Stream::new(seed, purpose, index), hits, strikes: 0, struck: Vec::new() }
    }

    /// Whether the strike in force hits the backend with these random streams.
    fn hits(&self, stream: u64, each: f64) -> bool {
        each >= 1.0 || unit(keyed(self.hits, (self.strikes << 16) | stream)) < each
    }
}

impl World {
    /// The first strike of every cause.
    pub(super) fn start_causes(&mut self) {
        for cause in (0..self.causes.len() as u16).map(CauseId) {
            self.expect_strike(cause);
        }
    }

    fn expect_strike(&mut self, id: CauseId) {
        let up = self.setup.causes[id.index()].up.at(self.causes[id.index()].stream.bits());
        self.queue.push(self.now + up, TIMELINE, Event::Cause { cause: id, begins: true });
    }

    pub(super) fn on_cause(&mut self, id: CauseId, begins: bool, probe: &mut impl Probe) {
        self.note_change(WorldChange::Cause(id, begins), probe);
        if begins {
            self.strike(id, probe);
        } else {
            for target in std::mem::take(&mut self.causes[id.index()].struck) {
                self.end_faults(target, |backend| backend.end_strike(id), probe);
            }
            self.expect_strike(id);
        }
    }

    fn strike(&mut self, id: CauseId, probe: &mut impl Probe) {
        let setup = Arc::clone(&self.setup);
        let cause = &setup.causes[id.index()];
        let state = &mut self.causes[id.index()];
        state.strikes += 1;
        let hit = cause
            .targets
            .iter()
            .copied()
            .filter(|&target| state.hits(setup.backend_stream(target), cause.each));
        state.struck = hit.collect();
        let down = cause.down.at(state.stream.bits());
        self.queue.push(self.now + down, TIMELINE, Event::Cause { cause: id, begins: false });
        for target in self.causes[id.index()].struck.clone() {
            self.backends[target.index()].strike(cause.fault, id);
            self.fault_began(target, cause.fault, probe);
        }
    }

    /// What a fault does to a backend at once.
    pub(super) fn fault_began(&mut self, target: BackendId, fault: Fault, probe: &mut impl Probe) {
        // Clients that try again do so in events to come, and find the port closed.
        if fault.kind() == FaultKind::Down {
            self.lose_work(target, probe);
        }
        self.refold(target, probe);
    }
}
