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

    /// Whether an event of this key may come next: it is later than any that has come, gone ones too.
    #[inline]
    pub(super) fn takes(&self, key: Key) -> bool {
        self.last.precedes(key)
    }

    /// Adds the last one. Returns whether it is the only one. Amortized O(1).
    #[inline]
    pub(super) fn push(&mut self, key: Key, event: E) -> bool {
        let entry = Entry { key, event };
        if self.len() == self.ring.len() {
            self.make_room(1, entry);
        }
        let place = self.end & self.ring.len().wrapping_sub(1);
        self.ring[place] = entry;
        self.last = key;
        self.end += 1;
        self.end - self.first == 1
    }

    /// Makes places for so many more; what they hold means nothing, but it is written once.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, others: usize, any: Entry<E>) {
        let (len, places) = (self.len(), (self.len() + others).next_power_of_two().max(4));
        if places <= self.ring.len() {
            return;
        }
        if let Some(mask) = self.ring.len().checked_sub(1) {
            self.ring.rotate_left(self.first & mask);
        }
        (self.first, self.end) = (0, len);
        self.ring.resize(places, any);
    }

    /// Adds others, which are in order and may come before those that are here. O(others, and those that come
    /// after the first of them).
    pub(super) fn merge(&mut self, others: &[Entry<E>]) {
        let Some(&last) = others.last() else { return };
        self.make_room(others.len(), last);
        let mask = self.ring.len().wrapping_sub(1);
        // From the last one on, each is put behind all that come before it.
        let mut from = self.end;
        self.end += others.len();
        let mut to = self.end;
        for &other in others.iter().rev() {
            while from > self.first && other.key.precedes(self.ring[(from - 1) & mask].key) {
                (from, to) = (from - 1, to - 1);
                self.ring[to & mask] = self.ring[from & mask];
            }
            to -= 1;
            self.ring[to & mask] = other;
        }
        if self.last.precedes(last.key) {
            self.last = last.key;
        }
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
            then in 0_usize..20,
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
            // Some go before the last ones come, so that these are put round the end.
            for (number, Entry { key, event }) in mine.iter().map(entry).enumerate() {
                if number == then {
                    (0..gone.min(then)).for_each(|_| lane.pop());
                }
                lane.push(key, event);
            }
            let gone = if then < mine.len() { gone.min(then) } else { 0 };
            lane.merge(&others.iter().map(entry).collect::<Vec<_>>());
            let mut twin: Vec<_> = mine.into_iter().skip(gone).chain(others).collect();
            twin.sort_unstable();
            prop_assert_eq!(lane.len(), twin.len());
            for (_, rank) in twin {
                prop_assert_eq!(lane.front().map(|entry| entry.event), Some(rank));
                lane.pop();
            }
            let later = Key { time: 31, rank: 0 };
            prop_assert!(lane.takes(later));
            lane.push(later, 7);
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
                    lane.push(key, time);
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
