//! Requests on connections that clients keep: which one, what becomes of it, and who waits.

use super::connection::{Connection, Line, Pools};
use crate::engine::random::Seed;
use crate::engine::slab::Handle;
use crate::engine::time::Time;
use crate::model::event::{Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::Request;
use crate::model::setup::{BackendId, InstanceId, Pins, PopulationId};
use crate::model::world::World;

impl World {
    /// Gives every population that keeps connections its pools.
    pub(super) fn open_pools(&mut self, id: PopulationId, seed: Seed) {
        let setup = &self.setup.populations[id.index()];
        let Some(policy) = setup.connections else { return };
        let mut pools = Pools::new(policy, setup.users, seed, self.setup.population_stream(id));
        if policy.idle.is_some() {
            pools.idle_lane = Some(self.queue.add_lane());
        }
        self.populations[id.index()].pools = Some(Box::new(pools));
    }

    /// Finds what a request is sent on; `None` if it waits now, or has failed.
    pub(in crate::model) fn find_line(
        &mut self,
        handle: Handle,
        probe: &mut impl Probe,
    ) -> Option<Line> {
        let request = *self.requests.get(handle).expect("it is being tried");
        let Some(pools) = &mut self.populations[request.population.index()].pools else {
            return Some(Line::Own);
        };
        if pools.has_line(request.user) {
            return pools.take(request.user);
        }
        if !pools.wait(request.user, handle, self.now) {
            self.note_unsent(&request, self.now);
            self.finish_request(handle, Outcome::NoConnection, probe);
        } else if let Some(wait) = pools.policy.wait {
            let event = Event::PoolTimeout { request: handle, attempts: request.attempts };
            self.queue.push(self.now + wait, TIMERS, event);
        }
        None
    }

    /// Whether a hedge finds a connection: it waits for none.
    pub(super) fn has_line(&self, request: &Request) -> bool {
        let pools = &self.populations[request.population.index()].pools;
        pools.as_ref().is_none_or(|pools| pools.has_line(request.user))
    }

    /// A request has waited long enough for a connection, unless it has got one.
    pub(in crate::model) fn on_pool_timeout(
        &mut self,
        handle: Handle,
        attempts: u32,
        probe: &mut impl Probe,
    ) {
        let Some(&request) = self.requests.get(handle) else { return };
        if request.attempts == attempts
            && let Some(since) = self.leave_pool(handle, &request)
        {
            self.note_unsent(&request, since);
            self.finish_request(handle, Outcome::NoConnection, probe);
        }
    }

    /// A request does not wait for a connection any more. Returns since when it did, if so.
    pub(super) fn leave_pool(&mut self, handle: Handle, request: &Request) -> Option<Time> {
        let pools = &mut self.populations[request.population.index()].pools;
        pools.as_mut().and_then(|pools| pools.leave(request.user, handle))
    }

    /// Connections of a user may be free: those who wait get them.
    pub(in crate::model) fn on_pool_turn(
        &mut self,
        id: PopulationId,
        user: u32,
        probe: &mut impl Probe,
    ) {
        loop {
            let pools = self.populations[id.index()].pools.as_mut().expect("somebody waited");
            if !pools.has_waiting(user) {
                return;
            }
            let Some(line) = pools.take(user) else { return };
            let (request, since) = pools.next_waiting(user).expect("somebody waits");
            self.send_on(line, request, since, probe);
        }
    }

    /// The process and the thread at the other end of a kept connection.
    pub(in crate::model) fn ends_at(&self, connection: Handle) -> (InstanceId, u16) {
        let connection = self.connections.open.get(connection).expect("idle ones are open");
        (connection.process, connection.thread)
    }

    /// An attempt goes out on a connection, which is made if it is a fresh one.
    pub(in crate::model) fn load_line(&mut self, line: Line, attempt: Handle) {
        let connection = match line {
            Line::Own => return,
            Line::Fresh => self.open_connection(attempt),
            Line::Kept(connection) => {
                let entry = self.connections.open.get_mut(connection).expect("it was idle");
                entry.idle_since = None;
                let instance = &mut self.instances[entry.process.index()];
                instance.idle_clients -= 1;
                // The attempt is going to count there itself.
                if let Some(member) = entry.member {
                    instance.release(member.index());
                }
                connection
            }
        };
        let entry = self.connections.open.get_mut(connection).expect("it carries an attempt");
        entry.left -= 1;
        self.connections.carry(connection, attempt);
    }

    fn open_connection(&mut self, attempt: Handle) -> Handle {
        let attempt = *self.attempts.get(attempt).expect("it is being sent");
        let pools = self.populations[attempt.population.index()].pools.as_mut();
        let pools = pools.expect("its connection is kept");
        let (left, age) = pools.limits(attempt.index, u32::from(attempt.number));
        pools.opened(attempt.user);
        self.instances[attempt.instance.index()].connections += 1;
        let handle = self.connections.open.insert(Connection {
            population: attempt.population,
            user: attempt.user,
            process: attempt.instance,
            thread: attempt.thread,
            member: None,
            left,
            idle_since: None,
            closes: false,
        });
        if let Some(age) = age {
            self.queue.push(self.now + age, TIMERS, Event::ConnectionAged(handle));
        }
        handle
    }

    /// The member that an attempt's connection leads to, if it is tied to one. A balancer that has
    /// lost the member's end begins anew.
    pub(in crate::model) fn tied_to(&self, attempt: Handle) -> Option<BackendId> {
        let connection = self.connections.of(attempt)?;
        let entry = self.attempts.get(attempt)?;
        connection.member.filter(|_| entry.retries == 0)
    }

    /// A member has accepted the connection that an attempt came on.
    pub(in crate::model) fn tie(&mut self, attempt: Handle, member: BackendId) {
        let Some(connection) = self.connections.of(attempt) else { return };
        if self.pins(connection.population) == Pins::Backend {
            self.connections.tie(attempt, member);
        }
    }

    fn pins(&self, id: PopulationId) -> Pins {
        let policy = self.setup.populations[id.index()].connections;
        policy.expect("its connections are kept").pins
    }

    /// An attempt is over for its client: with an outcome, or because the client closes (`None`). Its
    /// connection is free, or closed.
    pub(in crate::model) fn line_over(
        &mut self,
        attempt: Handle,
        outcome: Option<Outcome>,
        probe: &mut impl Probe,
    ) {
        let Some(handle) = self.connections.unload(attempt) else { return };
        let connection = *self.connections.open.get(handle).expect("it carried an attempt");
        let answered = outcome.is_some_and(|outcome| outcome != Outcome::Refused);
        let survives = match self.pins(connection.population) {
            // An old process closes what it has answered; a layer 4 one knows no answers.
            Pins::Instance => self.routes.contains(&connection.process.0),
            // At layer 4 these are connections lost, or never made.
            Pins::Backend => {
                let is_lost = matches!(outcome, Some(Outcome::Http502 | Outcome::Http504));
                connection.member.is_some() && !is_lost
            }
        };
        if !(answered && survives) || connection.closes || connection.left == 0 {
            self.shut(handle, probe);
            return;
        }
        let (now, id) = (self.now, connection.population);
        self.connections.open.get_mut(handle).expect("it lives on").idle_since = Some(now);
        let instance = &mut self.instances[connection.process.index()];
        instance.idle_clients += 1;
        if let Some(member) = connection.member {
            instance.pick_member(member.index());
        }
        let pools = self.populations[id.index()].pools.as_mut().expect("it keeps connections");
        pools.rest(connection.user, handle);
        if let (Some(idle), Some(lane)) = (pools.policy.idle, pools.idle_lane) {
            let event = Event::ConnectionIdle(handle);
            self.queue.push_in_lane(lane, now + idle, TIMERS, event);
        }
        self.call_waiting(id, connection.user);
    }

    /// Closes a connection, idle or not.
    fn shut(&mut self, handle: Handle, probe: &mut impl Probe) {
        let connection = self.connections.open.remove(handle).expect("it was open");
        let (id, user) = (connection.population, connection.user);
        let idle = connection.idle_since.is_some();
        let pools = self.populations[id.index()].pools.as_mut().expect("it keeps connections");
        pools.closed(user, handle, idle);
        let instance = &mut self.instances[connection.process.index()];
        instance.connections -= 1;
        if idle {
            instance.idle_clients -= 1;
            if let Some(member) = connection.member {
                instance.release(member.index());
            }
            self.refill(connection.process, connection.member, probe);
        }
        self.call_waiting(id, user);
    }

    /// Whoever waits for a connection has a turn at this instant, but not in the middle of this.
    fn call_waiting(&mut self, id: PopulationId, user: u32) {
        let pools = self.populations[id.index()].pools.as_ref();
        if pools.is_some_and(|pools| pools.has_waiting(user)) {
            self.queue.push(self.now, TIMERS, Event::PoolTurn { population: id, user });
        }
    }

    /// A connection has been idle for long, unless it was used meanwhile.
    pub(in crate::model) fn on_connection_idle(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(connection) = self.connections.open.get(handle) else { return };
        let policy = self.setup.populations[connection.population.index()].connections;
        let limit = policy.and_then(|policy| policy.idle).expect("its timer was set");
        if connection.idle_since.is_some_and(|since| since + limit <= self.now) {
            self.shut(handle, probe);
        }
    }

    /// A connection is as old as it gets.
    pub(in crate::model) fn on_connection_aged(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(connection) = self.connections.open.get_mut(handle) else { return };
        connection.closes = true;
        if connection.idle_since.is_some() {
            self.shut(handle, probe);
        }
    }

    /// Closes the idle connections that are meant.
    fn shut_idle(&mut self, is_meant: impl Fn(&Self, &Connection) -> bool, probe: &mut impl Probe) {
        let open = self.connections.open.iter();
        let idle = open.filter(|(_, c)| c.idle_since.is_some() && is_meant(self, c));
        let mut meant: Vec<_> =
            idle.map(|(handle, c)| (c.population, c.user, c.idle_since, handle)).collect();
        // An order that does not depend on the slab's, but for those of one user at one instant.
        meant.sort_unstable();
        for (.., handle) in meant {
            // Closing one may have let somebody in who used another.
            if self.connections.open.get(handle).is_some_and(|c| c.idle_since.is_some()) {
                self.shut(handle, probe);
            }
        }
    }

    /// Processes that a reload has replaced close the connections on which nobody waits for an
    /// answer (HAProxy since 2.4, nginx); layer 4 proxies cannot tell and keep them.
    pub(in crate::model) fn shut_retired(&mut self, probe: &mut impl Probe) {
        let retired = |world: &Self, c: &Connection| {
            world.pins(c.population) == Pins::Instance && !world.routes.contains(&c.process.0)
        };
        self.shut_idle(retired, probe);
    }

    /// A member's process has died, and with it the connections that led to it.
    pub(in crate::model) fn shut_tied(&mut self, member: BackendId, probe: &mut impl Probe) {
        self.shut_idle(|_, connection| connection.member == Some(member), probe);
    }

    /// Every pool, process and connection agrees on what is open. O(connections).
    pub(in crate::model) fn assert_connections(&self) {
        let open = || self.connections.open.iter().map(|(_, connection)| connection);
        for (id, instance) in (0..).zip(&self.instances) {
            let here = || open().filter(|connection| connection.process.0 == id);
            assert_eq!(here().count(), instance.connections as usize, "connections drifted");
            let idle = here().filter(|connection| connection.idle_since.is_some()).count();
            assert_eq!(idle, instance.idle_clients as usize, "idle connections drifted");
        }
        let pools = self.populations.iter().filter_map(|population| population.pools.as_ref());
        let pooled: u64 = pools.map(|pools| pools.open()).sum();
        assert_eq!(pooled, open().count() as u64, "users' connections drifted");
    }
}
