//! What can be done to the system: the table of verbs.

use super::fields::{AGES, ANSWERS, Field, INSTANT, Kind, ROLLOUT, default, optional, required};

/// A verb of the timeline.
#[derive(Debug)]
pub struct ActionSpec {
    /// The word after `do`.
    pub name: &'static str,
    /// The verb that takes it back.
    pub reverse: Option<&'static str>,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Whether it lasts, so that `for` may end it by itself.
    pub lasts: Lasts,
    /// Its keys, besides those of every entry.
    pub fields: &'static [Field],
}

/// Whether an action goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// It is done at once.
    No,
    /// Until it is taken back, or for as long as `for` says.
    UntilEnded,
    /// For exactly as long as `for` says.
    For,
}

const FOR_OPTIONAL: Field =
    optional("for", Kind::Duration, "ends by itself after this long; default: never")
        .range(INSTANT, AGES);
const FOR_REQUIRED: Field = required("for", Kind::Duration, "how long").range(INSTANT, AGES);
const TARGETS: Field =
    required("targets", Kind::Targets, "backends: a name, a pattern, a list of them, or \"all\"");
const TARGETS_OR_DATABASE: Field = required(
    "targets",
    Kind::Targets,
    "backends: a name, a pattern, a list of them, or \"all\"; or \"database\"",
);
const LINK_TARGETS: Field = optional(
    "targets",
    Kind::Targets,
    "backends at the end of the link: a name, a pattern, a list of them, or \"all\"",
);
const LINK_CLIENTS: Field = optional(
    "clients",
    Kind::Reference("population"),
    "instead of `targets`: which population's link to the balancer, or \"all\"",
);
const LINK_ZONES: Field = optional(
    "zones",
    Kind::Texts,
    "instead of `targets`: two zones, between which all links are meant",
);
const LINK_BALANCERS: Field = optional(
    "balancers",
    Kind::Numbers,
    "numbers of the balancer instances at the other end, from 0; default: all",
);
const DIRECTIONS: &[&str] = &["both", "to", "from"];
const ROLL: Field = optional("rollout", Kind::Table(&ROLLOUT), ROLLOUT.doc);
const FACTOR_DOC: &str = "work takes so many times as long";

impl ActionSpec {
    /// Its keys, `for` included.
    pub fn all_fields(&self) -> impl Iterator<Item = Field> {
        let lasts = match self.lasts {
            Lasts::No => None,
            Lasts::UntilEnded => Some(FOR_OPTIONAL),
            Lasts::For => Some(FOR_REQUIRED),
        };
        self.fields.iter().copied().chain(lasts)
    }
}

/// The verb of that name.
pub fn find(name: &str) -> Option<&'static ActionSpec> {
    ACTIONS.iter().find(|action| action.name == name)
}

const fn action(
    name: &'static str,
    reverse: Option<&'static str>,
    lasts: Lasts,
    summary: &'static str,
    fields: &'static [Field],
) -> ActionSpec {
    ActionSpec { name, reverse, summary, lasts, fields }
}

/// Every verb.
pub static ACTIONS: &[ActionSpec] = &[
    action(
        "configure",
        Some("rollback"),
        Lasts::UntilEnded,
        "the balancer gets a new configuration: the newest one with changes",
        &[
            required(
                "set",
                Kind::Edits,
                "what changes: paths below `balancer`, and weight, in-pool and max-connections of backends",
            ),
            ROLL,
        ],
    ),
    action(
        "rollback",
        None,
        Lasts::No,
        "the balancer gets the configuration before a `configure` entry back",
        &[
            optional(
                "of",
                Kind::Reference("configure entry"),
                "whose effect is taken back; default: the last one's",
            ),
            ROLL,
        ],
    ),
    action(
        "reload",
        None,
        Lasts::No,
        "the balancer's processes are replaced by new ones with the same configuration, which know nothing of members and turns; the old ones finish what they have",
        &[ROLL],
    ),
    action(
        "crash",
        Some("restart"),
        Lasts::UntilEnded,
        "backends or the database go down: connections are refused, work in them is lost",
        &[TARGETS_OR_DATABASE],
    ),
    action(
        "refuse",
        Some("accept"),
        Lasts::UntilEnded,
        "backends close their ports: connections are refused, work inside goes on",
        &[TARGETS],
    ),
    action("accept", None, Lasts::No, "ports of `refuse` are open again", &[TARGETS]),
    action(
        "restart",
        None,
        Lasts::No,
        "backends or the database are stopped and started anew: ends a crash, a hang and an unresponsive state; work in them is lost",
        &[TARGETS_OR_DATABASE],
    ),
    action(
        "hang",
        Some("resume"),
        Lasts::UntilEnded,
        "backends or the database accept connections and never answer",
        &[TARGETS_OR_DATABASE],
    ),
    action(
        "resume",
        None,
        Lasts::No,
        "backends or a database that hang go on where they stopped",
        &[TARGETS_OR_DATABASE],
    ),
    action(
        "partition",
        Some("reconnect"),
        Lasts::UntilEnded,
        "new connections to backends are lost: neither made nor refused; those there are go on. With a direction, or between others: all that is sent is lost, until a later transmission gets through",
        &[
            LINK_TARGETS,
            LINK_CLIENTS,
            LINK_ZONES,
            LINK_BALANCERS,
            optional(
                "direction",
                Kind::Choice(DIRECTIONS),
                "what is lost on open connections too: what is sent \"to\" the targets (from clients, to the second zone), what comes \"from\" there, or \"both\"; default: both, but for `targets` alone only new connections",
            ),
        ],
    ),
    action(
        "reconnect",
        None,
        Lasts::No,
        "what `partition` lost gets through again",
        &[
            optional(
                "targets",
                Kind::Targets,
                "backends: a name, a pattern, a list of them, or \"all\"; needed unless there is `of`",
            ),
            optional(
                "of",
                Kind::Reference("partition entry"),
                "only what this entry did, to whatever links",
            ),
        ],
    ),
    action(
        "slow-link",
        Some("restore-link"),
        Lasts::UntilEnded,
        "messages take longer between some ends, or more of them are lost",
        &[
            LINK_TARGETS,
            LINK_CLIENTS,
            LINK_ZONES,
            LINK_BALANCERS,
            default(
                "direction",
                Kind::Choice(DIRECTIONS),
                "both",
                "which messages: those \"to\" the targets (from clients, to the second zone), those \"from\" there, or \"both\"",
            ),
            optional(
                "latency",
                Kind::Distribution,
                "one-way latency beside the usual one; default: 0s",
            ),
            default(
                "loss",
                Kind::Ratio,
                "0%",
                "share of transmissions that are lost beside the usual one",
            )
            .range(0.0, 1.0),
        ],
    ),
    action(
        "restore-link",
        None,
        Lasts::No,
        "slow links are as they were",
        &[optional(
            "of",
            Kind::Reference("slow-link entry"),
            "only what this entry did; default: every slow link",
        )],
    ),
    action(
        "slow",
        Some("restore"),
        Lasts::UntilEnded,
        "backends or the database become slower",
        &[TARGETS_OR_DATABASE, required("factor", Kind::Number, FACTOR_DOC).range(0.01, 1e6)],
    ),
    action(
        "restore",
        None,
        Lasts::No,
        "slow backends or the database get their speed back",
        &[
            TARGETS_OR_DATABASE,
            optional(
                "of",
                Kind::Reference("slow entry"),
                "only what this entry did; default: every slowdown",
            ),
        ],
    ),
    action(
        "fail",
        Some("heal"),
        Lasts::UntilEnded,
        "backends answer every attempt with an error, or the database every query, without doing the work",
        &[
            TARGETS_OR_DATABASE,
            default("with", Kind::Choice(ANSWERS), "http_500", "the error"),
            default("after", Kind::Duration, "1ms", "how long the answer takes").range(0.0, AGES),
        ],
    ),
    action(
        "heal",
        None,
        Lasts::No,
        "failing backends or a failing database work again",
        &[
            TARGETS_OR_DATABASE,
            optional(
                "of",
                Kind::Reference("fail entry"),
                "only what this entry did; default: every failure",
            ),
        ],
    ),
    action(
        "drain",
        Some("undrain"),
        Lasts::UntilEnded,
        "the balancer sends backends no new attempts",
        &[TARGETS],
    ),
    action("undrain", None, Lasts::No, "drained backends get attempts again", &[TARGETS]),
    action(
        "rolling-restart",
        None,
        Lasts::No,
        "one backend after another is drained, restarted, and taken back when it is up",
        &[
            TARGETS,
            default(
                "drain",
                Kind::Duration,
                "0s",
                "how long each takes no new attempts before it is restarted",
            )
            .range(0.0, AGES),
            default(
                "pause",
                Kind::Duration,
                "0s",
                "between one being up and the next being drained",
            )
            .range(0.0, AGES),
        ],
    ),
    action(
        "surge",
        Some("calm"),
        Lasts::UntilEnded,
        "clients send more (or fewer) requests",
        &[
            default(
                "clients",
                Kind::Reference("population"),
                "all",
                "which population, or \"all\"",
            ),
            required("factor", Kind::Number, "by how much the rate is multiplied").range(0.0, 1e6),
        ],
    ),
    action(
        "flash-crowd",
        None,
        Lasts::No,
        "clients send more requests for a while: the rate rises evenly, stays, and falls back",
        &[
            default(
                "clients",
                Kind::Reference("population"),
                "all",
                "which population, or \"all\"",
            ),
            required("factor", Kind::Number, "by how much the rate is multiplied at the height")
                .range(0.0, 1e6),
            default("rise", Kind::Duration, "30s", "how long it takes to get there")
                .range(0.0, AGES),
            default("hold", Kind::Duration, "1m", "how long it stays there").range(0.0, AGES),
            default("decay", Kind::Duration, "2m", "how long it takes to be over").range(0.0, AGES),
        ],
    ),
    action(
        "calm",
        None,
        Lasts::No,
        "surges and flash crowds end",
        &[default("clients", Kind::Reference("population"), "all", "which population, or \"all\"")],
    ),
    action(
        "pause",
        None,
        Lasts::For,
        "the database stands still, and goes on afterwards",
        &[default("targets", Kind::Targets, "database", "only \"database\"")],
    ),
    action(
        "note",
        None,
        Lasts::No,
        "something people did that touches nothing here; shown in plots",
        &[],
    ),
];
