//! W3: many single-worker servers behind least connections, with health checks that pass, a timeout per
//! attempt, one retry, and users who are counted.

use super::line::{Line, Waiting};
use super::timers::Timers;
use super::tree::MinTree;
use super::{Draws, NEVER, Tally, assert_ends, below, boxed};
use std::collections::VecDeque;

/// So many servers, and what comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fleet {
    pub(crate) servers: usize,
    pub(crate) users: usize,
    /// Mean time between arrivals.
    pub(crate) gap_ns: f64,
    /// Mean service.
    pub(crate) service_ns: f64,
    /// How long a client waits for an attempt; it is served all the same.
    pub(crate) timeout_ns: u64,
    /// After which it makes its second and last.
    pub(crate) backoff_ns: u64,
    /// From one check of a server to the next.
    pub(crate) check_ns: u64,
}

impl Fleet {
    /// Runs until so many requests have arrived, rounded up to whole blocks.
    pub(crate) fn run(self, requests: u64, seed: u64) -> Tally {
        assert_ends(requests, self.gap_ns);
        assert!(self.servers <= NODES / 2);
        Loop::new(self).run(requests, seed)
    }
}

/// Of the trees; half of them are servers.
const NODES: usize = 2048;

/// Attempts that one line holds at most: the least loaded of a thousand has next to none.
const LINE: usize = 16;

/// More than are made within a timeout.
const TIMERS: usize = 8192;

/// One connection, in the order of servers; below it stands when the server was picked last.
const CONNECTION: u64 = 1 << 40;

#[derive(Clone, Copy, Debug, Default)]
struct Attempt {
    born: u64,
    service: u64,
    user: u32,
    server: u16,
    is_last: bool,
}

#[derive(Clone, Copy, Default)]
struct User {
    requests: u32,
    failed: u32,
}

/// What checks know of a server.
#[derive(Clone, Copy)]
struct Health {
    answers: bool,
    passed: u32,
}

struct Loop {
    fleet: Fleet,
    departures: MinTree<NODES>,
    lines: Vec<Line<LINE>>,
    /// Servers by connections, then by who has waited longest for a pick.
    order: MinTree<NODES>,
    places: Vec<u64>,
    timers: Timers<TIMERS>,
    /// The attempts of these timers.
    attempts: Box<[Attempt; TIMERS]>,
    retries: VecDeque<(u64, Attempt)>,
    next_check: u64,
    /// Who is checked next.
    checked: usize,
    check_gap: u64,
    healths: Vec<Health>,
    users: Vec<User>,
    tally: Tally,
}

impl Loop {
    fn new(fleet: Fleet) -> Self {
        let mut order = MinTree::new();
        (0..fleet.servers).for_each(|server| order.set(server, 0));
        Self {
            departures: MinTree::new(),
            lines: (0..fleet.servers).map(|_| Line::EMPTY).collect(),
            order,
            places: vec![0; fleet.servers],
            timers: Timers::new(),
            attempts: boxed(Attempt::default()),
            retries: VecDeque::new(),
            next_check: 0,
            checked: 0,
            check_gap: fleet.check_ns / fleet.servers as u64,
            healths: vec![Health { answers: true, passed: 0 }; fleet.servers],
            users: vec![User::default(); fleet.users],
            tally: Tally::default(),
            fleet,
        }
    }

    fn run(mut self, requests: u64, seed: u64) -> Tally {
        let mut draws = Draws::new(seed, self.fleet.gap_ns, self.fleet.service_ns);
        let mut now = 0;
        while self.tally.requests < requests {
            for draw in draws.next_block() {
                now += draw.gap;
                self.happen_until(now);
                let user = below(draw.bits as u32, self.users.len());
                self.tally.requests += 1;
                self.users[user].requests += 1;
                let (service, user) = (draw.service, user as u32);
                self.begin(now, Attempt { born: now, service, user, server: 0, is_last: false });
            }
        }
        std::hint::black_box((&self.users, &self.healths));
        self.tally
    }

    /// Whatever happens before the next arrival, in order.
    #[inline]
    fn happen_until(&mut self, arrival: u64) {
        loop {
            let departure = self.departures.time();
            let timer = self.timers.time();
            let retry = self.retries.front().map_or(NEVER, |next| next.0);
            let next = departure.min(timer).min(retry).min(self.next_check);
            if next >= arrival {
                return;
            }
            if next == departure {
                self.depart(departure);
            } else if next == self.next_check {
                self.check();
            } else if next == timer {
                self.give_up(timer);
            } else if let Some((now, attempt)) = self.retries.pop_front() {
                self.begin(now, attempt);
            }
        }
    }

    #[inline]
    fn begin(&mut self, now: u64, attempt: Attempt) {
        let number = self.tally.attempts;
        self.tally.attempts += 1;
        let server = self.order.slot();
        let connections = self.places[server] / CONNECTION;
        self.places[server] = (connections + 1) * CONNECTION + self.tally.attempts;
        self.order.set(server, self.places[server]);
        self.timers.set(number, now + self.fleet.timeout_ns);
        self.attempts[number as usize % TIMERS] = Attempt { server: server as u16, ..attempt };
        if let Some(departure) = self.lines[server].join(number, now, attempt.service) {
            self.departures.set(server, departure);
        }
    }

    #[inline]
    fn depart(&mut self, now: u64) {
        let server = self.departures.slot();
        let line = &mut self.lines[server];
        let Waiting { arrival, number, .. } = line.leave();
        self.departures.set(server, line.time());
        self.tally.served += 1;
        self.tally.served_ns += now - arrival;
        if self.timers.is_over(number) {
            return;
        }
        self.timers.cancel(number);
        self.disconnect(server);
        self.tally.answered += 1;
        self.tally.answered_ns += now - self.attempts[number as usize % TIMERS].born;
    }

    fn give_up(&mut self, now: u64) {
        let number = self.timers.fire();
        let attempt = self.attempts[number as usize % TIMERS];
        self.disconnect(usize::from(attempt.server));
        if attempt.is_last {
            self.tally.timed_out += 1;
            self.users[attempt.user as usize].failed += 1;
        } else {
            let again = Attempt { is_last: true, ..attempt };
            self.retries.push_back((now + self.fleet.backoff_ns, again));
        }
    }

    #[inline]
    fn disconnect(&mut self, server: usize) {
        self.places[server] -= CONNECTION;
        self.order.set(server, self.places[server]);
    }

    /// Servers are checked in turns, evenly spread over the interval.
    #[inline]
    fn check(&mut self) {
        let health = &mut self.healths[self.checked];
        health.passed += u32::from(health.answers);
        self.checked = if self.checked + 1 < self.healths.len() { self.checked + 1 } else { 0 };
        self.next_check += self.check_gap;
    }
}
