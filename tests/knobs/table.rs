//! The entries: how each knob is turned, and what must change.

use super::balancer::CHECKED;
use super::{Effect, Happens, Judged, Knob, Seen};

/// What only people read, and why no run depends on it.
pub(super) const DESCRIPTIVE: &[(&str, &str)] = &[
    ("schema", "has one value"),
    ("name", "names the run"),
    ("title", "is for people"),
    ("description", "is for people"),
    ("references", "are for people"),
    ("clients.name", "is how the rest of the file refers to it"),
    ("clients.classes.name", "is how the rest of the file and a trace refer to it"),
    ("backends.name", "is how the rest of the file refers to it"),
    ("clients.keys.text", "is read by vendors' hashes, which are to come"),
    ("clients.keys.address", "is read by vendors' hashes, which are to come"),
    ("backends.address", "is read by vendors' hash rings, which are to come"),
    ("cause.name", "is how the rest of the file refers to it"),
    ("timeline.name", "is how the rest of the file refers to it"),
    ("alert.name", "is how the rest of the file refers to it"),
    ("link.name", "is how the rest of the file refers to it"),
    ("expect.name", "is how the rest of the file refers to it"),
    ("expect.fact", "is for people"),
    ("assumption.reason", "is for people"),
    ("measure.name", "names the variant"),
    ("measure.reason", "is for people"),
    ("twin.name", "names the variant"),
    ("twin.reason", "is for people"),
    ("sweep.vary", "is of `misroute sweep`, not of a run"),
    ("sweep.design", "is of `misroute sweep`, not of a run"),
    ("sweep.points", "is of `misroute sweep`, not of a run"),
    ("sweep.replications", "is of `misroute sweep`, not of a run"),
    ("sweep.precision", "is of `misroute sweep`, not of a run"),
    ("timeline.reload.rollout.reload", "is what the verb does"),
    ("timeline.pause.targets", "has one value, the database"),
];

/// Tables that describe other runs than the scenario's own: a text of the base, and another.
pub(super) const VARIANTS: &[(&str, &str, &str)] = &[
    ("assumption.path", "path = \"clients.web.rate\"", "path = \"clients.w*.rate\""),
    ("assumption.range", "[\"50/s\", \"70/s\"]", "[\"50/s\", \"90/s\"]"),
    ("assumption.values", "values = [1, 2]", "values = [1, 2, 3]"),
    ("measure.set", "\"backends.*.workers\" = 4", "\"backends.*.workers\" = 3"),
    ("measure.unset", "unset = [\"database\"]", "unset = []"),
    ("twin.set", "\"timeline.incident.for\" = \"1ns\"", "\"timeline.incident.for\" = \"5s\""),
    ("twin.unset", "unset = [\"clients.batch\"]", "unset = []"),
    ("twin.misses", "misses = [\"verdict\"]\n", ""),
    ("twin.keeps", "keeps = [\"bounded\"]\n", ""),
];

pub(super) const fn knob(
    id: &'static str,
    before: &'static [&'static str],
    turned: &'static str,
    effect: Effect,
) -> Knob {
    Knob { id, before, turned, effect }
}

/// Users who wait for their answers.
const CLOSED: &str = "clients.c={users=5, arrivals=\"closed\", think=\"100ms\"}";
/// A balancer that hashes, and what it hashes.
const HASHED: &str = "balancer.algorithm=source-hash";
const KEYED: &str = "clients.web.keys={count=8}";
/// A timeline entry `e` that does nothing.
const NOTE: &str = "timeline.e={at=\"30s\", do=\"note\"}";
/// Verbs that take something back, with something to take back; `e` is what is turned.
pub(super) const HUNG: &str =
    "timeline.d={at=\"25s\", do=\"hang\", targets=[\"api-2\", \"api-3\"]}";
const DEAF: &str = "timeline.d={at=\"25s\", do=\"refuse\", targets=[\"api-2\", \"api-3\"]}";
const SLOWED: &str =
    "timeline.d={at=\"25s\", do=\"slow\", targets=[\"api-2\", \"api-3\"], factor=3}";
pub(super) const SLOWED_MORE: &str =
    "timeline.c={at=\"24s\", do=\"slow\", targets=[\"api-2\", \"api-3\"], factor=2}";
pub(super) const FAILING: &str =
    "timeline.d={at=\"25s\", do=\"fail\", targets=[\"api-2\", \"api-3\"]}";
const FAILING_TOO: &str =
    "timeline.c={at=\"24s\", do=\"fail\", targets=[\"api-2\", \"api-3\"], with=\"http_502\"}";
pub(super) const DRAINED: &str =
    "timeline.d={at=\"25s\", do=\"drain\", targets=[\"api-2\", \"api-3\"]}";
const SURGED: &str = "timeline.d={at=\"25s\", do=\"surge\", factor=2}";
const SET: &str = "timeline.d={at=\"25s\", do=\"configure\", set={\"backends.api-2.weight\"=9}}";
const SET_TOO: &str =
    "timeline.c={at=\"24s\", do=\"configure\", set={\"balancer.algorithm\"=\"random\"}}";
const CONFIGURE: &str =
    "timeline.e={at=\"30s\", do=\"configure\", set={\"backends.api-2.weight\"=5}}";
const STAGED: &str = "timeline.e={at=\"30s\", do=\"configure\", set={\"backends.api-2.weight\"=5}, \
    rollout={every=\"5s\"}}";
const DELAYED: &str = "timeline.e={at=\"30s\", do=\"configure\", set={\"backends.api-2.weight\"=5}, \
    rollout={delays=[\"0s\", \"5s\"]}}";
const ROLLBACK: &str = "timeline.e={at=\"50s\", do=\"rollback\"}";
const ROLLING: &str = "timeline.e={at=\"50s\", do=\"rolling-restart\", targets=\"all\"}";
const PAUSED: &str = "timeline.e={at=\"50s\", do=\"pause\", for=\"1s\"}";
const ON_ALERT: &str =
    "timeline.e={on-alert=\"errors\", do=\"drain\", targets=\"api-1\", delay=\"1s\"}";

/// A restart under load, after which a backend is cold.
const RESTART: &str = "timeline.e={at=\"30s\", do=\"restart\", targets=\"all\"}";
const COLD: &str = "backends.*.cold-start={slowdown=3, period=\"10s\"}";
const OVERLOAD: &str = "backends.*.overload={unresponsive-at=\"queue >= 3\", until=\"2s\"}";
pub(super) const CUT: &str =
    "timeline.d={at=\"25s\", do=\"partition\", targets=[\"api-2\", \"api-3\"]}";
const RELOAD: &str = "timeline.e={at=\"30s\", do=\"reload\"}";
/// An alert that never fires.
const SILENT: &str = "alert.errors.when=success_ratio < 0%";

const WINDOWED: &[&str] = &["user-window=10s"];
/// Retries keep it down for good.
const STAYS_DOWN: &[&str] = &[
    "user-window=10s",
    "clients.web.rate=90/s",
    "clients.web.retries.base=1ms",
    "backends.*.queue=200",
    "timeline.incident.for=10s",
];

pub(super) const KNOBS: &[Knob] = &[
    knob("start", &[], "start=2024-01-02T00:00:00Z", Seen),
    knob("duration", &[], "duration=100s", Happens),
    knob("load", &[], "load=120%", Happens),
    knob("window", &[], "window=5s", Seen),
    knob("user-window", &[], "user-window=10s", Seen),
    // Clients.
    knob("clients.users", &[], "clients.web.users=20", Seen),
    knob("clients.arrivals", &[], "clients.web.arrivals=constant", Happens),
    knob("clients.rate", &[], "clients.web.rate=61/s", Happens),
    knob("clients.timeout", &[], "clients.web.timeout=300ms", Happens),
    knob("clients.slow", &[], "clients.web.slow=100ms", Seen),
    knob("clients.think", &[CLOSED], "clients.c.think=200ms", Happens),
    knob("clients.keys.count", &[HASHED, KEYED], "clients.web.keys.count=9", Happens),
    knob("clients.keys.zipf", &[HASHED, KEYED], "clients.web.keys.zipf=1", Happens),
    knob("clients.retries.max", &[], "clients.web.retries.max=1", Happens),
    knob("clients.retries.backoff", &[], "clients.web.retries.backoff=fixed", Happens),
    knob("clients.retries.base", &[], "clients.web.retries.base=50ms", Happens),
    knob("clients.retries.cap", &[], "clients.web.retries.cap=150ms", Happens),
    knob("clients.retries.jitter", &[], "clients.web.retries.jitter=equal", Happens),
    knob("clients.retries.on", &[], "clients.web.retries.on=[\"timeout\"]", Happens),
    // Backends.
    knob("backends.workers", &[], "backends.*.workers=3", Happens),
    knob("backends.queue", &[], "backends.*.queue=2", Happens),
    knob("backends.service", &[], "backends.*.service=70ms", Happens),
    knob("backends.full", &["backends.*.queue=0"], "backends.*.full=http_500", Happens),
    knob(
        "backends.abandoned",
        &["clients.web.timeout=150ms"],
        "backends.*.abandoned=skip",
        Happens,
    ),
    knob(
        "backends.overload.unresponsive-at",
        &[OVERLOAD],
        "backends.*.overload.unresponsive-at=queue >= 4",
        Happens,
    ),
    knob("backends.overload.until", &[OVERLOAD], "backends.*.overload.until=restart", Happens),
    knob("backends.start-time", &[], "backends.*.start-time=5s", Happens),
    knob("backends.cold-start.slowdown", &[COLD], "backends.*.cold-start.slowdown=4", Happens),
    knob("backends.cold-start.period", &[COLD], "backends.*.cold-start.period=20s", Happens),
    knob("backends.up", &[], "backends.api-2.up=false", Happens),
    knob("backends.weight", &[], "backends.api-2.weight=2", Happens),
    knob("backends.in-pool", &[], "backends.api-2.in-pool=false", Happens),
    knob("backends.max-connections", &[], "backends.*.max-connections=1", Happens),
    // The database.
    knob("database.connections", &[], "database.connections=1", Happens),
    knob("database.query", &[], "database.query=20ms", Happens),
    // When something is done.
    knob("timeline.at", &[], "timeline.incident.at=21s", Happens),
    knob("timeline.on-alert", &[ON_ALERT], "timeline.e.on-alert=latency", Happens),
    knob("timeline.delay", &[ON_ALERT], "timeline.e.delay=2s", Happens),
    knob("timeline.do", &[RESTART], "timeline.e.do=hang", Happens),
    // What is done.
    knob("timeline.note", &[], NOTE, Happens),
    knob("timeline.configure", &[NOTE], CONFIGURE, Happens),
    knob(
        "timeline.configure.set",
        &[CONFIGURE],
        "timeline.e.set={\"backends.api-2.weight\"=6}",
        Happens,
    ),
    knob(
        "timeline.configure.rollout.reload",
        &[CONFIGURE, "timeline.e.set={\"backends.api-3.weight\"=1}"],
        "timeline.e.rollout={reload=true}",
        Happens,
    ),
    knob(
        "timeline.rollback.rollout.reload",
        &[CHECKED, SET, ROLLBACK],
        "timeline.e.rollout={reload=true}",
        Happens,
    ),
    knob("timeline.configure.rollout.every", &[STAGED], "timeline.e.rollout.every=9s", Happens),
    knob(
        "timeline.configure.rollout.delays",
        &[DELAYED],
        "timeline.e.rollout.delays=[\"0s\", \"never\"]",
        Happens,
    ),
    knob("timeline.configure.for", &[CONFIGURE], "timeline.e.for=9s", Happens),
    knob("timeline.rollback", &[SET, NOTE], ROLLBACK, Happens),
    knob("timeline.rollback.of", &[SET_TOO, SET, ROLLBACK], "timeline.e.of=c", Happens),
    knob(
        "timeline.rollback.rollout.every",
        &[SET, ROLLBACK],
        "timeline.e.rollout={every=\"5s\"}",
        Happens,
    ),
    knob(
        "timeline.rollback.rollout.delays",
        &[SET, ROLLBACK],
        "timeline.e.rollout={delays=[\"3s\"]}",
        Happens,
    ),
    knob(
        "timeline.crash",
        &[NOTE],
        "timeline.e={at=\"30s\", do=\"crash\", targets=\"api-2\"}",
        Happens,
    ),
    knob("timeline.crash.targets", &[], "timeline.incident.targets=all", Happens),
    knob("timeline.crash.for", &[], "timeline.incident.for=10s", Happens),
    knob("timeline.restart", &[NOTE], RESTART, Happens),
    knob("timeline.restart.targets", &[RESTART], "timeline.e.targets=api-1", Happens),
    knob("timeline.partition", &[], CUT, Happens),
    knob("timeline.partition.targets", &[CUT], "timeline.d.targets=api-2", Happens),
    knob("timeline.partition.for", &[CUT], "timeline.d.for=1s", Happens),
    knob(
        "timeline.reconnect",
        &[CUT],
        "timeline.e={at=\"30s\", do=\"reconnect\", targets=\"all\"}",
        Happens,
    ),
    knob(
        "timeline.reconnect.targets",
        &[CUT, "timeline.e={at=\"30s\", do=\"reconnect\", targets=\"all\"}"],
        "timeline.e.targets=api-2",
        Happens,
    ),
    knob("timeline.reload", &[CHECKED, NOTE], RELOAD, Happens),
    knob(
        "timeline.reload.rollout.every",
        &[CHECKED, RELOAD],
        "timeline.e.rollout={every=\"5s\"}",
        Happens,
    ),
    knob(
        "timeline.reload.rollout.delays",
        &[CHECKED, RELOAD],
        "timeline.e.rollout={delays=[\"0s\", \"never\"]}",
        Happens,
    ),
    knob("timeline.hang", &[], HUNG, Happens),
    knob("timeline.hang.targets", &[HUNG], "timeline.d.targets=api-2", Happens),
    knob("timeline.hang.for", &[HUNG], "timeline.d.for=1s", Happens),
    knob(
        "timeline.resume",
        &[HUNG, NOTE],
        "timeline.e={at=\"30s\", do=\"resume\", targets=\"all\"}",
        Happens,
    ),
    knob(
        "timeline.resume.targets",
        &[HUNG, "timeline.e={at=\"30s\", do=\"resume\", targets=\"all\"}"],
        "timeline.e.targets=api-2",
        Happens,
    ),
    knob("timeline.slow", &["timeline.d={at=\"25s\", do=\"note\"}"], SLOWED, Happens),
    knob("timeline.slow.targets", &[SLOWED], "timeline.d.targets=database", Happens),
    knob("timeline.slow.factor", &[SLOWED], "timeline.d.factor=2", Happens),
    knob("timeline.refuse", &["timeline.d={at=\"25s\", do=\"note\"}"], DEAF, Happens),
    knob("timeline.refuse.targets", &[DEAF], "timeline.d.targets=api-2", Happens),
    knob("timeline.refuse.for", &[DEAF], "timeline.d.for=3s", Happens),
    knob(
        "timeline.accept",
        &[DEAF, NOTE],
        "timeline.e={at=\"30s\", do=\"accept\", targets=\"all\"}",
        Happens,
    ),
    knob(
        "timeline.accept.targets",
        &[DEAF, "timeline.e={at=\"30s\", do=\"accept\", targets=\"all\"}"],
        "timeline.e.targets=api-2",
        Happens,
    ),
    knob("timeline.slow.for", &[SLOWED], "timeline.d.for=3s", Happens),
    knob(
        "timeline.restore",
        &[SLOWED, NOTE],
        "timeline.e={at=\"30s\", do=\"restore\", targets=\"all\"}",
        Happens,
    ),
    knob(
        "timeline.restore.targets",
        &[SLOWED, "timeline.e={at=\"30s\", do=\"restore\", targets=\"all\"}"],
        "timeline.e.targets=api-2",
        Happens,
    ),
    knob(
        "timeline.restore.of",
        &[SLOWED_MORE, SLOWED, "timeline.e={at=\"30s\", do=\"restore\", targets=\"all\"}"],
        "timeline.e.of=c",
        Happens,
    ),
    knob("timeline.fail", &["timeline.d={at=\"25s\", do=\"note\"}"], FAILING, Happens),
    knob("timeline.fail.targets", &[FAILING], "timeline.d.targets=api-2", Happens),
    knob("timeline.fail.with", &[FAILING], "timeline.d.with=http_502", Happens),
    knob("timeline.fail.after", &[FAILING], "timeline.d.after=20ms", Happens),
    knob("timeline.fail.for", &[FAILING], "timeline.d.for=2s", Happens),
    knob(
        "timeline.heal",
        &[FAILING, NOTE],
        "timeline.e={at=\"30s\", do=\"heal\", targets=\"all\"}",
        Happens,
    ),
    knob(
        "timeline.heal.targets",
        &[FAILING, "timeline.e={at=\"30s\", do=\"heal\", targets=\"all\"}"],
        "timeline.e.targets=api-2",
        Happens,
    ),
    knob(
        "timeline.heal.of",
        &[FAILING_TOO, FAILING, "timeline.e={at=\"30s\", do=\"heal\", targets=\"all\"}"],
        "timeline.e.of=c",
        Happens,
    ),
    knob("timeline.drain", &["timeline.d={at=\"25s\", do=\"note\"}"], DRAINED, Happens),
    knob("timeline.drain.targets", &[DRAINED], "timeline.d.targets=api-2", Happens),
    knob("timeline.drain.for", &[DRAINED], "timeline.d.for=2s", Happens),
    knob(
        "timeline.undrain",
        &[DRAINED, NOTE],
        "timeline.e={at=\"30s\", do=\"undrain\", targets=\"all\"}",
        Happens,
    ),
    knob(
        "timeline.undrain.targets",
        &[DRAINED, "timeline.e={at=\"30s\", do=\"undrain\", targets=\"all\"}"],
        "timeline.e.targets=api-2",
        Happens,
    ),
    knob("timeline.rolling-restart", &["timeline.e={at=\"50s\", do=\"note\"}"], ROLLING, Happens),
    knob("timeline.rolling-restart.targets", &[ROLLING], "timeline.e.targets=api-2", Happens),
    knob("timeline.rolling-restart.drain", &[ROLLING], "timeline.e.drain=3s", Happens),
    knob("timeline.rolling-restart.pause", &[ROLLING], "timeline.e.pause=3s", Happens),
    knob("timeline.surge", &["timeline.d={at=\"25s\", do=\"note\"}"], SURGED, Happens),
    knob("timeline.surge.clients", &[SURGED], "timeline.d.clients=batch", Happens),
    knob("timeline.surge.factor", &[SURGED], "timeline.d.factor=1.5", Happens),
    knob("timeline.surge.for", &[SURGED], "timeline.d.for=3s", Happens),
    knob("timeline.calm", &[SURGED, NOTE], "timeline.e={at=\"30s\", do=\"calm\"}", Happens),
    knob(
        "timeline.calm.clients",
        &[SURGED, "timeline.e={at=\"30s\", do=\"calm\"}"],
        "timeline.e.clients=batch",
        Happens,
    ),
    knob("timeline.pause", &["timeline.e={at=\"50s\", do=\"note\"}"], PAUSED, Happens),
    knob("timeline.pause.for", &[PAUSED], "timeline.e.for=2s", Happens),
    // Monitoring: a silent alert that begins to fire.
    knob("alert.when", &[], "alert.errors.when=error_ratio > 30%", Happens),
    knob(
        "alert.window",
        &["alert.errors.when=error_ratio > 30%"],
        "alert.errors.window=12s",
        Happens,
    ),
    knob("signal success_ratio", &[SILENT], "alert.errors.when=success_ratio < 99%", Happens),
    knob("signal error_ratio", &[SILENT], "alert.errors.when=error_ratio > 1%", Happens),
    knob(
        "signal outcomes.NAME_ratio",
        &[SILENT],
        "alert.errors.when=outcomes.http_503_ratio > 1%",
        Happens,
    ),
    knob("signal latency.pNN", &[SILENT], "alert.errors.when=latency.p90 > 50ms", Happens),
    knob("signal latency.mean", &[SILENT], "alert.errors.when=latency.mean > 50ms", Happens),
    knob("signal attempt_rate", &[SILENT], "alert.errors.when=attempt_rate > 70/s", Happens),
    knob("signal share.NAME", &[SILENT], "alert.errors.when=share.api-2 > 40%", Happens),
    knob("signal share.max", &[SILENT], "alert.errors.when=share.max > 40%", Happens),
    knob(
        "signal balance.max_over_mean",
        &[SILENT],
        "alert.errors.when=balance.max_over_mean > 1.2",
        Happens,
    ),
    knob("signal burn_rate", &[SILENT], "alert.errors.when=burn_rate > 14.4", Happens),
    // What is judged.
    // When users are well. Windows are ten seconds here, so that there are some.
    knob("recovery.baseline", STAYS_DOWN, "recovery.baseline=[\"60s\", \"80s\"]", Seen),
    knob("recovery.ordinary", WINDOWED, "recovery.ordinary=90%", Seen),
    knob("recovery.tolerance", WINDOWED, "recovery.tolerance=60%", Seen),
    knob("recovery.healthy", STAYS_DOWN, "recovery.healthy=0%", Seen),
    knob("recovery.hold", WINDOWED, "recovery.hold=1h", Seen),
    knob("recovery.persistence", STAYS_DOWN, "recovery.persistence=1h", Seen),
    knob("objective.success", &[], "objective.success=1%", Judged),
    knob("objective.p99", &[], "objective.p99=1ms", Judged),
    knob("expect.between", &[], "expect.bounded.between=[\"50s\", \"60s\"]", Seen),
    knob("expect.baseline", &[], "expect.bounded.baseline=[\"1s\", \"19s\"]", Seen),
    knob("expect.metric", &[], "expect.bounded.metric=requests.slow_ratio", Judged),
    knob("expect.at-most", &[], "expect.bounded.at-most=1%", Judged),
    knob(
        "expect.at-least",
        &["expect.e={metric=\"requests.count\", at-least=1}"],
        "expect.e.at-least=1000000",
        Judged,
    ),
    knob(
        "expect.within",
        &["expect.e={metric=\"requests.count\", within=[1, 1000000]}"],
        "expect.e.within=[1, 2]",
        Judged,
    ),
    knob("expect.is", &[], "expect.verdict.is=metastable", Judged),
];
