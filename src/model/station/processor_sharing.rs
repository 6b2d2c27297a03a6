//! `processor-sharing`: all inside are worked on, each with an equal part of the workers.

use super::discipline::{DisciplineSpec, Service};
use super::fifo::Fifo;
use crate::model::balancer::{Parameter, ParameterKind};

/// As many attempts as this are no limit.
pub(super) const UNLIMITED: u32 = 1_000_000;

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "processor-sharing",
    summary: "all inside are worked on at once: of n at c workers, each at c/n of full speed, never more than full",
    fails: "in overload everything gets slower together, and nothing is finished in time",
    source: "Kleinrock, Queueing Systems vol. 2 (1976); threads on a time-sharing machine",
    service: Service::Shared,
    drops: false,
    parameters: &[Parameter {
        name: "concurrency",
        kind: ParameterKind::Count,
        default: UNLIMITED as f64,
        range: (1.0, UNLIMITED as f64),
        doc: "attempts worked on at once, such as threads; the others wait in line, first in, first out",
    }],
    build: |_, _| Box::new(Fifo::default()),
};
