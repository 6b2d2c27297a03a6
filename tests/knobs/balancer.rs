//! The entries of `[balancer]`.

use super::table::{CUT, FAILING, HUNG, SLOWED_MORE, knob};
use super::{Happens, Knob};

const FULL: &str = "backends.*.max-connections=1";
const WAITS: &str = "balancer.queue.waits=true";
const QUEUEING: &str = "backends.*.max-connections=3";
const TIGHT: &str = "backends.*.queue=1";
const RETRY_FULL: &str = "balancer.retry.on=[\"http_503\"]";
const RETRYING: &str = "balancer.retry={on=[\"http_503\"], max=2}";
pub(super) const CHECKED: &str = "balancer.health={interval=\"1s\"}";
const LIFE: &str = "balancer.health={interval=\"1s\", asks=\"life\"}";
const SLOWLY: &str = "balancer.slow-start={period=\"10s\"}";
const CONSECUTIVE: &str = "balancer.ejection={rule=\"consecutive\"}";
const MAX_FAILS: &str = "balancer.ejection={rule=\"max-fails\"}";
const OBSERVE: &str = "balancer.ejection={rule=\"observe\", on-error=\"mark-down\"}";
const OUTLIER: &str = "balancer.ejection={rule=\"outlier\", max-percent=\"50%\"}";
const RATES: &str = "balancer.ejection={rule=\"outlier\", max-percent=\"100%\", \
    consecutive-5xx=100000, success-rate-hosts=2, success-rate-volume=1, \
    success-rate-deviations=0.5, interval=\"2s\"}";
const FAILURES: &str = "balancer.ejection={rule=\"outlier\", max-percent=\"100%\", \
    consecutive-5xx=100000, enforce-success-rate=\"0%\", enforce-failures=\"100%\", \
    failure-hosts=1, failure-volume=1, interval=\"2s\"}";
const REFUSED_ONCE: &str = "balancer.connect={retries=1}";
pub(super) const DRAINED_ONE: &str = "timeline.d={at=\"25s\", do=\"drain\", targets=[\"api-2\"]}";
const UNDRAINED: &str = "timeline.e={at=\"30s\", do=\"undrain\", targets=\"all\"}";

pub(super) const BALANCER: &[Knob] = &[
    knob("balancer.instances", &[], "balancer.instances=3", Happens),
    knob("balancer.algorithm", &[], "balancer.algorithm=least-connections", Happens),
    knob("balancer.timeout", &[], "balancer.timeout=200ms", Happens),
    knob("balancer.connect.retries", &[], "balancer.connect.retries=1", Happens),
    knob("balancer.connect.delay", &[REFUSED_ONCE], "balancer.connect.delay=50ms", Happens),
    knob(
        "balancer.connect.redispatch",
        &[REFUSED_ONCE],
        "balancer.connect.redispatch=true",
        Happens,
    ),
    knob("balancer.connect.refused-as", &[], "balancer.connect.refused-as=http_502", Happens),
    knob("balancer.dialect", &[], "balancer.dialect=haproxy", Happens),
    knob(
        "balancer.version",
        &["balancer.dialect=haproxy", QUEUEING],
        "balancer.version=\"3.3\"",
        Happens,
    ),
    knob("balancer.workers", &["balancer.dialect=nginx"], "balancer.workers=3", Happens),
    knob(
        "balancer.zone",
        &["balancer.dialect=nginx", "balancer.workers=3"],
        "balancer.zone=true",
        Happens,
    ),
    knob("balancer.server-timeout", &[], "balancer.server-timeout=200ms", Happens),
    knob("balancer.client-leaves", &[FULL, WAITS], "balancer.client-leaves=ignore", Happens),
    knob("balancer.nobody-as", &["backends.*.weight=0"], "balancer.nobody-as=http_502", Happens),
    knob("balancer.connect.timeout", &[CUT], "balancer.connect.timeout=100ms", Happens),
    knob(
        "balancer.connect.timed-out-as",
        &[CUT, "balancer.connect.timeout=100ms"],
        "balancer.connect.timed-out-as=http_502",
        Happens,
    ),
    knob(
        "balancer.connect.redispatch-every",
        &["balancer.algorithm=source-hash", "balancer.connect={retries=3, redispatch=true}"],
        "balancer.connect.redispatch-every=last",
        Happens,
    ),
    knob(
        "balancer.connect.avoid",
        &["balancer.algorithm=source-hash", "balancer.connect={retries=3, redispatch=true}"],
        "balancer.connect.avoid=none",
        Happens,
    ),
    knob("balancer.retry.on", &[TIGHT, "balancer.retry.max=2"], RETRY_FULL, Happens),
    knob("balancer.retry.max", &[RETRY_FULL, TIGHT], "balancer.retry.max=2", Happens),
    knob("balancer.retry.wait", &[RETRYING, TIGHT], "balancer.retry.wait=20ms", Happens),
    knob(
        "balancer.retry.wait-cap",
        &[RETRYING, TIGHT, "balancer.retry.wait=80ms"],
        "balancer.retry.wait-cap=10ms",
        Happens,
    ),
    knob(
        "balancer.retry.within",
        &[RETRYING, TIGHT, "balancer.retry.wait=80ms"],
        "balancer.retry.within=50ms",
        Happens,
    ),
    knob(
        "balancer.retry.at-once",
        &[RETRYING, TIGHT, "balancer.retry.wait=80ms"],
        "balancer.retry.at-once=1",
        Happens,
    ),
    knob(
        "balancer.retry.share",
        &[RETRYING, TIGHT, "balancer.retry.wait=80ms", "balancer.retry.at-once=0"],
        "balancer.retry.share=50%",
        Happens,
    ),
    knob("balancer.queue.waits", &[FULL], WAITS, Happens),
    knob("balancer.queue.timeout", &[FULL, WAITS], "balancer.queue.timeout=100ms", Happens),
    knob(
        "balancer.queue.member",
        &[FULL, WAITS, "balancer.algorithm=source-hash"],
        "balancer.queue.member=1",
        Happens,
    ),
    knob("balancer.queue.pool", &[FULL, WAITS], "balancer.queue.pool=2", Happens),
    knob(
        "balancer.queue.full-load",
        &[QUEUEING, WAITS, "backends.*.min-connections=1"],
        "balancer.queue.full-load=30",
        Happens,
    ),
    knob(
        "balancer.queue.refills-on-change",
        &[FULL, WAITS, "backends.api-1.in-pool=false", DRAINED_ONE, UNDRAINED],
        "balancer.queue.refills-on-change=false",
        Happens,
    ),
    knob("balancer.limits.accepted", &[], "balancer.limits.accepted=3", Happens),
    knob("balancer.limits.requests", &[], "balancer.limits.requests=3", Happens),
    knob("balancer.limits.connections", &[], "balancer.limits.connections=3", Happens),
    knob(
        "balancer.limits.pending",
        &["balancer.limits.connections=3"],
        "balancer.limits.pending=1",
        Happens,
    ),
    knob(
        "backends.min-connections",
        &[QUEUEING, WAITS, "balancer.queue.full-load=30"],
        "backends.*.min-connections=1",
        Happens,
    ),
    knob("balancer.health.interval", &[CHECKED], "balancer.health.interval=500ms", Happens),
    knob(
        "balancer.health.fast-interval",
        &[CHECKED],
        "balancer.health.fast-interval=200ms",
        Happens,
    ),
    knob("balancer.health.down-interval", &[CHECKED], "balancer.health.down-interval=5s", Happens),
    knob("balancer.health.timeout", &[CHECKED, HUNG], "balancer.health.timeout=100ms", Happens),
    knob("balancer.health.rise", &[CHECKED], "balancer.health.rise=4", Happens),
    knob("balancer.health.fall", &[CHECKED], "balancer.health.fall=5", Happens),
    knob("balancer.health.initial", &[CHECKED], "balancer.health.initial=fully-down", Happens),
    knob("balancer.health.asks", &[CHECKED], "balancer.health.asks=connection", Happens),
    knob(
        "balancer.health.errors-are-final",
        &[CHECKED, FAILING],
        "balancer.health.errors-are-final=true",
        Happens,
    ),
    knob("balancer.health.first", &[CHECKED], "balancer.health.first=at-once", Happens),
    knob("balancer.panic", &[CHECKED], "balancer.panic=90%", Happens),
    knob(
        "balancer.backups",
        &[CHECKED, "backends.api-2.backup=true", "backends.api-3.backup=true"],
        "balancer.backups=first",
        Happens,
    ),
    knob("backends.backup", &[], "backends.api-3.backup=true", Happens),
    knob(
        "balancer.slow-start.period",
        &[CHECKED, SLOWLY],
        "balancer.slow-start.period=20s",
        Happens,
    ),
    knob(
        "balancer.slow-start.curve",
        &[CHECKED, SLOWLY],
        "balancer.slow-start.curve=sixteenths",
        Happens,
    ),
    knob("balancer.slow-start.floor", &[CHECKED, SLOWLY], "balancer.slow-start.floor=50%", Happens),
    knob(
        "balancer.slow-start.aggression",
        &[CHECKED, SLOWLY],
        "balancer.slow-start.aggression=3",
        Happens,
    ),
    knob(
        "balancer.ejection.rule",
        &[CONSECUTIVE],
        "balancer.ejection={rule=\"max-fails\"}",
        Happens,
    ),
    knob("balancer.ejection.failures", &[CONSECUTIVE], "balancer.ejection.failures=2", Happens),
    knob("balancer.ejection.period", &[CONSECUTIVE], "balancer.ejection.period=3s", Happens),
    knob("balancer.ejection.max-fails", &[MAX_FAILS], "balancer.ejection.max-fails=5", Happens),
    knob(
        "balancer.ejection.fail-timeout",
        &[MAX_FAILS],
        "balancer.ejection.fail-timeout=3s",
        Happens,
    ),
    knob(
        "balancer.ejection.layer",
        &[LIFE, FAILING, OBSERVE],
        "balancer.ejection.layer=connection",
        Happens,
    ),
    knob(
        "balancer.ejection.error-limit",
        &[LIFE, FAILING, OBSERVE],
        "balancer.ejection.error-limit=3",
        Happens,
    ),
    knob(
        "balancer.ejection.on-error",
        &[LIFE, FAILING, OBSERVE],
        "balancer.ejection.on-error=fail-check",
        Happens,
    ),
    knob(
        "balancer.ejection.consecutive-5xx",
        &[OUTLIER],
        "balancer.ejection.consecutive-5xx=50",
        Happens,
    ),
    knob(
        "balancer.ejection.consecutive-gateway",
        &[OUTLIER, "balancer.ejection.enforce-gateway=100%"],
        "balancer.ejection.consecutive-gateway=2",
        Happens,
    ),
    knob(
        "balancer.ejection.enforce-gateway",
        &[OUTLIER, "balancer.ejection.consecutive-gateway=2"],
        "balancer.ejection.enforce-gateway=100%",
        Happens,
    ),
    knob("balancer.ejection.interval", &[OUTLIER], "balancer.ejection.interval=2s", Happens),
    knob("balancer.ejection.base-time", &[OUTLIER], "balancer.ejection.base-time=10s", Happens),
    knob(
        "balancer.ejection.max-time",
        &[OUTLIER, "balancer.ejection.interval=2s", "balancer.ejection.base-time=5s"],
        "balancer.ejection.max-time=6s",
        Happens,
    ),
    knob("balancer.ejection.max-percent", &[OUTLIER], "balancer.ejection.max-percent=10%", Happens),
    knob(
        "balancer.ejection.always-one",
        &[OUTLIER, "balancer.ejection.max-percent=10%"],
        "balancer.ejection.always-one=1",
        Happens,
    ),
    knob(
        "balancer.ejection.strict",
        &[OUTLIER, "balancer.ejection.max-percent=10%"],
        "balancer.ejection.strict=0",
        Happens,
    ),
    knob(
        "balancer.ejection.enforce-success-rate",
        &[RATES, FAILING],
        "balancer.ejection.enforce-success-rate=0%",
        Happens,
    ),
    knob(
        "balancer.ejection.success-rate-hosts",
        &[RATES, FAILING],
        "balancer.ejection.success-rate-hosts=5",
        Happens,
    ),
    knob(
        "balancer.ejection.success-rate-volume",
        &[RATES, FAILING],
        "balancer.ejection.success-rate-volume=100000",
        Happens,
    ),
    knob(
        "balancer.ejection.success-rate-deviations",
        &[RATES, FAILING],
        "balancer.ejection.success-rate-deviations=5",
        Happens,
    ),
    knob(
        "balancer.ejection.enforce-failures",
        &[FAILURES, FAILING, "balancer.ejection.enforce-failures=0%"],
        "balancer.ejection.enforce-failures=100%",
        Happens,
    ),
    knob(
        "balancer.ejection.failure-threshold",
        &[FAILURES, SLOWED_MORE],
        "balancer.ejection.failure-threshold=5%",
        Happens,
    ),
    knob(
        "balancer.ejection.failure-hosts",
        &[FAILURES, FAILING],
        "balancer.ejection.failure-hosts=9",
        Happens,
    ),
    knob(
        "balancer.ejection.failure-volume",
        &[FAILURES, FAILING],
        "balancer.ejection.failure-volume=100000",
        Happens,
    ),
];
