//! The entries of what goes wrong with backends and their database by itself.

use super::table::knob;
use super::{Happens, Knob};

/// A backend that fails by itself, and causes that several have in common.
const FAILS: &str = "backends.api-2.failures={up={exponential={mean=\"20s\"}}, down=\"3s\"}";
const FAILS_SLOW: &str =
    "backends.api-2.failures={up=\"20s\", down=\"9s\", fault=\"slow\", factor=3}";
const FAILS_WITH: &str =
    "backends.api-2.failures={up=\"20s\", down=\"9s\", fault=\"fail\", with=\"http_503\"}";
const CAUSE: &str = "cause.rack={targets=[\"api-2\", \"api-3\"], \
    up={exponential={mean=\"20s\"}}, down=\"3s\"}";
const CAUSE_SLOW: &str =
    "cause.rack={targets=\"all\", up=\"20s\", down=\"9s\", fault=\"slow\", factor=3}";
const CAUSE_WITH: &str =
    "cause.rack={targets=\"all\", up=\"20s\", down=\"9s\", fault=\"fail\", with=\"http_503\"}";

/// A process that dies of its queue, as soon as it has a chance to, and how it is started again.
const DIES: &str = "backends.*.overload={crash-at=\"queue >= 3\"}";
const STAYS_DEAD: &str = "backends.*.supervisor={restarts=false}";
/// A process that leaks a tenth of its memory with each attempt.
const LEAKS: &str = "backends.*.memory={limit=\"100MiB\", base=\"10MiB\", \
    per-attempt=\"5MiB\", leak-per-request=\"1MiB\", leak-per-hour=\"1GiB\"}";
const PAUSES: &str = "backends.*.pauses={every=\"2s\", length=\"100ms\"}";
const PAUSES_BY_WORK: &str = "backends.*.pauses={every-requests=20, length=\"100ms\"}";
const RESTART: &str = "timeline.e={at=\"30s\", do=\"restart\", targets=\"all\"}";
const COLD_CURVE: &str = "backends.*.cold-start={curve=[3, 2], period=\"10s\"}";
const COLD_CACHE: &str = "backends.*.cold-start={slowdown=3, requests=50}";

/// A database near its limits.
const BUSY: &str = "database.query=40ms";
const FAILING_QUERIES: &str = "database.failing=5%";

/// Three serve, one of which crashes; two wait to be taken in, and one is let go in the end.
const SPARE: &str = "backends.x-1={service=\"60ms\", up=false}";
const SPARE_TOO: &str = "backends.x-2={service=\"60ms\", up=false}";
const SCALED: &str = "autoscale={targets=\"all\", in-flight=3, min=1, sync=\"5s\", window=\"5s\", \
    up-stabilization=\"5s\", down-stabilization=\"5s\", register=\"1s\", drain=\"1s\"}";
const SURGE: &str = "timeline.d={at=\"25s\", do=\"surge\", factor=3, for=\"20s\"}";

const SCALES: &[&str] = &[SPARE, SPARE_TOO, SURGE, SCALED];
/// One member in ten seconds.
const SCALES_SLOWLY: &[&str] = &[
    SPARE,
    SPARE_TOO,
    SURGE,
    SCALED,
    "autoscale.up-pods=1",
    "autoscale.up-percent=0%",
    "autoscale.up-period=10s",
];
const BUSY_ENOUGH: &[&str] =
    &[SPARE, SPARE_TOO, SURGE, "autoscale={targets=\"all\", utilization=\"70%\", sync=\"5s\"}"];
const QUEUED_ENOUGH: &[&str] =
    &[SPARE, SPARE_TOO, SURGE, "autoscale={targets=\"all\", queue=0.2, sync=\"5s\"}"];

pub(super) const FAULTS: &[Knob] = &[
    knob("backends.overload.crash-at", &[DIES], "backends.*.overload.crash-at=queue >= 4", Happens),
    knob("backends.supervisor.restarts", &[DIES], STAYS_DEAD, Happens),
    knob("backends.supervisor.base", &[DIES], "backends.*.supervisor={base=\"5s\"}", Happens),
    knob("backends.supervisor.growth", &[DIES], "backends.*.supervisor={growth=1}", Happens),
    knob("backends.supervisor.cap", &[DIES], "backends.*.supervisor={cap=\"3s\"}", Happens),
    knob("backends.supervisor.reset", &[DIES], "backends.*.supervisor={reset=\"1ms\"}", Happens),
    knob("backends.memory.limit", &[LEAKS], "backends.*.memory.limit=120MiB", Happens),
    knob("backends.memory.base", &[LEAKS], "backends.*.memory.base=20MiB", Happens),
    knob("backends.memory.per-attempt", &[LEAKS], "backends.*.memory.per-attempt=9MiB", Happens),
    knob(
        "backends.memory.leak-per-request",
        &[LEAKS],
        "backends.*.memory.leak-per-request=2MiB",
        Happens,
    ),
    knob(
        "backends.memory.leak-per-hour",
        &[LEAKS],
        "backends.*.memory.leak-per-hour=90GiB",
        Happens,
    ),
    knob("backends.pauses.every", &[PAUSES], "backends.*.pauses.every=3s", Happens),
    knob(
        "backends.pauses.every-requests",
        &[PAUSES_BY_WORK],
        "backends.*.pauses.every-requests=30",
        Happens,
    ),
    knob("backends.pauses.length", &[PAUSES], "backends.*.pauses.length=150ms", Happens),
    knob("backends.pauses.phase", &[PAUSES], "backends.*.pauses.phase=in-step", Happens),
    knob(
        "backends.cold-start.curve",
        &[RESTART, COLD_CURVE],
        "backends.*.cold-start.curve=[3, 1]",
        Happens,
    ),
    knob(
        "backends.cold-start.requests",
        &[RESTART, COLD_CACHE],
        "backends.*.cold-start.requests=90",
        Happens,
    ),
    knob(
        "backends.cold-start.shape",
        &[RESTART, COLD_CACHE],
        "backends.*.cold-start.shape=exponential",
        Happens,
    ),
    knob("backends.failures.up", &[FAILS], "backends.api-2.failures.up=20s", Happens),
    knob("backends.failures.down", &[FAILS], "backends.api-2.failures.down=4s", Happens),
    knob("backends.failures.fault", &[FAILS], "backends.api-2.failures.fault=hang", Happens),
    knob("backends.failures.factor", &[FAILS_SLOW], "backends.api-2.failures.factor=5", Happens),
    knob("backends.failures.with", &[FAILS_WITH], "backends.api-2.failures.with=http_500", Happens),
    knob("cause.targets", &[CAUSE], "cause.rack.targets=all", Happens),
    knob("cause.up", &[CAUSE], "cause.rack.up=20s", Happens),
    knob("cause.down", &[CAUSE], "cause.rack.down=4s", Happens),
    knob("cause.each", &[CAUSE], "cause.rack.each=50%", Happens),
    knob("cause.fault", &[CAUSE], "cause.rack.fault=hang", Happens),
    knob("cause.factor", &[CAUSE_SLOW], "cause.rack.factor=5", Happens),
    knob("cause.with", &[CAUSE_WITH], "cause.rack.with=http_500", Happens),
    knob("database.pool", &[BUSY], "database.pool=1", Happens),
    knob("database.queue", &[BUSY], "database.queue=1", Happens),
    knob("database.pool-timeout", &[BUSY], "database.pool-timeout=20ms", Happens),
    knob("database.query-timeout", &[BUSY], "database.query-timeout=30ms", Happens),
    knob("database.failing", &[BUSY], FAILING_QUERIES, Happens),
    knob("database.error", &[FAILING_QUERIES], "database.error=http_503", Happens),
    knob("autoscale.targets", SCALES, "autoscale.targets=[\"api-*\", \"x-1\"]", Happens),
    knob("autoscale.in-flight", SCALES, "autoscale.in-flight=5", Happens),
    knob("autoscale.min", SCALES, "autoscale.min=4", Happens),
    knob("autoscale.max", SCALES, "autoscale.max=4", Happens),
    knob("autoscale.tolerance", SCALES, "autoscale.tolerance=90%", Happens),
    knob("autoscale.sync", SCALES, "autoscale.sync=7s", Happens),
    knob("autoscale.window", SCALES, "autoscale.window=10s", Happens),
    knob("autoscale.up-stabilization", SCALES, "autoscale.up-stabilization=15s", Happens),
    knob("autoscale.down-stabilization", SCALES, "autoscale.down-stabilization=15s", Happens),
    knob("autoscale.up-pods", SCALES_SLOWLY, "autoscale.up-pods=4", Happens),
    knob("autoscale.up-percent", SCALES_SLOWLY, "autoscale.up-percent=100%", Happens),
    knob("autoscale.up-period", SCALES_SLOWLY, "autoscale.up-period=60s", Happens),
    knob("autoscale.provision", SCALES, "autoscale.provision=3s", Happens),
    knob("autoscale.register", SCALES, "autoscale.register=3s", Happens),
    knob("autoscale.drain", SCALES, "autoscale.drain=5s", Happens),
    knob("autoscale.utilization", BUSY_ENOUGH, "autoscale.utilization=50%", Happens),
    knob("autoscale.queue", QUEUED_ENOUGH, "autoscale.queue=1", Happens),
];
