//! `fifo`: first come, first served.

use super::discipline::{Discipline, DisciplineSpec, InOrder, Service, Turn, Waiter, in_order};
use crate::engine::time::Time;

#[derive(Clone, Debug, Default)]
pub(super) struct Fifo(InOrder);

impl Fifo {
    /// Everybody in line.
    pub(super) fn waiters(&self) -> impl Iterator<Item = &Waiter> {
        self.0.waiters.iter()
    }

    /// Takes out whoever has come first.
    #[inline]
    pub(super) fn first(&mut self) -> Option<Waiter> {
        self.0.oldest()
    }
}

impl Discipline for Fifo {
    #[inline]
    fn join(&mut self, waiter: Waiter, now: Time) {
        self.0.join(waiter, now);
    }

    #[inline]
    fn take(&mut self, _: Time) -> Option<Turn> {
        self.first().map(Turn::Serve)
    }

    in_order!(0);
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "fifo",
    summary: "first come, first served",
    fails: "in overload everybody waits as long as the queue is, often for longer than their clients do",
    source: "what most servers do",
    service: Service::Kept,
    drops: false,
    parameters: &[],
    build: |_, _| Box::new(Fifo::default()),
};
