//! The entries of how backends queue and serve.

use super::table::knob;
use super::{Happens, Knob};

/// So little capacity that a queue stands.
const FEW: &str = "backends.*.workers=1";
const CODEL: &str = "backends.*.discipline=codel";
const CONTROLLED: &str = "backends.*.discipline=controlled-delay";
const ADAPTIVE: &str = "backends.*.discipline=adaptive-lifo";
const SHARING: &str = "backends.*.discipline=processor-sharing";
const PATIENCE: &str = "backends.*.patience={ exponential = { mean = \"50ms\" } }";
const LAW: &str = "backends.*.contention={ alpha = 0.1, beta = 0.01 }";
const CURVE: &str = "backends.*.contention={ attempts = [1, 2], factor = [1, 2] }";

pub(super) const STATIONS: &[Knob] = &[
    knob("backends.discipline", &[], "backends.*.discipline=lifo", Happens),
    knob("backends.queue-age", &[], "backends.*.queue-age=50ms", Happens),
    knob("backends.patience", &[PATIENCE], "backends.*.patience=20ms", Happens),
    knob("backends.late", &[PATIENCE], "backends.*.late=http_500", Happens),
    knob(
        "backends.adaptive-lifo.interval",
        &[FEW, ADAPTIVE],
        "backends.*.adaptive-lifo.interval=10ms",
        Happens,
    ),
    knob("backends.codel.target", &[FEW, CODEL], "backends.*.codel.target=100ms", Happens),
    knob("backends.codel.interval", &[FEW, CODEL], "backends.*.codel.interval=200ms", Happens),
    knob(
        "backends.controlled-delay.target",
        &[FEW, CONTROLLED],
        "backends.*.controlled-delay.target=50ms",
        Happens,
    ),
    knob(
        "backends.controlled-delay.interval",
        &[FEW, CONTROLLED],
        "backends.*.controlled-delay.interval=50ms",
        Happens,
    ),
    knob(
        "backends.controlled-delay.order",
        &[FEW, CONTROLLED],
        "backends.*.controlled-delay.order=adaptive-lifo",
        Happens,
    ),
    knob(
        "backends.processor-sharing.concurrency",
        &[SHARING],
        "backends.*.processor-sharing.concurrency=3",
        Happens,
    ),
    knob("backends.contention.alpha", &[LAW], "backends.*.contention.alpha=0.2", Happens),
    knob("backends.contention.beta", &[LAW], "backends.*.contention.beta=0.1", Happens),
    knob(
        "backends.contention.attempts",
        &[CURVE],
        "backends.*.contention.attempts=[1, 3]",
        Happens,
    ),
    knob("backends.contention.factor", &[CURVE], "backends.*.contention.factor=[1, 3]", Happens),
    knob("backends.contention.applies", &[LAW], "backends.*.contention.applies=at-start", Happens),
];
