//! Timers of one length, which therefore fire in the order in which they are set.

use super::{NEVER, boxed};

/// In place of a time: cancelled, before all others.
const CANCELLED: u64 = 0;

/// At most `N` timers, the cancelled ones behind the first included. Each has the number of the
/// request or attempt that it belongs to; they are set in this order.
pub(super) struct Timers<const N: usize> {
    /// When each fires; behind the last stands one that never does.
    ring: Box<[u64; N]>,
    /// The first that is pending.
    first: u64,
}

impl<const N: usize> Timers<N> {
    pub(super) fn new() -> Self {
        Self { ring: boxed(NEVER), first: 0 }
    }

    /// When the first fires.
    #[inline]
    pub(super) fn time(&self) -> u64 {
        self.ring[self.first as usize % N]
    }

    /// Whether it has fired or is before all that have not.
    #[inline]
    pub(super) fn is_over(&self, number: u64) -> bool {
        number < self.first
    }

    #[inline]
    pub(super) fn set(&mut self, number: u64, time: u64) {
        assert!(number - self.first < N as u64 - 1, "too many timers");
        self.ring[number as usize % N] = time;
        self.ring[(number + 1) as usize % N] = NEVER;
    }

    #[inline]
    pub(super) fn cancel(&mut self, number: u64) {
        self.ring[number as usize % N] = CANCELLED;
        self.skip_cancelled();
    }

    /// The first fires: its number.
    #[inline]
    pub(super) fn fire(&mut self) -> u64 {
        let number = self.first;
        self.first += 1;
        self.skip_cancelled();
        number
    }

    #[inline]
    fn skip_cancelled(&mut self) {
        while self.time() == CANCELLED {
            self.first += 1;
        }
    }
}
