//! The straight way: one attempt, at once at a member, served in its turn, answered.
//!
//! Most requests of most runs go it, and most of what the long way asks about them has one answer for
//! a whole run: is there a network, a hedge, a limit, a database, a crash? Here are the same steps in
//! the same order, with those questions asked once, when the world is made; the others are asked
//! first, and whoever needs another answer takes the long way through `client`, `dispatch`,
//! `backend`, `tries`. Both leave the same state behind, request by request: a run that never goes
//! straight ([`World::never_straight`]) has the same digest and result, which `tests/straight.rs`
//! asserts of every bundled and many random scenarios.

use super::backend::Backend;
use super::balancer::policy::ClientLeaves;
use super::balancer::{Answer, Pick, Tried};
use super::client::PopulationState;
use super::event::{COMPLETIONS, Event, TIMERS};
use super::outcome::Outcome;
use super::probe::{FinishedRequest, Probe};
use super::request::{Attempt, Place, Request, Sender};
use super::setup::{
    Abandoned, Arrivals, BackendId, BackendSetup, InstanceId, Population, PopulationId, Setup,
};
use super::station::discipline::Service;
use super::world::{Fact, World};
use crate::engine::queue::Source;
use crate::engine::slab::Handle;

/// Notes for whom the answers that hold for a whole run are the usual ones. `crosses`: messages cross a
/// network, of the scenario's own or of a fault's.
pub(super) fn mark(
    setup: &Setup,
    crosses: bool,
    populations: &mut [PopulationState],
    backends: &mut [Backend],
) {
    // These concern every request.
    let plain_world = !crosses
        && setup.database.is_none()
        && setup.populations.iter().all(|p| p.hedge.is_none() && p.total_timeout.is_none());
    let connections = setup.populations.iter().any(|p| p.connections.is_some());
    let usual = plain_world && !connections;
    for (state, population) in populations.iter_mut().zip(&setup.populations) {
        state.straight = usual && is_usual_client(population);
    }
    for (state, backend) in backends.iter_mut().zip(&setup.backends) {
        state.straight = usual && is_usual_backend(backend);
    }
}

/// A client that sends what arrives, and learns nothing from what becomes of it.
fn is_usual_client(population: &Population) -> bool {
    let policies = &population.policies;
    let budgets = &population.retries.budgets;
    let learns = policies.breaker.is_some()
        || policies.throttle.is_some()
        || policies.patience.is_some()
        || budgets.ratio.is_some()
        || budgets.tokens.is_some()
        || budgets.grpc.is_some();
    let comes_again = population.session.is_some();
    let arrives = !matches!(population.arrivals, Arrivals::Closed { .. } | Arrivals::Trace(_));
    !learns && !comes_again && arrives && population.classes.is_empty() && !population.redraw
}

/// Workers and a plain line, which nothing happens to but faults from outside.
fn is_usual_backend(backend: &BackendSetup) -> bool {
    let faults = &backend.own_faults;
    let breaks = faults.crash_at.is_some() || faults.memory.is_some() || faults.pauses.is_some();
    let line = backend.patience.is_none()
        && backend.queue_age.is_none()
        && backend.abandoned == Abandoned::Finish
        && backend.discipline.spec.service == Service::Kept;
    let line = line && backend.contention.is_none();
    !breaks && line && backend.overload.is_none() && backend.cold_start.is_none()
}

impl World {
    /// The same world, which takes the long way with every request: the slow twin in tests.
    pub fn never_straight(&mut self) {
        self.populations.iter_mut().for_each(|population| population.straight = false);
        self.backends.iter_mut().for_each(|backend| backend.straight = false);
        self.express = None;
    }

    /// From now on nobody goes straight, and requests are told from their attempts.
    pub(super) fn leave_straight(&mut self) {
        self.never_straight();
        let alone = self.attempts.iter().filter(|(_, attempt)| attempt.alone);
        let alone: Vec<Handle> = alone.map(|(handle, _)| handle).collect();
        for handle in alone {
            let request = self.claim(handle);
            self.attempts.get_mut(handle).expect("it was just there").request = request;
        }
    }

    /// A request of a population that may go straight is born and sent, unless the balancer process
    /// may not.
    #[inline]
    pub(super) fn go_straight(
        &mut self,
        id: PopulationId,
        user: u32,
        index: u64,
        probe: &mut impl Probe,
    ) -> bool {
        let now = self.now;
        let population = &self.populations[id.index()];
        let (instance, thread) = if self.is_one_process {
            (InstanceId(self.routes[0]), 0)
        } else {
            let route = population.instance(index, 1, self.routes.len() as u16);
            let thread = population.thread(index, 1, self.setup.balancer.threads);
            (InstanceId(self.routes[usize::from(route)]), thread)
        };
        let process = &mut self.instances[instance.index()];
        if !process.is_usual() || process.lines.has_backlog() {
            return false;
        }
        self.counts.requests += 1;
        self.counts.attempts += 1;
        probe.request_born(now, id, user);
        process.held += 1;
        let pick = process.pick_freely(thread).map_or_else(
            || process.pick(thread, population.key(user, index), Tried::default(), &[], now),
            Pick::Member,
        );
        self.send_straight((id, user, index), (instance, thread), None, pick, probe);
        true
    }

    /// The same once the one process there is has picked, for a request's first attempt or another one.
    pub(super) fn send_picked(
        &mut self,
        who: (PopulationId, u32, u64),
        known: Option<(Handle, u32)>,
        pick: Pick,
        probe: &mut impl Probe,
    ) {
        let process = (InstanceId(self.routes[0]), 0);
        self.send_straight(who, process, known, pick, probe);
    }

    /// An attempt is sent where it was picked to go.
    #[inline]
    fn send_straight(
        &mut self,
        (id, user, index): (PopulationId, u32, u64),
        (instance, thread): (InstanceId, u16),
        known: Option<(Handle, u32)>,
        pick: Pick,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let member = match pick {
            Pick::Member(member) if self.backends[member].is_open() => Some(member),
            _ => None,
        };
        self.alone += u64::from(known.is_none());
        let member = member.map(|member| BackendId(member as u16));
        let (who, process) = ((id, user, index), (instance, thread));
        let handle = self.attempts.insert_with(|| Attempt::sent(now, who, process, member, known));
        if let Some(timeout) = self.populations[id.index()].timeout {
            let event = Event::AttemptTimeout(handle);
            self.queue.push_in_lane(id.index(), now + timeout, TIMERS, event);
        }
        let process = &self.instances[instance.index()];
        let wants_probes = process.wants_probes();
        if process.config.timeout.is_some() {
            self.set_balancer_timer(handle);
        }
        if wants_probes {
            self.send_probes(instance, thread);
        }
        if let Some(member) = member {
            self.enter_straight(handle, member.index(), (id, index), instance, probe);
        } else if self.follow_pick(handle, pick, probe) {
            self.dispatch(handle, probe);
        }
    }

    /// An attempt reaches the member that was picked for it.
    #[inline]
    fn enter_straight(
        &mut self,
        handle: Handle,
        member: usize,
        (population, index): (PopulationId, u64),
        instance: InstanceId,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let subject = (u64::from(population.0) << 48) ^ index;
        self.digest_fact(Fact::Pick, subject, member as u64);
        if let Some(timeout) = self.instances[instance.index()].config.server_timeout {
            let lane = self.lane(super::dispatch::Lane::Server);
            let event = Event::ServerTimeout { attempt: handle, turn: 1 };
            self.queue.push_in_lane(lane, now + timeout, TIMERS, event);
        }
        let backend = &mut self.backends[member];
        backend.gauge.reached += 1;
        if backend.station.has_free_worker() {
            let mark = self.populations[population.index()].first_mark(index);
            backend.station.enter(now);
            backend.station.start(now, handle, backend.service.at(mark));
            if let Some((at, epoch)) = backend.station.reschedule(now) {
                self.queue.set(Source::Many(member), at, COMPLETIONS, epoch);
            }
        } else if backend.queue.is_none_or(|max| backend.station.waiting() < max) {
            backend.station.enter(now);
            backend.station.wait(now, handle, 0);
        } else {
            backend.gauge.rejected += 1;
            let full = self.setup.backends[member].full;
            self.place(handle, Place::Balancer);
            self.reply(handle, full, probe);
        }
    }

    /// A backend's work for an attempt is done. Returns whether it has gone the rest of its way.
    #[inline]
    pub(super) fn end_straight(
        &mut self,
        handle: Handle,
        id: BackendId,
        probe: &mut impl Probe,
    ) -> bool {
        let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
        let process = &self.instances[attempt.instance.index()];
        let is_usual = attempt.is_awaited()
            && attempt.held
            && attempt.sender == Sender::Client
            && self.populations[attempt.population.index()].straight
            && process.is_usual()
            && !process.lines.has_anybody();
        if !is_usual {
            return self.end_in_vain(handle, id);
        }
        let now = self.now;
        let (instance, request) = (attempt.instance, attempt.sole_request());
        let known = attempt.request;
        let (latency, took) = (now.since(attempt.since), now.since(attempt.sent));
        let (thread, retries) = (attempt.thread, attempt.retries);
        self.attempts.free(handle);
        let request = if let Some(known) = known {
            self.requests.remove(known).expect("it was in flight")
        } else {
            self.alone -= 1;
            request
        };
        let is_idle = self.serve_next_straight(id);
        let backend = &mut self.backends[id.index()];
        backend.note_latency(latency);
        backend.gauge.succeeded += 1;
        if is_idle {
            self.report_idle_straight(id, instance, &request);
        }
        let process = &mut self.instances[instance.index()];
        process.succeeded(thread, id.index(), latency, now);
        process.retrying -= u32::from(retries > 0);
        self.monitor.attempt_over(Outcome::Ok, took);
        self.tell_finished(request, Outcome::Ok, self.is_slow(&request), probe);
        true
    }

    /// The same for an attempt that nobody waits for any more. Returns whether it was one.
    fn end_in_vain(&mut self, handle: Handle, id: BackendId) -> bool {
        let attempt = self.attempts.get(handle).expect("an attempt in a station lives");
        let is_client = attempt.sender == Sender::Client;
        if attempt.held || attempt.spare || attempt.is_awaited() || !is_client {
            return false;
        }
        let (instance, request) = (attempt.instance, attempt.sole_request());
        let latency = self.now.since(attempt.since);
        self.attempts.free(handle);
        let is_idle = self.serve_next_straight(id);
        let backend = &mut self.backends[id.index()];
        backend.note_latency(latency);
        if is_idle {
            self.report_idle_straight(id, instance, &request);
        }
        self.backends[id.index()].gauge.wasted += 1;
        true
    }

    /// A client gives up a request whose only attempt is at a backend, which will serve it all the
    /// same. Returns whether it has done so.
    pub(super) fn give_up_straight(&mut self, handle: Handle, probe: &mut impl Probe) -> bool {
        let Some(&attempt) = self.attempts.get(handle) else { return false };
        let process = &mut self.instances[attempt.instance.index()];
        let population = &self.populations[attempt.population.index()];
        let is_usual = attempt.is_awaited()
            && attempt.held
            && population.straight
            && process.is_usual()
            && !process.lines.has_anybody()
            && process.config.client_leaves == ClientLeaves::Close
            && attempt.place == Place::Station;
        let Some(member) =
            attempt.backend.filter(|member| is_usual && self.backends[member.index()].straight)
        else {
            return false;
        };
        let now = self.now;
        self.monitor.attempt_over(Outcome::Timeout, now.since(attempt.sent));
        let retries = &self.setup.populations[attempt.population.index()].retries;
        if attempt.alone && !retries.may_follow(Outcome::Timeout) {
            // Nothing but its end is to become of the request: it need not be told from its attempt.
            self.alone -= 1;
            self.attempts.get_mut(handle).expect("its backend has it").alone = false;
            self.tell_finished(attempt.sole_request(), Outcome::Timeout, false, probe);
        } else {
            let request = self.claim(handle).expect("its client waits for it");
            self.attempt_over(request, Outcome::Timeout, probe);
        }
        let process = &mut self.instances[attempt.instance.index()];
        // No failure of the member, but whoever measures has waited in vain.
        let (outcome, latency) = (Outcome::Timeout, now.since(attempt.since));
        let answer = Answer { outcome, is_failure: false, latency, now };
        process.answered(attempt.thread, member, answer);
        process.release(member.index());
        process.held -= 1;
        process.retrying -= u32::from(attempt.retries > 0);
        self.attempts.get_mut(handle).expect("its backend has it").held = false;
        true
    }

    #[inline]
    fn report_idle_straight(&mut self, id: BackendId, process: InstanceId, request: &Request) {
        let process = &self.instances[process.index()];
        if !self.is_one_process || process.config.algorithm.algorithm.hears_idle {
            let stream = self.populations[request.population.index()].stream;
            self.report_idle(id, request.index ^ (stream << 48));
        }
    }

    /// A worker is free: the next one in line is served. Returns whether it stays idle.
    #[inline]
    fn serve_next_straight(&mut self, id: BackendId) -> bool {
        let now = self.now;
        let backend = &mut self.backends[id.index()];
        backend.station.leave_worker(now);
        if backend.station.waiting() > 0 {
            let Some(next) = backend.station.next_come(now) else {
                return self.serve_by_rule(id);
            };
            let attempt = self.attempts.get(next).expect("an attempt in a station lives");
            let population = &self.populations[attempt.population.index()];
            if !population.straight || attempt.sender == Sender::Check {
                self.start_service(next, id);
                return self.backends[id.index()].station.has_free_worker();
            }
            let work = backend.service.at(population.first_mark(attempt.index));
            backend.station.start(now, next, work);
        }
        if let Some((at, epoch)) = backend.station.reschedule(now) {
            self.queue.set(Source::Many(id.index()), at, COMPLETIONS, epoch);
        }
        backend.station.has_free_worker()
    }

    /// The same where it is not known who is next.
    #[cold]
    fn serve_by_rule(&mut self, id: BackendId) -> bool {
        self.next_in_line(id);
        self.schedule_completion(id);
        self.backends[id.index()].station.has_free_worker()
    }

    /// Whether a request that is answered now was answered too late for its population.
    #[inline]
    pub(super) fn is_slow(&self, request: &Request) -> bool {
        self.now.after(request.born) > self.populations[request.population.index()].slow
    }

    /// Tells counts, digest and observer that a request has its outcome; `slow`: an answer, too late.
    #[expect(clippy::inline_always, reason = "so is the recorder's part, which is most of it")]
    #[inline(always)]
    pub(super) fn tell_finished(
        &mut self,
        request: Request,
        outcome: Outcome,
        slow: bool,
        probe: &mut impl Probe,
    ) {
        let Request { population, user, index, born, attempts, .. } = request;
        self.counts.finished[outcome.index()] += 1;
        let subject = (u64::from(population.0) << 48) ^ index;
        self.digest_fact(Fact::RequestOver, subject, outcome.index() as u64);
        let fact = FinishedRequest { population, user, born, outcome, attempts, slow };
        probe.request_finished(self.now, &fact);
    }
}
