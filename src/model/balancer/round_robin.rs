//! `round-robin`: turns in declaration order, in proportion to the weights.

use super::{Algorithm, Balancer, MemberView, Pick, PickContext};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A member's next turn, at the virtual time `count / weight`; ties first in, first out.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Turn {
    count: u64,
    weight: u64,
    order: u64,
    member: usize,
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = u128::from(self.count) * u128::from(other.weight);
        let theirs = u128::from(other.count) * u128::from(self.weight);
        mine.cmp(&theirs).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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

    /// A changed set starts a new turn from the first member, as a reload does.
    fn members_changed(&mut self, members: &[MemberView]) {
        let wanted: Vec<Option<u64>> =
            members.iter().map(|m| m.usable.then_some(m.effective_weight())).collect();
        if wanted == self.known {
            return;
        }
        self.turns.clear();
        for (member, weight) in wanted.iter().enumerate() {
            if let Some(weight) = *weight {
                let order = self.next_order();
                self.turns.push(Reverse(Turn { count: 1, weight, order, member }));
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
