//! The way of an attempt: client, instance, member, and back.

use super::balancer::Tried;
use super::event::{Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::{Attempt, Place};
use super::setup::InstanceId;
use super::world::{Fact, World};
use crate::engine::slab::Handle;

impl World {
    /// A client sends one more attempt of its request.
    pub(super) fn send_attempt(&mut self, request_handle: Handle, probe: &mut impl Probe) {
        let request = self.requests.get_mut(request_handle).expect("it is being tried");
        request.attempts += 1;
        let request = *request;
        self.counts.attempts += 1;
        let population = &self.populations[request.population.index()];
        let instances = self.instances.len() as u16;
        let instance = InstanceId(population.instance(request.index, request.attempts, instances));
        let handle = self.attempts.insert(Attempt {
            request: Some(request_handle),
            population: request.population,
            index: request.index,
            instance,
            backend: None,
            tried: Tried::default(),
            sent: self.now,
            connect_retries: self.instances[instance.index()].config.connect.retries,
            place: Place::Balancer,
        });
        let setup = &self.setup.populations[request.population.index()];
        if let Some(timeout) = setup.timeout {
            let (lane, at) = (request.population.index(), self.now + timeout);
            self.queue.push_in_lane(lane, at, TIMERS, Event::AttemptTimeout(handle));
        }
        if let Some(timeout) = self.instances[instance.index()].config.timeout {
            let (lane, at) = (self.balancer_lane(), self.now + timeout);
            self.queue.push_in_lane(lane, at, TIMERS, Event::BalancerTimeout(handle));
        }
        self.dispatch(handle, probe);
    }

    /// The instance picks a member, until one is found or nobody is left.
    fn dispatch(&mut self, handle: Handle, probe: &mut impl Probe) {
        loop {
            let attempt = *self.attempts.get(handle).expect("it is being dispatched");
            let request = attempt.request.expect("it has not been answered");
            let user = self.requests.get(request).expect("it waits for this attempt").user;
            let source = self.populations[attempt.population.index()].source(user);
            let instance = &mut self.instances[attempt.instance.index()];
            let Some(picked) = instance.pick(source, attempt.tried, self.now) else {
                // Nobody at all, or nobody but those that have refused.
                let refused = instance.config.connect.refused_as;
                let outcome = if attempt.tried.is_empty() { Outcome::Http503 } else { refused };
                self.answer(handle, outcome, probe);
                return;
            };
            let subject = (u64::from(attempt.population.0) << 48) ^ attempt.index;
            self.digest_fact(Fact::Pick, subject, u64::from(picked.0));
            let attempt = self.attempts.get_mut(handle).expect("it is being dispatched");
            attempt.backend = Some(picked);
            if !self.connect(handle, probe) {
                return;
            }
        }
    }

    /// Connects to the picked member. Returns whether another one is to be picked.
    fn connect(&mut self, handle: Handle, probe: &mut impl Probe) -> bool {
        let attempt = *self.attempts.get(handle).expect("it is being dispatched");
        let member = attempt.backend.expect("a member was picked");
        if !self.backends[member.index()].condition.refuses {
            self.accept(handle, member, probe);
            return false;
        }
        let policy = self.instances[attempt.instance.index()].config.connect;
        if attempt.connect_retries == 0 {
            self.answer(handle, policy.refused_as, probe);
            return false;
        }
        let attempt = self.attempts.get_mut(handle).expect("it is being dispatched");
        attempt.connect_retries -= 1;
        if policy.redispatch {
            attempt.tried = attempt.tried.and(member.index());
            attempt.backend = None;
            let instance = attempt.instance;
            self.instances[instance.index()].release(member);
            return true;
        }
        self.queue.push(self.now + policy.delay, TIMERS, Event::ConnectRetry(handle));
        false
    }

    /// The wait before another connection to the same member is over.
    pub(super) fn on_connect_retry(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.attempts.get(handle).is_some() && self.connect(handle, probe) {
            self.dispatch(handle, probe);
        }
    }

    /// A failing backend answers.
    pub(super) fn on_failing_reply(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get(handle) else { return };
        // Whoever was given an error to come gets it, even if the backend is well again.
        let Place::Failing(outcome) = attempt.place else { return };
        self.answer(handle, outcome, probe);
    }

    /// The client has waited long enough.
    pub(super) fn on_attempt_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        self.answer(handle, Outcome::Timeout, probe);
    }

    /// The balancer has waited long enough.
    pub(super) fn on_balancer_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        self.answer(handle, Outcome::Http504, probe);
    }

    /// The client gets its answer, or gives up: for it and the balancer the attempt is over. The
    /// backend goes on with what it has begun. Does nothing if that happened before.
    pub(super) fn answer(&mut self, handle: Handle, outcome: Outcome, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get_mut(handle) else { return };
        let Some(request) = attempt.request.take() else { return };
        let attempt = *attempt;
        if let Some(member) = attempt.backend {
            self.instances[attempt.instance.index()].release(member);
        }
        if !matches!(attempt.place, Place::Station | Place::Replying) {
            self.attempts.remove(handle);
        }
        self.monitor.attempt_over(outcome, self.now.since(attempt.sent));
        self.attempt_over(request, outcome, probe);
    }

    /// Notes where an attempt is now.
    pub(super) fn place(&mut self, handle: Handle, place: Place) {
        self.attempts.get_mut(handle).expect("it is being moved").place = place;
    }
}
