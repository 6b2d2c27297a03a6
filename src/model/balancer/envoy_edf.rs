//! Envoy's earliest-deadline-first scheduler, for members of unequal weight.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Picks that a scheduler may have behind it when it is built.
const PICKS_MAX: u64 = 429_496_729;
/// Keeps weights that are multiples of each other from tying by rounding.
const EPSILON: f64 = 1e-13;

#[derive(Clone, Copy, Debug)]
struct Entry {
    deadline: f64,
    order: u64,
    member: usize,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.deadline.total_cmp(&other.deadline).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

/// Each pick takes the entry with the earliest deadline and puts it back 1 / weight later; ties
/// first in, first out. Deadlines are floating-point numbers, as in the original.
#[derive(Clone, Debug, Default)]
pub(super) struct Edf {
    queue: BinaryHeap<Reverse<Entry>>,
    now: f64,
    order: u64,
    /// Members passed over during one pick; kept to allocate nothing.
    skipped: Vec<usize>,
}

impl Edf {
    /// A scheduler of members with positive weights that has as many picks behind it as a random
    /// seed says, so that threads do not all begin with the same member.
    pub(super) fn new(members: &[(usize, f64)], seed: u64) -> Self {
        let picks = f64::from((u64::from(seed as u32) % PICKS_MAX) as u32);
        let total: f64 = members.iter().map(|&(_, weight)| weight + EPSILON).sum();
        let mut edf = Self::default();
        let mut left = picks;
        for &(member, weight) in members {
            let weight = weight + EPSILON;
            let mut turns = (weight * picks / total).floor();
            if turns > 0.0 && turns / weight >= picks / total {
                turns -= 1.0;
            }
            edf.now = edf.now.max(turns / weight);
            edf.push((turns + 1.0) / weight, member);
            left -= turns;
        }
        let weight = |member| members.iter().find(|m| m.0 == member).map_or(1.0, |m| m.1);
        while left > 0.0 && !members.is_empty() {
            edf.pick(|_| true, weight);
            left -= 1.0;
        }
        edf
    }

    fn push(&mut self, deadline: f64, member: usize) {
        self.queue.push(Reverse(Entry { deadline, order: self.order, member }));
        self.order += 1;
    }

    /// The next member that `fits`; those passed over lose this turn.
    pub(super) fn pick(
        &mut self,
        fits: impl Fn(usize) -> bool,
        weight: impl Fn(usize) -> f64,
    ) -> Option<usize> {
        let mut picked = None;
        while let Some(Reverse(entry)) = self.queue.pop() {
            self.now = entry.deadline;
            self.skipped.push(entry.member);
            if fits(entry.member) {
                picked = Some(entry.member);
                break;
            }
        }
        for member in std::mem::take(&mut self.skipped) {
            self.push(self.now + 1.0 / weight(member), member);
        }
        picked
    }
}
