//! A queue, first in, first out, of events that come in sorted: a ring that grows.

use super::queue::{Entry, Key};

/// Events in the order of their keys.
#[derive(Clone, Debug)]
pub(super) struct Lane<E> {
    /// The entries, from `first` on and round the end; as many places as a power of two.
    ring: Vec<Entry<E>>,
    /// The place of the first one, modulo the number of places.
    first: usize,
    len: usize,
    /// The key of the last one.
    last: Key,
}

impl<E: Copy> Lane<E> {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { ring: Vec::new(), first: 0, len: 0, last: Key::NEVER }
    }

    /// How many wait.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The first one.
    #[inline]
    pub(super) fn front(&self) -> Option<&Entry<E>> {
        let mask = self.ring.len().checked_sub(1)?;
        (self.len > 0).then(|| &self.ring[self.first & mask])
    }

    /// Whether an event of this key may come next.
    #[inline]
    pub(super) fn takes(&self, key: Key) -> bool {
        self.len == 0 || self.last.precedes(key)
    }

    /// Adds the last one, made where it is stored, more than once if the ring has to grow. Amortized O(1).
    #[expect(clippy::inline_always, reason = "else it is made elsewhere and copied")]
    #[inline(always)]
    pub(super) fn push_with(&mut self, key: Key, event: impl Fn() -> E) {
        if self.len == self.ring.len() {
            self.grow(key, event());
        }
        let mask = self.ring.len().checked_sub(1).expect("it has just grown");
        self.ring[(self.first + self.len) & mask] = Entry { key, event: event() };
        self.len += 1;
        self.last = key;
    }

    /// Makes twice as many places; what they hold means nothing, but it is written once.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, key: Key, event: E) {
        let any = Entry { key, event };
        let Some(mask) = self.ring.len().checked_sub(1) else {
            self.ring = vec![any; 4];
            return;
        };
        self.ring.rotate_left(self.first & mask);
        self.first = 0;
        self.ring.resize(2 * self.ring.len(), any);
    }

    /// Forgets the first one, if there is any.
    #[inline]
    pub(super) fn pop(&mut self) {
        self.first = self.first.wrapping_add(usize::from(self.len > 0));
        self.len = self.len.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        /// Against the standard library's queue.
        #[test]
        fn who_comes_first_goes_first(steps in prop::collection::vec(any::<bool>(), 0..200)) {
            let (mut lane, mut twin) = (Lane::new(), VecDeque::new());
            for (time, comes) in (0_u64..).zip(steps) {
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
