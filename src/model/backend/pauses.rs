//! Pauses: a process stands still for a while, again and again, and goes on where it stopped.

use crate::engine::random::{Purpose, Seed, Stream};
use crate::engine::time::Span;
use crate::model::event::{Event, TIMERS};
use crate::model::probe::Probe;
use crate::model::setup::{BackendId, PausesEvery};
use crate::model::world::{Fact, World};

/// When a backend pauses.
#[derive(Clone, Debug)]
pub(super) struct PauseState {
    stream: Stream,
    /// Attempts to be served until the next pause, if they bring it on.
    left: u32,
}

impl World {
    /// The first pause of a backend, if it has any: at a random phase, or in step with the others.
    pub(super) fn start_pauses(&mut self, id: BackendId, seed: Seed) {
        let Some(pauses) = &self.setup.backends[id.index()].own_faults.pauses else { return };
        let mut stream = if pauses.in_step {
            Stream::new(seed, Purpose::PausesInStep, 0)
        } else {
            Stream::new(seed, Purpose::Pauses, self.setup.backend_stream(id))
        };
        let mut left = 0;
        match &pauses.every {
            PausesEvery::Requests(n) => left = 1 + stream.below(u64::from(*n)) as u32,
            PausesEvery::Time(every) => {
                let every = every.at(stream.bits());
                let first = if pauses.in_step { every } else { every.scaled(stream.unit()) };
                self.expect_pause(id, first);
            }
        }
        self.backends[id.index()].pauses = Some(PauseState { stream, left });
    }

    fn expect_pause(&mut self, id: BackendId, wait: Span) {
        self.queue.push(self.now + wait, TIMERS, Event::Pause { backend: id, begins: true });
    }

    /// An attempt was served: enough of them bring a pause on.
    pub(super) fn count_towards_pause(&mut self, id: BackendId) {
        let Some(pauses) = &self.setup.backends[id.index()].own_faults.pauses else { return };
        let PausesEvery::Requests(n) = pauses.every else { return };
        let Some(state) = &mut self.backends[id.index()].pauses else { return };
        state.left -= 1;
        if state.left == 0 {
            state.left = n;
            self.expect_pause(id, Span::ZERO);
        }
    }

    pub(in crate::model) fn on_pause(
        &mut self,
        id: BackendId,
        begins: bool,
        probe: &mut impl Probe,
    ) {
        let backend = &mut self.backends[id.index()];
        if !begins {
            if backend.paused {
                self.pause(id, false, probe);
            }
            return;
        }
        let setup = self.setup.backends[id.index()].own_faults.pauses.as_ref();
        let pauses = setup.expect("only who pauses is told to");
        let state = backend.pauses.as_mut().expect("begun with the run");
        let length = pauses.length.at(state.stream.bits());
        self.queue.push(self.now + length, TIMERS, Event::Pause { backend: id, begins: false });
        if let PausesEvery::Time(every) = &pauses.every {
            let wait = every.at(state.stream.bits()).max(length);
            self.expect_pause(id, wait);
        }
        // A process that does not run cannot pause, and one that starts meanwhile does not.
        if !self.backends[id.index()].condition.stopped {
            self.pause(id, true, probe);
        }
    }

    fn pause(&mut self, id: BackendId, begins: bool, probe: &mut impl Probe) {
        self.digest_fact(Fact::Pause, u64::from(id.0), u64::from(begins));
        self.backends[id.index()].paused = begins;
        self.refold(id, probe);
    }
}
