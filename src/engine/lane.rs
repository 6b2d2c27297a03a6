//! A queue, first in, first out, of events that come in sorted: a ring that grows.

use super::queue::{Entry, Key};

/// Events in the order of their keys.
#[derive(Clone, Debug)]
pub(super) struct Lane<E> {
    /// As many places as a power of two: the nth entry is in place n modulo their number.
    ring: Vec<Entry<E>>,
    /// How many have gone, and have come.
    first: usize,
    end: usize,
    /// The key of the last one that came.
    last: Key,
}

impl<E: Copy> Lane<E> {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { ring: Vec::new(), first: 0, end: 0, last: Key { time: 0, rank: 0 } }
    }

    /// How many wait.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.end - self.first
    }

    /// The first one.
    #[inline]
    pub(super) fn front(&self) -> Option<&Entry<E>> {
        let mask = self.ring.len().checked_sub(1)?;
        (self.first < self.end).then(|| &self.ring[self.first & mask])
    }

    /// Whether an event of this key may come next: it is later than any that has come.
    #[inline]
    pub(super) fn takes(&self, key: Key) -> bool {
        self.last.precedes(key)
    }

    /// Adds the last one, made where it is stored, more than once if the ring has to grow. Returns whether it
    /// is the only one. Amortized O(1).
    #[expect(clippy::inline_always, reason = "else it is made elsewhere and copied")]
    #[inline(always)]
    pub(super) fn push_with(&mut self, key: Key, event: impl Fn() -> E) -> bool {
        if self.len() == self.ring.len() {
            self.grow(key, event());
        }
        let place = self.end & self.ring.len().wrapping_sub(1);
        self.ring[place] = Entry { key, event: event() };
        self.last = key;
        self.end += 1;
        self.end - self.first == 1
    }

    /// Makes twice as many places; what they hold means nothing, but it is written once.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, key: Key, event: E) {
        let any = Entry { key, event };
        let places = self.ring.len();
        if places == 0 {
            self.ring = vec![any; 4];
            return;
        }
        // All places are taken: the first entry is put into the first one.
        self.ring.rotate_left(self.first & (places - 1));
        (self.first, self.end) = (0, places);
        self.ring.resize(2 * places, any);
    }

    /// Adds others, which are in order and may come before those that are here. O(all of them).
    pub(super) fn merge(&mut self, others: impl Iterator<Item = Entry<E>>) {
        let mask = self.ring.len().wrapping_sub(1);
        let mut mine = (self.first..self.end).map(|place| self.ring[place & mask]).peekable();
        let most = self.len() + others.size_hint().0;
        let mut all: Vec<Entry<E>> = Vec::with_capacity(most.next_power_of_two());
        for other in others {
            while let Some(first) = mine.next_if(|entry| entry.key.precedes(other.key)) {
                all.push(first);
            }
            all.push(other);
        }
        all.extend(mine);
        let in_order = |pair: &[Entry<E>]| pair[0].key.precedes(pair[1].key);
        debug_assert!(all.windows(2).all(in_order), "what is put in a lane is in order");
        let Some(&last) = all.last() else { return };
        (self.first, self.end) = (0, all.len());
        if self.last.precedes(last.key) {
            self.last = last.key;
        }
        all.resize(all.len().next_power_of_two(), last);
        self.ring = all;
    }

    /// Forgets the first one, if there is any.
    #[inline]
    pub(super) fn pop(&mut self) {
        self.first += usize::from(self.first < self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        /// Against a sort.
        #[test]
        fn others_come_where_they_belong(
            times in prop::collection::vec(1_u64..30, 0..20),
            others in prop::collection::vec(1_u64..30, 0..20),
            gone in 0_usize..20,
        ) {
            let sorted = |times: &[u64], first: u64| {
                let keys = (first..).step_by(2).zip(times);
                let mut keys: Vec<_> = keys.map(|(rank, &time)| (time, rank)).collect();
                keys.sort_unstable();
                keys
            };
            let entry = |&(time, rank): &(u64, u64)| Entry { key: Key { time, rank }, event: rank };
            let (mine, others) = (sorted(&times, 0), sorted(&others, 1));
            let mut lane = Lane::new();
            mine.iter().map(entry).for_each(|Entry { key, event }| {
                lane.push_with(key, || event);
            });
            (0..gone).for_each(|_| lane.pop());
            lane.merge(others.iter().map(entry));
            let mut twin: Vec<_> = mine.into_iter().skip(gone).chain(others).collect();
            twin.sort_unstable();
            prop_assert_eq!(lane.len(), twin.len());
            for (_, rank) in twin {
                prop_assert_eq!(lane.front().map(|entry| entry.event), Some(rank));
                lane.pop();
            }
            let later = Key { time: 31, rank: 0 };
            prop_assert!(lane.takes(later));
            lane.push_with(later, || 7);
            prop_assert_eq!(lane.front().map(|entry| entry.event), Some(7));
        }

        /// Against the standard library's queue.
        #[test]
        fn who_comes_first_goes_first(steps in prop::collection::vec(any::<bool>(), 0..200)) {
            let (mut lane, mut twin) = (Lane::new(), VecDeque::new());
            for (time, comes) in (1_u64..).zip(steps) {
                let key = Key { time, rank: 0 };
                if comes {
                    prop_assert!(lane.takes(key));
                    lane.push_with(key, || time);
                    twin.push_back(time);
                    prop_assert!(!lane.takes(key));
                } else {
                    lane.pop();
                    twin.pop_front();
                }
                prop_assert_eq!(lane.front().map(|entry| entry.event), twin.front().copied());
                prop_assert_eq!(lane.len(), twin.len());
            }
        }
    }
}
