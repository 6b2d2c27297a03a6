//! The event list: ordered by (time, class, sequence).
//!
//! At one instant a lower class comes first; within a class, first in, first out. Three kinds of
//! place keep the list short. A *source* has one event at a time, which it may change (a backend its
//! next completion, a population its next arrival). Timers of one constant length come in already
//! sorted, so they wait in a FIFO *lane* (Varghese & Lauck 1987 make the same observation of protocol
//! timers). Everything else is in a four-ary heap. Sources of each kind, and the heads of the lanes, are
//! the leaves of a winner tree: the few populations do not pay for the levels of many backends.

use super::lane::Lane;
use super::sources::{FewSources, LOOK, Sources};
use super::time::Time;
use super::tournament::Tournament;
use std::num::NonZeroU64;

const SEQUENCE_BITS: u32 = 56;
const ARITY: usize = 4;

/// Which of several events at one instant comes first: the lower number. 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class(pub u8);

/// An event's place among those at one instant: by class, then first in, first out. It is reserved when the
/// event might have been scheduled, and not used before it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(NonZeroU64);

/// Time, then class and sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// In nanoseconds.
    pub(super) time: u64,
    /// What decides at one instant: the class, then the sequence.
    pub(super) rank: u64,
}

impl Key {
    /// Of nothing: after every event.
    pub(super) const NEVER: Self = Self { time: u64::MAX, rank: u64::MAX };

    #[inline]
    pub(super) fn precedes(self, other: Self) -> bool {
        self.time < other.time || (self.time == other.time && self.rank < other.rank)
    }
}

/// An event, and when it comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    pub(super) key: Key,
    pub(super) event: E,
}

/// A place for one event, which is known by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One of a kind that there are few of, and that changes often.
    Few(usize),
    /// One of a kind that there may be many of.
    Many(usize),
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next<E> {
    /// The event of a source, and the tag that it was scheduled with.
    Few(usize, u32),
    /// The same of the other kind.
    Many(usize, u32),
    /// Any other event.
    Event(E),
}

/// Where an event is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Few,
    Many,
    /// In the heap or in a lane.
    Other,
    Nowhere,
}

/// Events to come.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    heap: Vec<Entry<E>>,
    lanes: Vec<Lane<E>>,
    /// The keys of the lanes' heads.
    heads: Tournament,
    few: FewSources,
    many: Sources,
    /// The first of the heap and of the lanes.
    other: Key,
    /// From 1, so that no rank is zero.
    sequence: u64,
}

impl<E: Copy> EventQueue<E> {
    /// An empty list with `lanes` FIFO lanes and two kinds of sources.
    ///
    /// # Panics
    /// If there are more than 2^20 of a kind.
    pub fn new(lanes: usize, few: usize, many: usize) -> Self {
        Self {
            heap: Vec::new(),
            lanes: vec![Lane::new(); lanes],
            heads: Tournament::new(lanes),
            few: FewSources::new(few),
            many: Sources::new(many),
            other: Key::NEVER,
            sequence: 1,
        }
    }

    /// Adds a FIFO lane, and returns its number. O(lanes).
    ///
    /// # Panics
    /// If there are 2^20 already.
    pub fn add_lane(&mut self) -> usize {
        self.lanes.push(Lane::new());
        if self.lanes.len() > self.heads.width() {
            self.heads = Tournament::new(self.lanes.len());
            for lane in 0..self.lanes.len() {
                self.change_head(lane);
            }
        }
        self.lanes.len() - 1
    }

    /// Schedules `event`. O(log n).
    pub fn push(&mut self, time: Time, class: Class, event: E) {
        let key = self.next_key(time, class);
        self.push_in_heap(key, event);
    }

    #[inline(never)]
    fn push_in_heap(&mut self, key: Key, event: E) {
        self.heap.push(Entry { key, event });
        self.sift_up(self.heap.len() - 1);
        if key.precedes(self.other) {
            self.other = key;
        }
    }

    /// Schedules the event of a source, in place of the one that it had; `tag` comes back with it.
    /// O(log sources of its kind).
    ///
    /// # Panics
    /// With debug assertions, if there is no such source.
    #[inline]
    pub fn set(&mut self, source: Source, time: Time, class: Class, tag: u32) {
        let key = self.next_key(time, class);
        match source {
            Source::Few(source) => self.few.set(source, key, tag),
            Source::Many(source) => self.many.set(source, key, tag),
        }
    }

    /// The same of one of many sources, whose event was the last to be taken out.
    ///
    /// # Panics
    /// With debug assertions, if it was not.
    #[inline]
    pub fn set_taken(&mut self, source: usize, time: Time, class: Class, tag: u32) {
        let key = self.next_key(time, class);
        self.many.set_taken(source, key, tag);
    }

    /// The event of one of many sources that was just taken out has no successor: said at once, that is known
    /// when the next event is looked for.
    #[inline]
    pub fn clear_taken(&mut self) {
        self.many.clear_taken();
    }

    /// Schedules `event` through a FIFO lane: O(1) when it is later than what the lane holds,
    /// as timers of one constant length are; otherwise like [`EventQueue::push`].
    ///
    /// # Panics
    /// If there is no such lane.
    pub fn push_in_lane(&mut self, lane: usize, time: Time, class: Class, event: E) {
        let key = self.next_key(time, class);
        self.push_key_in_lane(lane, key, event);
    }

    #[inline]
    fn push_key_in_lane(&mut self, lane: usize, key: Key, event: E) {
        let events = &mut self.lanes[lane];
        if !events.takes(key) {
            self.push_in_heap(key, event);
        } else if events.push(key, event) {
            self.begin_lane(lane, key);
        }
    }

    /// The place of an event of this class that may be scheduled later, once.
    #[inline]
    pub fn reserve(&mut self, class: Class) -> Rank {
        let Key { rank, .. } = self.next_key(Time::ZERO, class);
        Rank(NonZeroU64::new(rank).expect("sequence numbers begin at 1"))
    }

    /// Schedules an event whose place was reserved: as [`EventQueue::push_in_lane`].
    ///
    /// # Panics
    /// If there is no such lane.
    #[inline(never)]
    pub fn push_reserved(&mut self, lane: usize, time: Time, rank: Rank, event: E) {
        self.push_key_in_lane(lane, Key { time: time.as_ns(), rank: rank.0.get() }, event);
    }

    /// Schedules events whose places were reserved some time ago, in the order of times and places. O(these, and
    /// those of the lane that come after the first of them).
    ///
    /// # Panics
    /// If there is no such lane; with debug assertions, if they are out of order.
    pub fn put_in_lane(&mut self, lane: usize, events: impl Iterator<Item = (Time, Rank, E)>) {
        let entry = |(time, rank, event): (Time, Rank, E)| Entry {
            key: Key { time: time.as_ns(), rank: rank.0.get() },
            event,
        };
        let entries: Vec<_> = events.map(entry).collect();
        let in_order = |pair: &[Entry<E>]| pair[0].key.precedes(pair[1].key);
        debug_assert!(entries.windows(2).all(in_order), "what is put in a lane is in order");
        self.lanes[lane].merge(&entries);
        self.change_head(lane);
        self.find_other();
    }

    /// A lane was empty, and is not any more.
    #[inline(never)]
    fn begin_lane(&mut self, lane: usize, head: Key) {
        self.heads.set(lane, head, 0);
        if head.precedes(self.other) {
            self.other = head;
        }
    }

    fn change_head(&mut self, lane: usize) {
        let head = self.lanes[lane].front().map_or(Key::NEVER, |entry| entry.key);
        self.heads.set(lane, head, 0);
    }

    /// Takes the next event if it happens before `end`.
    ///
    /// # Panics
    /// Some time after 2^56 events were scheduled.
    #[inline]
    pub fn pop_before(&mut self, end: Time) -> Option<(Time, Next<E>)> {
        self.pop_before_unless(end, |_| false)
    }

    /// The same, but events in lanes that are over may be dropped unseen: `is_over` says of which it is
    /// known that nothing will come of them.
    #[expect(clippy::inline_always, reason = "an event handed over in memory costs a tenth of all")]
    #[inline(always)]
    pub fn pop_before_unless(
        &mut self,
        end: Time,
        is_over: impl Fn(&E) -> bool,
    ) -> Option<(Time, Next<E>)> {
        match self.place_before(end.as_ns()) {
            Place::Few => {
                let time = self.few.known_time();
                let (source, tag) = self.few.take();
                Some((Time::from_ns(time), Next::Few(source, tag)))
            }
            Place::Many => {
                let time = self.many.known_time();
                let (source, tag) = self.many.take();
                Some((Time::from_ns(time), Next::Many(source, tag)))
            }
            Place::Other => {
                let time = self.other.time;
                Some((Time::from_ns(time), Next::Event(self.take_other(is_over))))
            }
            Place::Nowhere => None,
        }
    }

    /// Where the next event is, if it happens before `end`: mostly that is a matter of time alone.
    #[expect(clippy::inline_always, reason = "each answer is a way on for those who ask")]
    #[inline(always)]
    fn place_before(&mut self, end: u64) -> Place {
        let (few, many) = (self.few.known_time(), self.many.known_time());
        if many < few {
            if many < self.other.time && many < end && many != LOOK {
                return Place::Many;
            }
        } else if few < many && few < self.other.time && few < end && few != LOOK {
            return Place::Few;
        }
        self.place_by_rank(end)
    }

    /// The same where that does not say enough: two times are equal, neither source is first, which one is
    /// has to be found out, or nothing happens before `end`.
    #[inline(never)]
    fn place_by_rank(&mut self, end: u64) -> Place {
        // Asked now and then in every run, which is often enough.
        assert!(self.sequence < 1 << SEQUENCE_BITS, "more than 2^56 events in one run");
        let (few, many) = (self.few.first(), self.many.first());
        let (place, first) =
            if many.precedes(few) { (Place::Many, many) } else { (Place::Few, few) };
        let (place, first) =
            if self.other.precedes(first) { (Place::Other, self.other) } else { (place, first) };
        if first.time < end { place } else { Place::Nowhere }
    }

    /// Takes the first event of the heap and the lanes.
    #[inline(never)]
    fn take_other(&mut self, is_over: impl Fn(&E) -> bool) -> E {
        let lane = self.heads.winner();
        let event = if self.heads.first() == self.other {
            let events = &mut self.lanes[lane];
            let event = events.front().expect("its key is in the tree").event;
            events.pop();
            // Mostly what timers bound is over long before they are due.
            while events.front().is_some_and(|next| is_over(&next.event)) {
                events.pop();
            }
            self.change_head(lane);
            event
        } else {
            self.pop_heap().event
        };
        self.find_other();
        event
    }

    fn find_other(&mut self) {
        self.other = self.heads.first();
        if let Some(root) = self.heap.first().filter(|root| root.key.precedes(self.other)) {
            self.other = root.key;
        }
    }

    /// How many events wait, stale timers included.
    pub fn len(&self) -> usize {
        let in_lanes: usize = self.lanes.iter().map(Lane::len).sum();
        self.heap.len() + in_lanes + self.few.len() + self.many.len()
    }

    /// Whether nothing will ever happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn next_key(&mut self, time: Time, class: Class) -> Key {
        let rank = (u64::from(class.0) << SEQUENCE_BITS) | self.sequence;
        self.sequence += 1;
        Key { time: time.as_ns(), rank }
    }

    fn sift_up(&mut self, mut index: usize) {
        let entry = self.heap[index];
        while index > 0 {
            let parent = (index - 1) / ARITY;
            if !entry.key.precedes(self.heap[parent].key) {
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
                if self.heap[child].key.precedes(self.heap[least].key) {
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
    use crate::engine::time::Span;
    use proptest::prelude::*;

    /// Takes the next event: its time and number.
    fn pop(queue: &mut EventQueue<u32>, end: Time) -> Option<(Time, u32)> {
        let (at, Next::Few(_, event) | Next::Many(_, event) | Next::Event(event)) =
            queue.pop_before(end)?;
        Some((at, event))
    }

    fn drain(queue: &mut EventQueue<u32>) -> Vec<(Time, u32)> {
        std::iter::from_fn(|| pop(queue, Time::FOREVER)).collect()
    }

    /// So many of the few, then the many.
    fn source(few: usize, number: usize) -> Source {
        if number < few { Source::Few(number) } else { Source::Many(number - few) }
    }

    #[test]
    fn ties_go_by_class_then_first_in_first_out() {
        let mut queue = EventQueue::new(1, 1, 0);
        let at = Time::from_ns(5);
        queue.set(Source::Few(0), at, Class(4), 1);
        queue.push_in_lane(0, at, Class(3), 2);
        queue.push(at, Class(3), 3);
        queue.push(at, Class(0), 4);
        queue.push(at, Class(4), 5);
        let order: Vec<u32> = drain(&mut queue).into_iter().map(|(_, event)| event).collect();
        assert_eq!(order, [4, 2, 3, 1, 5]);
    }

    proptest! {
        /// Against the slow twin: a stable sort by (time, class), in which a source's last word counts.
        #[test]
        fn pops_like_a_stable_sort(
            events in prop::collection::vec((0_u64..50, 0_u8..5, 0_usize..9), 0..300),
            added in 0_usize..3,
            few in 1_usize..3,
        ) {
            let mut queue = EventQueue::new(3 - added, few, 5 - few);
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
                        queue.set(source(few, place - 4), at, Class(class), id);
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

        /// Whether events that are over are dropped unseen or taken, the others come as they would.
        #[test]
        fn what_is_over_may_be_dropped(
            events in prop::collection::vec((0_u64..50, 0_usize..3, any::<bool>()), 0..100)
        ) {
            let fill = || {
                let mut queue = EventQueue::new(2, 0, 0);
                for (id, &(time, place, _)) in (0_u32..).zip(&events) {
                    let at = Time::from_ns(time);
                    match place {
                        0 | 1 => queue.push_in_lane(place, at, Class(0), id),
                        _ => queue.push(at, Class(0), id),
                    }
                }
                queue
            };
            let is_over = |&id: &u32| events[id as usize].2;
            let (mut queue, mut twin) = (fill(), fill());
            let next = || queue.pop_before_unless(Time::FOREVER, is_over);
            let left: Vec<_> = std::iter::from_fn(next)
                .filter_map(|(at, next)| match next {
                    Next::Event(event) if !is_over(&event) => Some((at, event)),
                    _ => None,
                })
                .collect();
            let all = drain(&mut twin).into_iter().filter(|(_, event)| !is_over(event));
            prop_assert_eq!(left, all.collect::<Vec<_>>());
        }

        /// Those whose places are reserved come as if they had been scheduled then.
        #[test]
        fn a_reserved_place_is_kept(
            events in prop::collection::vec((0_u64..9, 0_u8..3, 0_usize..5, any::<bool>()), 0..100)
        ) {
            let (mut queue, mut twin) = (EventQueue::new(2, 0, 0), EventQueue::new(2, 0, 0));
            let mut reserved = [Vec::new(), Vec::new()];
            for (id, &(time, class, place, at_once)) in (0_u32..).zip(&events) {
                let (at, class) = (Time::from_ns(time), Class(class));
                if place >= 2 {
                    queue.push(at, class, id);
                    twin.push(at, class, id);
                    continue;
                }
                twin.push_in_lane(place, at, class, id);
                let rank = queue.reserve(class);
                if at_once {
                    queue.push_reserved(place, at, rank, id);
                } else {
                    reserved[place].push((at, rank, id));
                }
            }
            for (lane, mut events) in reserved.into_iter().enumerate() {
                events.sort_unstable();
                queue.put_in_lane(lane, events.into_iter());
            }
            prop_assert_eq!(queue.len(), twin.len());
            prop_assert_eq!(drain(&mut queue), drain(&mut twin));
        }

        /// While events are taken out others come, as in a run: against the slow twin, a list.
        #[test]
        fn the_first_is_taken_if_it_comes_before_the_end(
            few in 0_usize..4,
            steps in prop::collection::vec(
                (0_u64..20, 0_usize..6, prop::option::of(0_u64..30), 0_u8..3),
                1..300,
            ),
        ) {
            let mut queue = EventQueue::new(1, few, 3 - few);
            let (mut twin, mut now) = (Vec::new(), Time::ZERO);
            for (id, (wait, place, ahead, then)) in (0_u32..).step_by(2).zip(steps) {
                let at = now + Span::from_ns(wait);
                match place {
                    0..3 => queue.set(source(few, place), at, Class(0), id),
                    3 | 4 => queue.push(at, Class(0), id),
                    _ => queue.push_in_lane(0, at, Class(0), id),
                }
                twin.retain(|&(_, _, other)| other != place || place >= 3);
                twin.push((at, id, place));
                let Some(ahead) = ahead else { continue };
                let end = now + Span::from_ns(ahead);
                let first = twin.iter().copied().min().filter(|&(at, _, _)| at < end);
                twin.retain(|&event| Some(event) != first);
                prop_assert_eq!(pop(&mut queue, end), first.map(|(at, id, _)| (at, id)));
                now = first.map_or(now, |(at, _, _)| at);
                // What may be said of a source whose event was just taken out.
                match (then, first) {
                    (1, _) => queue.clear_taken(),
                    (2, Some((_, _, place))) if (few..3).contains(&place) => {
                        let (at, id) = (now + Span::from_ns(wait), id + 1);
                        queue.set_taken(place - few, at, Class(0), id);
                        twin.push((at, id, place));
                    }
                    _ => {}
                }
                prop_assert_eq!(queue.len(), twin.len());
            }
            twin.sort_unstable();
            let left: Vec<_> = twin.into_iter().map(|(at, id, _)| (at, id)).collect();
            prop_assert_eq!(drain(&mut queue), left);
        }
    }
}
