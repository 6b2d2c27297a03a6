//! `lifo-preemptive`: the newest is served at once, at the cost of whoever has been served longest.

use super::discipline::{DisciplineSpec, Service};
use super::lifo::Lifo;

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "lifo-preemptive",
    summary: "the newest takes a worker from whoever has had one longest, whose work goes on later where it stopped",
    fails: "in overload long work is never finished",
    source: "Kleinrock, Queueing Systems vol. 2 (1976): last come, first served, preemptive resume",
    service: Service::Preempted,
    drops: false,
    parameters: &[],
    build: |_, _| Box::new(Lifo::default()),
};
