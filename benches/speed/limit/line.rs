//! A server with one worker and its line, first in, first out.

use super::NEVER;

/// Requests in order of departure, at most `N - 1`; behind the last stands one that never departs.
pub(super) struct Line<const N: usize> {
    ring: [Waiting; N],
    head: u32,
    tail: u32,
    /// When the last of them departs.
    free_at: u64,
}

/// A request in a line.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    departure: u64,
    pub(super) arrival: u64,
    pub(super) number: u64,
}

impl<const N: usize> Line<N> {
    pub(super) const EMPTY: Self = {
        let nobody = Waiting { departure: NEVER, arrival: 0, number: 0 };
        Self { ring: [nobody; N], head: 0, tail: 0, free_at: 0 }
    };

    /// When the first of the line departs.
    #[inline]
    pub(super) fn time(&self) -> u64 {
        self.ring[self.head as usize % N].departure
    }

    /// A request joins; when it departs, if it is the only one.
    #[inline]
    pub(super) fn join(&mut self, number: u64, now: u64, service: u64) -> Option<u64> {
        let departure = self.free_at.max(now) + service;
        self.free_at = departure;
        let was_empty = self.head == self.tail;
        self.ring[self.tail as usize % N] = Waiting { departure, arrival: now, number };
        self.tail += 1;
        assert!(self.tail - self.head < N as u32, "the line is full");
        self.ring[self.tail as usize % N].departure = NEVER;
        was_empty.then_some(departure)
    }

    /// The first departs.
    #[inline]
    pub(super) fn leave(&mut self) -> Waiting {
        self.head += 1;
        self.ring[(self.head - 1) as usize % N]
    }
}
