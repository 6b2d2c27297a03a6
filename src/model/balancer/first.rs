//! `first`: the first eligible member in declaration order.

use super::{Algorithm, Balancer, Dialect, Pick, PickContext};

#[derive(Clone)]
struct First;

impl Balancer for First {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        context.eligible().next().into()
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: HAProxy configuration manual, `balance first`.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "first",
    dialect: (Dialect::Haproxy, &["first"]),
    summary: "the first member in declaration order with a free connection slot",
    fails: "without max-connections everything goes to the first member",
    cost: "O(full members before it)",
    vendors: "HAProxy: first",
    waits_behind_queue: true,
    build: |_| Box::new(First),
    ..Algorithm::PLAIN
};
