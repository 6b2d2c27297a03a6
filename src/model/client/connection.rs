//! What is known of the connections that clients keep open.

use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::engine::slab::{Handle, Slab};
use crate::engine::time::{Span, Time};
use crate::model::setup::{BackendId, ConnectionPolicy, InstanceId, PopulationId, Reuse};
use std::collections::VecDeque;

/// A connection between a user and a balancer process.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Connection {
    pub(super) population: PopulationId,
    pub(super) user: u32,
    pub(in crate::model) process: InstanceId,
    pub(super) thread: u16,
    /// The member that it leads to, if it is tied to one and that has accepted it.
    pub(in crate::model) member: Option<BackendId>,
    /// Requests that it may still carry.
    pub(super) left: u32,
    /// Since when it is idle; `None` while it carries a request.
    pub(in crate::model) idle_since: Option<Time>,
    /// It is too old to carry another one.
    pub(super) closes: bool,
}

/// All connections, and which of them an attempt is on.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Connections {
    pub(in crate::model) open: Slab<Connection>,
    /// By slot of the slab of attempts; empty if nobody keeps connections.
    by_attempt: Vec<Option<Handle>>,
}

impl Connections {
    /// An attempt is sent on a connection.
    pub(super) fn carry(&mut self, connection: Handle, attempt: Handle) {
        if self.by_attempt.len() <= attempt.index() {
            self.by_attempt.resize(attempt.index() + 1, None);
        }
        self.by_attempt[attempt.index()] = Some(connection);
    }

    /// The connection that an attempt is on.
    #[inline]
    pub(in crate::model) fn of(&self, attempt: Handle) -> Option<&Connection> {
        let connection = (*self.by_attempt.get(attempt.index())?)?;
        self.open.get(connection)
    }

    /// Ties an attempt's connection to a member.
    pub(super) fn tie(&mut self, attempt: Handle, member: BackendId) {
        let connection = self.by_attempt.get(attempt.index()).copied().flatten();
        if let Some(entry) = connection.and_then(|connection| self.open.get_mut(connection)) {
            entry.member = Some(member);
        }
    }

    /// An attempt is no longer on its connection, if it was on one.
    #[inline]
    pub(super) fn unload(&mut self, attempt: Handle) -> Option<Handle> {
        self.by_attempt.get_mut(attempt.index())?.take()
    }

    /// The balancer goes on with an attempt under another handle.
    pub(in crate::model) fn rename(&mut self, old: Handle, new: Handle) {
        if let Some(connection) = self.unload(old) {
            self.carry(connection, new);
        }
    }
}

/// One user's connections, and who waits for one.
#[derive(Clone, Debug, Default)]
pub(super) struct UserPool {
    /// Idle or busy.
    open: u32,
    /// In the order in which they became idle.
    idle: VecDeque<Handle>,
    /// Requests and since when they wait, in the order in which they came.
    waiting: VecDeque<(Handle, Time)>,
}

/// The pools of a population's users.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) policy: ConnectionPolicy,
    /// Where its idle timers wait, if connections close by idleness.
    pub(super) idle_lane: Option<usize>,
    users: Vec<UserPool>,
    jitter_key: u64,
}

/// What a request is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Line {
    /// A connection of its own, which nobody keeps.
    Own,
    /// One that is made for it and kept.
    Fresh,
    /// One that is there.
    Kept(Handle),
}

impl Pools {
    pub(super) fn new(policy: ConnectionPolicy, users: u32, seed: Seed, population: u64) -> Self {
        Self {
            policy,
            idle_lane: None,
            users: vec![UserPool::default(); users as usize],
            jitter_key: key(seed, Purpose::Connection, population),
        }
    }

    /// A connection for a request of `user`, taken out if it is an idle one; `None`: all are busy.
    pub(super) fn take(&mut self, user: u32) -> Option<Line> {
        let pool = &mut self.users[user as usize];
        let idle = match self.policy.reuse {
            Reuse::Latest => pool.idle.pop_back(),
            Reuse::Oldest => pool.idle.pop_front(),
        };
        if let Some(connection) = idle {
            return Some(Line::Kept(connection));
        }
        let has_room = self.policy.max.is_none_or(|most| pool.open < most);
        has_room.then_some(Line::Fresh)
    }

    /// Whether [`Pools::take`] would find one for a newcomer, whom others may be ahead of.
    pub(super) fn has_line(&self, user: u32) -> bool {
        let pool = &self.users[user as usize];
        let has_room = self.policy.max.is_none_or(|most| pool.open < most);
        pool.waiting.is_empty() && (!pool.idle.is_empty() || has_room)
    }

    /// Whether requests of `user` wait for a connection.
    pub(super) fn has_waiting(&self, user: u32) -> bool {
        !self.users[user as usize].waiting.is_empty()
    }

    /// A request waits, if it may.
    pub(super) fn wait(&mut self, user: u32, request: Handle, now: Time) -> bool {
        let pool = &mut self.users[user as usize];
        let may = self.policy.waiting.is_none_or(|most| pool.waiting.len() < most as usize);
        if may {
            pool.waiting.push_back((request, now));
        }
        may
    }

    /// A request no longer waits. Returns since when it did, if so.
    pub(super) fn leave(&mut self, user: u32, request: Handle) -> Option<Time> {
        let waiting = &mut self.users[user as usize].waiting;
        let place = waiting.iter().position(|&(other, _)| other == request)?;
        waiting.remove(place).map(|(_, since)| since)
    }

    /// Who waits longest, and since when, taken out of the line.
    pub(super) fn next_waiting(&mut self, user: u32) -> Option<(Handle, Time)> {
        self.users[user as usize].waiting.pop_front()
    }

    /// A connection has been made.
    pub(super) fn opened(&mut self, user: u32) {
        self.users[user as usize].open += 1;
    }

    /// A connection may carry another request.
    pub(super) fn rest(&mut self, user: u32, connection: Handle) {
        self.users[user as usize].idle.push_back(connection);
    }

    /// A connection is closed; whether it was idle.
    pub(super) fn closed(&mut self, user: u32, connection: Handle, idle: bool) {
        let pool = &mut self.users[user as usize];
        pool.open -= 1;
        if idle {
            pool.idle.retain(|&other| other != connection);
        }
    }

    /// The limits of a connection made for attempt `number` of request `index`: how many requests
    /// it carries, and how old it gets.
    pub(super) fn limits(&self, index: u64, number: u32) -> (u32, Option<Span>) {
        let draw = |what: u64| {
            let bits = keyed(self.jitter_key ^ what, keyed(u64::from(number), index));
            1.0 - self.policy.jitter * unit(bits)
        };
        let requests = self.policy.requests.map_or(u32::MAX, |most| {
            // Uniform over the whole numbers that the share leaves.
            libm::ceil(f64::from(most) * draw(1)).max(1.0) as u32
        });
        (requests, self.policy.age.map(|age| age.scaled(draw(2))))
    }

    /// Connections open, all users together.
    pub(super) fn open(&self) -> u64 {
        self.users.iter().map(|pool| u64::from(pool.open)).sum()
    }
}
