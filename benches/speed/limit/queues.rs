//! W1 and W2: Poisson arrivals at single-worker servers first in, first out, with or without a timer
//! per request.
//!
//! A request's departure is known when it arrives, so a server is its line of departures, and the next
//! event is the next arrival, the root of a tree over the heads of the lines, or the first timer. Whose
//! timer fires is served all the same, but is no load to two choices any more: nobody waits for it.

use super::line::{Line, Waiting};
use super::timers::Timers;
use super::tree::MinTree;
use super::{Draws, NEVER, Tally, assert_ends, below, boxed};

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
        assert_ends(requests, self.gap_ns);
        match (self.servers, self.timeout_ns.is_some()) {
            (..=16, false) => self.of_size::<32, false>(requests, seed),
            (..=128, false) => self.of_size::<256, false>(requests, seed),
            (..=128, true) => self.of_size::<256, true>(requests, seed),
            (..=1024, false) => self.of_size::<2048, false>(requests, seed),
            (..=16_384, false) => self.of_size::<32_768, false>(requests, seed),
            _ => unimplemented!("no workload needs it"),
        }
    }

    fn of_size<const NODES: usize, const TIMED: bool>(self, requests: u64, seed: u64) -> Tally {
        if self.two_choices {
            Loop::<NODES, true, TIMED>::new(self).run(requests, seed)
        } else {
            Loop::<NODES, false, TIMED>::new(self).run(requests, seed)
        }
    }
}

/// Requests that one line holds at most: an M/M/1 line at 80% load is longer with probability 1e-12.
const LINE: usize = 128;

/// More than arrive within a timeout.
const TIMERS: usize = 4096;

/// `NODES` of the tree, of which half are servers.
struct Loop<const NODES: usize, const TWO: bool, const TIMED: bool> {
    queues: Queues,
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
    fn new(queues: Queues) -> Self {
        Self {
            departures: MinTree::new(),
            lines: (0..queues.servers).map(|_| Line::EMPTY).collect(),
            in_flight: vec![0; queues.servers],
            timers: Timers::new(),
            places: boxed(0),
            tally: Tally::default(),
            queues,
        }
    }

    fn run(mut self, requests: u64, seed: u64) -> Tally {
        let mut draws = Draws::new(seed, self.queues.gap_ns, self.queues.service_ns);
        let mut now = 0;
        while self.tally.requests < requests {
            for draw in draws.next_block() {
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
            // A table in place of a branch that nobody could predict.
            let less = self.in_flight[other] < self.in_flight[server];
            server = [server, other][usize::from(less)];
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
