//! `random-order`: whoever is in line is equally likely to be next.

use super::discipline::{Discipline, DisciplineSpec, Service, Turn, Waiter};
use crate::engine::random::Stream;
use crate::engine::slab::Handle;
use crate::engine::time::Time;

#[derive(Clone, Debug)]
struct RandomOrder {
    waiters: Vec<Waiter>,
    stream: Stream,
}

impl Discipline for RandomOrder {
    fn join(&mut self, waiter: Waiter, _: Time) {
        self.waiters.push(waiter);
    }

    fn take(&mut self, _: Time) -> Option<Turn> {
        if self.waiters.is_empty() {
            return None;
        }
        let position = self.stream.below(self.waiters.len() as u64) as usize;
        Some(Turn::Serve(self.waiters.swap_remove(position)))
    }

    fn remove(&mut self, attempt: Handle) -> Option<Waiter> {
        let position = self.waiters.iter().position(|waiter| waiter.attempt == attempt)?;
        Some(self.waiters.swap_remove(position))
    }

    fn find(&self, attempt: Handle) -> Option<Waiter> {
        self.waiters.iter().find(|waiter| waiter.attempt == attempt).copied()
    }

    fn clear(&mut self) {
        self.waiters.clear();
    }

    fn everybody(&self) -> Vec<Waiter> {
        self.waiters.clone()
    }

    fn boxed_clone(&self) -> Box<dyn Discipline> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "random-order",
    summary: "whoever is in line is equally likely to be next",
    fails: "waits vary more than in order of arrival; some are forgotten for long",
    source: "Kingman, Mathematical Proceedings of the Cambridge Philosophical Society 58 (1962); threads that race for a lock",
    service: Service::Kept,
    drops: false,
    parameters: &[],
    build: |_, stream| Box::new(RandomOrder { waiters: Vec::new(), stream }),
};
