//! `[sweep]`.

use super::{Kind, More, TableSpec, optional, required};

/// `[sweep]`.
pub static SWEEP: TableSpec = TableSpec {
    title: "[sweep]",
    doc: "What `misroute sweep` varies, unless its command line says otherwise.",
    fields: &[
        required(
            "vary",
            Kind::Edits,
            "paths with their values: \"50%..150%:11\", \"10ms..1s:log:5\", \"round-robin,random\" or a list",
        ),
        optional(
            "design",
            Kind::Choice(&["grid", "latin-hypercube"]),
            "every combination, or so many points that cover all ranges; default: grid",
        ),
        optional("points", Kind::Count, "points of a Latin hypercube").range(2.0, 1e6),
        optional(
            "replications",
            Kind::Count,
            "how often each point is run, each time on other randomness; default: 10",
        )
        .range(1.0, 1e6),
        optional(
            "precision",
            Kind::Ratio,
            "instead: until mean and p99 of the latency are known to within this share of themselves",
        )
        .range(1e-6, 0.999_999),
    ],
    more: More::Nothing,
};
