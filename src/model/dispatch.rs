//! The way of an attempt: client, balancer process, member, and back to the client.

use super::balancer::lines::Line;
use super::balancer::{Answer, Pick, Tried};
use super::client::connection::Line as ClientLine;
use super::event::{Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::{Attempt, Place, Sender};
use super::setup::{BackendId, InstanceId};
use super::world::{Fact, World};
use crate::engine::queue::Source;
use crate::engine::slab::Handle;
use crate::engine::time::Time;

impl World {
    /// A client sends one more attempt of its request.
    pub(super) fn send_attempt(&mut self, request_handle: Handle, probe: &mut impl Probe) {
        if let Some(line) = self.find_line(request_handle, probe) {
            self.send_on(line, request_handle, self.now, probe);
        }
    }

    /// A client sends an attempt, which it was allowed to send at `allowed`, on a connection of its
    /// own, or one that it keeps.
    pub(super) fn send_on(
        &mut self,
        line: ClientLine,
        request_handle: Handle,
        allowed: Time,
        probe: &mut impl Probe,
    ) {
        let request = self.requests.get_mut(request_handle).expect("it is being tried");
        request.attempts += 1;
        let request = *request;
        self.counts.attempts += 1;
        let population = &mut self.populations[request.population.index()];
        if request.attempts == 1 {
            population.first_sent(request.user, self.now);
        }
        let routes = self.routes.len() as u16;
        let (instance, thread) = if let ClientLine::Kept(connection) = line {
            self.ends_at(connection)
        } else {
            let route = population.instance(request.index, request.attempts, routes);
            let threads = self.setup.balancer.threads;
            let thread = population.thread(request.index, request.attempts, threads);
            (InstanceId(self.routes[usize::from(route)]), thread)
        };
        let handle = self.attempts.insert(Attempt {
            sender: Sender::Client,
            request: Some(request_handle),
            alone: false,
            spare: false,
            population: request.population,
            user: request.user,
            index: request.index,
            number: request.attempts.min(u32::from(u16::MAX)) as u16,
            instance,
            thread,
            held: true,
            backend: None,
            tried: Tried::default(),
            allowed,
            asked: self.now,
            sent: self.now,
            since: self.now,
            lag: 0,
            leg: 0,
            retries: 0,
            turn: 0,
            place: Place::Balancer,
        });
        self.set_attempt_timer(handle);
        let is_kept = matches!(line, ClientLine::Kept(_));
        if self.network.is_none() {
            self.set_balancer_timer(handle);
            self.hedge_later(request_handle, handle);
            self.load_line(line, handle);
            self.come_in(handle, is_kept, probe);
        } else {
            self.hedge_later(request_handle, handle);
            self.load_line(line, handle);
            self.set_out(handle, is_kept, probe);
        }
    }

    /// An attempt has reached a process, which may not accept its connection yet.
    pub(super) fn come_in(&mut self, handle: Handle, is_kept: bool, probe: &mut impl Probe) {
        let attempt = self.attempts.get(handle).expect("it has come in");
        let instance = &mut self.instances[attempt.instance.index()];
        // One that is kept was accepted when it was made.
        if !is_kept && !instance.accepts_at_once() {
            instance.lines.hold_back(handle);
            self.place(handle, Place::Backlog);
            if self.network.is_none() {
                self.set_accept_timer(handle);
            }
        } else {
            self.take_on(handle, probe);
        }
    }

    /// Sets the timers that bound the attempt as a whole.
    pub(super) fn set_client_timers(&mut self, handle: Handle) {
        self.set_attempt_timer(handle);
        self.set_balancer_timer(handle);
    }

    /// Sets the client's timer for an attempt.
    pub(super) fn set_attempt_timer(&mut self, handle: Handle) {
        let attempt = self.attempts.get(handle).expect("it is being sent");
        let (asked, population) = (attempt.asked, attempt.population.index());
        // Of an attempt that goes on under a new handle the client may have left long ago.
        let is_awaited = attempt.is_awaited() || attempt.spare;
        if is_awaited && let Some(timeout) = self.setup.populations[population].timeout {
            let event = Event::AttemptTimeout(handle);
            self.queue.push_in_lane(population, asked + timeout, TIMERS, event);
        }
    }

    /// Sets the balancer's timer for an attempt.
    pub(super) fn set_balancer_timer(&mut self, handle: Handle) {
        let attempt = self.attempts.get(handle).expect("it has come in");
        let sent = attempt.sent;
        if let Some(timeout) = self.instances[attempt.instance.index()].config.timeout {
            let (lane, event) = (self.lane(Lane::Total), Event::BalancerTimeout(handle));
            // A new configuration may have shortened it since.
            let at = (sent + timeout).max(self.now);
            self.queue.push_in_lane(lane, at, TIMERS, event);
        }
    }

    /// The balancer accepts the attempt's connection.
    pub(super) fn take_on(&mut self, handle: Handle, probe: &mut impl Probe) {
        let attempt = self.attempts.get_mut(handle).expect("it has come in");
        let instance = &mut self.instances[attempt.instance.index()];
        if !instance.admits(self.now) {
            // As one that was never accepted: the process counts it nowhere.
            attempt.place = Place::Backlog;
            self.answer(handle, Outcome::Http503, probe);
            return;
        }
        attempt.place = Place::Balancer;
        instance.held += 1;
        if instance.has_moving_limits() {
            instance.update_limits();
        }
        self.dispatch(handle, probe);
    }

    /// The process picks a member, until a try has begun or nobody is left.
    pub(super) fn dispatch(&mut self, handle: Handle, probe: &mut impl Probe) {
        loop {
            let attempt = *self.attempts.get(handle).expect("it is being dispatched");
            let instance = &mut self.instances[attempt.instance.index()];
            if instance.config.limits.requests.is_some_and(|most| instance.serving() >= most) {
                self.answer(handle, Outcome::Http503, probe);
                return;
            }
            let pick = match self.tied_to(handle) {
                Some(member) => {
                    self.instances[attempt.instance.index()].pick_member(member.index());
                    Pick::Member(member.index())
                }
                None => self.pick(&attempt),
            };
            if !self.follow_pick(handle, pick, probe) {
                return;
            }
        }
    }

    /// Does what the algorithm says. Returns whether another member is to be picked at once.
    pub(super) fn follow_pick(
        &mut self,
        handle: Handle,
        pick: Pick,
        probe: &mut impl Probe,
    ) -> bool {
        match pick {
            Pick::Member(member) => {
                let member = BackendId(member as u16);
                let attempt = self.attempts.get(handle).expect("it is being dispatched");
                let instance = attempt.instance;
                if self.must_wait_for_connection(instance, member) {
                    self.instances[instance.index()].release(member.index());
                    self.wait_in_line(handle, Line::Member(member), probe)
                } else {
                    self.start_try(handle, member, probe)
                }
            }
            Pick::QueueAt(member) => {
                self.wait_in_line(handle, Line::Member(BackendId(member as u16)), probe)
            }
            Pick::QueueInPool => self.wait_in_line(handle, Line::Pool, probe),
            Pick::Nobody => {
                // Nobody at all, or nobody but those that have failed it.
                let attempt = self.attempts.get(handle).expect("it is being dispatched");
                let config = &self.instances[attempt.instance.index()].config;
                let outcome = if attempt.tried.is_empty() {
                    config.nobody_as
                } else {
                    config.connect.refused_as
                };
                self.answer(handle, outcome, probe);
                false
            }
        }
    }

    fn pick(&mut self, attempt: &Attempt) -> Pick {
        let instance = &mut self.instances[attempt.instance.index()];
        if instance.config.algorithm.algorithm.oracle {
            self.backlog.clear();
            let inside = |b: &super::backend::Backend| b.station.inside();
            self.backlog.extend(self.backends.iter().map(inside));
        }
        let key = self.populations[attempt.population.index()].key(attempt.user, attempt.index);
        let pick = instance.pick(attempt.thread, key, attempt.tried, &self.backlog, self.now);
        self.send_probes(attempt.instance, attempt.thread);
        pick
    }

    /// Envoy opens no more than so many connections; a member that has one is waited for.
    fn must_wait_for_connection(&self, instance: InstanceId, member: BackendId) -> bool {
        let instance = &self.instances[instance.index()];
        // The pick itself counts already.
        instance.config.limits.connections.is_some_and(|most| instance.serving() > most)
            && instance.member(member).in_flight > 1
    }

    /// A try at a member begins. Returns whether another member is to be picked at once.
    pub(super) fn start_try(
        &mut self,
        handle: Handle,
        member: BackendId,
        probe: &mut impl Probe,
    ) -> bool {
        let attempt = self.attempts.get_mut(handle).expect("it is being dispatched");
        attempt.backend = Some(member);
        attempt.place = Place::Balancer;
        attempt.since = self.now;
        let instance = &mut self.instances[attempt.instance.index()];
        if instance.membership.judges_tries() {
            // nginx lets one try through to a failed peer, and then nobody.
            instance.membership.picked(member.index(), self.now);
            let id = attempt.instance;
            self.review(id, std::iter::once(member), probe);
        }
        let attempt = self.attempts.get(handle).expect("it is being dispatched");
        let subject = (u64::from(attempt.population.0) << 48) ^ attempt.index;
        self.digest_fact(Fact::Pick, subject, u64::from(member.0));
        self.connect(handle, probe)
    }

    /// Connects to the picked member. Returns whether another one is to be picked at once.
    pub(super) fn connect(&mut self, handle: Handle, probe: &mut impl Probe) -> bool {
        let attempt = self.attempts.get_mut(handle).expect("it is being dispatched");
        attempt.turn = attempt.turn.wrapping_add(1);
        let attempt = *attempt;
        if self.network.is_some() {
            return self.cross_to_member(handle, probe);
        }
        let member = attempt.backend.expect("a member was picked");
        let condition = self.backends[member.index()].condition;
        let config = &self.instances[attempt.instance.index()].config;
        // Through a connection that is there, whoever would refuse or not answer another one.
        let is_made = self.tied_to(handle).is_some();
        if condition.refuses && !is_made {
            return self.connection_failed(handle, false, probe);
        }
        if condition.unreachable && !is_made {
            if let Some(timeout) = config.connect.timeout {
                let event = Event::ConnectTimeout { attempt: handle, leg: attempt.leg };
                self.queue.push(self.now + timeout, TIMERS, event);
            }
            return false;
        }
        if let Some(timeout) = config.server_timeout {
            let lane = self.lane(Lane::Server);
            let event = Event::ServerTimeout { attempt: handle, turn: attempt.turn };
            self.queue.push_in_lane(lane, self.now + timeout, TIMERS, event);
        }
        if !condition.unreachable {
            self.tie(handle, member);
            self.accept(handle, member, probe);
        }
        false
    }

    /// A failing backend is going to answer at that time.
    pub(super) fn fail_later(&mut self, handle: Handle, outcome: Outcome, at: Time) {
        let attempt = self.attempts.get_mut(handle).expect("it is at a backend");
        attempt.place = Place::Failing(outcome);
        let event = Event::FailingReply { attempt: handle, turn: attempt.turn };
        self.queue.push(at, TIMERS, event);
    }

    /// A failing backend answers, unless the balancer has given that try up.
    pub(super) fn on_failing_reply(&mut self, handle: Handle, turn: u16, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get(handle).filter(|a| a.turn == turn) else { return };
        // Whoever was given an error to come gets it, even if the backend is well again.
        let Place::Failing(outcome) = attempt.place else { return };
        self.reply(handle, outcome, probe);
    }

    /// Takes from an attempt whose it is, if a client still waits for it.
    pub(super) fn claim(&mut self, handle: Handle) -> Option<Handle> {
        let attempt = self.attempts.get_mut(handle)?;
        if std::mem::take(&mut attempt.alone) {
            self.alone -= 1;
            return Some(self.requests.insert(attempt.sole_request()));
        }
        attempt.request.take()
    }

    /// The client has waited long enough.
    pub(super) fn on_attempt_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.attempts.get(handle).is_none() || self.give_up_straight(handle, probe) {
            return;
        }
        let request = self.claim(handle);
        let attempt = self.attempts.get_mut(handle).expect("it was just there");
        let Some(request) = request else {
            if std::mem::take(&mut attempt.spare) {
                let attempt = *attempt;
                self.note_for_policies(&attempt, Outcome::Timeout);
                self.client_closes(handle, probe);
            }
            return;
        };
        if self.network.is_some() {
            self.client_gives_up(handle, request, probe);
            return;
        }
        let attempt = *attempt;
        self.tell_client(handle, &attempt, request, Outcome::Timeout, probe);
        self.close_connection(handle, probe);
    }

    /// The balancer has waited long enough.
    pub(super) fn on_balancer_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(&attempt) = self.attempts.get(handle).filter(|attempt| attempt.held) else {
            return;
        };
        // The member that has it then has taken too long (Envoy, `Filter::onResponseTimeout`).
        if let Some(member) = attempt.backend.filter(|_| attempt.place.is_at_backend()) {
            self.tell_balancer(&attempt, member, Outcome::Http504, false, probe);
        }
        self.answer(handle, Outcome::Http504, probe);
    }

    /// The balancer has an answer for the client, which may have left: for both the attempt is
    /// over. The backend goes on with what it has begun. Does nothing if that happened before.
    pub(super) fn answer(&mut self, handle: Handle, outcome: Outcome, probe: &mut impl Probe) {
        if self.attempts.get(handle).is_none_or(|attempt| !attempt.held) {
            return;
        }
        let request = self.claim(handle);
        let attempt = *self.attempts.get(handle).expect("it was just there");
        // Across a network it is free when the client has its answer.
        if self.network.is_none() {
            self.line_over(handle, Some(outcome), probe);
        }
        // The member's slot is free before the client can come back, but filled only afterwards:
        // whoever waits there is served at the same instant.
        let freed = self.end_hold(handle, Some(outcome));
        if let Some(request) = request {
            self.tell_client(handle, &attempt, request, outcome, probe);
        } else if attempt.spare && self.network.is_some() {
            self.send_answer(handle, &attempt, None, outcome, probe);
        } else if attempt.spare {
            self.note_for_policies(&attempt, outcome);
        } else if self.network.is_some() {
            self.drop_answer(attempt.backend, outcome);
        }
        self.refill(attempt.instance, freed, probe);
    }

    fn tell_client(
        &mut self,
        handle: Handle,
        attempt: &Attempt,
        request: Handle,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        self.monitor.attempt_over(outcome, self.now.since(attempt.sent));
        if self.network.is_some() {
            self.send_answer(handle, attempt, Some(request), outcome, probe);
            return;
        }
        self.note_for_policies(attempt, outcome);
        self.one_attempt_over(request, handle, outcome, probe);
    }

    /// The balancer has nothing more to do with an attempt whose client has left.
    pub(super) fn let_go(&mut self, handle: Handle, probe: &mut impl Probe) {
        let attempt = *self.attempts.get(handle).expect("its client has just left");
        let (instance, place) = (attempt.instance, attempt.place);
        if let Some(member) = attempt.backend {
            // No failure of the member, but whoever measures has waited in vain.
            let (outcome, latency, now) = (Outcome::Timeout, self.since(&attempt), self.now);
            let answer = Answer { outcome, is_failure: false, latency, now };
            self.instances[instance.index()].answered(attempt.thread, member, answer);
        }
        let freed = self.end_hold(handle, None);
        if place == Place::Backlog {
            let attempts = &self.attempts;
            let lines = &mut self.instances[instance.index()].lines;
            lines.forget_gone(|waiting| attempts.get(waiting).is_some());
        }
        self.refill(instance, freed, probe);
    }

    /// The balancer's part of an attempt ends, with an outcome unless the client has left. Returns
    /// the member whose slot is free now.
    fn end_hold(&mut self, handle: Handle, outcome: Option<Outcome>) -> Option<BackendId> {
        let attempt = self.attempts.get_mut(handle).expect("it is held");
        attempt.held = false;
        let attempt = *attempt;
        let freed = self.leave_member(handle);
        if attempt.place != Place::Backlog {
            let instance = &mut self.instances[attempt.instance.index()];
            instance.held -= 1;
            instance.attempt_over(outcome, attempt.sent, self.now);
            instance.retrying -= u32::from(attempt.retries > 0);
            if instance.has_moving_limits() {
                instance.update_limits();
            }
        }
        freed
    }

    /// The balancer leaves the member it had sent the attempt to, or its line. What the backend
    /// still has of it stays there, without anybody who waits for it; otherwise, if the balancer
    /// does not hold it either, the attempt is gone. So it is if the backend drops it.
    pub(super) fn leave_member(&mut self, handle: Handle) -> Option<BackendId> {
        let attempt = *self.attempts.get(handle).expect("somebody has it");
        let is_gone = !attempt.held;
        if let Some(member) = attempt.backend {
            self.instances[attempt.instance.index()].release(member.index());
        }
        let in_line = if let Place::Line(line) = attempt.place { Some(line) } else { None };
        if in_line.is_some() {
            self.place(handle, Place::Balancer);
        }
        if self.leave_underway(handle, &attempt) {
            return attempt.backend;
        }
        if is_gone && !attempt.place.is_inside() {
            self.attempts.remove(handle);
        } else if is_gone && let Some(member) = attempt.backend {
            self.hang_up(handle, member);
        }
        if let Some(line) = in_line {
            self.leave_line(attempt.instance, line);
        }
        attempt.backend
    }

    /// Notes where an attempt is now.
    pub(super) fn place(&mut self, handle: Handle, place: Place) {
        self.attempts.get_mut(handle).expect("it is being moved").place = place;
    }

    /// How long an attempt has been with its member.
    pub(super) fn since(&self, attempt: &Attempt) -> crate::engine::time::Span {
        self.now.since(attempt.since)
    }
}

/// Lanes of the event list for timers that are mostly of one length, after one per population.
#[derive(Clone, Copy)]
pub(super) enum Lane {
    /// [`Event::BalancerTimeout`].
    Total,
    /// [`Event::ServerTimeout`].
    Server,
    /// [`Event::QueueTimeout`].
    Queue,
    /// The next health check of a member.
    Check,
    /// Health checks that have waited long enough.
    CheckTimeout,
    /// [`Event::RetryDue`].
    Retry,
}

impl Lane {
    /// How many there are.
    pub(super) const COUNT: usize = 6;
}

impl World {
    /// The number of a lane.
    pub(super) fn lane(&self, lane: Lane) -> usize {
        self.populations.len() + lane as usize
    }

    /// The source of the event list that the database's completions are.
    pub(super) fn source_of_database(&self) -> Source {
        Source::Many(self.backends.len())
    }

    /// Which of [`World::routes`] are an instance's.
    pub(super) fn routes_of(&self, instance: InstanceId) -> std::ops::Range<usize> {
        let each = usize::from(self.setup.balancer.processes);
        instance.index() * each..(instance.index() + 1) * each
    }
}
