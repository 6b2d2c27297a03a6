//! Every table of a scenario file with its keys.

use super::admission::ADMISSION;
use super::autoscale::AUTOSCALE;
use super::backends::BACKENDS;
use super::balancer::{CONNECT, LIMITS, QUEUE, RETRY};
use super::clients::CLIENTS;
use super::database::DATABASE;
use super::faults::CAUSE;
use super::layers::{CANARY, PRIORITY, SUBSET, ZONES};
use super::membership::{EJECTION, HEALTH, SLOW_START};
use super::network::{LINK, NETWORK};
use super::sweep::SWEEP;
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
pub(in super::super) const FAILURES: &[&str] =
    &["http_500", "http_502", "http_503", "http_504", "refused", "timeout"];

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
        optional("network", Kind::Table(&NETWORK), NETWORK.doc),
        optional("link", Kind::List(&LINK), LINK.doc),
        optional("autoscale", Kind::Table(&AUTOSCALE), AUTOSCALE.doc),
        optional("cause", Kind::List(&CAUSE), CAUSE.doc),
        optional("timeline", Kind::List(&TIMELINE), TIMELINE.doc),
        optional("alert", Kind::List(&ALERT), ALERT.doc),
        optional("objective", Kind::Table(&OBJECTIVE), OBJECTIVE.doc),
        optional("recovery", Kind::Table(&RECOVERY), RECOVERY.doc),
        optional("expect", Kind::List(&EXPECT), EXPECT.doc),
        optional("assumption", Kind::List(&ASSUMPTION), ASSUMPTION.doc),
        optional("measure", Kind::List(&MEASURE), MEASURE.doc),
        optional("twin", Kind::List(&TWIN), TWIN.doc),
        optional("sweep", Kind::Table(&SWEEP), SWEEP.doc),
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

/// `[recovery]`.
pub static RECOVERY: TableSpec = TableSpec {
    title: "[recovery]",
    doc: "By what rule users are worse off, well again, or down for good: judged on the share of affected users per user window.",
    fields: &[
        optional(
            "baseline",
            Kind::Interval,
            "from and to: when things were ordinary; default: before the first timeline entry, or else the best window",
        ),
        optional("ordinary", Kind::Ratio, "instead: the share of affected users that is ordinary")
            .range(0.0, 1.0),
        default("tolerance", Kind::Ratio, "5%", "how far above that is no harm yet").range(0.0, 1.0),
        default(
            "healthy",
            Kind::Ratio,
            "50%",
            "with more than this affected ordinarily there is nothing to compare with",
        )
        .range(0.0, 1.0),
        optional(
            "hold",
            Kind::Duration,
            "how long users must be well to be called recovered; default: half as long as they were worse off, at most five user windows",
        )
        .range(0.0, YEAR),
        optional(
            "persistence",
            Kind::Duration,
            "how long harm must outlast the trigger and the last repair to be called metastable; default: one user window",
        )
        .range(0.0, YEAR),
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
    doc: "The same scenario with a change: the expectations that rest on what it changes fail, others are kept.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        optional("set", Kind::Edits, "paths with their new values"),
        optional("unset", Kind::Paths, "paths to remove"),
        optional("reason", Kind::Text, "which mechanism it lacks"),
        optional("misses", Kind::References("expectation"), "expectations that it must fail"),
        optional(
            "keeps",
            Kind::References("expectation"),
            "expectations that it must still meet: what the change does not help against",
        ),
    ],
    more: More::Nothing,
};
