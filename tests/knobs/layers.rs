//! The entries of what stands around the algorithm: admission and layers.

use super::balancer::DRAINED_ONE;
use super::table::knob;
use super::{Happens, Knob};

/// Rules of admission, without parameters of their own.
const GRADIENT: &str = "balancer.admission={rule=\"gradient\"}";
const BUCKET: &str = "balancer.admission={rule=\"rate\", rate=\"30/s\"}";
const SUCCESS: &str = "balancer.admission={rule=\"success-rate\"}";
/// What layers tell apart.
const GROUPS: &str = "backends.api-1.group=new";
const OLD: &str = "backends.api-2.group=old";
const CANARY: &str = "balancer.canary={group=\"new\", share=\"5%\"}";
const ZONED: &str = "backends.*.zone=a";
const ZONED_TOO: &str = "backends.api-3.zone=b";
const ZONES: &str = "balancer.zones={local=[\"a\"], min-cluster-size=1}";

pub(super) const LAYERED: &[Knob] = &[
    // Admission.
    knob("balancer.admission.rule", &[GRADIENT], "balancer.admission.rule=success-rate", Happens),
    knob(
        "balancer.admission.percentile",
        &[GRADIENT],
        "balancer.admission.percentile=90%",
        Happens,
    ),
    knob(
        "balancer.admission.update-interval",
        &[GRADIENT],
        "balancer.admission.update-interval=1s",
        Happens,
    ),
    knob(
        "balancer.admission.min-rtt-interval",
        &[GRADIENT],
        "balancer.admission.min-rtt-interval=20s",
        Happens,
    ),
    knob(
        "balancer.admission.min-rtt-requests",
        &[GRADIENT],
        "balancer.admission.min-rtt-requests=20",
        Happens,
    ),
    knob(
        "balancer.admission.min-rtt-concurrency",
        &[GRADIENT],
        "balancer.admission.min-rtt-concurrency=2",
        Happens,
    ),
    knob("balancer.admission.jitter", &[GRADIENT], "balancer.admission.jitter=0%", Happens),
    knob("balancer.admission.buffer", &[GRADIENT], "balancer.admission.buffer=200%", Happens),
    knob("balancer.admission.max-limit", &[GRADIENT], "balancer.admission.max-limit=4", Happens),
    knob("balancer.admission.rate", &[BUCKET], "balancer.admission.rate=20/s", Happens),
    knob("balancer.admission.burst", &[BUCKET], "balancer.admission.burst=5", Happens),
    knob("balancer.admission.window", &[SUCCESS], "balancer.admission.window=5s", Happens),
    knob("balancer.admission.threshold", &[SUCCESS], "balancer.admission.threshold=80%", Happens),
    knob("balancer.admission.aggression", &[SUCCESS], "balancer.admission.aggression=2", Happens),
    knob(
        "balancer.admission.rps-threshold",
        &[SUCCESS],
        "balancer.admission.rps-threshold=20/s",
        Happens,
    ),
    knob(
        "balancer.admission.max-rejection",
        &[SUCCESS],
        "balancer.admission.max-rejection=10%",
        Happens,
    ),
    // Layers.
    knob("balancer.canary.share", &[GROUPS, CANARY], "balancer.canary.share=40%", Happens),
    knob("balancer.canary.group", &[GROUPS, OLD, CANARY], "balancer.canary.group=old", Happens),
    knob("balancer.canary.by", &[GROUPS, CANARY], "balancer.canary.by=client", Happens),
    knob("balancer.subset.size", &["balancer.subset.size=1"], "balancer.subset.size=2", Happens),
    knob(
        "balancer.priority.overprovisioning",
        &["backends.api-3.priority=1", "balancer.priority={}", DRAINED_ONE],
        "balancer.priority.overprovisioning=100%",
        Happens,
    ),
    knob(
        "balancer.zones.local",
        &[ZONED, ZONED_TOO, ZONES],
        "balancer.zones.local=[\"b\"]",
        Happens,
    ),
    knob(
        "balancer.zones.min-cluster-size",
        &[ZONED, ZONED_TOO, ZONES],
        "balancer.zones.min-cluster-size=6",
        Happens,
    ),
    knob("backends.priority", &["balancer.priority={}"], "backends.api-3.priority=1", Happens),
    knob("backends.zone", &[ZONED, ZONED_TOO, ZONES], "backends.api-2.zone=b", Happens),
    knob("backends.group", &[GROUPS, CANARY], "backends.api-2.group=new", Happens),
];
