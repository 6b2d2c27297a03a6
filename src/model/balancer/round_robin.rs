//! `round-robin`: turns in declaration order, in proportion to the weights.

use super::{Algorithm, Balancer, MemberView, Pick, PickContext};
use crate::engine::random::Stream;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Virtual time is kept in units of 2^-32 where a fraction will not do.
const UNIT: u32 = 32;

/// A member's next turn, at the virtual time `base + count / weight`; ties first in, first out.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Turn {
    /// When its present weight began to hold.
    base: u64,
    count: u64,
    weight: u64,
    order: u64,
    member: usize,
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = self.scaled() * u128::from(other.weight);
        let theirs = other.scaled() * u128::from(self.weight);
        mine.cmp(&theirs).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Turn {
    /// Its time, in units of 2^-32 / weight.
    fn scaled(&self) -> u128 {
        u128::from(self.base) * u128::from(self.weight) + (u128::from(self.count) << UNIT)
    }

    fn time(&self) -> u64 {
        self.base + ((u128::from(self.count) << UNIT) / u128::from(self.weight)) as u64
    }

    /// The same turn under another weight: what is left until then is longer or shorter.
    fn reweighed(self, weight: u64, now: u64) -> Self {
        let left = u128::from(self.time().saturating_sub(now)) * u128::from(self.weight);
        Self { base: now + (left / u128::from(weight)) as u64, count: 0, weight, ..self }
    }
}

/// The turns to come.
#[derive(Clone)]
enum Order {
    /// Of one weight, and none more than a step behind another: whoever has had a turn is the last.
    /// In order from the place given on, around the end.
    Rotation(Vec<Turn>, usize),
    /// Of any weights.
    Heap(BinaryHeap<Reverse<Turn>>),
}

impl Order {
    fn new(mut turns: Vec<Turn>) -> Self {
        turns.sort_unstable();
        let rotates = match (turns.first(), turns.last()) {
            (Some(first), Some(last)) => {
                turns.iter().all(|turn| turn.weight == first.weight)
                    && last.scaled() <= first.scaled() + (1 << UNIT)
            }
            _ => true,
        };
        if rotates {
            Self::Rotation(turns, 0)
        } else {
            Self::Heap(turns.into_iter().map(Reverse).collect())
        }
    }

    /// All turns, in any order.
    fn take(&mut self) -> Vec<Turn> {
        match std::mem::replace(self, Self::Rotation(Vec::new(), 0)) {
            Self::Rotation(turns, _) => turns,
            Self::Heap(turns) => turns.into_iter().map(|Reverse(turn)| turn).collect(),
        }
    }
}

#[derive(Clone)]
pub(super) struct RoundRobin {
    turns: Order,
    /// Turns popped during one pick, to be put back; kept to allocate nothing.
    skipped: Vec<Turn>,
    /// Who is in `turns`, with what weight.
    known: Vec<Option<u64>>,
    order: u64,
    /// The last turn.
    last: Option<Turn>,
}

impl Default for RoundRobin {
    fn default() -> Self {
        Self {
            turns: Order::Rotation(Vec::new(), 0),
            skipped: Vec::new(),
            known: Vec::new(),
            order: 0,
            last: None,
        }
    }
}

impl RoundRobin {
    /// The first member in turn that is fit. A member that cannot be used now loses this turn; it must not
    /// catch up in a burst later.
    #[inline]
    fn choose(&mut self, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        match &mut self.turns {
            Order::Rotation(turns, first) => {
                let around = || (*first..turns.len()).chain(0..*first);
                let passed = around().position(|place| is_fit(turns[place].member))?;
                for _ in 0..=passed {
                    let turn = &mut turns[*first];
                    self.last = Some(*turn);
                    turn.count += 1;
                    self.order += 1;
                    turn.order = self.order;
                    *first = if *first + 1 == turns.len() { 0 } else { *first + 1 };
                }
            }
            Order::Heap(turns) => {
                let is_found = loop {
                    let Some(Reverse(turn)) = turns.pop() else { break false };
                    self.skipped.push(turn);
                    if is_fit(turn.member) {
                        break true;
                    }
                };
                if !is_found {
                    turns.extend(self.skipped.drain(..).map(Reverse));
                    return None;
                }
                self.last = self.skipped.last().copied();
                for turn in self.skipped.drain(..) {
                    self.order += 1;
                    turns.push(Reverse(Turn { count: turn.count + 1, order: self.order, ..turn }));
                }
            }
        }
        self.last.map(|turn| turn.member)
    }
}

impl Balancer for RoundRobin {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(|member| context.is_eligible(member)).into()
    }

    fn pick_freely(&mut self, _: &[MemberView], _: &mut Stream) -> Option<usize> {
        self.choose(|_| true)
    }

    /// A changed set starts a new turn from the first member, as a reload does. Other weights, as in a
    /// slow start, move only those who have them.
    fn members_changed(&mut self, members: &[MemberView]) {
        let wanted: Vec<Option<u64>> =
            members.iter().map(|m| m.usable.then_some(m.effective_weight())).collect();
        if wanted == self.known {
            return;
        }
        let same = |(old, new): (&Option<u64>, &Option<u64>)| old.is_some() == new.is_some();
        let mut turns = self.turns.take();
        if wanted.len() == self.known.len() && wanted.iter().zip(&self.known).all(same) {
            // Virtual time is that of the last turn.
            let now = self.last.map_or(0, |turn| turn.time());
            for turn in &mut turns {
                let weight = wanted[turn.member].expect("who has a turn is usable");
                if weight != turn.weight {
                    *turn = turn.reweighed(weight, now);
                }
            }
        } else {
            turns.clear();
            self.last = None;
            for (member, weight) in wanted.iter().enumerate() {
                if let Some(weight) = *weight {
                    self.order += 1;
                    turns.push(Turn { base: 0, count: 1, weight, order: self.order, member });
                }
            }
        }
        self.turns = Order::new(turns);
        self.known = wanted;
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Earliest deadline first with deadlines k/weight, kept as fractions; with
/// equal weights this is the plain rotation.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "round-robin",
    summary: "turns in declaration order, in proportion to the weights",
    fails: "a slow or dead member keeps its share; every instance starts at the same member",
    cost: "O(log n)",
    vendors: "akin to HAProxy: roundrobin and Envoy: ROUND_ROBIN, whose exact turns differ",
    weighted: true,
    build: |_| Box::new(RoundRobin::default()),
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A rotation takes the turns in the order in which a heap has them, whatever changes in between.
        #[test]
        fn a_rotation_is_what_a_heap_says(
            steps in prop::collection::vec((any::<u8>(), 0..12_usize, 0..4_u32), 1..150),
        ) {
            let mut members: Vec<MemberView> = (0..5).map(|_| MemberView::new("a", 2)).collect();
            let (mut fast, mut slow) = (RoundRobin::default(), RoundRobin::default());
            let change = |fast: &mut RoundRobin, slow: &mut RoundRobin, members: &[MemberView]| {
                fast.members_changed(members);
                slow.members_changed(members);
                slow.turns = Order::Heap(slow.turns.take().into_iter().map(Reverse).collect());
            };
            change(&mut fast, &mut slow, &members);
            for (fit, member, weight) in steps {
                if let Some(view) = members.get_mut(member) {
                    // Often of one weight, as after a slow start.
                    view.ramp = if weight < 2 { MemberView::FULL } else { 40 * weight };
                    view.usable = fit > 3;
                    change(&mut fast, &mut slow, &members);
                } else {
                    let is_fit = |member: usize| member >= 3 || fit >> member & 7 != 0;
                    prop_assert_eq!(fast.choose(is_fit), slow.choose(is_fit));
                }
            }
        }
    }
}
