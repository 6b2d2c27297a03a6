//! A process that dies by itself, and the supervisor that starts it again.

use super::Backend;
use super::memory::MemoryUse;
use crate::engine::random::Seed;
use crate::engine::time::Time;
use crate::model::event::BackendTimer;
use crate::model::probe::Probe;
use crate::model::setup::{BackendId, BackendSetup};
use crate::model::world::World;

/// How often a process has died, as its supervisor counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deaths {
    /// In a row.
    count: u32,
    /// When its present life began.
    alive_since: Time,
}

impl Backend {
    /// Whether the queue has just become too long for the process to survive.
    pub(super) fn is_beyond(&self, setup: &BackendSetup) -> bool {
        setup.own_faults.crash_at.is_some_and(|queue| self.station.waiting() >= queue)
    }
}

impl World {
    /// What each process does to itself begins with the run.
    pub(in crate::model) fn start_own_faults(&mut self, id: BackendId, seed: Seed) {
        if self.setup.backends[id.index()].up_at_start {
            self.watch_memory(id);
        }
        self.start_pauses(id, seed);
    }

    /// A process begins to live.
    pub(super) fn process_began(&mut self, id: BackendId) {
        let backend = &mut self.backends[id.index()];
        backend.deaths.alive_since = self.now;
        backend.memory = MemoryUse::new(self.now);
        self.watch_memory(id);
    }

    /// It dies: what is in it is lost, and its supervisor starts it again after a while, or never.
    pub(super) fn die(&mut self, id: BackendId, probe: &mut impl Probe) {
        let supervisor = self.setup.backends[id.index()].own_faults.supervisor;
        self.lose_work(id, probe);
        let backend = &mut self.backends[id.index()];
        backend.dead = true;
        let deaths = &mut backend.deaths;
        if self.now.since(deaths.alive_since) >= supervisor.reset {
            deaths.count = 0;
        }
        deaths.count += 1;
        let wait = supervisor.wait(deaths.count);
        self.refold(id, probe);
        if let Some(wait) = wait {
            self.set_backend_timer(id, self.now + wait, BackendTimer::Supervised);
        }
    }
}
