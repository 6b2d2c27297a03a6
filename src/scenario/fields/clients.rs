//! `[[clients]]` and the tables in it.

use super::tables::{AGES, FAILURES, INSTANT};
use super::{Kind, More, TableSpec, default, optional, required};

/// `[[clients]]`.
pub static CLIENTS: TableSpec = TableSpec {
    title: "[[clients]]",
    doc: "A population of people who send requests.",
    fields: &[
        required("name", Kind::Identifier, "unique name of the population"),
        default(
            "users",
            Kind::Count,
            "1000",
            "how many people; each request comes from one of them",
        )
        .range(1.0, 1e7),
        default(
            "arrivals",
            Kind::Choice(&["poisson", "constant", "closed"]),
            "poisson",
            "how requests are spaced: independently, evenly, or each user's after the one before it",
        ),
        optional(
            "rate",
            Kind::Rate,
            "requests of the whole population, before retries, such as \"450/s\"; needed unless arrivals = \"closed\"",
        )
        .range(0.0, 1e7),
        optional(
            "think",
            Kind::Distribution,
            "how long a user waits after an outcome before the next request, and at the start; needed if arrivals = \"closed\"",
        ),
        optional("zone", Kind::Name, "with [network] or [[link]]: the zone they are in"),
        optional("keys", Kind::Table(&KEYS), KEYS.doc),
        default(
            "timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a client waits for one attempt",
        )
        .range(INSTANT, AGES),
        optional(
            "slow",
            Kind::Duration,
            "an answer later than this leaves its user affected; default: never",
        )
        .range(INSTANT, AGES),
        optional("retries", Kind::Table(&RETRIES), RETRIES.doc),
    ],
    more: More::Nothing,
};

/// `keys` of clients.
pub static KEYS: TableSpec = TableSpec {
    title: "keys",
    doc: "What hashing balancers see of requests: each has one of so many keys, whoever sends it; default: its user.",
    fields: &[
        required("count", Kind::Count, "how many keys, of rank 0 and up").range(1.0, 1e6),
        default(
            "zipf",
            Kind::Number,
            "0",
            "the key of rank r is as frequent as 1/(r+1) to this power; 0: all alike",
        )
        .range(0.0, 10.0),
        default("text", Kind::Text, "{}", "what a hash of a header or URI reads; {} is the rank"),
        default(
            "address",
            Kind::Text,
            "127.1.0.0",
            "the client's IPv4 address at rank 0; the others count up from it, and .1 stands for .0 and .255",
        ),
    ],
    more: More::Nothing,
};

/// `retries` of clients.
pub static RETRIES: TableSpec = TableSpec {
    title: "retries",
    doc: "What a client does when an attempt fails; default: nothing.",
    fields: &[
        default("max", Kind::Count, "0", "attempts after the first").range(0.0, 1_000.0),
        default(
            "backoff",
            Kind::Choice(&["exponential", "fixed"]),
            "exponential",
            "how the wait grows from retry to retry",
        ),
        default("base", Kind::Duration, "100ms", "the first wait, before jitter").range(0.0, AGES),
        default("cap", Kind::Duration, "10s", "no wait is longer, before jitter").range(0.0, AGES),
        default(
            "jitter",
            Kind::Choice(&["full", "equal", "spread", "none"]),
            "full",
            "how the wait w is randomized: 0 to w, w/2 to w, w/2 to 3w/2, or w itself",
        ),
        optional(
            "on",
            Kind::Choices(FAILURES),
            "which outcomes are tried again; default: every failure",
        ),
    ],
    more: More::Nothing,
};
