//! `priority`: the most urgent first; of equally urgent ones, first in, first out.

use super::discipline::{Discipline, DisciplineSpec, InOrder, Service, Turn, Waiter};
use crate::engine::slab::Handle;
use crate::engine::time::Time;
use std::collections::BTreeMap;

/// One line per urgency, none of them empty.
#[derive(Clone, Debug, Default)]
struct Priority(BTreeMap<u8, InOrder>);

impl Discipline for Priority {
    fn join(&mut self, waiter: Waiter, now: Time) {
        self.0.entry(waiter.priority).or_default().join(waiter, now);
    }

    fn take(&mut self, _: Time) -> Option<Turn> {
        let mut first = self.0.first_entry()?;
        let waiter = first.get_mut().oldest();
        if first.get().waiters.is_empty() {
            first.remove();
        }
        waiter.map(Turn::Serve)
    }

    fn remove(&mut self, attempt: Handle) -> Option<Waiter> {
        let found = self.0.values_mut().find_map(|line| line.remove(attempt));
        self.0.retain(|_, line| !line.waiters.is_empty());
        found
    }

    fn find(&self, attempt: Handle) -> Option<Waiter> {
        self.0.values().find_map(|line| line.find(attempt))
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn everybody(&self) -> Vec<Waiter> {
        self.0.values().flat_map(InOrder::everybody).collect()
    }

    fn boxed_clone(&self) -> Box<dyn Discipline> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "priority",
    summary: "the most urgent class first, 0 before 1; whoever is served stays served",
    fails: "the least urgent wait for all others, for ever once those alone are too many",
    source: "Cobham, Operations Research 2 (1954)",
    service: Service::Kept,
    drops: false,
    parameters: &[],
    build: |_, _| Box::new(Priority::default()),
};
