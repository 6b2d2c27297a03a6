//! What several algorithms choose by: loads per weight, ties, and members in the order of a key.

use super::PickContext;
use crate::engine::time::{Span, Time};
use std::cmp::Ordering;

/// A load per unit of weight, compared as a fraction: no rounding decides a tie.
#[derive(Clone, Copy, Debug)]
pub(super) struct PerWeight {
    pub(super) load: u64,
    /// Positive.
    pub(super) weight: u64,
}

impl Ord for PerWeight {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = u128::from(self.load) * u128::from(other.weight);
        mine.cmp(&(u128::from(other.load) * u128::from(self.weight)))
    }
}

impl PartialOrd for PerWeight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PerWeight {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PerWeight {}

/// The eligible member with the least load per weight; of several, each is as likely. O(n).
pub(super) fn least_at_random(
    context: &mut PickContext<'_>,
    load: impl Fn(&PickContext<'_>, usize) -> u32,
) -> Option<usize> {
    let mut best: Option<(usize, PerWeight)> = None;
    let mut ties = 0;
    for member in 0..context.members.len() {
        if !context.is_eligible(member) {
            continue;
        }
        let weight = context.members[member].effective_weight();
        let mine = PerWeight { load: u64::from(load(context, member)), weight };
        let order = best.map_or(Ordering::Less, |(_, best)| mine.cmp(&best));
        ties = if order == Ordering::Less { 1 } else { ties + u64::from(order == Ordering::Equal) };
        let wins = match order {
            Ordering::Less => true,
            // The k-th of a tie takes over with probability 1/k.
            Ordering::Equal => context.stream.below(ties) == 0,
            Ordering::Greater => false,
        };
        if wins {
            best = Some((member, mine));
        }
    }
    best.map(|(member, _)| member)
}

/// Loads as a bulletin board shows them: read every so often, at the first pick of each period
/// (Mitzenmacher, "How useful is old information?", IEEE TPDS 2000).
#[derive(Clone, Debug)]
pub(super) struct Board {
    /// Length of a period; zero: always fresh.
    refresh: Span,
    period: Option<u64>,
    loads: Vec<u32>,
}

impl Board {
    /// A board that nobody has read yet.
    pub(super) fn new(refresh: Span) -> Self {
        Self { refresh, period: None, loads: Vec::new() }
    }

    /// Whether it shows loads as they are.
    pub(super) fn is_fresh(&self) -> bool {
        self.refresh == Span::ZERO
    }

    /// Copies the loads if a new period has begun.
    pub(super) fn refresh(&mut self, now: Time, loads: impl Iterator<Item = u32>) {
        if self.is_fresh() {
            return;
        }
        let period = Some(now.as_ns() / self.refresh.as_ns());
        if self.period != period {
            self.period = period;
            self.loads.clear();
            self.loads.extend(loads);
        }
    }

    /// What it shows of a member whose load is `fresh` now.
    pub(super) fn load(&self, member: usize, fresh: u32) -> u32 {
        self.loads.get(member).copied().unwrap_or(fresh)
    }
}

/// Members in a binary heap, lowest key first; of equal keys, the member declared first.
#[derive(Clone, Debug)]
pub(super) struct MemberHeap<K> {
    heap: Vec<(K, usize)>,
    /// Where each member is in the heap, if it is.
    places: Vec<Option<usize>>,
    /// Places to be looked at during a search; kept to allocate nothing.
    pending: Vec<usize>,
}

impl<K> Default for MemberHeap<K> {
    fn default() -> Self {
        Self { heap: Vec::new(), places: Vec::new(), pending: Vec::new() }
    }
}

impl<K: Ord + Copy> MemberHeap<K> {
    /// Starts anew with these members. O(n log n).
    pub(super) fn rebuild(&mut self, keys: impl Iterator<Item = Option<K>>) {
        self.heap.clear();
        self.places.clear();
        for (member, key) in keys.enumerate() {
            self.places.push(None);
            if let Some(key) = key {
                self.heap.push((key, member));
            }
        }
        // Sorted is a heap.
        self.heap.sort_unstable();
        for (place, &(_, member)) in self.heap.iter().enumerate() {
            self.places[member] = Some(place);
        }
    }

    /// Gives a member another key; does nothing if it is not there. O(log n).
    pub(super) fn update(&mut self, member: usize, change: impl FnOnce(&mut K)) {
        let Some(mut place) = self.places.get(member).copied().flatten() else { return };
        change(&mut self.heap[place].0);
        while place > 0 && self.heap[place] < self.heap[(place - 1) / 2] {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let mut least = place;
            if left < self.heap.len() && self.heap[left] < self.heap[least] {
                least = left;
            }
            if right < self.heap.len() && self.heap[right] < self.heap[least] {
                least = right;
            }
            if least == place {
                return;
            }
            self.swap(place, least);
            place = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places[self.heap[a].1] = Some(a);
        self.places[self.heap[b].1] = Some(b);
    }

    /// The first member that is fit. O(1) if that is the first of all, else O(k) for k unfit ones
    /// with lower keys.
    pub(super) fn first(&mut self, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best: Option<usize> = None;
        self.pending.clear();
        self.pending.push(0);
        while let Some(place) = self.pending.pop() {
            let Some(entry) = self.heap.get(place) else { continue };
            if best.is_some_and(|best| self.heap[best] <= *entry) {
                continue;
            }
            if is_fit(entry.1) {
                best = Some(place);
            } else {
                self.pending.extend([2 * place + 2, 2 * place + 1]);
            }
        }
        best.map(|place| self.heap[place].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The heap against a scan.
        #[test]
        fn the_heap_finds_what_a_scan_finds(
            start in prop::collection::vec(prop::option::of(0..9_u32), 1..20),
            changes in prop::collection::vec((0..20_usize, 0..9_u32, any::<u32>()), 1..60),
        ) {
            let mut keys = start;
            let mut heap = MemberHeap::default();
            heap.rebuild(keys.iter().copied());
            for (member, key, fit) in changes {
                heap.update(member, |old| *old = key);
                if let Some(Some(old)) = keys.get_mut(member) {
                    *old = key;
                }
                let is_fit = |member: usize| fit >> member & 1 == 1;
                let all = keys.iter().enumerate().filter_map(|(m, key)| Some(((*key)?, m)));
                let expected = all.filter(|&(_, m)| is_fit(m)).min().map(|(_, m)| m);
                prop_assert_eq!(heap.first(is_fit), expected);
            }
        }
    }
}
