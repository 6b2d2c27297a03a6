//! The event list: ordered by (time, class, sequence).
//!
//! At one instant a lower class comes first; within a class, first in, first out. Three kinds of
//! place keep the list short. A *source* has one event at a time, which it may change (a backend its
//! next completion, a population its next arrival). Timers of one constant length come in already
//! sorted, so they wait in a FIFO *lane* (Varghese & Lauck 1987 make the same observation of protocol
//! timers). Everything else is in a four-ary heap on packed 128-bit keys. Sources and the heads of lanes
//! are the leaves of one winner tree.

use super::time::Time;
use super::tournament::Tournament;
use std::collections::VecDeque;

const SEQUENCE_BITS: u32 = 56;
const ARITY: usize = 4;

/// Which of several events at one instant comes first: the lower number. 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class(pub u8);

/// (time, class, sequence) in one comparable number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    /// Of nothing: after every event.
    const NEVER: Self = Self(u128::MAX);

    #[inline]
    fn new(time: Time, class: Class, sequence: u64) -> Self {
        let low = (u64::from(class.0) << SEQUENCE_BITS) | sequence;
        Self((u128::from(time.as_ns()) << 64) | u128::from(low))
    }

    #[inline]
    fn time(self) -> Time {
        Time::from_ns((self.0 >> 64) as u64)
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    key: Key,
    event: E,
}

/// Events to come.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    heap: Vec<Entry<E>>,
    lanes: Vec<VecDeque<Entry<E>>>,
    /// The event of each source; its key is in `heads`.
    sources: Vec<Option<E>>,
    /// The keys of the sources, then of the lanes' heads.
    heads: Tournament<Key>,
    /// A source whose event was taken: mostly it has another one at once, and is replayed then.
    taken: Option<usize>,
    sequence: u64,
}

impl<E: Copy> EventQueue<E> {
    /// An empty list with `lanes` FIFO lanes and `sources` of one event each.
    pub fn new(lanes: usize, sources: usize) -> Self {
        Self {
            heap: Vec::new(),
            lanes: vec![VecDeque::new(); lanes],
            sources: vec![None; sources],
            heads: Tournament::new(lanes + sources, Key::NEVER),
            taken: None,
            sequence: 0,
        }
    }

    /// Adds a FIFO lane, and returns its number. O(sources and lanes).
    pub fn add_lane(&mut self) -> usize {
        self.lanes.push(VecDeque::new());
        let leaves = self.sources.len() + self.lanes.len();
        if leaves > self.heads.width() {
            let old = self.heads.clone();
            self.heads = Tournament::new(leaves, Key::NEVER);
            for leaf in 0..leaves - 1 {
                self.heads.change(leaf, old.key(leaf));
                self.heads.replay(leaf);
            }
            self.taken = None;
        }
        self.lanes.len() - 1
    }

    /// Schedules `event`. O(log n).
    ///
    /// # Panics
    /// After 2^56 events.
    pub fn push(&mut self, time: Time, class: Class, event: E) {
        let key = self.next_key(time, class);
        self.heap.push(Entry { key, event });
        self.sift_up(self.heap.len() - 1);
    }

    /// Schedules the event of a source, in place of the one that it had. O(log sources).
    ///
    /// # Panics
    /// If there is no such source, and after 2^56 events.
    #[inline]
    pub fn set(&mut self, source: usize, time: Time, class: Class, event: E) {
        let key = self.next_key(time, class);
        self.sources[source] = Some(event);
        self.change_head(source, key);
    }

    #[inline]
    fn change_head(&mut self, leaf: usize, key: Key) {
        self.heads.change(leaf, key);
        self.heads.replay(leaf);
        if self.taken == Some(leaf) {
            self.taken = None;
        }
    }

    /// Schedules `event` through a FIFO lane: O(1) when it is later than what the lane holds,
    /// as timers of one constant length are; otherwise like [`EventQueue::push`].
    ///
    /// # Panics
    /// If there is no such lane, and after 2^56 events.
    pub fn push_in_lane(&mut self, lane: usize, time: Time, class: Class, event: E) {
        let key = self.next_key(time, class);
        let queue = &mut self.lanes[lane];
        match queue.back() {
            None => {
                queue.push_back(Entry { key, event });
                self.change_head(self.sources.len() + lane, key);
            }
            Some(last) if last.key < key => queue.push_back(Entry { key, event }),
            Some(_) => {
                self.heap.push(Entry { key, event });
                self.sift_up(self.heap.len() - 1);
            }
        }
    }

    /// Takes the next event if it happens before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: Time) -> Option<(Time, E)> {
        if let Some(source) = self.taken.take() {
            self.heads.replay(source);
        }
        let (leaf, key) = self.heads.winner();
        if self.heap.first().is_some_and(|root| root.key < key) {
            if self.heap[0].key.time() >= end {
                return None;
            }
            let entry = self.pop_heap();
            return Some((entry.key.time(), entry.event));
        }
        if key == Key::NEVER || key.time() >= end {
            return None;
        }
        let event = match leaf.checked_sub(self.sources.len()) {
            None => {
                self.heads.change(leaf, Key::NEVER);
                self.taken = Some(leaf);
                self.sources[leaf].take().expect("its key says that it has an event")
            }
            Some(lane) => {
                let queue = &mut self.lanes[lane];
                let entry = queue.pop_front().expect("its key is in the tree");
                let next = queue.front().map_or(Key::NEVER, |entry| entry.key);
                self.change_head(leaf, next);
                entry.event
            }
        };
        Some((key.time(), event))
    }

    /// How many events wait, stale timers included.
    pub fn len(&self) -> usize {
        let in_lanes: usize = self.lanes.iter().map(VecDeque::len).sum();
        self.heap.len() + in_lanes + self.sources.iter().flatten().count()
    }

    /// Whether nothing will ever happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn next_key(&mut self, time: Time, class: Class) -> Key {
        assert!(self.sequence < 1 << SEQUENCE_BITS, "more than 2^56 events in one run");
        let key = Key::new(time, class, self.sequence);
        self.sequence += 1;
        key
    }

    fn sift_up(&mut self, mut index: usize) {
        let entry = self.heap[index];
        while index > 0 {
            let parent = (index - 1) / ARITY;
            if self.heap[parent].key <= entry.key {
                break;
            }
            self.heap[index] = self.heap[parent];
            index = parent;
        }
        self.heap[index] = entry;
    }

    /// Removes the root bottom-up: the hole sinks to a leaf, then the last entry rises from there.
    fn pop_heap(&mut self) -> Entry<E> {
        let top = self.heap[0];
        let last = self.heap.pop().expect("the caller saw an entry");
        if self.heap.is_empty() {
            return top;
        }
        let mut hole = 0;
        loop {
            let first_child = hole * ARITY + 1;
            if first_child >= self.heap.len() {
                break;
            }
            let end = (first_child + ARITY).min(self.heap.len());
            let mut least = first_child;
            for child in first_child + 1..end {
                if self.heap[child].key < self.heap[least].key {
                    least = child;
                }
            }
            self.heap[hole] = self.heap[least];
            hole = least;
        }
        self.heap[hole] = last;
        self.sift_up(hole);
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(queue: &mut EventQueue<u32>) -> Vec<(Time, u32)> {
        std::iter::from_fn(|| queue.pop_before(Time::FOREVER)).collect()
    }

    #[test]
    fn ties_go_by_class_then_first_in_first_out() {
        let mut queue = EventQueue::new(1, 1);
        let at = Time::from_ns(5);
        queue.set(0, at, Class(4), 1);
        queue.push_in_lane(0, at, Class(3), 2);
        queue.push(at, Class(3), 3);
        queue.push(at, Class(0), 4);
        queue.push(at, Class(4), 5);
        let order: Vec<u32> = drain(&mut queue).into_iter().map(|(_, event)| event).collect();
        assert_eq!(order, [4, 2, 3, 1, 5]);
    }

    #[test]
    fn pop_before_leaves_what_happens_at_the_end() {
        let mut queue = EventQueue::new(0, 0);
        queue.push(Time::from_ns(10), Class(0), 1);
        assert_eq!(queue.pop_before(Time::from_ns(10)), None);
        assert_eq!(queue.pop_before(Time::from_ns(11)), Some((Time::from_ns(10), 1)));
        assert!(queue.is_empty());
    }

    proptest! {
        /// Against the slow twin: a stable sort by (time, class), in which a source's last word counts.
        #[test]
        fn pops_like_a_stable_sort(
            events in prop::collection::vec((0_u64..50, 0_u8..5, 0_usize..8), 0..300),
            added in 0_usize..3,
        ) {
            let mut queue = EventQueue::new(3 - added, 4);
            for _ in 0..added {
                queue.add_lane();
            }
            let mut twin: Vec<(u64, u8, u32, usize)> = Vec::new();
            for (id, &(time, class, place)) in events.iter().enumerate() {
                let (at, id) = (Time::from_ns(time), id as u32);
                match place {
                    0..3 => queue.push_in_lane(place, at, Class(class), id),
                    3 => queue.push(at, Class(class), id),
                    _ => {
                        twin.retain(|&(.., other)| other != place);
                        queue.set(place - 4, at, Class(class), id);
                    }
                }
                twin.push((time, class, id, place));
            }
            twin.sort_by_key(|&(time, class, ..)| (time, class));
            let expected: Vec<_> =
                twin.into_iter().map(|(time, _, id, _)| (Time::from_ns(time), id)).collect();
            prop_assert_eq!(queue.len(), expected.len());
            prop_assert_eq!(drain(&mut queue), expected);
        }

        /// While events are taken out others come, as in a run.
        #[test]
        fn order_holds_while_it_runs(
            steps in prop::collection::vec((1_u64..20, 0_usize..6, any::<bool>()), 1..300)
        ) {
            let mut queue = EventQueue::new(1, 3);
            let mut now = Time::ZERO;
            for (id, (wait, place, takes)) in (0_u32..).zip(steps) {
                let at = now + crate::engine::time::Span::from_ns(wait);
                match place {
                    0..3 => queue.set(place, at, Class(0), id),
                    3 | 4 => queue.push(at, Class(0), id),
                    _ => queue.push_in_lane(0, at, Class(0), id),
                }
                if takes && let Some((at, _)) = queue.pop_before(Time::FOREVER) {
                    prop_assert!(at >= now, "time ran backwards");
                    now = at;
                }
            }
            let times: Vec<Time> = drain(&mut queue).into_iter().map(|(at, _)| at).collect();
            prop_assert!(times.is_sorted() && times.first().is_none_or(|&first| first >= now));
            prop_assert!(queue.is_empty());
        }
    }
}
