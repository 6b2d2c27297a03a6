//! `random`: independent draws in proportion to the weights.

use super::weighted::WeightTable;
use super::{Algorithm, Balancer, MemberView, Pick, PickContext};

/// Draws of ineligible members before falling back to a scan, as nginx's `random` does.
const REDRAWS: u32 = 20;

#[derive(Clone, Default)]
struct Random {
    table: WeightTable,
}

impl Random {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let total = self.table.total();
        if total == 0 {
            return None;
        }
        for _ in 0..REDRAWS {
            let member = self.table.at(context.stream.below(total));
            if context.is_eligible(member) {
                return Some(member);
            }
        }
        let eligible: u64 = context.eligible().map(|m| context.members[m].effective_weight()).sum();
        if eligible == 0 {
            return None;
        }
        let mut point = context.stream.below(eligible);
        context.eligible().find(|&member| {
            let weight = context.members[member].effective_weight();
            let found = point < weight;
            point = point.saturating_sub(weight);
            found
        })
    }
}

impl Balancer for Random {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members, MemberView::effective_weight);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "random",
    summary: "an independent draw for each attempt, in proportion to the weights",
    fails: "collisions queue attempts on one member while others are idle",
    cost: "O(log n)",
    vendors: "akin to HAProxy: random(1); nginx: random; Envoy: RANDOM",
    weighted: true,
    build: |_| Box::new(Random::default()),
    ..Algorithm::PLAIN
};
