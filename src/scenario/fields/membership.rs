//! The tables below `[balancer]` that say who is healthy.

use super::{AGES, Field, INSTANT, Kind, More, Presence, TableSpec, default, optional, required};

/// `health` of the balancer.
pub static HEALTH: TableSpec = TableSpec {
    title: "health",
    doc: "Active checks: every instance checks every member of the pool on its own schedule.",
    fields: &[
        default("interval", Kind::Duration, "2s", "from one check to the next").range(1e-3, AGES),
        optional(
            "fast-interval",
            Kind::Duration,
            "the same while checks contradict the state; default: interval",
        )
        .range(1e-3, AGES),
        optional(
            "down-interval",
            Kind::Duration,
            "the same of a member that is down; default: interval",
        )
        .range(1e-3, AGES),
        optional("timeout", Kind::Duration, "how long a check may take; default: interval")
            .range(INSTANT, AGES),
        default("rise", Kind::Count, "2", "passed checks in a row that bring a member up")
            .range(1.0, 1_000.0),
        default("fall", Kind::Count, "3", "failed checks in a row that take a member down")
            .range(1.0, 1_000.0),
        default(
            "initial",
            Kind::Choice(&["up", "fully-up", "down", "fully-down"]),
            "up",
            "how members begin: up and down by the first failed check, up, down and up by the first passed check, or down",
        ),
        default(
            "asks",
            Kind::Choice(&["work", "life", "connection"]),
            "work",
            "what a check asks for: work like any other, a sign of life that needs no worker, or a mere connection",
        ),
        default(
            "errors-are-final",
            Kind::Flag,
            "false",
            "whether a check that is answered with an error takes the member down at once",
        ),
        default(
            "first",
            Kind::Choice(&["spread", "at-once"]),
            "spread",
            "whether an instance's first checks are spread over an interval",
        ),
    ],
    more: More::Nothing,
};

/// `ejection` of the balancer.
pub static EJECTION: TableSpec = TableSpec {
    title: "ejection",
    doc: "Passive checks: members are put out by how their tries end.",
    fields: &[required(
        "rule",
        Kind::EjectionRule,
        "by which rule; `misroute list ejections` has them with their parameters",
    )],
    more: More::EjectionParameters,
};

/// `slow-start` of the balancer.
pub static SLOW_START: TableSpec = TableSpec {
    title: "slow-start",
    doc: "The weight of a member that comes up grows slowly; not at the start of the run.",
    fields: &[
        required("period", Kind::Duration, "how long it takes").range(1e-3, AGES),
        default(
            "curve",
            Kind::Choice(&["power", "sixteenths"]),
            "power",
            "Envoy's power of time, or HAProxy's sixteenths by whole seconds, which also limit connections",
        ),
        default("floor", Kind::Ratio, "10%", "least share of the weight; for `power`")
            .range(0.001, 1.0),
        Field {
            presence: Presence::Number(1.0),
            ..optional(
                "aggression",
                Kind::Number,
                "1 is linear, more is faster at first; for `power`",
            )
        }
        .range(0.01, 100.0),
    ],
    more: More::Nothing,
};
