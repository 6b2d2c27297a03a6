//! `[network]` and `[[link]]`: what lies between clients, balancer instances and backends.

use super::tables::{AGES, INSTANT};
use super::{Kind, More, TableSpec, default, optional, required};

/// `[network]`.
pub static NETWORK: TableSpec = TableSpec {
    title: "[network]",
    doc: "What messages between clients, balancer instances and backends meet; default: nothing, they arrive at once.",
    fields: &[
        optional(
            "latency",
            Kind::Distribution,
            "one-way latency between any two places, drawn anew for each message; default: 0s",
        ),
        optional(
            "local-latency",
            Kind::Distribution,
            "the same within one zone; default: `latency`",
        ),
        optional(
            "client-latency",
            Kind::Distribution,
            "the same between clients and balancer instances, whatever their zones; default: `latency` and `local-latency`",
        ),
        default(
            "loss",
            Kind::Ratio,
            "0%",
            "share of transmissions that are lost; each is made again after a wait that doubles",
        )
        .range(0.0, 1.0),
        optional(
            "client-loss",
            Kind::Ratio,
            "the same between clients and balancer instances; default: `loss`",
        )
        .range(0.0, 1.0),
        default(
            "round-trips",
            Kind::Count,
            "1",
            "of a balancer's new connection before the request leaves: 1 of TCP, 2 with TLS 1.3, 3 with TLS 1.2 (RFC 8446)",
        )
        .range(1.0, 10.0),
        default(
            "client-round-trips",
            Kind::Count,
            "1",
            "of a client's new connection, one per attempt; 0: its connections are there already",
        )
        .range(0.0, 10.0),
        default(
            "idle-connections",
            Kind::CountOr("any"),
            "any",
            "connections to one backend that a balancer process keeps open between attempts (nginx `keepalive`, HAProxy `pool-max-conn`); 0: each try makes a new one",
        )
        .range(0.0, 1e6),
        default(
            "resend",
            Kind::Duration,
            "200ms",
            "wait before a lost message is sent again, at first; doubles up to 2m, 15 times (Linux TCP_RTO_MIN, TCP_RTO_MAX, tcp_retries2)",
        )
        .range(INSTANT, AGES),
        default(
            "resend-opening",
            Kind::Duration,
            "1s",
            "the same of the first two messages of a connection; doubles, 6 times (RFC 6298, Linux tcp_syn_retries)",
        )
        .range(INSTANT, AGES),
        optional(
            "balancer-zones",
            Kind::Texts,
            "the zone of each balancer instance; repeated if there are more; default: balancer.zones.local",
        ),
    ],
    more: More::Nothing,
};

/// `[[link]]`.
pub static LINK: TableSpec = TableSpec {
    title: "[[link]]",
    doc: "What messages between two zones meet, either way, instead of what [network] says.",
    fields: &[
        required("name", Kind::Identifier, "unique name"),
        required(
            "between",
            Kind::Texts,
            "two zones of clients, balancer instances or backends; a zone twice: within it",
        ),
        optional(
            "latency",
            Kind::Distribution,
            "one-way latency, drawn anew for each message; default: as without this link",
        ),
        optional(
            "loss",
            Kind::Ratio,
            "share of transmissions that are lost; default: as without this link",
        )
        .range(0.0, 1.0),
    ],
    more: More::Nothing,
};
