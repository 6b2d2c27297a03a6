//! `single`: one member for everything, until it can no longer be used.

use super::{Algorithm, Balancer, Pick, PickContext};

#[derive(Clone, Default)]
struct Single {
    current: Option<usize>,
}

impl Single {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        match self.current {
            Some(member) if context.is_eligible(member) => {}
            _ => self.current = context.eligible().next(),
        }
        self.current
    }
}

impl Balancer for Single {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: gRPC proposal A62 (`pick_first`): it sticks to the address it
/// connected to, and starts over from the list when that fails.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "single",
    summary: "one member gets everything; the next in order only when it becomes unusable",
    fails: "always, beyond the capacity of one member; it never moves back by itself",
    cost: "O(1), O(n) when the member changes",
    vendors: "gRPC: pick_first",
    build: |_| Box::new(Single::default()),
    ..Algorithm::PLAIN
};
