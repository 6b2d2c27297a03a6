//! A backend's line: who joins it, who is next, and who has waited too long.

use crate::engine::random::{Purpose, key, keyed};
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use crate::model::event::{Event, TIMERS};
use crate::model::request::{Attempt, Place, Sender};
use crate::model::setup::{Abandoned, BackendId};
use crate::model::station::discipline::Turn;
use crate::model::world::World;

impl World {
    /// An attempt that has entered joins the line.
    pub(super) fn line_up(&mut self, handle: Handle, id: BackendId) {
        let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
        let priority = self.priority(attempt);
        self.backends[id.index()].station.wait(self.now, handle, priority);
        if self.setup.backends[id.index()].patience.is_some() {
            self.set_patience(handle, id);
        }
    }

    #[cold]
    fn set_patience(&mut self, handle: Handle, id: BackendId) {
        let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
        if let Some(patience) = self.patience(attempt, id) {
            self.queue.push(self.now + patience, TIMERS, Event::PatienceOver(handle));
        }
    }

    /// How urgent an attempt is: 0 is the most urgent.
    fn priority(&self, attempt: &Attempt) -> u8 {
        match attempt.sender {
            Sender::Client => self.populations[attempt.population.index()].priority(attempt.index),
            Sender::Check => 0,
        }
    }

    /// How long an attempt waits in this backend's line: an attribute of its request.
    fn patience(&self, attempt: &Attempt, id: BackendId) -> Option<Span> {
        let law = self.setup.backends[id.index()].patience.as_ref()?;
        let owner = match attempt.sender {
            Sender::Client => self.populations[attempt.population.index()].stream,
            Sender::Check => u64::MAX,
        };
        Some(law.at(keyed(key(self.seed, Purpose::Patience, owner), attempt.index)))
    }

    /// A worker is free: the next one in line is served.
    pub(in crate::model) fn next_in_line(&mut self, id: BackendId) {
        let now = self.now;
        let setup = &self.setup.backends[id.index()];
        let (skips, age) = (setup.abandoned == Abandoned::Skip, setup.queue_age);
        while let Some(turn) = self.backends[id.index()].station.next_waiting(now) {
            let (Turn::Serve(next) | Turn::Drop(next)) = turn;
            let handle = next.attempt;
            let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
            if skips && !attempt.held && attempt.since <= now {
                self.backends[id.index()].station.leave_line(now);
                self.attempts.remove(handle);
                continue;
            }
            // Work that was begun is not given up for its age.
            let is_old = age.is_some_and(|age| age < now.since(next.since));
            if matches!(turn, Turn::Drop(_)) || (is_old && !next.begun) {
                self.backends[id.index()].station.leave_line(now);
                self.turn_away_late(handle, id);
                continue;
            }
            if next.begun {
                self.backends[id.index()].station.go_on(now, handle);
                self.schedule_completion(id);
            } else {
                self.start_service(handle, id);
            }
            return;
        }
    }

    /// An attempt may have waited long enough.
    pub(in crate::model) fn on_patience_over(&mut self, handle: Handle) {
        let Some(attempt) = self.attempts.get(handle) else { return };
        let Some(id) = attempt.backend.filter(|_| attempt.place == Place::Station) else { return };
        // Who stands still notices when it goes on.
        if !self.backends[id.index()].condition.hangs {
            self.drop_if_overdue(handle, id);
        }
    }

    /// A backend that goes on finds whoever has lost patience meanwhile.
    pub(super) fn turn_away_overdue(&mut self, id: BackendId) {
        if self.setup.backends[id.index()].patience.is_some() {
            for handle in self.backends[id.index()].station.waiters() {
                self.drop_if_overdue(handle, id);
            }
        }
    }

    fn drop_if_overdue(&mut self, handle: Handle, id: BackendId) {
        let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
        let patience = self.patience(attempt, id);
        // An attempt that was served, or waits elsewhere by now, has left its timer behind.
        let is_overdue = |since: Time| patience.is_some_and(|span| since + span <= self.now);
        if self.backends[id.index()].station.waits_since(handle).is_some_and(is_overdue) {
            self.backends[id.index()].station.withdraw(self.now, handle);
            self.turn_away_late(handle, id);
        }
    }

    /// Whoever has left the line after too long a wait is told so at this instant, once the line has
    /// moved on.
    fn turn_away_late(&mut self, handle: Handle, id: BackendId) {
        let is_check = self.attempts.get(handle).is_some_and(|a| a.sender == Sender::Check);
        self.backends[id.index()].gauge.rejected += u64::from(!is_check);
        self.fail_later(handle, self.setup.backends[id.index()].late, self.now);
    }
}
