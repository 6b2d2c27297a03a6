//! `random`: independent draws in proportion to the weights.

use super::weighted::WeightTable;
use super::{Algorithm, Balancer, MemberView, Pick, PickContext};

#[derive(Clone, Default)]
struct Random {
    table: WeightTable,
}

impl Balancer for Random {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.table.draw_eligible(context).into()
    }

    fn table(&self) -> Option<&WeightTable> {
        Some(&self.table)
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
    cost: "O(log n), O(n) if most members are full",
    vendors: "akin to HAProxy: random(1); nginx: random; Envoy: RANDOM",
    weighted: true,
    build: |_| Box::new(Random::default()),
    ..Algorithm::PLAIN
};
