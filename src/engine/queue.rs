//! The event list: ordered by (time, class, sequence).
//!
//! At one instant a lower class comes first; within a class, first in, first out. The list is a
//! four-ary heap on packed 128-bit keys, plus FIFO *lanes* for timers of one constant length:
//! those come in already sorted, so they never enter the heap (Varghese & Lauck 1987 make the same
//! observation of protocol timers).

use super::time::Time;
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
    fn new(time: Time, class: Class, sequence: u64) -> Self {
        let low = (u64::from(class.0) << SEQUENCE_BITS) | sequence;
        Self((u128::from(time.as_ns()) << 64) | u128::from(low))
    }

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
    sequence: u64,
}

/// Where the next event waits.
#[derive(Clone, Copy)]
enum Source {
    Heap,
    Lane(usize),
}

impl<E: Copy> EventQueue<E> {
    /// An empty list with `lanes` FIFO lanes.
    pub fn new(lanes: usize) -> Self {
        Self { heap: Vec::new(), lanes: vec![VecDeque::new(); lanes], sequence: 0 }
    }

    /// Adds a FIFO lane, and returns its number.
    pub fn add_lane(&mut self) -> usize {
        self.lanes.push(VecDeque::new());
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

    /// Schedules `event` through a FIFO lane: O(1) when it is later than what the lane holds,
    /// as timers of one constant length are; otherwise like [`EventQueue::push`].
    ///
    /// # Panics
    /// If there is no such lane, and after 2^56 events.
    pub fn push_in_lane(&mut self, lane: usize, time: Time, class: Class, event: E) {
        let key = self.next_key(time, class);
        let queue = &mut self.lanes[lane];
        if queue.back().is_none_or(|last| last.key < key) {
            queue.push_back(Entry { key, event });
        } else {
            self.heap.push(Entry { key, event });
            self.sift_up(self.heap.len() - 1);
        }
    }

    /// When the next event happens.
    pub fn peek_time(&self) -> Option<Time> {
        self.first().map(|(key, _)| key.time())
    }

    /// Takes the next event if it happens before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: Time) -> Option<(Time, E)> {
        let (key, source) = self.first()?;
        if key.time() >= end {
            return None;
        }
        let entry = match source {
            Source::Heap => self.pop_heap(),
            Source::Lane(lane) => self.lanes[lane].pop_front().expect("first() found its head"),
        };
        Some((key.time(), entry.event))
    }

    /// How many events wait, stale timers included.
    pub fn len(&self) -> usize {
        self.heap.len() + self.lanes.iter().map(VecDeque::len).sum::<usize>()
    }

    /// Whether nothing will ever happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn next_key(&mut self, time: Time, class: Class) -> Key {
        assert!(self.sequence < 1 << SEQUENCE_BITS, "more than 2^56 events in one run");
        let key = Key::new(time, class, self.sequence);
        self.sequence += 1;
        key
    }

    #[inline]
    fn first(&self) -> Option<(Key, Source)> {
        let mut best = self.heap.first().map(|entry| (entry.key, Source::Heap));
        for (lane, queue) in self.lanes.iter().enumerate() {
            if let Some(head) = queue.front()
                && best.is_none_or(|(key, _)| head.key < key)
            {
                best = Some((head.key, Source::Lane(lane)));
            }
        }
        best
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
        let mut queue = EventQueue::new(1);
        let at = Time::from_ns(5);
        queue.push(at, Class(4), 1);
        queue.push_in_lane(0, at, Class(3), 2);
        queue.push(at, Class(3), 3);
        queue.push(at, Class(0), 4);
        queue.push(at, Class(4), 5);
        let order: Vec<u32> = drain(&mut queue).into_iter().map(|(_, event)| event).collect();
        assert_eq!(order, [4, 2, 3, 1, 5]);
    }

    #[test]
    fn pop_before_leaves_what_happens_at_the_end() {
        let mut queue = EventQueue::new(0);
        queue.push(Time::from_ns(10), Class(0), 1);
        assert_eq!(queue.pop_before(Time::from_ns(10)), None);
        assert_eq!(queue.pop_before(Time::from_ns(11)), Some((Time::from_ns(10), 1)));
        assert!(queue.is_empty());
    }

    proptest! {
        /// Against the slow twin: a stable sort by (time, class).
        #[test]
        fn pops_like_a_stable_sort(
            events in prop::collection::vec((0_u64..50, 0_u8..5, 0_usize..4), 0..300)
        ) {
            let mut queue = EventQueue::new(3);
            let mut twin = Vec::new();
            for (id, &(time, class, lane)) in events.iter().enumerate() {
                let (at, id) = (Time::from_ns(time), id as u32);
                if lane == 3 {
                    queue.push(at, Class(class), id);
                } else {
                    queue.push_in_lane(lane, at, Class(class), id);
                }
                twin.push((time, class, id));
            }
            twin.sort_by_key(|&(time, class, _)| (time, class));
            let expected: Vec<_> =
                twin.into_iter().map(|(time, _, id)| (Time::from_ns(time), id)).collect();
            prop_assert_eq!(queue.len(), expected.len());
            prop_assert_eq!(drain(&mut queue), expected);
        }
    }
}
