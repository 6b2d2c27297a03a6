//! `lifo`: last come, first served; whoever is served stays served.

use super::discipline::{Discipline, DisciplineSpec, InOrder, Service, Turn, Waiter, in_order};
use crate::engine::time::Time;

/// The line of both `lifo` and `lifo-preemptive`.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifo(InOrder);

impl Discipline for Lifo {
    fn join(&mut self, waiter: Waiter, now: Time) {
        self.0.join(waiter, now);
    }

    fn take(&mut self, _: Time) -> Option<Turn> {
        self.0.newest().map(Turn::Serve)
    }

    in_order!(0);
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "lifo",
    summary: "last come, first served",
    fails: "whoever is passed over waits until the queue is empty; unfair at any load, the mean wait is that of fifo",
    source: "Kleinrock, Queueing Systems vol. 2 (1976)",
    service: Service::Kept,
    drops: false,
    parameters: &[],
    build: |_, _| Box::new(Lifo::default()),
};
