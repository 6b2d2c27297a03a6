//! `[[backends]]` and the tables in it.

use super::faults::{COLD_START, FAILURES, MEMORY, OVERLOAD, PAUSES, SUPERVISOR};
use super::tables::{AGES, ANSWERS};
use super::{CONTENTION, Kind, More, TableSpec, default, optional, required};
use crate::model::station::discipline::DISCIPLINE_NAMES;

/// `[[backends]]`.
pub static BACKENDS: TableSpec = TableSpec {
    title: "[[backends]]",
    doc: "Servers, and how the balancer's configuration lists them.",
    fields: &[
        required(
            "name",
            Kind::NamePattern,
            "unique name, or a pattern for several alike: \"api-{1..5}\", \"{a,b}-{1..2}\"",
        ),
        default("workers", Kind::Count, "1", "attempts in service at once").range(1.0, 1e6),
        default(
            "queue",
            Kind::CountOr("unlimited"),
            "unlimited",
            "attempts that may wait for a worker, or for a part of shared ones",
        )
        .range(0.0, 1e9),
        default(
            "discipline",
            Kind::Choice(&DISCIPLINE_NAMES),
            "fifo",
            "who is served next, and how workers are shared; `misroute list disciplines` has them",
        ),
        default(
            "queue-age",
            Kind::DurationOr("unlimited"),
            "unlimited",
            "whoever has waited for longer when its turn comes is turned away instead of served",
        )
        .range(0.0, AGES),
        optional(
            "patience",
            Kind::Distribution,
            "how long each request waits in line before it is turned away, at that very moment; default: for ever",
        ),
        optional(
            "late",
            Kind::Choice(ANSWERS),
            "the answer to whoever is turned away for its age, by queue-age, patience or the discipline; default: that of `full`",
        ),
        optional("contention", Kind::Table(&CONTENTION), CONTENTION.doc),
        required(
            "service",
            Kind::Distribution,
            "the work an attempt asks for, such as { lognormal = { mean = \"80ms\", p99 = \"400ms\" } }; a bare duration is constant",
        ),
        default("full", Kind::Choice(ANSWERS), "http_503", "the answer when the queue is full"),
        default(
            "abandoned",
            Kind::Choice(&["finish", "skip", "cancel"]),
            "finish",
            "what becomes of work whose connection was closed: served all the same, dropped when it would be served, or dropped at once",
        ),
        optional("overload", Kind::Table(&OVERLOAD), OVERLOAD.doc),
        default(
            "start-time",
            Kind::Duration,
            "0s",
            "from a restart to accepting connections; until then they are refused",
        )
        .range(0.0, AGES),
        optional("cold-start", Kind::Table(&COLD_START), COLD_START.doc),
        optional("memory", Kind::Table(&MEMORY), MEMORY.doc),
        optional("pauses", Kind::Table(&PAUSES), PAUSES.doc),
        optional("supervisor", Kind::Table(&SUPERVISOR), SUPERVISOR.doc),
        optional("failures", Kind::Table(&FAILURES), FAILURES.doc),
        default("up", Kind::Flag, "true", "whether the server runs when the scenario begins"),
        default("weight", Kind::Count, "1", "relative share of the traffic; 0 takes none")
            .range(0.0, 10_000.0),
        default("in-pool", Kind::Flag, "true", "whether the balancer's pool contains it"),
        default(
            "backup",
            Kind::Flag,
            "false",
            "whether it only stands in while no other member can be used",
        ),
        default(
            "max-connections",
            Kind::CountOr("unlimited"),
            "unlimited",
            "attempts in flight from one balancer instance beyond which this member is skipped",
        )
        .range(1.0, 1e9),
        optional(
            "min-connections",
            Kind::Count,
            "the same while little is going on: max-connections times the load over queue.full-load, but at least this",
        )
        .range(1.0, 1e9),
        optional(
            "address",
            Kind::Text,
            "where it listens, such as \"10.0.0.1:80\": some vendors' hash rings are made of it; default: the name",
        ),
        default(
            "priority",
            Kind::Count,
            "0",
            "with balancer.priority: 0 is used first, 1 as far as those fail, and so on",
        )
        .range(0.0, 15.0),
        optional("zone", Kind::Name, "with balancer.zones, [network] or [[link]]: the zone it is in"),
        optional("group", Kind::Name, "with balancer.canary: the group it belongs to"),
    ],
    more: More::Disciplines,
};

/// The keys of `[[backends]]` that belong to the balancer's configuration.
pub(in super::super) const MEMBER_KEYS: [&str; 9] = [
    "weight",
    "in-pool",
    "backup",
    "max-connections",
    "min-connections",
    "address",
    "priority",
    "zone",
    "group",
];
/// Those of them that no configuration changes.
pub(in super::super) const FIXED_MEMBER_KEYS: [&str; 3] = ["address", "zone", "group"];
