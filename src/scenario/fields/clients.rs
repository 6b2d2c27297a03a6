//! `[[clients]]` and the tables in it.

use super::demand::{BATCH, BURST, CLASSES, PROFILE, SESSION, TRACE};
use super::policies::{BREAKER, GRPC_THROTTLING, PATIENCE, RATIO_BUDGET, THROTTLE, TOKEN_BUDGET};
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
            Kind::Choice(&[
                "poisson", "constant", "jittered", "bursty", "batches", "trace", "closed",
            ]),
            "poisson",
            "how requests are spaced: independently, evenly, nearly evenly, independently at a rate that jumps, several at once, as recorded, or each user's after the one before it",
        ),
        optional(
            "rate",
            Kind::Rate,
            "requests of the whole population, before retries, such as \"450/s\" (sessions, if it has any); needed unless arrivals are closed or recorded",
        )
        .range(0.0, 1e7),
        optional(
            "spread",
            Kind::Ratio,
            "how far gaps of arrivals = \"jittered\" may be from the mean, uniformly; default 50%",
        )
        .range(0.0, 1.0),
        optional("burst", Kind::Table(&BURST), BURST.doc),
        optional("batch", Kind::Table(&BATCH), BATCH.doc),
        optional("trace", Kind::Table(&TRACE), TRACE.doc),
        optional("profile", Kind::Table(&PROFILE), PROFILE.doc),
        optional("session", Kind::Table(&SESSION), SESSION.doc),
        optional(
            "think",
            Kind::Distribution,
            "how long a user waits after an outcome before the next request, and at the start; needed if arrivals = \"closed\"",
        ),
        optional("zone", Kind::Name, "with [network] or [[link]]: the zone they are in"),
        optional("classes", Kind::List(&CLASSES), CLASSES.doc),
        optional("keys", Kind::Table(&KEYS), KEYS.doc),
        default(
            "timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a client waits for one attempt",
        )
        .range(INSTANT, AGES),
        default(
            "connect-timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a client waits for the balancer to accept its connection; then the attempt ends with timeout",
        )
        .range(INSTANT, AGES),
        default(
            "total-timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a request may take in all, with its retries, the waits before them and its hedges; then it ends with timeout",
        )
        .range(INSTANT, AGES),
        optional(
            "slow",
            Kind::Duration,
            "an answer later than this leaves its user affected; default: never",
        )
        .range(INSTANT, AGES),
        optional("retries", Kind::Table(&RETRIES), RETRIES.doc),
        optional("hedge", Kind::Table(&HEDGE), HEDGE.doc),
        default(
            "redraw",
            Kind::Flag,
            "false",
            "whether each attempt of a request draws its own work; if not, all ask for the same",
        ),
        optional("connections", Kind::Table(&CONNECTIONS), CONNECTIONS.doc),
        optional("breaker", Kind::Table(&BREAKER), BREAKER.doc),
        optional("throttle", Kind::Table(&THROTTLE), THROTTLE.doc),
        optional("patience", Kind::Table(&PATIENCE), PATIENCE.doc),
    ],
    more: More::Nothing,
};

/// `keys` of clients.
pub static KEYS: TableSpec = TableSpec {
    title: "keys",
    doc: "What hashing balancers see of requests: each has one of so many keys, whoever sends it; default: its user.",
    fields: &[
        optional("count", Kind::Count, "how many keys, of rank 0 and up; needed without `file`")
            .range(1.0, 1e6),
        optional(
            "file",
            Kind::Text,
            "in place of `count`, a CSV file beside the scenario's, with a header: key, and if known weight",
        ),
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
            Kind::Choice(&["full", "equal", "spread", "decorrelated", "none"]),
            "full",
            "how the wait w is randomized: 0 to w, w/2 to w, w/2 to 3w/2, `base` to three times the wait before (whatever w), or w itself",
        ),
        optional(
            "on",
            Kind::Choices(FAILURES),
            "which outcomes are tried again; default: every failure",
        ),
        optional("ratio-budget", Kind::Table(&RATIO_BUDGET), RATIO_BUDGET.doc),
        optional("token-budget", Kind::Table(&TOKEN_BUDGET), TOKEN_BUDGET.doc),
        optional("grpc-throttling", Kind::Table(&GRPC_THROTTLING), GRPC_THROTTLING.doc),
    ],
    more: More::Nothing,
};

/// `hedge` of clients.
pub static HEDGE: TableSpec = TableSpec {
    title: "hedge",
    doc: "A further attempt beside one that is late; the first good answer counts (Dean & Barroso, CACM 2013); default: none.",
    fields: &[
        required(
            "after",
            Kind::Duration,
            "how long the newest attempt goes unanswered before another one is sent, such as the p95 of the latency",
        )
        .range(INSTANT, AGES),
        default("max", Kind::Count, "1", "hedges of one request; they are no retries, and count as attempts")
            .range(1.0, 100.0),
        default(
            "cancel",
            Kind::Flag,
            "true",
            "whether the client closes the other connections once it has its answer; what a backend then does is its `abandoned`",
        ),
        optional(
            "share",
            Kind::Ratio,
            "hedges per request of the population at most; default: no limit",
        )
        .range(0.0, 1.0),
        default("burst", Kind::Count, "10", "how many hedges that were not needed can be saved up")
            .range(1.0, 1e6),
    ],
    more: More::Nothing,
};

/// `connections` of clients.
pub static CONNECTIONS: TableSpec = TableSpec {
    title: "connections",
    doc: "Connections that each user keeps open, one request at a time on each; default: every attempt makes its own.",
    fields: &[
        default(
            "pins",
            Kind::Choice(&["instance", "backend"]),
            "instance",
            "what a connection is tied to: the balancer instance, which picks a member for each request; or also the member (layer 4), picked once for all of them",
        ),
        default(
            "max",
            Kind::CountOr("unlimited"),
            "unlimited",
            "connections of one user; a request that finds all busy waits in the client",
        )
        .range(1.0, 1e6),
        default(
            "waiting",
            Kind::CountOr("unlimited"),
            "unlimited",
            "requests of one user that may wait for a connection; more fail at once",
        )
        .range(0.0, 1e6),
        default(
            "wait",
            Kind::DurationOr("none"),
            "none",
            "how long a request waits for a connection before it fails",
        )
        .range(INSTANT, AGES),
        default(
            "idle",
            Kind::DurationOr("none"),
            "none",
            "a connection is closed after so long without a request",
        )
        .range(INSTANT, AGES),
        default(
            "age",
            Kind::DurationOr("none"),
            "none",
            "a connection is closed at this age, or after the answer it then waits for",
        )
        .range(INSTANT, AGES),
        default(
            "requests",
            Kind::CountOr("unlimited"),
            "unlimited",
            "a connection is closed after so many requests",
        )
        .range(1.0, 1e9),
        default(
            "jitter",
            Kind::Ratio,
            "0%",
            "age and requests of each connection are drawn uniformly from so far below the limit up to it",
        )
        .range(0.0, 1.0),
        default(
            "reuse",
            Kind::Choice(&["latest", "oldest"]),
            "latest",
            "which of several idle connections is used: the one used last, or the one idle for longest",
        ),
    ],
    more: More::Nothing,
};
