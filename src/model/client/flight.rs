//! The attempts of a request that are in flight: several, if it hedges.

use crate::engine::slab::Handle;
use crate::model::balancer::policy::ClientLeaves;
use crate::model::event::{Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::{Attempt, Place};
use crate::model::setup::Population;
use crate::model::world::World;

/// Attempts in flight by request, in the order in which they were sent. Kept only if somebody may
/// want to give them up: a population that hedges, or bounds its requests as a whole.
#[derive(Clone, Debug)]
pub(in crate::model) struct Flights {
    kept: bool,
    /// By slot of the slab of requests; that of a finished one is empty.
    by_request: Vec<Vec<Handle>>,
}

impl Flights {
    pub(in crate::model) fn new(populations: &[Population]) -> Self {
        let wants = |p: &Population| p.hedge.is_some() || p.total_timeout.is_some();
        Self { kept: populations.iter().any(wants), by_request: Vec::new() }
    }

    /// Whether they are kept.
    pub(super) fn are_kept(&self) -> bool {
        self.kept
    }

    /// A request has one more attempt in flight.
    pub(super) fn add(&mut self, request: Handle, attempt: Handle) {
        if self.by_request.len() <= request.index() {
            self.by_request.resize(request.index() + 1, Vec::new());
        }
        self.by_request[request.index()].push(attempt);
    }

    /// An attempt is over. Returns whether its request has others in flight.
    fn remove(&mut self, request: Handle, attempt: Handle) -> bool {
        let Some(attempts) = self.by_request.get_mut(request.index()) else { return false };
        attempts.retain(|&other| other != attempt);
        !attempts.is_empty()
    }

    /// A request's attempts.
    pub(super) fn of(&self, request: Handle) -> &[Handle] {
        self.by_request.get(request.index()).map_or(&[], Vec::as_slice)
    }

    /// Takes one of a request's attempts out, the newest first.
    fn pop(&mut self, request: Handle) -> Option<Handle> {
        self.by_request.get_mut(request.index())?.pop()
    }

    /// The balancer goes on with an attempt under another handle.
    pub(in crate::model) fn rename(&mut self, request: Handle, old: Handle, new: Handle) {
        if let Some(attempts) = self.by_request.get_mut(request.index()) {
            for attempt in attempts.iter_mut().filter(|attempt| **attempt == old) {
                *attempt = new;
            }
        }
    }
}

impl World {
    /// One of a request's attempts has ended: the request is done, or tried again, or goes on with
    /// the others that are in flight.
    pub(in crate::model) fn one_attempt_over(
        &mut self,
        request: Handle,
        attempt: Handle,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        let has_others = self.flights.remove(request, attempt);
        if outcome.is_ok() || !has_others {
            self.attempt_over(request, outcome, probe);
        }
    }

    /// Nobody waits any more for what a request still has in flight.
    pub(super) fn give_up_attempts(
        &mut self,
        request: Handle,
        closes: bool,
        probe: &mut impl Probe,
    ) {
        for &attempt in self.flights.of(request) {
            let attempt = self.attempts.get_mut(attempt).expect("it is in flight");
            attempt.request = None;
            attempt.spare = !closes;
        }
        while let Some(attempt) = self.flights.pop(request) {
            // Closing one may have let another one out of a line, and to its end.
            let is_open = |attempt: &Attempt| attempt.held || attempt.place.is_underway();
            if closes && self.attempts.get(attempt).is_some_and(is_open) {
                self.client_closes(attempt, probe);
            }
        }
    }

    /// The balancer hears that the client has closed an attempt's connection: what it makes of that.
    pub(in crate::model) fn close_connection(&mut self, handle: Handle, probe: &mut impl Probe) {
        self.line_over(handle, None, probe);
        let attempt = self.attempts.get(handle).expect("its client has just left");
        let leaves = self.instances[attempt.instance.index()].config.client_leaves;
        // A connection that nobody has accepted is given up unseen, whoever would have.
        if leaves == ClientLeaves::Close || attempt.place == Place::Backlog {
            self.let_go(handle, probe);
        }
    }

    /// Bounds the time until the balancer accepts a connection.
    pub(in crate::model) fn set_accept_timer(&mut self, handle: Handle) {
        let attempt = self.attempts.get(handle).expect("it is being sent");
        let population = &self.setup.populations[attempt.population.index()];
        if let Some(timeout) = population.connect_timeout {
            self.queue.push(self.now + timeout, TIMERS, Event::AcceptTimeout(handle));
        }
    }

    /// The balancer has not accepted an attempt's connection in time.
    pub(in crate::model) fn on_accept_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        let place = self.attempts.get(handle).map(|attempt| attempt.place);
        if place.is_some_and(|place| place == Place::Backlog || self.is_being_accepted(place)) {
            self.on_attempt_timeout(handle, probe);
        }
    }

    /// The client has waited long enough for a request, whatever it was doing.
    pub(in crate::model) fn on_request_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(&request) = self.requests.get(handle) else { return };
        if let Some(since) = self.leave_pool(handle, &request) {
            self.note_unsent(&request, since);
        }
        for position in 0..self.flights.of(handle).len() {
            let attempt = self.attempts.get(self.flights.of(handle)[position]);
            let attempt = *attempt.expect("it is in flight");
            if Self::is_monitored(&attempt) {
                self.monitor.attempt_over(Outcome::Timeout, self.now.since(attempt.sent));
            }
            self.note_for_policies(&attempt, Outcome::Timeout);
        }
        self.give_up_attempts(handle, true, probe);
        self.finish_request(handle, Outcome::Timeout, probe);
    }

    /// A request's backoff is over, unless the request was given up meanwhile.
    pub(in crate::model) fn on_retry_due(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.requests.get(handle).is_some() {
            self.send_unless_refused(handle, probe);
        }
    }
}
