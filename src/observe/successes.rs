//! Requests that went well, counted several at a time: what counts them is then at hand.
//!
//! Counts are sums and maxima, so it makes no difference when they are made, as long as that is before what
//! they are counted in is closed.

use super::people::UserWindows;
use crate::engine::histogram::{Histogram, Measured, Sums};
use crate::engine::time::Time;

/// So many at a time.
const MOST: usize = 64;

/// A request of the current piece that has succeeded in time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Success {
    pub(super) born: Time,
    pub(super) ended: Time,
    pub(super) person: usize,
}

/// Those that are not counted yet.
#[derive(Clone, Debug)]
pub(super) struct Successes {
    all: [Success; MOST],
    count: usize,
}

impl Successes {
    pub(super) fn new() -> Self {
        Self { all: [Success::default(); MOST], count: 0 }
    }

    /// One more. Returns whether there is room for another one.
    #[inline]
    pub(super) fn push(&mut self, success: Success) -> bool {
        self.all[self.count % MOST] = success;
        self.count += 1;
        self.count < MOST
    }

    /// Counts all of them: their latencies in both histograms, and their users.
    #[inline(never)]
    pub(super) fn count(
        &mut self,
        window: &mut Histogram,
        piece: &mut Histogram,
        users: &mut UserWindows,
    ) {
        let all = &self.all[..std::mem::take(&mut self.count)];
        let mut sums = Sums::of(all.len());
        for &Success { born, ended, person } in all {
            let latency = Measured::of(ended.after(born));
            window.count_apart(latency);
            piece.count_apart(latency);
            sums.add(latency);
            users.finished_well(born, person);
        }
        window.add(sums);
        piece.add(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;
    use crate::model::fixture;
    use proptest::prelude::*;

    proptest! {
        /// Against each counted by itself, when it happens.
        #[test]
        fn counted_together_they_are_as_many_as_one_by_one(
            latencies in prop::collection::vec(0_u64..3_000_000_000, 0..200),
        ) {
            let setup = fixture::setup("random", vec![fixture::backend("b")], 1.0, 1);
            let (mut successes, mut users) =
                (Successes::new(), UserWindows::new(&setup, 1, &[Time::ZERO]));
            users.born(latencies.len() as u64);
            let (mut window, mut piece, mut twin) =
                (Histogram::default(), Histogram::default(), Histogram::default());
            for (number, &ns) in (1..).zip(&latencies) {
                let born = Time::from_ns(number);
                let success = Success { born, ended: born + Span::from_ns(ns), person: 0 };
                if !successes.push(success) {
                    successes.count(&mut window, &mut piece, &mut users);
                }
                twin.record(Span::from_ns(ns));
            }
            successes.count(&mut window, &mut piece, &mut users);
            prop_assert_eq!(&window, &twin);
            prop_assert_eq!(&piece, &twin);
        }
    }
}
