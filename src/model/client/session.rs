//! Users who come again: in a closed loop for ever, in a session a few times.

use super::arrivals::count;
use crate::engine::random::{keyed, unit};
use crate::engine::time::{Span, Time};
use crate::model::event::{ARRIVALS, Event};
use crate::model::probe::Probe;
use crate::model::setup::{Arrivals, PopulationId, Session};
use crate::model::world::World;

/// The identity of a closed loop's request: who sends it, in the low bits, and the how manieth of
/// this user it is. Whatever makes others wait, a user's n-th request is the same.
const USER_BITS: u32 = 24;

/// The same of a session's: which session, in the low bits, and the how manieth in it, from 0.
const SESSION_BITS: u32 = 40;

/// No session has more requests: their numbers must fit above the session's.
const MOST: u32 = (1 << (64 - SESSION_BITS)) - 1;

/// Whose it is, or of which session.
fn part(bits: u32, index: u64) -> u64 {
    index & ((1 << bits) - 1)
}

impl World {
    /// In a closed loop all users begin with a thought.
    pub(super) fn open_loop(&mut self, id: PopulationId) {
        let setup = &self.setup.populations[id.index()];
        if matches!(setup.arrivals, Arrivals::Closed { .. }) {
            for user in 0..setup.users {
                self.think_from(self.now, true, id, u64::from(user));
            }
        }
    }

    /// A request has its outcome: its user thinks about the next one, if there is one.
    pub(super) fn go_on(&mut self, id: PopulationId, index: u64) {
        self.go_on_from(self.now, true, id, index);
    }

    /// A user sends the request after this one, if there is one: at some time, after a thought or
    /// without.
    pub(super) fn go_on_from(&mut self, from: Time, thinks: bool, id: PopulationId, index: u64) {
        let setup = &self.setup.populations[id.index()];
        if matches!(setup.arrivals, Arrivals::Closed { .. }) {
            self.think_from(from, thinks, id, index + (1 << USER_BITS));
        } else if let Some(session) = &setup.session {
            let key = self.populations[id.index()].session_key;
            let n = (index >> SESSION_BITS) + 1;
            if n < u64::from(length(session, key, part(SESSION_BITS, index))) {
                self.think_from(from, thinks, id, index + (1 << SESSION_BITS));
            }
        }
    }

    fn think_from(&mut self, from: Time, thinks: bool, id: PopulationId, index: u64) {
        let setup = &self.setup.populations[id.index()];
        let ((Arrivals::Closed { think }, _) | (_, Some(Session { think, .. }))) =
            (&setup.arrivals, &setup.session)
        else {
            return;
        };
        let key = self.populations[id.index()].think_key;
        let thought = if thinks { think.at(keyed(key, index)) } else { Span::ZERO };
        self.queue.push(from + thought, ARRIVALS, Event::Thought { population: id, index });
    }

    pub(in crate::model) fn on_thought(
        &mut self,
        id: PopulationId,
        index: u64,
        probe: &mut impl Probe,
    ) {
        let population = &mut self.populations[id.index()];
        let is_session = self.setup.populations[id.index()].session.is_some();
        let user = if is_session {
            population.user(part(SESSION_BITS, index))
        } else {
            population.born += 1;
            part(USER_BITS, index) as u32
        };
        self.give_birth(id, user, index, probe);
    }
}

/// How many requests a session has: the same under every configuration.
fn length(session: &Session, key: u64, of: u64) -> u32 {
    count(session.law, session.mean, || unit(keyed(key, of))).min(MOST)
}
