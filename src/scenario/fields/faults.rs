//! What breaks by itself: overload, memory, pauses, cold starts, and random failures.

use super::tables::{AGES, ANSWERS, INSTANT};
use super::{Field, Kind, More, TableSpec, default, optional, required};

const UP: Field = required(
    "up",
    Kind::Distribution,
    "time from the end of one failure, or the start, to the next; mean at least 1ms",
);
const DOWN: Field = required(
    "down",
    Kind::Distribution,
    "how long a failure lasts; after a crash, `start-time` comes on top",
);
const FAULT: Field = default(
    "fault",
    Kind::Choice(&["crash", "refuse", "hang", "partition", "slow", "fail"]),
    "crash",
    "what it does, as the timeline's verb of that name",
);
const FACTOR: Field =
    optional("factor", Kind::Number, "with fault = \"slow\": work takes so many times as long")
        .range(0.01, 1e6);
const WITH: Field = optional(
    "with",
    Kind::Choice(ANSWERS),
    "with fault = \"fail\": the error, which comes after 1ms; default: http_500",
);

/// `failures` of backends.
pub static FAILURES: TableSpec = TableSpec {
    title: "failures",
    doc: "Random failures of each backend by itself: in the long run it is down for down / (up + down) of the time, in means.",
    fields: &[UP, DOWN, FAULT, FACTOR, WITH],
    more: More::Nothing,
};

/// `[[cause]]`.
pub static CAUSE: TableSpec = TableSpec {
    title: "[[cause]]",
    doc: "Random failures that several backends have in common: a rack's power, a zone's network, a bad host.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        required(
            "targets",
            Kind::Targets,
            "backends: a name, a pattern, a list of them, or \"all\"",
        ),
        UP,
        DOWN,
        default(
            "each",
            Kind::Ratio,
            "100%",
            "probability that a target is hit when it strikes, independently of the others",
        )
        .range(1e-9, 1.0),
        FAULT,
        FACTOR,
        WITH,
    ],
    more: More::Nothing,
};

/// `overload` of backends.
pub static OVERLOAD: TableSpec = TableSpec {
    title: "overload",
    doc: "What overload does to a backend beyond filling its queue.",
    fields: &[
        optional(
            "unresponsive-at",
            Kind::OverloadCondition,
            "when it stops answering: \"queue >= 390\" or \"queue >= 95%\" of `queue`",
        ),
        optional(
            "until",
            Kind::DurationOr("restart"),
            "with unresponsive-at, what brings it back: \"restart\", or a length of time",
        )
        .range(INSTANT, AGES),
        optional(
            "crash-at",
            Kind::OverloadCondition,
            "when its process dies, with all work in it, and is left to its `supervisor`: as unresponsive-at",
        ),
    ],
    more: More::Nothing,
};

/// `memory` of backends.
pub static MEMORY: TableSpec = TableSpec {
    title: "memory",
    doc: "Memory of a backend's process, which is killed when it needs more than it may have: work in it is lost, and its `supervisor` starts it again.",
    fields: &[
        required("limit", Kind::Size, "more is never granted").range(1.0, SIZE_MAX),
        default("base", Kind::Size, "0B", "what it needs with nothing to do").range(0.0, SIZE_MAX),
        default("per-attempt", Kind::Size, "0B", "what each attempt inside needs on top")
            .range(0.0, SIZE_MAX),
        default(
            "leak-per-request",
            Kind::Size,
            "0B",
            "what each attempt that comes in leaves behind until a restart",
        )
        .range(0.0, SIZE_MAX),
        default("leak-per-hour", Kind::Size, "0B", "what leaks with time, until a restart")
            .range(0.0, SIZE_MAX),
    ],
    more: More::Nothing,
};

/// Bytes that a double counts exactly.
const SIZE_MAX: f64 = 9_007_199_254_740_992.0;

/// `supervisor` of backends.
pub static SUPERVISOR: TableSpec = TableSpec {
    title: "supervisor",
    doc: "What starts a process again that has died of overload or memory: at once, then with longer and longer waits; the defaults are those of Kubernetes (CrashLoopBackOff).",
    fields: &[
        default("restarts", Kind::Flag, "true", "whether it is started again at all"),
        default(
            "base",
            Kind::Duration,
            "10s",
            "the second wait; there is none before the first start",
        )
        .range(0.0, AGES),
        default("growth", Kind::Number, "2", "each further wait is so many times as long")
            .range(1.0, 1e6),
        default("cap", Kind::Duration, "5m", "the longest wait").range(0.0, AGES),
        default("reset", Kind::Duration, "10m", "a life of at least this length is forgiven")
            .range(0.0, AGES),
    ],
    more: More::Nothing,
};

/// `pauses` of backends.
pub static PAUSES: TableSpec = TableSpec {
    title: "pauses",
    doc: "Pauses in which a process stands still and connections wait: garbage collection, compaction.",
    fields: &[
        optional(
            "every",
            Kind::Distribution,
            "time from the beginning of one to that of the next; mean at least 1ms",
        ),
        optional("every-requests", Kind::Count, "instead: attempts served from one to the next")
            .range(1.0, 1e9),
        required("length", Kind::Distribution, "how long each takes"),
        default(
            "phase",
            Kind::Choice(&["random", "in-step"]),
            "random",
            "whether each backend pauses in its own time, or all that say \"in-step\" at once",
        ),
    ],
    more: More::Nothing,
};

/// `cold-start` of backends.
pub static COLD_START: TableSpec = TableSpec {
    title: "cold-start",
    doc: "Slowness after a restart, which fades with time or with what is served.",
    fields: &[
        optional("slowdown", Kind::Number, "work takes so many times as long at first")
            .range(1.0, 1e6),
        optional(
            "curve",
            Kind::Numbers,
            "instead: slowdowns from the first on, equally far apart; the last one leads to full speed",
        ),
        optional("period", Kind::Duration, "how long it takes to reach full speed")
            .range(INSTANT, AGES),
        optional(
            "requests",
            Kind::Count,
            "instead: attempts it must serve to reach full speed, as a cache that they fill",
        )
        .range(1.0, 1e9),
        default(
            "shape",
            Kind::Choice(&["linear", "exponential"]),
            "linear",
            "how a slowdown fades; exponential: period or requests are those in which it falls to 1/e, and it is over after five of them",
        ),
    ],
    more: More::Nothing,
};
