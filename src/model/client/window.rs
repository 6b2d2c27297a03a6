//! Counts over a sliding window.

use crate::engine::time::{Span, Time};

/// Tenths of a window, the youngest of them still growing.
const SLICES: usize = 10;

/// Two counts over the last tenth begun and the nine before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    slices: [[u32; 2]; SLICES],
    sums: [u64; 2],
    /// The tenth that grows, counted from the start of the run.
    newest: u64,
}

impl Window {
    /// Which tenth of windows of this length a time is in.
    fn slice(at: Time, length: Span) -> u64 {
        at.as_ns() / (length.as_ns() / SLICES as u64).max(1)
    }

    /// Forgets what is too old for a window of this length.
    pub(super) fn pass(&mut self, now: Time, length: Span) {
        let slice = Self::slice(now, length);
        let gone = (slice - self.newest).min(SLICES as u64);
        for number in slice + 1 - gone..=slice {
            let old = std::mem::take(&mut self.slices[(number % SLICES as u64) as usize]);
            self.sums.iter_mut().zip(old).for_each(|(sum, count)| *sum -= u64::from(count));
        }
        self.newest = slice;
    }

    /// Counts one more of the first or second kind, now that [`Window::pass`] has been called.
    pub(super) fn add(&mut self, kind: usize) {
        self.slices[(self.newest % SLICES as u64) as usize][kind] += 1;
        self.sums[kind] += 1;
    }

    /// Counts one that was counted at `at` no longer, unless it is forgotten anyhow.
    pub(super) fn take_back(&mut self, kind: usize, at: Time, length: Span) {
        let slice = Self::slice(at, length);
        if slice + SLICES as u64 > self.newest {
            self.slices[(slice % SLICES as u64) as usize][kind] -= 1;
            self.sums[kind] -= 1;
        }
    }

    /// Both counts.
    pub(super) fn sums(&self) -> [u64; 2] {
        self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A slow twin keeps every time, and counts those in the tenth of now and the nine before.
        #[test]
        fn a_window_counts_its_last_ten_tenths(
            steps in prop::collection::vec((0_u64..400, 0_usize..2), 1..200),
        ) {
            let mut window = Window::default();
            let (mut now, mut seen) = (0, Vec::new());
            for (step, kind) in steps {
                now += step;
                window.pass(Time::from_ns(now), Span::from_ns(1000));
                window.add(kind);
                seen.push((now / 100, kind));
                let count = |wanted| {
                    let recent = |&&(slice, kind): &&(u64, usize)| {
                        kind == wanted && slice + 9 >= now / 100
                    };
                    seen.iter().filter(recent).count() as u64
                };
                prop_assert_eq!(window.sums(), [count(0), count(1)]);
            }
        }
    }
}
