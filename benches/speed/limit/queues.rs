//! W1 and W2: Poisson arrivals at single-worker servers first in, first out, with or without a timer
//! per request.
//!
//! A request's departure is known when it arrives, so a server is its line of departures, and the next
//! event is the next arrival, the root of a tree over the heads of the lines, or the first timer. Whose
//! timer fires is served all the same, but is no load to two choices any more: nobody waits for it.

use super::line::{Line, Waiting};
use super::timers::Timers;
use super::tree::MinTree;
use super::{Draws, NEVER, Tally, below, boxed};

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

/// Requests that one line holds at most: an M/M/1 line at 80% load is longer with probability 1e-24.
const LINE: usize = 256;

/// More than arrive within a timeout.
const TIMERS: usize = 4096;

/// `NODES` of the tree, of which half are servers.
struct Loop<const NODES: usize, const TWO: bool, const TIMED: bool> {
    queues: Queues,
    draws: Draws,
    departures: MinTree<NODES>,
    lines: Vec<Line<LINE>>,
    /// Requests that a client still waits for, per server: what two choices compare.
    in_flight: Vec<u32>,
    timers: Timers<TIMERS>,
    /// Where the requests of these timers are.
    places: Box<[u32; TIMERS]>,
    tally: Tally,
}

impl<const NODES: usize, const TWO: bool, const TIMED: bool> Loop<NODES, TWO, TIMED> {
    fn new(queues: Queues, seed: u64) -> Self {
        Self {
            draws: Draws::new(seed, queues.gap_ns, queues.service_ns),
            departures: MinTree::new(),
            lines: (0..queues.servers).map(|_| Line::EMPTY).collect(),
            in_flight: vec![0; queues.servers],
            timers: Timers::new(),
            places: boxed(0),
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
        self.tally.attempts = self.tally.requests;
        self.tally
    }

    /// Departures and timers before the next arrival, in order.
    #[inline]
    fn happen_until(&mut self, arrival: u64) {
        loop {
            let departure = self.departures.time();
            if TIMED && self.timers.time() < departure.min(arrival) {
                self.give_up();
                continue;
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
            self.timers.set(number, now + self.queues.timeout_ns.unwrap_or(NEVER));
            self.places[number as usize % TIMERS] = server as u32;
        }
        if let Some(departure) = self.lines[server].join(number, now, service) {
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
        if TIMED && self.timers.is_over(number) {
            return;
        }
        if TIMED {
            self.timers.cancel(number);
        }
        if TWO {
            self.in_flight[server] -= 1;
        }
        self.tally.answered += 1;
        self.tally.answered_ns += now - arrival;
    }

    fn give_up(&mut self) {
        let number = self.timers.fire();
        self.tally.timed_out += 1;
        if TWO {
            self.in_flight[self.places[number as usize % TIMERS] as usize] -= 1;
        }
    }
}
