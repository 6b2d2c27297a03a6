//! `static-round-robin`: HAProxy's `static-rr`, a walk over a table made in advance.

use super::haproxy_map::ServerMap;
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

#[derive(Clone, Default)]
struct StaticRoundRobin {
    map: ServerMap,
    /// Slot to look at next.
    next: usize,
}

impl StaticRoundRobin {
    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let slots = self.map.slots();
        if self.next >= slots.len() {
            self.next = 0;
        }
        let around = (self.next..slots.len()).chain(0..self.next);
        let slot = around.into_iter().find(|&slot| context.is_eligible(slots[slot]))?;
        self.next = slot + 1;
        Some(slots[slot])
    }
}

impl Balancer for StaticRoundRobin {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.map = ServerMap::new(members);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: HAProxy 2.6 `lb_map.c`, held to recordings in tests/orders.rs.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "static-round-robin",
    dialect: (Dialect::Haproxy, &["static-rr"]),
    summary: "a walk over a table in which each member stands as often as its weight says",
    fails: "a slow or dead member keeps its share; slow start does not lower it",
    cost: "O(1), and as much for each slot of a full member; a change costs O(n x total weight)",
    vendors: "HAProxy: static-rr",
    weighted: true,
    waits_behind_queue: true,
    build: |_| Box::new(StaticRoundRobin::default()),
    ..Algorithm::PLAIN
};
