//! `[autoscale]`.

use super::tables::{AGES, INSTANT};
use super::{Kind, More, TableSpec, default, optional, required};

/// `[autoscale]`.
pub static AUTOSCALE: TableSpec = TableSpec {
    title: "[autoscale]",
    doc: "Takes backends into service and out of it as their load asks for, by the rule and with the defaults of Kubernetes' horizontal pod autoscaler. Those with up = false wait to be taken in.",
    fields: &[
        required(
            "targets",
            Kind::Targets,
            "backends that may serve, taken in in the order of the file: a name, a pattern, a list, or \"all\"",
        ),
        optional("utilization", Kind::Ratio, "wanted share of each member's workers that are busy")
            .range(1e-6, 1.0),
        optional("in-flight", Kind::Number, "instead: wanted attempts inside each member")
            .range(1e-6, 1e9),
        optional("queue", Kind::Number, "instead: wanted attempts waiting in each member")
            .range(1e-6, 1e9),
        default("min", Kind::Count, "1", "least members").range(1.0, 1e3),
        optional("max", Kind::Count, "most members; default, and never more than: all targets")
            .range(1.0, 1e3),
        default(
            "tolerance",
            Kind::Ratio,
            "10%",
            "how far the mean may be from what is wanted without anything being done",
        )
        .range(0.0, 1.0),
        default("sync", Kind::Duration, "15s", "from one look to the next").range(1e-3, AGES),
        default("window", Kind::Duration, "15s", "over how long it takes the mean")
            .range(INSTANT, AGES),
        default(
            "up-stabilization",
            Kind::Duration,
            "0s",
            "it takes in what all looks of so long agree on",
        )
        .range(0.0, AGES),
        default(
            "down-stabilization",
            Kind::Duration,
            "5m",
            "it takes out what all looks of so long agree on",
        )
        .range(0.0, AGES),
        default("up-pods", Kind::Count, "4", "most members added within `up-period`: so many,")
            .range(0.0, 1e3),
        default(
            "up-percent",
            Kind::Ratio,
            "100%",
            "or this share of those at its beginning, whichever is more",
        )
        .range(0.0, 1e3),
        default("up-period", Kind::Duration, "15s", "see `up-pods`").range(INSTANT, AGES),
        default(
            "provision",
            Kind::Duration,
            "0s",
            "from a decision to the start of a process, which then takes its start-time",
        )
        .range(0.0, AGES),
        default("register", Kind::Duration, "0s", "from an open port to the balancers' pools")
            .range(0.0, AGES),
        default("drain", Kind::Duration, "30s", "from leaving the pools to the end of the process")
            .range(0.0, AGES),
    ],
    more: More::Nothing,
};
