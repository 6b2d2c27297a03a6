//! The straight way: one attempt, at once at a member, served in its turn, answered.
//!
//! Most requests of most runs go it, and most of what the long way asks about them has one answer for
//! a whole run: is there a network, a hedge, a limit, a database, a crash? Here are the same steps in
//! the same order, with those questions asked once, when the world is made; the others are asked
//! first, and whoever needs another answer takes the long way through `client`, `dispatch`,
//! `backend`, `tries`. Both leave the same state behind, request by request: a run that never goes
//! straight ([`World::never_straight`]) has the same digest and result, which `tests/straight.rs`
//! asserts of every bundled and many random scenarios.

use super::balancer::{Answer, Pick, Tried};
use super::event::{COMPLETIONS, Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::{Attempt, Place, Request, Sender};
use super::setup::{
    Abandoned, Arrivals, BackendId, BackendSetup, InstanceId, Population, PopulationId, Setup,
};
use super::station::discipline::Service;
use super::world::{Fact, World};
use crate::engine::queue::Source;
use crate::engine::slab::Handle;

/// For whom the answers that hold for a whole run are the usual ones.
#[derive(Clone, Debug)]
pub(super) struct Straight {
    populations: Vec<bool>,
    backends: Vec<bool>,
}

impl Straight {
    /// `crosses`: messages cross a network, of the scenario's own or of a fault's.
    pub(super) fn new(setup: &Setup, crosses: bool) -> Self {
        // These concern every request.
        let plain_world = !crosses
            && setup.database.is_none()
            && setup.populations.iter().all(|p| p.hedge.is_none() && p.total_timeout.is_none());
        let connections = setup.populations.iter().any(|p| p.connections.is_some());
        let usual = plain_world && !connections;
        Self {
            populations: setup.populations.iter().map(|p| usual && is_usual_client(p)).collect(),
            backends: setup.backends.iter().map(|b| usual && is_usual_backend(b)).collect(),
        }
    }

    /// Whether a population's requests may go straight.
    #[inline]
    pub(super) fn begins(&self, id: PopulationId) -> bool {
        self.populations[id.index()]
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
    !breaks && line && backend.overload.is_none() && backend.cold_start.is_none()
}

impl World {
    /// The same world, which takes the long way with every request: the slow twin in tests.
    pub fn never_straight(&mut self) {
        self.straight.populations.fill(false);
        self.straight.backends.fill(false);
    }

    /// A request is born and sent, if its population may go straight; the balancer process may not.
    pub(super) fn go_straight(
        &mut self,
        id: PopulationId,
        user: u32,
        index: u64,
        probe: &mut impl Probe,
    ) -> bool {
        let routes = self.routes.len() as u16;
        let population = &self.populations[id.index()];
        let instance = InstanceId(self.routes[usize::from(population.instance(index, 1, routes))]);
        let process = &self.instances[instance.index()];
        if !process.is_usual() || process.lines.has_backlog() {
            return false;
        }
        let thread = population.thread(index, 1, self.setup.balancer.threads);
        let now = self.now;
        self.counts.requests += 1;
        self.counts.attempts += 1;
        probe.request_born(now, id, user);
        let request = Request { population: id, user, index, born: now, attempts: 1, hedges: 0 };
        let request = self.requests.insert(request);
        let handle = self.attempts.insert(Attempt {
            sender: Sender::Client,
            request: Some(request),
            spare: false,
            population: id,
            user,
            index,
            number: 1,
            instance,
            thread,
            held: true,
            backend: None,
            tried: Tried::default(),
            asked: now,
            sent: now,
            allowed: now,
            since: now,
            lag: 0,
            leg: 0,
            retries: 0,
            turn: 0,
            place: Place::Balancer,
        });
        if let Some(timeout) = self.setup.populations[id.index()].timeout {
            let event = Event::AttemptTimeout(handle);
            self.queue.push_in_lane(id.index(), now + timeout, TIMERS, event);
        }
        self.set_balancer_timer(handle);
        let key = self.populations[id.index()].key(user, index);
        let process = &mut self.instances[instance.index()];
        process.held += 1;
        let pick = process.pick(thread, key, Tried::default(), &[], now);
        if process.wants_probes() {
            self.send_probes(instance, thread);
        }
        match pick {
            Pick::Member(member) if self.is_open(member) => {
                let work = self.populations[id.index()].service_mark(index, 1);
                self.enter_straight(handle, BackendId(member as u16), work, probe);
            }
            _ => {
                if self.follow_pick(handle, pick, probe) {
                    self.dispatch(handle, probe);
                }
            }
        }
        true
    }

    /// Whether a backend takes attempts in as usual.
    #[inline]
    fn is_open(&self, member: usize) -> bool {
        self.straight.backends[member] && self.backends[member].condition.takes_in()
    }

    /// An attempt reaches the member that was picked for it.
    #[inline]
    fn enter_straight(
        &mut self,
        handle: Handle,
        member: BackendId,
        mark: u64,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let attempt = self.attempts.get_mut(handle).expect("it was just sent");
        attempt.backend = Some(member);
        attempt.turn = 1;
        attempt.place = Place::Station;
        let instance = attempt.instance;
        let subject = (u64::from(attempt.population.0) << 48) ^ attempt.index;
        self.digest_fact(Fact::Pick, subject, u64::from(member.0));
        if let Some(timeout) = self.instances[instance.index()].config.server_timeout {
            let lane = self.lane(super::dispatch::Lane::Server);
            let event = Event::ServerTimeout { attempt: handle, turn: 1 };
            self.queue.push_in_lane(lane, now + timeout, TIMERS, event);
        }
        let setup = &self.setup.backends[member.index()];
        let backend = &mut self.backends[member.index()];
        backend.gauge.reached += 1;
        if backend.station.has_free_worker() {
            backend.station.enter(now);
            backend.station.start(now, handle, setup.service.at(mark));
            if let Some((at, epoch)) = backend.station.reschedule(now) {
                let event = Event::Completion { backend: member, epoch };
                self.queue.set(Source::Many(member.index()), at, COMPLETIONS, event);
            }
        } else if setup.queue.is_none_or(|max| backend.station.waiting() < max) {
            backend.station.enter(now);
            backend.station.wait(now, handle, 0);
        } else {
            backend.gauge.rejected += 1;
            let full = setup.full;
            self.attempts.get_mut(handle).expect("it was just sent").place = Place::Balancer;
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
        let attempt = *self.attempts.get(handle).expect("an attempt in a station lives");
        let is_usual = self.straight.backends[id.index()]
            && attempt.sender == Sender::Client
            && attempt.held
            && self.straight.populations[attempt.population.index()];
        let Some(request) = attempt.request.filter(|_| is_usual) else { return false };
        let process = &self.instances[attempt.instance.index()];
        if !process.is_usual() || process.lines.waiting() > 0 || process.lines.has_backlog() {
            return false;
        }
        let now = self.now;
        self.serve_next_straight(id);
        let backend = &mut self.backends[id.index()];
        let latency = now.since(attempt.since);
        backend.note_latency(latency);
        backend.gauge.succeeded += 1;
        let waiting = backend.station.waiting();
        if waiting == 0 && backend.station.busy() < self.setup.backends[id.index()].workers {
            self.report_idle(id, attempt.index ^ (u64::from(attempt.population.0) << 48));
        }
        let process = &mut self.instances[attempt.instance.index()];
        let answer = Answer { outcome: Outcome::Ok, is_failure: false, latency, now };
        process.answered(attempt.thread, id, answer);
        process.release(id);
        process.held -= 1;
        process.retrying -= u32::from(attempt.retries > 0);
        self.attempts.remove(handle);
        self.monitor.attempt_over(Outcome::Ok, now.since(attempt.sent));
        self.finish_request(request, Outcome::Ok, probe);
        true
    }

    /// A worker is free: the next one in line is served.
    #[inline]
    fn serve_next_straight(&mut self, id: BackendId) {
        let now = self.now;
        let station = &mut self.backends[id.index()].station;
        station.leave_worker(now);
        if station.waiting() == 0 {
            self.schedule_completion(id);
        } else {
            self.next_in_line(id);
            self.schedule_completion(id);
        }
    }
}
