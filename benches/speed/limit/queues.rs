//! W1 and W2: Poisson arrivals at single-worker servers first in, first out, with or without a timer
//! per request.
//!
//! Departures are known when a request arrives, so a server is its line of departures, and the next
//! event is the next arrival, the root of a tree over the heads of the lines, or the first timer.

use super::tree::MinTree;
use super::{Draws, Tally, below, boxed};

/// So many servers, and what comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queues {
    pub(crate) servers: usize,
    pub(crate) two_choices: bool,
    /// Mean time between arrivals.
    pub(crate) gap_ns: f64,
    /// Mean service.
    pub(crate) service_ns: f64,
    /// How long a client waits; its request is served all the same.
    pub(crate) timeout_ns: Option<u64>,
}

impl Queues {
    /// Runs until so many requests have arrived, rounded up to whole blocks.
    pub(crate) fn run(self, requests: u64, seed: u64) -> Tally {
        match (self.servers, self.two_choices, self.timeout_ns) {
            (..=16, false, None) => Loop::<32, false, false>::new(self, seed).run(requests),
            (..=16, true, None) => Loop::<32, true, false>::new(self, seed).run(requests),
            (..=128, false, Some(_)) => Loop::<256, false, true>::new(self, seed).run(requests),
            (..=128, true, Some(_)) => Loop::<256, true, true>::new(self, seed).run(requests),
            _ => unimplemented!("no workload needs it"),
        }
    }
}

/// Requests that one line holds at most. At 80% load an M/M/1 line is longer with probability 1e-24.
const LINE: usize = 256;

/// Timers that may be pending at a time, the cancelled ones behind the first included.
const TIMERS: usize = 4096;

/// In place of a time: none, after all others.
const NEVER: u64 = u64::MAX >> 16;

/// In place of a time: cancelled, before all others.
const CANCELLED: u64 = 0;

/// Requests in order of departure; behind the last stands one that never departs.
struct Line {
    ring: [Waiting; LINE],
    head: u32,
    tail: u32,
    /// When the last of them departs.
    free_at: u64,
}

#[derive(Clone, Copy)]
struct Waiting {
    departure: u64,
    arrival: u64,
    number: u64,
}

const NOBODY: Waiting = Waiting { departure: NEVER, arrival: 0, number: 0 };

impl Line {
    const EMPTY: Self = Self { ring: [NOBODY; LINE], head: 0, tail: 0, free_at: 0 };

    #[inline]
    fn first(&self) -> &Waiting {
        &self.ring[self.head as usize % LINE]
    }

    #[inline]
    fn push(&mut self, waiting: Waiting) {
        self.ring[self.tail as usize % LINE] = waiting;
        self.tail += 1;
        assert!(self.tail - self.head < LINE as u32, "the line is full");
        self.ring[self.tail as usize % LINE].departure = NEVER;
    }
}

/// `NODES` of the tree, of which half are servers.
struct Loop<const NODES: usize, const TWO: bool, const TIMED: bool> {
    queues: Queues,
    draws: Draws,
    departures: MinTree<NODES>,
    lines: Vec<Line>,
    /// Attempts that a client still waits for, per server: what two choices compare.
    in_flight: Vec<u32>,
    /// When each of the last requests gives up; behind the last stands one that never does.
    timers: Box<[u64; TIMERS]>,
    /// Where each of them is.
    places: Box<[u32; TIMERS]>,
    /// The first request whose timer is pending.
    first_timer: u64,
    tally: Tally,
}

impl<const NODES: usize, const TWO: bool, const TIMED: bool> Loop<NODES, TWO, TIMED> {
    fn new(queues: Queues, seed: u64) -> Self {
        Self {
            draws: Draws::new(seed, queues.gap_ns, queues.service_ns),
            departures: MinTree::new(),
            lines: (0..queues.servers).map(|_| Line::EMPTY).collect(),
            in_flight: vec![0; queues.servers],
            timers: boxed(NEVER),
            places: boxed(0),
            first_timer: 0,
            tally: Tally::default(),
            queues,
        }
    }

    fn run(mut self, requests: u64) -> Tally {
        let mut now = 0;
        while self.tally.requests < requests {
            for draw in *self.draws.next_block() {
                now += draw.gap;
                self.happen_until(now);
                self.arrive(now, draw.service, draw.bits);
            }
        }
        self.tally
    }

    /// Departures and timers before the next arrival, in order.
    #[inline]
    fn happen_until(&mut self, arrival: u64) {
        loop {
            let departure = self.departures.time();
            if TIMED {
                let timer = self.timers[self.first_timer as usize % TIMERS];
                if timer < departure.min(arrival) {
                    self.fire();
                    continue;
                }
            }
            if departure >= arrival {
                return;
            }
            self.depart(departure);
        }
    }

    #[inline]
    fn arrive(&mut self, now: u64, service: u64, bits: u64) {
        let servers = self.queues.servers;
        let mut server = below(bits as u32, servers);
        if TWO {
            let mut other = below((bits >> 32) as u32, servers - 1);
            other += usize::from(other >= server);
            if self.in_flight[other] < self.in_flight[server] {
                server = other;
            }
            self.in_flight[server] += 1;
        }
        let number = self.tally.requests;
        self.tally.requests += 1;
        if TIMED {
            let timeout = self.queues.timeout_ns.unwrap_or(NEVER);
            self.timers[number as usize % TIMERS] = now + timeout;
            self.places[number as usize % TIMERS] = server as u32;
            self.timers[(number + 1) as usize % TIMERS] = NEVER;
            assert!(number - self.first_timer < TIMERS as u64 - 1, "too many timers");
        }
        let line = &mut self.lines[server];
        let departure = line.free_at.max(now) + service;
        line.free_at = departure;
        if line.head == line.tail {
            self.departures.set(server, departure);
        }
        line.push(Waiting { departure, arrival: now, number });
    }

    #[inline]
    fn depart(&mut self, now: u64) {
        let server = self.departures.slot();
        let line = &mut self.lines[server];
        let Waiting { arrival, number, .. } = *line.first();
        line.head += 1;
        self.departures.set(server, line.first().departure);
        self.tally.served += 1;
        self.tally.served_ns += now - arrival;
        if TIMED && number < self.first_timer {
            return;
        }
        if TWO {
            self.in_flight[server] -= 1;
        }
        self.tally.answered += 1;
        self.tally.answered_ns += now - arrival;
        if TIMED {
            self.timers[number as usize % TIMERS] = CANCELLED;
            self.skip_cancelled();
        }
    }

    fn fire(&mut self) {
        let index = self.first_timer as usize % TIMERS;
        self.tally.timed_out += 1;
        if TWO {
            self.in_flight[self.places[index] as usize] -= 1;
        }
        self.first_timer += 1;
        self.skip_cancelled();
    }

    #[inline]
    fn skip_cancelled(&mut self) {
        while self.timers[self.first_timer as usize % TIMERS] == CANCELLED {
            self.first_timer += 1;
        }
    }
}
