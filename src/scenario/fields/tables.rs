//! Every table of a scenario file with its keys.

use super::admission::ADMISSION;
use super::balancer::{CONNECT, LIMITS, QUEUE, RETRY};
use super::layers::{CANARY, PRIORITY, SUBSET, ZONES};
use super::membership::{EJECTION, HEALTH, SLOW_START};
use super::{Kind, More, TableSpec, default, optional, required};

/// One nanosecond, in seconds: the least length of time that is not none.
pub(in super::super) const INSTANT: f64 = 1e-9;
/// The end of the simulated clock, in seconds.
pub(in super::super) const AGES: f64 = 1.8e10;
/// A year and a day, in seconds: no run is longer.
const YEAR: f64 = 366.0 * 86_400.0;

/// Failures that a server or balancer can answer with.
pub(in super::super) const ANSWERS: &[&str] =
    &["http_500", "http_502", "http_503", "http_504", "refused"];
/// Failures that a client can see.
const FAILURES: &[&str] = &["http_500", "http_502", "http_503", "http_504", "refused", "timeout"];

/// The whole file.
pub static SCENARIO: TableSpec = TableSpec {
    title: "the scenario",
    doc: "A misroute scenario: who sends requests, what distributes and serves them, what goes wrong and when.",
    fields: &[
        required("schema", Kind::Schema, "version of this layout; always 1"),
        required("name", Kind::KebabName, "name of the scenario, in kebab-case"),
        optional("title", Kind::Text, "one line for people; default: the name"),
        optional("description", Kind::Text, "what happens and why"),
        default("references", Kind::Texts, "[]", "where the story was published"),
        optional("start", Kind::Start, "wall-clock time of the start, which allows times of day such as \"14:05\"; without an offset it is UTC"),
        required("duration", Kind::Duration, "simulated length of the run").range(INSTANT, YEAR),
        default("load", Kind::Ratio, "100%", "scales the rate of every population: the natural axis of a sweep").range(0.0, 100.0),
        optional("window", Kind::Duration, "length of a window of the series; default 1s up to 20 minutes, else 10s; widened to keep at most 1200 windows").range(1e-6, YEAR),
        default("user-window", Kind::Duration, "1m", "length of the window over which a user counts as affected or unable; widened to keep at most 1200 windows").range(1e-6, YEAR),
        required("clients", Kind::List(&CLIENTS), CLIENTS.doc),
        optional("balancer", Kind::Table(&BALANCER), BALANCER.doc),
        required("backends", Kind::List(&BACKENDS), BACKENDS.doc),
        optional("database", Kind::Table(&DATABASE), DATABASE.doc),
        optional("timeline", Kind::List(&TIMELINE), TIMELINE.doc),
        optional("alert", Kind::List(&ALERT), ALERT.doc),
        optional("objective", Kind::Table(&OBJECTIVE), OBJECTIVE.doc),
        optional("expect", Kind::List(&EXPECT), EXPECT.doc),
        optional("assumption", Kind::List(&ASSUMPTION), ASSUMPTION.doc),
        optional("measure", Kind::List(&MEASURE), MEASURE.doc),
        optional("twin", Kind::List(&TWIN), TWIN.doc),
    ],
    more: More::Nothing,
};

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

/// `[balancer]`.
pub static BALANCER: TableSpec = TableSpec {
    title: "[balancer]",
    doc: "What distributes attempts over the backends.",
    fields: &[
        default(
            "instances",
            Kind::Count,
            "1",
            "independent instances, each with its own state and configuration",
        )
        .range(1.0, 1_000.0),
        default(
            "dialect",
            Kind::Choice(&["generic", "haproxy", "nginx", "envoy"]),
            "generic",
            "whose rules and defaults hold; `misroute list dialects` has them",
        ),
        optional(
            "version",
            Kind::Text,
            "version of the vendor's product, such as \"2.6\", where it makes a difference",
        ),
        default(
            "workers",
            Kind::Count,
            "1",
            "worker processes or threads of each instance; nginx's share nothing, Envoy's all but their turn",
        )
        .range(1.0, 1_000.0),
        default(
            "zone",
            Kind::Flag,
            "false",
            "whether nginx's workers share their state, as with the directive `zone`",
        ),
        default(
            "algorithm",
            Kind::Algorithm,
            "round-robin",
            "the rule by which members are picked",
        ),
        default(
            "timeout",
            Kind::DurationOr("none"),
            "none",
            "how long an attempt may take, all tries together, before the client is told http_504",
        )
        .range(INSTANT, AGES),
        default(
            "server-timeout",
            Kind::DurationOr("none"),
            "none",
            "how long a member may take to answer, from the connection on; http_504",
        )
        .range(INSTANT, AGES),
        default(
            "client-leaves",
            Kind::Choice(&["close", "ignore"]),
            "close",
            "what the balancer does when a client gives up: closes its connection to the member, or goes on",
        ),
        default(
            "nobody-as",
            Kind::Choice(ANSWERS),
            "http_503",
            "what the client is told when no member may be tried",
        ),
        optional("connect", Kind::Table(&CONNECT), CONNECT.doc),
        optional("retry", Kind::Table(&RETRY), RETRY.doc),
        optional("queue", Kind::Table(&QUEUE), QUEUE.doc),
        optional("limits", Kind::Table(&LIMITS), LIMITS.doc),
        optional("health", Kind::Table(&HEALTH), HEALTH.doc),
        optional("ejection", Kind::Table(&EJECTION), EJECTION.doc),
        optional("slow-start", Kind::Table(&SLOW_START), SLOW_START.doc),
        default(
            "panic",
            Kind::Ratio,
            "0%",
            "share of healthy members below which all are used, healthy or not",
        )
        .range(0.0, 1.0),
        default(
            "backups",
            Kind::Choice(&["all", "first"]),
            "all",
            "whether all backups stand in together, or only the first that can",
        ),
        optional("admission", Kind::Table(&ADMISSION), ADMISSION.doc),
        optional("canary", Kind::Table(&CANARY), CANARY.doc),
        optional("subset", Kind::Table(&SUBSET), SUBSET.doc),
        optional("priority", Kind::Table(&PRIORITY), PRIORITY.doc),
        optional("zones", Kind::Table(&ZONES), ZONES.doc),
    ],
    more: More::Algorithms,
};

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
            "attempts that may wait for a worker",
        )
        .range(0.0, 1e9),
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
        optional("zone", Kind::Name, "with balancer.zones: the zone it is in"),
        optional("group", Kind::Name, "with balancer.canary: the group it belongs to"),
    ],
    more: More::Nothing,
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

/// `overload` of backends.
pub static OVERLOAD: TableSpec = TableSpec {
    title: "overload",
    doc: "What overload does to a backend beyond filling its queue.",
    fields: &[
        required(
            "unresponsive-at",
            Kind::OverloadCondition,
            "when it stops answering: \"queue >= 390\" or \"queue >= 95%\" of `queue`",
        ),
        required(
            "until",
            Kind::DurationOr("restart"),
            "what brings it back: \"restart\", or a length of time",
        )
        .range(INSTANT, AGES),
    ],
    more: More::Nothing,
};

/// `cold-start` of backends.
pub static COLD_START: TableSpec = TableSpec {
    title: "cold-start",
    doc: "Slowness after a restart, which fades linearly.",
    fields: &[
        required("slowdown", Kind::Number, "work takes so many times as long at first")
            .range(1.0, 1e6),
        required("period", Kind::Duration, "how long it takes to reach full speed")
            .range(INSTANT, AGES),
    ],
    more: More::Nothing,
};

/// `[database]`.
pub static DATABASE: TableSpec = TableSpec {
    title: "[database]",
    doc: "A database that all backends share: each attempt needs one of its connections for one query.",
    fields: &[
        required("connections", Kind::Count, "size of the shared connection pool").range(1.0, 1e6),
        required("query", Kind::Distribution, "how long a query holds a connection"),
    ],
    more: More::Nothing,
};

/// `[[timeline]]`.
pub static TIMELINE: TableSpec = TableSpec {
    title: "[[timeline]]",
    doc: "Something that is done to the system.",
    fields: &[
        required("name", Kind::Name, "unique name, shown in plots"),
        optional("at", Kind::Moment, "when: an offset from the start, or a time of day"),
        optional(
            "on-alert",
            Kind::Reference("alert"),
            "instead of `at`: once this alert first fires",
        ),
        default("delay", Kind::Duration, "0s", "how long after the alert").range(0.0, AGES),
        required("do", Kind::Verb, "what is done"),
    ],
    more: More::Actions,
};

/// `rollout` of timeline entries.
pub static ROLLOUT: TableSpec = TableSpec {
    title: "rollout",
    doc: "When each balancer instance takes up the new configuration; default: all at once.",
    fields: &[
        optional(
            "every",
            Kind::Duration,
            "one instance after another, so far apart, the first at once",
        )
        .range(0.0, AGES),
        optional(
            "delays",
            Kind::Durations(Some("never")),
            "per instance, from the time of the action; the last holds for the rest",
        ),
        default(
            "reload",
            Kind::Flag,
            "false",
            "whether new processes take over: they know nothing of members and turns; the old ones finish what they have",
        ),
    ],
    more: More::Nothing,
};

/// `[[alert]]`.
pub static ALERT: TableSpec = TableSpec {
    title: "[[alert]]",
    doc: "A rule of monitoring, which sees every finished attempt at the balancer.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        required(
            "when",
            Kind::AlertCondition,
            "signal, `>` or `<`, threshold, and how long: \"latency.p95 > 2s for 1m\"",
        ),
        default(
            "window",
            Kind::Duration,
            "1m",
            "length of the sliding window over which the signal is taken",
        )
        .range(1e-3, YEAR),
    ],
    more: More::Nothing,
};

/// `[objective]`.
pub static OBJECTIVE: TableSpec = TableSpec {
    title: "[objective]",
    doc: "What good service means.",
    fields: &[
        optional("success", Kind::Ratio, "share of requests that must succeed")
            .range(0.0, 0.999_999_999),
        optional("p99", Kind::Duration, "99% of the successes must be faster").range(INSTANT, AGES),
    ],
    more: More::Nothing,
};

/// `[[expect]]`.
pub static EXPECT: TableSpec = TableSpec {
    title: "[[expect]]",
    doc: "A figure that the run must show.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        optional("fact", Kind::Text, "what the post-mortem states"),
        optional("between", Kind::Interval, "from and to; default: the whole run"),
        optional(
            "baseline",
            Kind::Interval,
            "from and to: the figure is then its difference between the two intervals",
        ),
        required("metric", Kind::Metric, "what is measured, such as \"users.unable_ratio\""),
        optional("within", Kind::Bounds, "lowest and highest value that will do"),
        optional("at-least", Kind::Bound, "lowest value that will do"),
        optional("at-most", Kind::Bound, "highest value that will do"),
        optional("is", Kind::Text, "the only word that will do"),
    ],
    more: More::Nothing,
};

/// `[[assumption]]`.
pub static ASSUMPTION: TableSpec = TableSpec {
    title: "[[assumption]]",
    doc: "A value that nobody wrote down: what is plausible, and why.",
    fields: &[
        required("path", Kind::Path, "where the value stands, such as \"clients.web.rate\""),
        optional("range", Kind::PathRange, "smallest and largest plausible value"),
        optional("values", Kind::PathValues, "all plausible values, where they are not a range"),
        required("reason", Kind::Text, "why this is plausible"),
    ],
    more: More::Nothing,
};

/// `[[measure]]`.
pub static MEASURE: TableSpec = TableSpec {
    title: "[[measure]]",
    doc: "A counter-measure: the same scenario with these changes.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        optional("set", Kind::Edits, "paths with their new values"),
        optional("unset", Kind::Paths, "paths to remove"),
        optional("reason", Kind::Text, "who asked for it, and what it should do"),
    ],
    more: More::Nothing,
};

/// `[[twin]]`.
pub static TWIN: TableSpec = TableSpec {
    title: "[[twin]]",
    doc: "The same scenario without the mechanism that explains it: it must fail the expectations named.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        optional("set", Kind::Edits, "paths with their new values"),
        optional("unset", Kind::Paths, "paths to remove"),
        optional("reason", Kind::Text, "which mechanism it lacks"),
        required("misses", Kind::References("expectation"), "expectations that it must fail"),
    ],
    more: More::Nothing,
};
