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

    /// One more. Returns whether there is room for another one: if not, all have to be counted before that.
    #[must_use]
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
        let mut sums = Sums::default();
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

    /// Windows of ten nanoseconds for two people; so many requests are born in each of the first three.
    fn windows(births: [u64; 3]) -> UserWindows {
        let mut setup = fixture::setup("random", vec![fixture::backend("b")], 1.0, 1);
        (setup.duration, setup.observation.user_window) = (Span::from_ns(30), Span::from_ns(10));
        let mut users = UserWindows::new(&setup, 2, &[Time::ZERO]);
        for (window, requests) in (0..).zip(births) {
            users.go_on(Time::from_ns(10 * window));
            users.born(requests);
        }
        users
    }

    proptest! {
        /// Against each counted by itself, when it happens.
        #[test]
        fn counted_together_they_are_as_many_as_one_by_one(
            requests in prop::collection::vec(
                (10_u64..30, 0_u64..3_000_000_000, 0_usize..2, any::<bool>()),
                0..200,
            ),
        ) {
            let in_window = |window| requests.iter().filter(|(at, ..)| at / 10 == window).count() as u64;
            let births = [0, in_window(1), in_window(2)];
            let (mut users, mut users_twin) = (windows(births), windows(births));
            let mut successes = Successes::new();
            let (mut window, mut piece, mut twin) =
                (Histogram::default(), Histogram::default(), Histogram::default());
            for &(born, ns, person, well) in &requests {
                let (born, latency) = (Time::from_ns(born), Span::from_ns(ns));
                users_twin.finished(born, person, well, well);
                if !well {
                    users.finished(born, person, false, false);
                    continue;
                }
                twin.record(latency);
                if !successes.push(Success { born, ended: born + latency, person }) {
                    successes.count(&mut window, &mut piece, &mut users);
                }
            }
            successes.count(&mut window, &mut piece, &mut users);
            prop_assert_eq!(&window, &twin);
            prop_assert_eq!(&piece, &twin);
            users.close_all();
            users_twin.close_all();
            prop_assert_eq!(users.rows(), users_twin.rows());
        }
    }
}
