//! The entries of what clients do while they wait, and when an attempt fails.

use super::Happens;
use super::Knob;

const fn knob(id: &'static str, before: &'static [&'static str], turned: &'static str) -> Knob {
    Knob { id, before, turned, effect: Happens }
}

const RATIO: &str =
    "clients.web.retries.ratio-budget={ ratio = \"5%\", window = \"20s\", scope = \"population\" }";
const TOKENS: &str = "clients.web.retries.token-budget={ capacity = 2 }";
const GRPC: &str = "clients.web.retries.grpc-throttling={ max-tokens = 3 }";
const IN_A_ROW: &str = "clients.web.breaker={ consecutive = 2 }";
const BY_RATIO: &str = "clients.web.breaker={ failure-ratio = \"30%\", scope = \"population\" }";
const THROTTLE: &str = "clients.web.throttle={ scope = \"population\", k = 1 }";
const PATIENCE: &str = "clients.web.patience={ away = \"10s\", failures = 2 }";

/// Failures in plenty.
const FAILING: &str = "backends.*.queue=1";

pub(super) const CLIENTS: &[Knob] = &[
    knob(
        "clients.retries.ratio-budget.ratio",
        &[RATIO],
        "clients.web.retries.ratio-budget.ratio=50%",
    ),
    knob(
        "clients.retries.ratio-budget.window",
        &[RATIO],
        "clients.web.retries.ratio-budget.window=1s",
    ),
    knob(
        "clients.retries.ratio-budget.minimum",
        &[RATIO],
        "clients.web.retries.ratio-budget.minimum=1/s",
    ),
    knob(
        "clients.retries.ratio-budget.scope",
        &[RATIO],
        "clients.web.retries.ratio-budget.scope=user",
    ),
    knob(
        "clients.retries.token-budget.capacity",
        &[TOKENS, FAILING],
        "clients.web.retries.token-budget.capacity=1",
    ),
    knob(
        "clients.retries.token-budget.deposit",
        &[TOKENS, FAILING],
        "clients.web.retries.token-budget.deposit=1",
    ),
    knob(
        "clients.retries.token-budget.per",
        &[TOKENS, FAILING],
        "clients.web.retries.token-budget.per=success",
    ),
    knob(
        "clients.retries.token-budget.cost",
        &[TOKENS, FAILING],
        "clients.web.retries.token-budget.cost=2",
    ),
    knob(
        "clients.retries.token-budget.scope",
        &[TOKENS, FAILING],
        "clients.web.retries.token-budget.scope=population",
    ),
    knob(
        "clients.retries.grpc-throttling.max-tokens",
        &[GRPC, FAILING],
        "clients.web.retries.grpc-throttling.max-tokens=4",
    ),
    knob(
        "clients.retries.grpc-throttling.token-ratio",
        &[GRPC, FAILING],
        "clients.web.retries.grpc-throttling.token-ratio=1",
    ),
    knob(
        "clients.retries.grpc-throttling.scope",
        &[GRPC, FAILING],
        "clients.web.retries.grpc-throttling.scope=population",
    ),
    knob("clients.breaker.consecutive", &[IN_A_ROW, FAILING], "clients.web.breaker.consecutive=3"),
    knob(
        "clients.breaker.failure-ratio",
        &[BY_RATIO, FAILING],
        "clients.web.breaker.failure-ratio=60%",
    ),
    knob("clients.breaker.window", &[BY_RATIO, FAILING], "clients.web.breaker.window=2s"),
    knob("clients.breaker.minimum", &[BY_RATIO, FAILING], "clients.web.breaker.minimum=1000"),
    knob("clients.breaker.open-for", &[IN_A_ROW, FAILING], "clients.web.breaker.open-for=2s"),
    knob("clients.breaker.probes", &[BY_RATIO, FAILING], "clients.web.breaker.probes=3"),
    knob("clients.breaker.successes", &[BY_RATIO, FAILING], "clients.web.breaker.successes=4"),
    knob("clients.breaker.on", &[IN_A_ROW, FAILING], "clients.web.breaker.on=[\"timeout\"]"),
    knob("clients.breaker.scope", &[IN_A_ROW, FAILING], "clients.web.breaker.scope=population"),
    knob("clients.throttle.k", &[THROTTLE, FAILING], "clients.web.throttle.k=1.2"),
    knob("clients.throttle.window", &[THROTTLE, FAILING], "clients.web.throttle.window=10s"),
    knob(
        "clients.throttle.rejects",
        &[THROTTLE, FAILING],
        "clients.web.throttle.rejects=[\"timeout\"]",
    ),
    knob("clients.throttle.scope", &[THROTTLE, FAILING], "clients.web.throttle.scope=user"),
    knob("clients.patience.failures", &[PATIENCE, FAILING], "clients.web.patience.failures=1"),
    knob(
        "clients.patience.away",
        &[PATIENCE, FAILING],
        "clients.web.patience.away={ exponential = { mean = \"10s\" } }",
    ),
    knob("clients.patience.at-once", &[PATIENCE, FAILING], "clients.web.patience.at-once=false"),
    // Deadlines and hedges.
    knob(
        "clients.connect-timeout",
        &["balancer.limits.accepted=2"],
        "clients.web.connect-timeout=50ms",
    ),
    knob("clients.total-timeout", &[], "clients.web.total-timeout=300ms"),
    knob("clients.hedge.after", &[HEDGED], "clients.web.hedge.after=80ms"),
    knob("clients.hedge.max", &[HEDGED], "clients.web.hedge.max=2"),
    knob("clients.hedge.cancel", &[HEDGED, CANCELS], "clients.web.hedge.cancel=false"),
    knob("clients.hedge.share", &[HEDGED], "clients.web.hedge.share=5%"),
    knob(
        "clients.hedge.burst",
        &[HEDGED, "clients.web.hedge.share=5%"],
        "clients.web.hedge.burst=1",
    ),
    knob("clients.redraw", &[HEDGED], "clients.web.redraw=true"),
    // Connections.
    knob("clients.connections.pins", &[BUSY, KEPT], "clients.web.connections.pins=backend"),
    knob("clients.connections.max", &[BUSY, KEPT], "clients.web.connections.max=1"),
    knob("clients.connections.waiting", &[BUSY, FEW], "clients.web.connections.waiting=0"),
    knob("clients.connections.wait", &[BUSY, FEW], "clients.web.connections.wait=20ms"),
    knob("clients.connections.idle", &[BUSY, KEPT], "clients.web.connections.idle=1s"),
    knob("clients.connections.age", &[BUSY, KEPT], "clients.web.connections.age=5s"),
    knob("clients.connections.requests", &[BUSY, KEPT], "clients.web.connections.requests=3"),
    knob(
        "clients.connections.jitter",
        &[BUSY, KEPT, "clients.web.connections.age=5s"],
        "clients.web.connections.jitter=50%",
    ),
    knob("clients.connections.reuse", &[BUSY, KEPT], "clients.web.connections.reuse=oldest"),
];

const HEDGED: &str = "clients.web.hedge={after=\"60ms\"}";
/// Ten users, each of whom has more than one request in flight now and then.
const BUSY: &str = "clients.web.users=10";
const KEPT: &str = "clients.web.connections={max=10}";
const FEW: &str = "clients.web.connections={max=1}";
/// Backends that notice.
const CANCELS: &str = "backends.*.abandoned=cancel";
