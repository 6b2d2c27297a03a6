//! How backends queue and serve: what disciplines add to `[[backends]]`, and contention.

use super::{Field, Kind, More, TableSpec, optional, parameter_field};
use crate::model::station::discipline::{DISCIPLINES, DisciplineSpec};

/// `contention` of backends.
pub static CONTENTION: TableSpec = TableSpec {
    title: "contention",
    doc: "Slowness that comes with concurrency: by the universal scalability law with `alpha` and `beta`, or by a curve with `attempts` and `factor`.",
    fields: &[
        optional(
            "alpha",
            Kind::Number,
            "contention, the share of work that only one attempt can do at a time: N attempts together are worked on at N / (1 + alpha (N - 1) + beta N (N - 1)) times the rate of one; default: 0",
        )
        .range(0.0, 1.0),
        optional(
            "beta",
            Kind::Number,
            "coherence, what keeping each pair of attempts in step costs; throughput peaks at N = sqrt((1 - alpha) / beta); default: 0",
        )
        .range(0.0, 1.0),
        optional(
            "attempts",
            Kind::Numbers,
            "of a curve: growing numbers of attempts in service, such as [1, 10, 50]",
        ),
        optional(
            "factor",
            Kind::Numbers,
            "of a curve: how many times as long work takes at each of them, such as [1, 1.2, 4]; straight lines between, level outside",
        ),
        super::default(
            "applies",
            Kind::Choice(&["throughout", "at-start"]),
            "throughout",
            "whether the factor of all work changes with every attempt that comes or goes, or work keeps the one that it began with; only attempts that are computed count, not those at the database",
        ),
    ],
    more: More::Nothing,
};

/// The keys that disciplines add: each that has parameters, its table of them.
pub(super) fn discipline_fields() -> impl Iterator<Item = Field> {
    let with_parameters = DISCIPLINES.iter().filter(|spec| !spec.parameters.is_empty());
    with_parameters.map(|spec| optional(spec.name, Kind::Settings(spec), spec.summary))
}

/// The keys of a discipline's table.
pub(in super::super) fn settings_of(spec: &'static DisciplineSpec) -> Vec<Field> {
    spec.parameters.iter().map(parameter_field).collect()
}
