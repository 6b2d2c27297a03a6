//! The tables of `[balancer]` that narrow the pool down before the algorithm picks.

use super::{Kind, More, TableSpec, default, required};

/// `priority` of the balancer.
pub static PRIORITY: TableSpec = TableSpec {
    title: "priority",
    doc: "Failover: backends of a lower priority get what those above cannot take.",
    fields: &[
        default(
            "overprovisioning",
            Kind::Ratio,
            "140%",
            "a priority takes all while the share of its healthy members times this is 100% or more, else that product",
        )
        .range(0.01, 100.0),
    ],
    more: More::Nothing,
};

/// `zones` of the balancer.
pub static ZONES: TableSpec = TableSpec {
    title: "zones",
    doc: "Each instance prefers backends of its own zone, as far as no backend gets more than others.",
    fields: &[
        required(
            "local",
            Kind::Texts,
            "the zone of each balancer instance; repeated if there are more instances",
        ),
        default(
            "min-cluster-size",
            Kind::Count,
            "6",
            "with fewer healthy backends in the pool, zones do not matter",
        )
        .range(1.0, 1e6),
    ],
    more: More::Nothing,
};

/// `subset` of the balancer.
pub static SUBSET: TableSpec = TableSpec {
    title: "subset",
    doc: "Each instance uses only some backends: an arc of the ring on which all lie evenly.",
    fields: &[required(
        "size",
        Kind::Count,
        "backends that an instance uses at least; more if all instances together would use some backends more than others",
    )
    .range(1.0, 1e6)],
    more: More::Nothing,
};

/// `canary` of the balancer.
pub static CANARY: TableSpec = TableSpec {
    title: "canary",
    doc: "A share of the requests goes to one group of backends, the rest to all others.",
    fields: &[
        required("group", Kind::Name, "the `group` of those backends"),
        required("share", Kind::Ratio, "their share of the requests").range(0.0, 1.0),
        default(
            "by",
            Kind::Choice(&["request", "client"]),
            "request",
            "whether each try is drawn for itself, or a client is always in the share or never",
        ),
    ],
    more: More::Nothing,
};
