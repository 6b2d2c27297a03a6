//! How a backend takes an attempt in, works on it, and lets it go.

use crate::engine::queue::Source;
use crate::engine::random::keyed;
use crate::engine::slab::Handle;
use crate::engine::time::Time;
use crate::model::event::{BackendTimer, COMPLETIONS, Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::{Probe, WorldChange};
use crate::model::request::{Attempt, Place, Sender};
use crate::model::setup::{Abandoned, BackendId, OverloadEnd};
use crate::model::world::World;

impl World {
    /// An attempt reaches a backend whose port is open.
    pub(in crate::model) fn accept(
        &mut self,
        handle: Handle,
        id: BackendId,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let setup = &self.setup.backends[id.index()];
        let backend = &mut self.backends[id.index()];
        let is_check = self.attempts.get(handle).is_some_and(|a| a.sender == Sender::Check);
        backend.gauge.reached += u64::from(!is_check);
        let stands_still = backend.condition.hangs;
        // A process that stands still answers no error either.
        if let Some((outcome, after)) = backend.condition.fails.filter(|_| !stands_still) {
            self.fail_later(handle, outcome, now + after);
        } else if backend.station.has_free_worker() {
            backend.station.enter(now);
            self.place(handle, Place::Station);
            self.start_service(handle, id);
            self.came_in(id);
        } else if setup.queue.is_none_or(|max| backend.station.waiting() < max) {
            backend.station.enter(now);
            let has_room = backend.station.makes_room(now);
            self.place(handle, Place::Station);
            if has_room {
                self.start_service(handle, id);
            } else {
                self.line_up(handle, id);
            }
            if self.backends[id.index()].is_overwhelmed(&self.setup.backends[id.index()]) {
                self.overwhelm(id, probe);
            }
            self.came_in(id);
        } else if stands_still {
            // Nobody turns it away: it waits in vain, until its client gives up or somebody does.
            self.place(handle, Place::Unheard);
        } else {
            backend.gauge.rejected += u64::from(!is_check);
            let full = setup.full;
            self.reply(handle, full, probe);
        }
    }

    /// Whoever comes in may be too much for the process, which then dies before anything else happens.
    #[inline]
    fn came_in(&mut self, id: BackendId) {
        let setup = &self.setup.backends[id.index()];
        let has_memory = setup.own_faults.memory.is_some();
        if self.backends[id.index()].is_beyond(setup) {
            self.set_backend_timer(id, self.now, BackendTimer::Dies);
        }
        if has_memory {
            self.take_memory(id);
        }
    }

    /// A free worker takes the attempt up.
    pub(in crate::model) fn start_service(&mut self, handle: Handle, id: BackendId) {
        let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
        let mark = self.service_mark(attempt);
        let work = self.setup.backends[id.index()].service.at(mark);
        let work = match attempt.sender {
            Sender::Client => {
                self.populations[attempt.population.index()].demand(attempt.index, work)
            }
            Sender::Check => work,
        };
        self.backends[id.index()].station.start(self.now, handle, work);
        self.schedule_completion(id);
    }

    /// Where an attempt reads its backend's service distribution.
    fn service_mark(&self, attempt: &Attempt) -> u64 {
        match attempt.sender {
            Sender::Client => self.populations[attempt.population.index()]
                .service_mark(attempt.index, attempt.number),
            Sender::Check => keyed(self.check_key, attempt.index),
        }
    }

    /// Keeps the backend's next completion in the event list.
    pub(in crate::model) fn schedule_completion(&mut self, id: BackendId) {
        if let Some((at, epoch)) = self.backends[id.index()].station.reschedule(self.now) {
            self.queue.set(Source::Many(id.index()), at, COMPLETIONS, epoch);
        }
    }

    /// A backend's own part of an attempt is done.
    #[inline]
    pub(in crate::model) fn on_completion(
        &mut self,
        id: BackendId,
        epoch: u32,
        probe: &mut impl Probe,
    ) {
        let backend = &mut self.backends[id.index()];
        if !backend.station.is_current(epoch) {
            return;
        }
        let handle = backend.station.finish(self.now);
        if backend.straight && self.end_straight(handle, id, probe) {
            return;
        }
        let place = self.attempts.get(handle).expect("an attempt in a station lives").place;
        if let Place::Replying(outcome) = place {
            self.leave_backend(handle, id, outcome, probe);
        } else if self.database.is_some() {
            self.query(handle, id, probe);
            self.schedule_completion(id);
        } else {
            self.leave_backend(handle, id, Outcome::Ok, probe);
        }
    }

    /// The database has answered; the worker goes on, unless its process stands still.
    pub(in crate::model) fn on_query_answered(
        &mut self,
        handle: Handle,
        id: BackendId,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        if self.backends[id.index()].condition.hangs {
            self.place(handle, Place::Replying(outcome));
            self.backends[id.index()].station.resume(self.now, handle);
        } else {
            self.leave_backend(handle, id, outcome, probe);
        }
    }

    /// All work for an attempt is done: its worker takes the next one, the client its answer.
    pub(in crate::model) fn leave_backend(
        &mut self,
        handle: Handle,
        id: BackendId,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        self.backends[id.index()].station.leave_worker(self.now);
        self.next_in_line(id);
        self.schedule_completion(id);
        let attempt = self.attempts.get_mut(handle).expect("an attempt in a station lives");
        attempt.place = Place::Left;
        let attempt = *attempt;
        self.note_served(&attempt, id);
        self.count_towards_pause(id);
        self.warm_up_by_work(id, probe);
        let gauge = &mut self.backends[id.index()].gauge;
        match attempt.sender {
            _ if !outcome.is_ok() => {}
            // Which of the two it is shows when the answer has crossed the network, or has not.
            Sender::Client if attempt.held && self.network.is_some() => {}
            Sender::Client if attempt.is_awaited() => gauge.succeeded += 1,
            Sender::Client => gauge.wasted += 1,
            Sender::Check => {}
        }
        self.reply(handle, outcome, probe);
    }

    /// The balancer has closed its connection: whether the backend drops the work inside it. If so
    /// the attempt is gone.
    pub(in crate::model) fn cancel(&mut self, handle: Handle, id: BackendId) {
        let setup = &self.setup.backends[id.index()];
        let backend = &mut self.backends[id.index()];
        // Who stands still notices when it goes on.
        if setup.abandoned != Abandoned::Cancel || backend.condition.hangs {
            return;
        }
        let freed = backend.station.withdraw(self.now, handle);
        let attempt = self.attempts.remove(handle);
        // A query runs on; who has none yet wants none any more.
        match attempt.map(|attempt| attempt.place) {
            Some(Place::Querying(_)) => self.orphan_query(handle),
            Some(Place::Unconnected) => self.leave_connection_line(handle, id),
            _ => {}
        }
        if freed {
            self.next_in_line(id);
        }
        self.schedule_completion(id);
    }

    fn overwhelm(&mut self, id: BackendId, probe: &mut impl Probe) {
        let overload = self.setup.backends[id.index()].overload.expect("it was overwhelmed");
        let backend = &mut self.backends[id.index()];
        backend.set_overloaded(true);
        if let OverloadEnd::After(span) = overload.until {
            let (life, what) = (backend.life, BackendTimer::Responsive);
            let event = Event::BackendTimer { backend: id, life, what };
            self.queue.push(self.now + span, TIMERS, event);
        }
        self.refold(id, probe);
    }

    /// Folds a backend's faults again, after any of them changed.
    pub(in crate::model) fn refold(&mut self, id: BackendId, probe: &mut impl Probe) {
        let setup = &self.setup.backends[id.index()];
        let stood_still = self.backends[id.index()].condition.hangs;
        if let Some(state) = self.backends[id.index()].fold(setup, self.now) {
            self.note_change(WorldChange::Backend(id, state), probe);
            self.note_up(id);
            self.note_disturbance();
        }
        self.schedule_completion(id);
        if stood_still && !self.backends[id.index()].condition.hangs {
            self.cancel_all(id);
            self.turn_away_overdue(id);
            self.turn_away_unheard(id, probe);
        }
    }

    /// A backend that goes on finds the connections that were closed meanwhile.
    fn cancel_all(&mut self, id: BackendId) {
        if self.setup.backends[id.index()].abandoned == Abandoned::Cancel {
            for handle in self.attempts_at(id, Place::is_inside) {
                // One that is cancelled can make room in which another one turns out to be too old.
                let is_closed = |a: &Attempt| !a.held && a.place.is_inside() && a.since <= self.now;
                if self.attempts.get(handle).is_some_and(is_closed) {
                    self.cancel(handle, id);
                }
            }
        }
    }

    /// A backend that goes on finds whoever came while its queue was full, and turns them away.
    fn turn_away_unheard(&mut self, id: BackendId, probe: &mut impl Probe) {
        let full = self.setup.backends[id.index()].full;
        for handle in self.attempts_at(id, |place| place == Place::Unheard) {
            let is_check = self.attempts.get(handle).is_some_and(|a| a.sender == Sender::Check);
            self.backends[id.index()].gauge.rejected += u64::from(!is_check);
            self.reply(handle, full, probe);
        }
    }

    /// Attempts with a backend, by the identity of their requests: an order that does not depend
    /// on the slab's.
    fn attempts_at(&self, id: BackendId, wanted: impl Fn(Place) -> bool) -> Vec<Handle> {
        self.attempts_where(|attempt| attempt.backend == Some(id) && wanted(attempt.place))
    }

    /// The same of all backends.
    pub(in crate::model) fn attempts_where(
        &self,
        wanted: impl Fn(&Attempt) -> bool,
    ) -> Vec<Handle> {
        let mut found: Vec<_> = self
            .attempts
            .iter()
            .filter(|(_, attempt)| wanted(attempt))
            .map(|(handle, a)| (a.population, a.index, a.sent, a.sender, handle))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(.., handle)| handle).collect()
    }

    /// The process dies: its work is lost, and every client still there loses its connection.
    pub(in crate::model) fn lose_work(&mut self, id: BackendId, probe: &mut impl Probe) {
        let lost = self.attempts_at(id, Place::is_at_backend);
        self.backends[id.index()].station.clear(self.now);
        self.backends[id.index()].stop_process();
        if let Some(network) = &mut self.network {
            network.forget_backend(id);
        }
        self.lose_pool(id, &lost);
        // All have left before the end of the first leads to anything else.
        for &handle in &lost {
            self.place(handle, Place::Left);
        }
        for handle in lost {
            // A hedge may have been called back with another one's end.
            if self.attempts.get(handle).is_some() {
                self.lose_connection(handle, probe);
            }
        }
        self.shut_tied(id, probe);
    }

    /// Stops a backend's process and starts it anew.
    pub(in crate::model) fn restart(&mut self, id: BackendId, probe: &mut impl Probe) {
        self.lose_work(id, probe);
        self.backends[id.index()].begin_start();
        self.refold(id, probe);
        let start_time = self.setup.backends[id.index()].start_time;
        self.set_backend_timer(id, self.now + start_time, BackendTimer::Started);
    }

    pub(super) fn set_backend_timer(&mut self, id: BackendId, at: Time, what: BackendTimer) {
        let life = self.backends[id.index()].life;
        self.queue.push(at, TIMERS, Event::BackendTimer { backend: id, life, what });
    }

    pub(in crate::model) fn on_backend_timer(
        &mut self,
        id: BackendId,
        life: u32,
        what: BackendTimer,
        probe: &mut impl Probe,
    ) {
        let setup = &self.setup.backends[id.index()];
        let backend = &mut self.backends[id.index()];
        if backend.life != life {
            return;
        }
        match what {
            BackendTimer::Started => {
                backend.finish_start(setup);
                self.expect_warmth(id);
                self.process_began(id);
            }
            BackendTimer::Warmer => self.warm_up(id),
            BackendTimer::Responsive => backend.set_overloaded(false),
            BackendTimer::Memory => return self.on_memory(id, probe),
            BackendTimer::Dies => return self.die(id, probe),
            BackendTimer::Supervised => return self.restart(id, probe),
        }
        self.refold(id, probe);
    }
}
