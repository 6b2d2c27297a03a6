//! `round-robin`: turns in declaration order, in proportion to the weights.

use super::{Algorithm, Balancer, MemberView, Pick, PickContext};
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
        let scaled = |turn: &Self| {
            u128::from(turn.base) * u128::from(turn.weight) + (u128::from(turn.count) << UNIT)
        };
        let mine = scaled(self) * u128::from(other.weight);
        let theirs = scaled(other) * u128::from(self.weight);
        mine.cmp(&theirs).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Turn {
    fn time(&self) -> u64 {
        self.base + ((u128::from(self.count) << UNIT) / u128::from(self.weight)) as u64
    }

    /// The same turn under another weight: what is left until then is longer or shorter.
    fn reweighed(self, weight: u64, now: u64) -> Self {
        let left = u128::from(self.time().saturating_sub(now)) * u128::from(self.weight);
        Self { base: now + (left / u128::from(weight)) as u64, count: 0, weight, ..self }
    }
}

#[derive(Clone, Default)]
pub(super) struct RoundRobin {
    turns: BinaryHeap<Reverse<Turn>>,
    /// Turns popped during one pick, to be put back; kept to allocate nothing.
    skipped: Vec<Turn>,
    /// Who is in `turns`, with what weight.
    known: Vec<Option<u64>>,
    order: u64,
    /// Virtual time: that of the last turn.
    now: u64,
}

impl RoundRobin {
    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }
}

impl RoundRobin {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let mut picked = None;
        while let Some(Reverse(turn)) = self.turns.pop() {
            if context.is_eligible(turn.member) {
                picked = Some(turn);
                break;
            }
            self.skipped.push(turn);
        }
        let Some(turn) = picked else {
            self.turns.extend(self.skipped.drain(..).map(Reverse));
            return None;
        };
        self.now = turn.time();
        self.skipped.push(turn);
        // A member that cannot be used now loses this turn; it must not catch up in a burst later.
        for turn in self.skipped.drain(..) {
            self.order += 1;
            self.turns.push(Reverse(Turn { count: turn.count + 1, order: self.order, ..turn }));
        }
        Some(turn.member)
    }
}

impl Balancer for RoundRobin {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
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
        if wanted.len() == self.known.len() && wanted.iter().zip(&self.known).all(same) {
            let reweigh = |Reverse(turn): Reverse<Turn>| {
                let weight = wanted[turn.member].expect("who has a turn is usable");
                let is_same = weight == turn.weight;
                Reverse(if is_same { turn } else { turn.reweighed(weight, self.now) })
            };
            self.turns = std::mem::take(&mut self.turns).into_iter().map(reweigh).collect();
            self.known = wanted;
            return;
        }
        self.turns.clear();
        self.now = 0;
        for (member, weight) in wanted.iter().enumerate() {
            if let Some(weight) = *weight {
                let order = self.next_order();
                self.turns.push(Reverse(Turn { base: 0, count: 1, weight, order, member }));
            }
        }
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
