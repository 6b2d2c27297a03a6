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
];
