//! The way of an attempt through the network, message by message.
//!
//! A new connection costs its round trips before the request leaves; what comes back is one message.
//! A member's port, its death and a partition are met when the message arrives there, and
//! what follows is known one latency later. A timer of the end that waits runs meanwhile: the client's from
//! the moment it wants a connection, the balancer's for a connection, and from the connection on for an
//! answer.

use super::{Crossing, Ends};
use crate::engine::random::keyed;
use crate::engine::slab::Handle;
use crate::engine::time::Span;
use crate::model::balancer::membership::policy::Asks;
use crate::model::client::PopulationState;
use crate::model::dispatch::Lane;
use crate::model::event::{ARRIVALS, COMPLETIONS, Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::{Attempt, Place, Sender};
use crate::model::setup::{BackendId, InstanceId, Pins};
use crate::model::world::World;

/// What became of a transmission.
enum Fate {
    /// It is there at once.
    There,
    /// It arrives after this long.
    Underway(Span),
    /// It will be made again.
    Lost,
}

/// The request's number among the messages of a client's connection that is there.
const KEPT: u8 = 0x40;
/// The number of a check's sender, unlike that of any population.
const CHECKS: u64 = 0xFFFF;

impl World {
    /// A client's attempt sets out for a process, over a connection that is there or a new one.
    pub(in crate::model) fn set_out(
        &mut self,
        handle: Handle,
        is_kept: bool,
        probe: &mut impl Probe,
    ) {
        self.place(handle, Place::Coming(if is_kept { KEPT } else { 0 }));
        self.advance(handle, probe);
        let place = self.attempts.get(handle).map(|attempt| attempt.place);
        if place.is_some_and(|place| place == Place::Backlog || self.is_being_accepted(place)) {
            self.set_accept_timer(handle);
        }
    }

    /// Whether this is a client's connection that is being made.
    pub(in crate::model) fn is_being_accepted(&self, place: Place) -> bool {
        let trips = || 2 * self.network_setup().client_round_trips;
        matches!(place, Place::Coming(step) if step < trips())
    }

    /// A try begins with a connection, one that is there or a new one. Returns whether another
    /// member is to be picked at once.
    pub(in crate::model) fn cross_to_member(
        &mut self,
        handle: Handle,
        probe: &mut impl Probe,
    ) -> bool {
        let last = self.last_step();
        let attempt = self.attempts.get_mut(handle).expect("it is being dispatched");
        attempt.leg = attempt.leg.wrapping_add(1);
        let (leg, process) = (attempt.leg, attempt.instance);
        let member = attempt.backend.expect("a member was picked");
        let is_client = attempt.sender == Sender::Client;
        let is_shared = is_client && self.shares_connections(handle);
        let network = self.network.as_mut().expect("only called with a network");
        let is_kept = is_shared && network.take_idle(process, member);
        // Or through the connection that the client's is tied to.
        let is_made = is_kept || self.tied_to(handle).is_some();
        self.place(handle, Place::Going(if is_made { last } else { 0 }));
        if is_made {
            self.connected(handle, member);
        }
        let going_on = self.advance(handle, probe);
        let timeout = self.instances[process.index()].config.connect.timeout;
        // A check has a timer of its own.
        if let Some(timeout) = timeout.filter(|_| is_client)
            && self.is_connecting(handle, leg)
        {
            let event = Event::ConnectTimeout { attempt: handle, leg };
            self.queue.push(self.now + timeout, TIMERS, event);
        }
        going_on
    }

    /// Whether the balancer sends an attempt on any of its connections to a member: not if each
    /// belongs to one of a client.
    fn shares_connections(&self, handle: Handle) -> bool {
        let attempt = self.attempts.get(handle).expect("the caller has it");
        let setup = &self.setup.populations[attempt.population.index()];
        setup.connections.is_none_or(|connections| connections.pins == Pins::Instance)
    }

    /// Whether this way of an attempt has not led to a connection yet.
    fn is_connecting(&self, handle: Handle, leg: u16) -> bool {
        let last = self.last_step();
        self.attempts.get(handle).is_some_and(|attempt| {
            let opening = match attempt.place {
                Place::Going(step) => step < last,
                place => place == Place::Refused,
            };
            attempt.leg == leg && opening
        })
    }

    /// A connection was not made in time. Returns whether it still was being made; the attempt is
    /// back at the balancer then.
    pub(in crate::model) fn gives_up_connecting(&mut self, handle: Handle, leg: u16) -> bool {
        if !self.is_connecting(handle, leg) {
            return false;
        }
        self.come_back(handle);
        true
    }

    /// What is on its way for an attempt is of no interest any more.
    fn come_back(&mut self, handle: Handle) {
        let attempt = self.attempts.get_mut(handle).expect("the caller has it");
        attempt.leg = attempt.leg.wrapping_add(1);
        attempt.place = Place::Balancer;
    }

    /// Which message of a balancer's connection is the request.
    fn last_step(&self) -> u8 {
        2 * self.network_setup().round_trips
    }

    fn network_setup(&self) -> &crate::model::setup::NetworkSetup {
        &self.network.as_ref().expect("only called with a network").setup
    }

    /// Whether the message in this place is one of a connection's first two.
    fn is_opening(&self, place: Place) -> bool {
        match place {
            Place::Coming(step) => step < 2.min(2 * self.network_setup().client_round_trips),
            Place::Going(step) => step < 2,
            place => place == Place::Refused,
        }
    }

    /// Sends an attempt's message, and all that follow at the same instant. Returns whether another
    /// member is to be picked at once.
    pub(in crate::model) fn advance(&mut self, handle: Handle, probe: &mut impl Probe) -> bool {
        loop {
            if !matches!(self.transmit(handle, 0), Fate::There) {
                return false;
            }
            if let Some(going_on) = self.arrive(handle, probe) {
                return going_on;
            }
        }
    }

    /// One transmission of an attempt's message, after `tries` that were lost.
    fn transmit(&mut self, handle: Handle, tries: u8) -> Fate {
        let attempt = *self.attempts.get(handle).expect("it sends a message");
        let (ends, towards, step) = self.message(&attempt);
        let network = self.network.as_ref().expect("only called with a network");
        let identity =
            identity(&self.populations, &attempt, u64::from(step) << 8 | u64::from(tries));
        // A partition of a backend as a whole is met by new connections alone.
        let is_shut = attempt.place == Place::Going(0)
            && attempt.backend.is_some_and(|id| self.backends[id.index()].condition.unreachable);
        let transmission = network.transmission(ends, towards, identity);
        let leg = attempt.leg;
        match transmission.filter(|_| !is_shut) {
            Some(Span::ZERO) => Fate::There,
            Some(latency) => {
                // An answer at the very instant of its timeout still counts.
                let class = if towards { ARRIVALS } else { COMPLETIONS };
                self.push_after(latency, class, Crossing::Message { attempt: handle, leg });
                Fate::Underway(latency)
            }
            None => {
                let (wait, _) = network.again(self.is_opening(attempt.place), tries);
                let again = Crossing::Again { attempt: handle, leg, tries: tries + 1 };
                self.queue.push(self.now + wait, TIMERS, Event::Crossed(again));
                Fate::Lost
            }
        }
    }

    /// Between whom an attempt's message travels, whether away from the client, and its number.
    fn message(&self, attempt: &Attempt) -> (Ends, bool, u8) {
        let location = || self.instances[attempt.instance.index()].location();
        let member = || {
            let member = attempt.backend.expect("its message goes to a member or comes from one");
            Ends::Backend(location(), member)
        };
        match attempt.place {
            Place::Coming(step) => {
                (Ends::Client(attempt.population, location()), step.is_multiple_of(2), step)
            }
            Place::Going(step) => (member(), step.is_multiple_of(2), 0x80 | step),
            Place::Refused | Place::Returning(_) | Place::Reset => (member(), false, 0xC0),
            Place::Answering(_) => (Ends::Client(attempt.population, location()), false, 0xC1),
            place => unreachable!("no message is on its way in {place:?}"),
        }
    }

    pub(super) fn on_message(&mut self, handle: Handle, leg: u16, probe: &mut impl Probe) {
        if !self.is_underway(handle, leg) {
            return;
        }
        let going_on = self.arrive(handle, probe);
        let going_on = going_on.unwrap_or_else(|| self.advance(handle, probe));
        if going_on {
            self.dispatch(handle, probe);
        }
    }

    pub(super) fn on_again(&mut self, handle: Handle, leg: u16, tries: u8, probe: &mut impl Probe) {
        if !self.is_underway(handle, leg) {
            return;
        }
        let attempt = self.attempts.get(handle).expect("it is under way");
        let network = self.network.as_ref().expect("only called with a network");
        let (_, most) = network.again(self.is_opening(attempt.place), tries);
        let going_on = if tries > most {
            self.give_message_up(handle, probe)
        } else if matches!(self.transmit(handle, tries), Fate::There) {
            let going_on = self.arrive(handle, probe);
            going_on.unwrap_or_else(|| self.advance(handle, probe))
        } else {
            false
        };
        if going_on {
            self.dispatch(handle, probe);
        }
    }

    fn is_underway(&self, handle: Handle, leg: u16) -> bool {
        let attempt = self.attempts.get(handle);
        attempt.is_some_and(|attempt| attempt.leg == leg && attempt.place.is_underway())
    }

    /// A message has arrived. `None`: another one is to be sent; otherwise whether another member is
    /// to be picked at once.
    fn arrive(&mut self, handle: Handle, probe: &mut impl Probe) -> Option<bool> {
        let place = self.attempts.get(handle).expect("its message has arrived").place;
        match place {
            Place::Coming(step) => {
                if step < 2 * self.network_setup().client_round_trips {
                    self.place(handle, Place::Coming(step + 1));
                    return None;
                }
                self.reach_balancer(handle, step == KEPT, probe);
                Some(false)
            }
            Place::Going(step) => self.arrive_at_member(handle, step, probe),
            Place::Refused => {
                self.come_back(handle);
                if self.attempts.get(handle).is_some_and(|a| a.sender == Sender::Check) {
                    self.check_answered(handle, Outcome::Refused, probe);
                    return Some(false);
                }
                Some(self.connection_failed(handle, false, probe))
            }
            Place::Returning(outcome) => {
                self.place(handle, Place::Left);
                let attempt = *self.attempts.get(handle).expect("its message has arrived");
                let is_shared = attempt.sender == Sender::Client && self.shares_connections(handle);
                let network = self.network.as_mut().expect("only called with a network");
                if let Some(member) = attempt.backend.filter(|_| is_shared) {
                    network.keep_idle(attempt.instance, member);
                }
                self.try_over(handle, outcome, probe);
                Some(false)
            }
            Place::Reset => {
                self.place(handle, Place::Left);
                self.try_over(handle, Outcome::Http502, probe);
                Some(false)
            }
            Place::Answering(outcome) => {
                let answer = *self.attempts.get(handle).expect("its message has arrived");
                self.attempts.remove(handle);
                self.reach_client(handle, &answer, outcome, probe);
                Some(false)
            }
            place => unreachable!("no message arrives in {place:?}"),
        }
    }

    /// A message of a connection arrives: an even one at the member, an odd one at the balancer.
    fn arrive_at_member(
        &mut self,
        handle: Handle,
        step: u8,
        probe: &mut impl Probe,
    ) -> Option<bool> {
        let last = self.last_step();
        let attempt = *self.attempts.get(handle).expect("its message has arrived");
        let member = attempt.backend.expect("it goes to a member");
        let asks = (attempt.sender == Sender::Check).then(|| self.asks(attempt.instance));
        let condition = self.backends[member.index()].condition;
        if step < last {
            let is_refused = step == 0 && condition.refuses;
            let next = if is_refused { Place::Refused } else { Place::Going(step + 1) };
            self.place(handle, next);
            if next == Place::Going(last) {
                if asks == Some(Asks::Connection) {
                    self.check_answered(handle, Outcome::Ok, probe);
                    return Some(false);
                }
                self.connected(handle, member);
            }
            return None;
        }
        if condition.stopped {
            // Its connection died with the process.
            if attempt.held {
                self.place(handle, Place::Reset);
                return None;
            }
            self.attempts.remove(handle);
            return Some(false);
        }
        if asks == Some(Asks::Life) {
            if condition.hangs {
                self.place(handle, Place::Unheard);
                return Some(false);
            }
            self.place(handle, Place::Returning(Outcome::Ok));
            return None;
        }
        let attempt = self.attempts.get_mut(handle).expect("its message has arrived");
        attempt.lag =
            u32::try_from(self.now.since(attempt.since).as_ns() / 1_000).unwrap_or(u32::MAX);
        attempt.place = Place::Balancer;
        self.accept(handle, member, probe);
        Some(false)
    }

    fn asks(&self, process: InstanceId) -> Asks {
        let membership = &self.instances[process.index()].membership;
        membership.checks().map_or(Asks::Connection, |checks| checks.asks)
    }

    /// From the connection on a member's answer is waited for.
    fn connected(&mut self, handle: Handle, member: BackendId) {
        self.tie(handle, member);
        let attempt = self.attempts.get(handle).expect("it has a connection");
        let timeout = self.instances[attempt.instance.index()].config.server_timeout;
        if let Some(timeout) = timeout.filter(|_| attempt.sender == Sender::Client) {
            let lane = self.lane(Lane::Server);
            let event = Event::ServerTimeout { attempt: handle, turn: attempt.turn };
            self.queue.push_in_lane(lane, self.now + timeout, TIMERS, event);
        }
    }

    /// A request has come in. Its client may have left: that is known when it is told.
    fn reach_balancer(&mut self, handle: Handle, is_kept: bool, probe: &mut impl Probe) {
        let now = self.now;
        let has_own_line = self.connections.of(handle).is_none();
        let attempt = self.attempts.get_mut(handle).expect("its message has arrived");
        if has_own_line {
            // Whichever process has the port now.
            let population = &self.populations[attempt.population.index()];
            let (number, routes) = (u32::from(attempt.number), self.routes.len() as u16);
            let route = population.instance(attempt.index, number, routes);
            attempt.instance = InstanceId(self.routes[usize::from(route)]);
        }
        (attempt.sent, attempt.since, attempt.place) = (now, now, Place::Balancer);
        self.set_balancer_timer(handle);
        self.come_in(handle, is_kept, probe);
    }

    /// A message was sent in vain for the last time. Returns whether another member is to be picked.
    fn give_message_up(&mut self, handle: Handle, probe: &mut impl Probe) -> bool {
        let attempt = *self.attempts.get(handle).expect("its message was lost");
        match attempt.place {
            Place::Coming(_) => {
                self.line_over(handle, None, probe);
                self.attempts.remove(handle);
                if let Some(request) = attempt.request {
                    self.note_for_policies(&attempt, Outcome::Timeout);
                    self.one_attempt_over(request, handle, Outcome::Timeout, probe);
                }
            }
            Place::Going(_) if attempt.sender == Sender::Check => {
                self.check_answered(handle, Outcome::Http504, probe);
            }
            Place::Going(_) if !attempt.held => {
                self.attempts.remove(handle);
            }
            Place::Going(step) => {
                self.come_back(handle);
                if step < self.last_step() {
                    return self.connection_failed(handle, true, probe);
                }
                self.try_over(handle, Outcome::Http502, probe);
            }
            // Whoever waits for it has timers of its own.
            _ => {}
        }
        false
    }

    /// A member has answered an attempt.
    pub(in crate::model) fn reply(
        &mut self,
        handle: Handle,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        let is_held = self.attempts.get(handle).is_some_and(|attempt| attempt.held);
        if self.network.is_none() || !is_held {
            self.try_over(handle, outcome, probe);
            return;
        }
        self.place(handle, Place::Returning(outcome));
        self.advance(handle, probe);
    }

    /// A member has died, and an attempt's connection with it. What a database has of the attempt is
    /// known under the old handle.
    pub(in crate::model) fn lose_connection(&mut self, handle: Handle, probe: &mut impl Probe) {
        let attempt = *self.attempts.get(handle).expect("its member had it");
        if self.network.is_none() || !attempt.held || attempt.sender == Sender::Check {
            self.try_over(handle, Outcome::Http502, probe);
            return;
        }
        self.attempts.remove(handle);
        let renewed = self.attempts.insert(Attempt { place: Place::Reset, ..attempt });
        self.rename(handle, renewed, attempt.request);
        self.set_client_timers(renewed);
        self.follow(renewed);
        self.advance(renewed, probe);
    }

    /// The client knows an attempt by another handle now.
    fn rename(&mut self, old: Handle, new: Handle, request: Option<Handle>) {
        self.connections.rename(old, new);
        if let Some(request) = request {
            self.flights.rename(request, old, new);
        }
    }

    /// The balancer's answer sets out for the client.
    pub(in crate::model) fn send_answer(
        &mut self,
        old: Handle,
        attempt: &Attempt,
        request: Option<Handle>,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        let place = Place::Answering(outcome);
        let leg = attempt.leg.wrapping_add(1);
        let answer = Attempt { request, held: false, place, leg, ..*attempt };
        let (ends, ..) = self.message(&answer);
        if self.network.as_ref().is_some_and(|network| network.is_nothing(ends)) {
            self.reach_client(old, &answer, outcome, probe);
            return;
        }
        let handle = self.attempts.insert(answer);
        self.rename(old, handle, request);
        let in_time = match self.transmit(handle, 0) {
            Fate::There => {
                self.arrive(handle, probe);
                return;
            }
            Fate::Underway(latency) => {
                let timeout = self.setup.populations[attempt.population.index()].timeout;
                timeout.is_none_or(|timeout| self.now + latency <= attempt.asked + timeout)
            }
            Fate::Lost => false,
        };
        if !in_time {
            self.set_attempt_timer(handle);
        }
    }

    /// The client has its answer, unless it has left.
    fn reach_client(
        &mut self,
        handle: Handle,
        answer: &Attempt,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        self.line_over(handle, Some(outcome), probe);
        let Some(request) = answer.request else {
            if answer.spare {
                self.note_for_policies(answer, outcome);
            }
            self.drop_answer(answer.backend, outcome);
            return;
        };
        if let Some(backend) = answer.backend.filter(|_| outcome.is_ok()) {
            self.backends[backend.index()].gauge.succeeded += 1;
        }
        self.note_for_policies(answer, outcome);
        self.one_attempt_over(request, handle, outcome, probe);
    }

    /// Nobody waits for an answer: the work for it was wasted.
    pub(in crate::model) fn drop_answer(&mut self, backend: Option<BackendId>, outcome: Outcome) {
        if let Some(backend) = backend.filter(|_| outcome.is_ok()) {
            self.backends[backend.index()].gauge.wasted += 1;
        }
    }

    /// The balancer leaves a member while something is under way. Returns whether that goes on by
    /// itself, an orphan.
    pub(in crate::model) fn leave_underway(&mut self, handle: Handle, attempt: &Attempt) -> bool {
        if !attempt.place.is_underway() {
            return false;
        }
        match attempt.place {
            Place::Going(step) if step == self.last_step() && !attempt.held => {
                // The member will get the request, and hear later that nobody wants the answer.
                if let Some(member) = attempt.backend {
                    self.hang_up(handle, member);
                }
                return self.attempts.get(handle).is_some();
            }
            Place::Returning(outcome) => self.drop_answer(attempt.backend, outcome),
            _ => {}
        }
        self.come_back(handle);
        false
    }
}

/// What is drawn for a message: keyed by the request, the attempt, and which of its messages it is.
pub(super) fn identity(populations: &[PopulationState], attempt: &Attempt, message: u64) -> u64 {
    let sender = match attempt.sender {
        Sender::Client => populations[attempt.population.index()].stream,
        Sender::Check => CHECKS,
    };
    let way = u64::from(attempt.number) << 16 | u64::from(attempt.leg);
    keyed(keyed(sender << 32 | way, attempt.index), message)
}
