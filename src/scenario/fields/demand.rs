//! The tables in `[[clients]]` that say when requests are born and what they ask for.

use super::tables::AGES;
use super::{Kind, More, TableSpec, default, optional, required};

const LAWS: &[&str] = &["geometric", "constant"];
const LAW_DOC: &str = "how the number varies: geometrically from 1 up, or not at all";

/// `burst` of clients.
pub static BURST: TableSpec = TableSpec {
    title: "burst",
    doc: "Bursts of arrivals = \"bursty\": a rate that jumps between two values after exponential times (a two-state MMPP) and whose mean is `rate`.",
    fields: &[
        default(
            "factor",
            Kind::Number,
            "5",
            "the rate in a burst, as a multiple of `rate`; what comes between bursts keeps the mean, so at most every / length",
        )
        .range(1.0, 1e6),
        default("length", Kind::Duration, "2s", "mean length of a burst").range(1e-6, AGES),
        default(
            "every",
            Kind::Duration,
            "20s",
            "mean time from the beginning of a burst to that of the next",
        )
        .range(1e-6, AGES),
    ],
    more: More::Nothing,
};

/// `batch` of clients.
pub static BATCH: TableSpec = TableSpec {
    title: "batch",
    doc: "Batches of arrivals = \"batches\": they come independently, `rate` / `mean` of them in a second.",
    fields: &[
        default("law", Kind::Choice(LAWS), "geometric", LAW_DOC),
        default("mean", Kind::Number, "5", "requests in a batch on average").range(1.0, 1e5),
    ],
    more: More::Nothing,
};

/// `trace` of clients.
pub static TRACE: TableSpec = TableSpec {
    title: "trace",
    doc: "Recorded requests, for arrivals = \"trace\". A `load` below 100% leaves some of them out at random, one above it adds copies.",
    fields: &[
        required(
            "file",
            Kind::Text,
            "a CSV file beside the scenario's, with a header: time (in seconds from the start, with a unit, or with a date), and if recorded user, key, class and demand (the service time's multiple)",
        ),
        default(
            "shift",
            Kind::Duration,
            "1s",
            "how much later each copy for a `load` above 100% is than the one before it",
        )
        .range(0.0, AGES),
    ],
    more: More::Nothing,
};

/// `profile` of clients.
pub static PROFILE: TableSpec = TableSpec {
    title: "profile",
    doc: "How the rate varies over the run: what `rate` is multiplied by; surges multiply it further.",
    fields: &[
        default(
            "shape",
            Kind::Choice(&["linear", "steps", "sine"]),
            "linear",
            "joined points, each point until the next one, or a sine from `low` to `high` and back",
        ),
        optional("at", Kind::Durations(None), "times from the start, in order, of `factors`"),
        optional("factors", Kind::Numbers, "the factors at the times of `at`; not negative"),
        optional(
            "file",
            Kind::Text,
            "in place of `at` and `factors`, a CSV file beside the scenario's, with a header: time, and factor or rate; a rate takes the place of `rate`",
        ),
        optional(
            "repeat",
            Kind::Duration,
            "the points come again after this long, such as \"24h\"; default: the last one holds",
        )
        .range(1e-3, AGES),
        optional("low", Kind::Ratio, "the lowest factor of a sine; default 50%").range(0.0, 1e6),
        optional("high", Kind::Ratio, "the highest factor of a sine; default 150%").range(0.0, 1e6),
        optional(
            "peak",
            Kind::Moment,
            "when a sine is highest: an offset from the start, or a time of day; default: at a quarter of `period`",
        ),
        optional("period", Kind::Duration, "from peak to peak of a sine; default 24h")
            .range(1e-3, AGES),
    ],
    more: More::Nothing,
};

/// `session` of clients.
pub static SESSION: TableSpec = TableSpec {
    title: "session",
    doc: "Each arrival begins a session of several requests by one user, each after the outcome of the one before it; `rate` then counts sessions. Default: single requests.",
    fields: &[
        default("law", Kind::Choice(LAWS), "geometric", LAW_DOC),
        required("mean", Kind::Number, "requests in a session on average").range(1.0, 1e6),
        required(
            "think",
            Kind::Distribution,
            "how long the user waits after an outcome before the next request",
        ),
    ],
    more: More::Nothing,
};

/// `[[clients.classes]]`.
pub static CLASSES: TableSpec = TableSpec {
    title: "[[clients.classes]]",
    doc: "Kinds of requests; each request is of one, whoever sends it.",
    fields: &[
        required("name", Kind::Identifier, "unique name within the population"),
        default(
            "share",
            Kind::Number,
            "1",
            "how frequent, in proportion to the other classes' shares",
        )
        .range(0.0, 1e9),
        default(
            "priority",
            Kind::Count,
            "0",
            "for backends that serve by priority: the lower number first",
        )
        .range(0.0, 255.0),
        default("work", Kind::Number, "1", "how many times the backend's service time it takes")
            .range(1e-6, 1e6),
    ],
    more: More::Nothing,
};
