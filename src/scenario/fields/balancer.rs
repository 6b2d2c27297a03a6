//! The tables below `[balancer]`.

use super::{AGES, ANSWERS, INSTANT, Kind, More, TableSpec, default, optional};

/// Ends of a try that a balancer can try again after.
const TRIED_AGAIN: &[&str] = &["refused", "http_500", "http_502", "http_503", "http_504"];

/// `connect` of the balancer.
pub static CONNECT: TableSpec = TableSpec {
    title: "connect",
    doc: "What the balancer does when a connection to a backend cannot be made.",
    fields: &[
        default(
            "timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a connection may take, if it is neither made nor refused",
        )
        .range(INSTANT, AGES),
        optional(
            "retries",
            Kind::CountOr("every-member"),
            "further tries after the first failure; \"every-member\": until each was tried; default: retry.max if retry.on has \"refused\", else 0",
        )
        .range(0.0, 100.0),
        default(
            "delay",
            Kind::Duration,
            "1s",
            "wait before a member that refused is tried again; no longer than connect.timeout",
        )
        .range(0.0, AGES),
        default(
            "redispatch",
            Kind::Flag,
            "false",
            "whether a retry picks another member, without waiting",
        ),
        optional(
            "redispatch-every",
            Kind::CountOr("last"),
            "HAProxy's rule for redispatch: at every so many retries, or the last one; and at once if the algorithm is no hash and more than one member is usable; default: always",
        )
        .range(1.0, 100.0),
        default(
            "avoid",
            Kind::Choice(&["all", "last", "none"]),
            "all",
            "which members a retry passes over: all that failed this attempt, the last one if there is another, or none",
        ),
        default(
            "refused-as",
            Kind::Choice(ANSWERS),
            "http_503",
            "what the client is told once the tries are used up",
        ),
        default(
            "timed-out-as",
            Kind::Choice(ANSWERS),
            "http_504",
            "what the client is told if the last connection was not made in time",
        ),
    ],
    more: More::Nothing,
};

/// `retry` of the balancer.
pub static RETRY: TableSpec = TableSpec {
    title: "retry",
    doc: "What the balancer does when a member answers badly; shares its count of tries with `connect`.",
    fields: &[
        optional(
            "on",
            Kind::Choices(TRIED_AGAIN),
            "after which ends of a try: http_502 is a lost connection, http_504 no answer in server-timeout, refused a failed connection; default: none",
        ),
        default(
            "max",
            Kind::CountOr("every-member"),
            "0",
            "further tries after the first; \"every-member\": until each was tried",
        )
        .range(0.0, 100.0),
        default(
            "wait",
            Kind::Duration,
            "0s",
            "the nth retry waits uniformly up to (2^n - 1) times this",
        )
        .range(0.0, AGES),
        default("wait-cap", Kind::Duration, "10s", "no such wait is longer").range(0.0, AGES),
        default(
            "within",
            Kind::DurationOr("none"),
            "none",
            "no retry begins later than this after the attempt came in",
        )
        .range(INSTANT, AGES),
        default(
            "at-once",
            Kind::CountOr("unlimited"),
            "unlimited",
            "attempts of one instance that may be in their second or later try at once",
        )
        .range(0.0, 1e9),
        default(
            "share",
            Kind::Ratio,
            "0%",
            "if this share of the attempts in flight is more than at-once, so many may be",
        )
        .range(0.0, 1.0),
    ],
    more: More::Nothing,
};

/// `queue` of the balancer.
pub static QUEUE: TableSpec = TableSpec {
    title: "queue",
    doc: "Waiting at the balancer while every member has max-connections in flight.",
    fields: &[
        default(
            "waits",
            Kind::Flag,
            "false",
            "whether attempts wait for a free slot; if not, they are turned away",
        ),
        optional(
            "timeout",
            Kind::DurationOr("none"),
            "how long they wait before the client is told http_503; default: connect.timeout, in dialect envoy none",
        )
        .range(INSTANT, AGES),
        default(
            "member",
            Kind::CountOr("unlimited"),
            "unlimited",
            "how many may wait for one member that the algorithm insists on",
        )
        .range(0.0, 1e9),
        default(
            "pool",
            Kind::CountOr("unlimited"),
            "unlimited",
            "how many may wait for whichever member is free first",
        )
        .range(0.0, 1e9),
        optional(
            "full-load",
            Kind::Count,
            "attempts at one instance from which on members take max-connections instead of min-connections; default: always max-connections",
        )
        .range(1.0, 1e9),
        default(
            "refills-on-change",
            Kind::Flag,
            "true",
            "whether a member that may take more after a change of the configuration fetches waiting attempts at once; HAProxy's do so when they enter the pool or their limit is raised, else only when they finish one",
        ),
    ],
    more: More::Nothing,
};

/// `limits` of the balancer.
pub static LIMITS: TableSpec = TableSpec {
    title: "limits",
    doc: "What one balancer instance takes on at once.",
    fields: &[
        default(
            "accepted",
            Kind::CountOr("unlimited"),
            "unlimited",
            "connections of clients; more wait unseen until one is done",
        )
        .range(1.0, 1e9),
        default(
            "requests",
            Kind::CountOr("unlimited"),
            "unlimited",
            "tries in flight at members; more are turned away with http_503",
        )
        .range(1.0, 1e9),
        default(
            "connections",
            Kind::CountOr("unlimited"),
            "unlimited",
            "connections to members; an attempt for a member that has one waits for it",
        )
        .range(1.0, 1e9),
        default(
            "pending",
            Kind::CountOr("unlimited"),
            "unlimited",
            "attempts that wait for such a connection; more are turned away with http_503",
        )
        .range(0.0, 1e9),
    ],
    more: More::Nothing,
};
