//! `[database]`.

use super::tables::{AGES, ANSWERS, INSTANT};
use super::{Kind, More, TableSpec, default, required};

/// `[database]`.
pub static DATABASE: TableSpec = TableSpec {
    title: "[database]",
    doc: "A database that all backends share: each attempt needs one of its connections for one query, and keeps its worker meanwhile.",
    fields: &[
        required("connections", Kind::Count, "size of the shared connection pool").range(1.0, 1e6),
        required(
            "query",
            Kind::Distribution,
            "how long a query holds a connection; { bimodal = ... } has a share of slow ones",
        ),
        default(
            "pool",
            Kind::CountOr("unlimited"),
            "unlimited",
            "connections of each backend's own pool: it holds no more of the shared ones, nor waits for more",
        )
        .range(1.0, 1e6),
        default(
            "queue",
            Kind::CountOr("unlimited"),
            "unlimited",
            "attempts that may wait for a connection: in each backend with `pool`, else all together; one more gets the error at once",
        )
        .range(0.0, 1e9),
        default(
            "pool-timeout",
            Kind::DurationOr("none"),
            "none",
            "how long an attempt waits for a connection before it gets the error",
        )
        .range(INSTANT, AGES),
        default(
            "query-timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a query may take before it is given up, also when its attempt was cancelled or its backend died; its connection is free then, its attempt gets the error",
        )
        .range(INSTANT, AGES),
        default("failing", Kind::Ratio, "0%", "share of queries that fail, at their end")
            .range(0.0, 1.0),
        default(
            "error",
            Kind::Choice(ANSWERS),
            "http_500",
            "what an attempt without connection, or whose query failed, is answered",
        ),
    ],
    more: More::Nothing,
};
