//! What clients learn from failures: tables in `[[clients]]` and in its `retries`.

use super::tables::{AGES, FAILURES, INSTANT};
use super::{Field, Kind, More, TableSpec, default, optional, required};

/// The longest window in which clients count, in seconds.
const HOUR: f64 = 3_600.0;

const SCOPE: Field = default(
    "scope",
    Kind::Choice(&["user", "population"]),
    "user",
    "whose experience it is: each user's own, or all users' together, as through one proxy; a user who sends little within a window never reaches a `minimum`, nor earns a retry",
);

/// `ratio-budget` of retries.
pub static RATIO_BUDGET: TableSpec = TableSpec {
    title: "ratio-budget",
    doc: "Allows retries only up to a share of the requests sent of late (Google SRE book, ch. 21; Finagle, Linkerd); default: no such limit.",
    fields: &[
        default("ratio", Kind::Ratio, "10%", "retries per request whose first attempt was sent within the window; the SRE book's 10%, Finagle's and Linkerd's 20%").range(0.0, 100.0),
        default("window", Kind::Duration, "10s", "how far back requests and retries are counted, in tenths; Finagle's and Linkerd's 10 s").range(INSTANT, HOUR),
        default("minimum", Kind::Rate, "0/s", "retries that are allowed besides, such as Finagle's and Linkerd's \"10/s\"").range(0.0, 1e7),
        SCOPE,
    ],
    more: More::Nothing,
};

/// `token-budget` of retries.
pub static TOKEN_BUDGET: TableSpec = TableSpec {
    title: "token-budget",
    doc: "A bucket of tokens, full at the start, that retries empty (Brooker 2022; AWS SDKs: 500, 1 per success, 5 per retry); default: no such limit.",
    fields: &[
        default("capacity", Kind::Number, "5", "most tokens; to a millionth").range(0.0, 1e9),
        default(
            "deposit",
            Kind::Number,
            "0.1",
            "tokens that come in with each call or success; to a millionth",
        )
        .range(0.0, 1e9),
        default(
            "per",
            Kind::Choice(&["call", "success"]),
            "call",
            "what brings them: a request's first attempt, however it ends, or any attempt that succeeds",
        ),
        default("cost", Kind::Number, "1", "tokens that a retry takes; to a millionth")
            .range(0.0, 1e9),
        SCOPE,
    ],
    more: More::Nothing,
};

/// `grpc-throttling` of retries.
pub static GRPC_THROTTLING: TableSpec = TableSpec {
    title: "grpc-throttling",
    doc: "gRPC's retryThrottling (proposal A6): failures take a token each, successes bring some, and at half or less nothing is tried again or hedged (gRPC itself has either retries or hedges of a method, not both); default: no such limit.",
    fields: &[
        default(
            "max-tokens",
            Kind::Number,
            "10",
            "most tokens, and how many there are at the start; to a thousandth",
        )
        .range(0.001, 1_000.0),
        default(
            "token-ratio",
            Kind::Number,
            "0.1",
            "tokens that come in with each attempt that succeeds; to a thousandth",
        )
        .range(0.001, 1_000.0),
        SCOPE,
    ],
    more: More::Nothing,
};

/// `breaker` of clients.
pub static BREAKER: TableSpec = TableSpec {
    title: "breaker",
    doc: "A circuit breaker: after failures nothing is sent for a while (outcome breaker_open, not an attempt), then a few probes decide (Nygard, Release It!); needs `consecutive`, `failure-ratio` or both; default: none.",
    fields: &[
        optional("consecutive", Kind::Count, "opens after so many failed attempts in a row").range(1.0, 1e6),
        optional("failure-ratio", Kind::Ratio, "opens when at least this share of the attempts that ended within `window` failed; Hystrix's and resilience4j's 50%").range(1e-6, 1.0),
        default("window", Kind::Duration, "10s", "how far back `failure-ratio` looks, in tenths; Hystrix's 10 s").range(INSTANT, HOUR),
        default("minimum", Kind::Count, "20", "with fewer attempts in the window `failure-ratio` does not open it; Hystrix's 20").range(1.0, 1e9),
        default("open-for", Kind::Duration, "5s", "how long it is open before a probe; Hystrix's 5 s, resilience4j's 60 s").range(INSTANT, AGES),
        default("probes", Kind::Count, "1", "how many probes are under way at most while it is half-open").range(1.0, 1e6),
        default("successes", Kind::Count, "1", "how many probes must succeed, none failing, to close it").range(1.0, 1e6),
        optional("on", Kind::Choices(FAILURES), "which outcomes of attempts are failures; default: all but ok"),
        SCOPE,
    ],
    more: More::Nothing,
};

/// `throttle` of clients.
pub static THROTTLE: TableSpec = TableSpec {
    title: "throttle",
    doc: "Adaptive throttling (Google SRE book, ch. 21): an attempt is not sent (outcome throttled) with probability (requests - k accepts) / (requests + 1), if positive; default: none.",
    fields: &[
        default("k", Kind::Number, "2", "attempts per accepted one before any is held back")
            .range(1.0, 1e6),
        default(
            "window",
            Kind::Duration,
            "2m",
            "how far back requests and accepts are counted, in tenths",
        )
        .range(INSTANT, HOUR),
        optional(
            "rejects",
            Kind::Choices(FAILURES),
            "outcomes that are no accepts; default: all but ok and http_500, which shows that the backend took the attempt",
        ),
        SCOPE,
    ],
    more: More::Nothing,
};

/// `patience` of clients.
pub static PATIENCE: TableSpec = TableSpec {
    title: "patience",
    doc: "A user leaves after failed requests in a row and comes back later; what it would have asked for ends as withheld, not an attempt; default: users never leave.",
    fields: &[
        default("failures", Kind::Count, "3", "failed requests in a row after which a user leaves")
            .range(1.0, 1e6),
        required(
            "away",
            Kind::Distribution,
            "how long the user stays away; in a closed loop instead of thinking",
        ),
        default(
            "at-once",
            Kind::Flag,
            "true",
            "whether a user who is back asks at once, in an open loop again for what failed last; if not, with its next request",
        ),
    ],
    more: More::Nothing,
};
