//! The entries of what lies between clients, balancers and backends.

use super::table::knob;
use super::{Happens, Knob};

/// A network with latency, and zones of all three.
const LATENCY: &str = "network.latency=5ms";
const LOSS: &str = "network.loss=5%";
const CLIENTS: &str = "clients.web.zone=a";
const BALANCERS: &str = "network.balancer-zones=[\"a\", \"b\"]";
const BACKENDS: &str = "backends.*.zone=b";
const FAR: &str = "link.far={between=[\"a\", \"b\"], latency=\"20ms\"}";

/// Faults of links; `e` is what is turned, `d` what is there to be taken back.
const ONE_WAY: &str =
    "timeline.e={at=\"30s\", do=\"partition\", targets=\"api-2\", direction=\"from\"}";
const CLIENTS_CUT: &str =
    "timeline.e={at=\"30s\", do=\"partition\", clients=\"web\", for=\"3s\", direction=\"to\"}";
const ZONES_CUT: &str =
    "timeline.e={at=\"30s\", do=\"partition\", zones=[\"a\", \"b\"], for=\"3s\"}";
const SLOW: &str =
    "timeline.e={at=\"30s\", do=\"slow-link\", targets=\"api-2\", latency=\"100ms\"}";
const SLOW_CLIENTS: &str =
    "timeline.e={at=\"30s\", do=\"slow-link\", clients=\"web\", latency=\"100ms\"}";
const SLOW_ZONES: &str =
    "timeline.e={at=\"30s\", do=\"slow-link\", zones=[\"a\", \"b\"], latency=\"100ms\"}";
const CUT: &str = "timeline.d={at=\"25s\", do=\"partition\", targets=\"api-2\", direction=\"to\"}";
const CUT_TOO: &str =
    "timeline.c={at=\"24s\", do=\"partition\", targets=\"api-3\", direction=\"to\"}";
const SLOWED: &str = "timeline.d={at=\"25s\", do=\"slow-link\", targets=\"all\", latency=\"50ms\"}";
const SLOWED_TOO: &str =
    "timeline.c={at=\"24s\", do=\"slow-link\", targets=\"all\", latency=\"70ms\"}";
const RECONNECT: &str = "timeline.e={at=\"30s\", do=\"reconnect\", of=\"d\"}";
const RESTORE: &str = "timeline.e={at=\"30s\", do=\"restore-link\"}";

pub(super) const NETWORK: &[Knob] = &[
    knob("network.latency", &[], LATENCY, Happens),
    knob(
        "network.local-latency",
        &[LATENCY, BALANCERS, BACKENDS],
        "network.local-latency=1ms",
        Happens,
    ),
    knob("network.client-latency", &[LATENCY], "network.client-latency=30ms", Happens),
    knob("network.loss", &[], LOSS, Happens),
    knob("network.client-loss", &[LOSS], "network.client-loss=10%", Happens),
    knob("network.round-trips", &[LATENCY], "network.round-trips=3", Happens),
    knob("network.client-round-trips", &[LATENCY], "network.client-round-trips=2", Happens),
    knob("network.idle-connections", &[LATENCY], "network.idle-connections=1", Happens),
    knob("network.resend", &[LOSS], "network.resend=300ms", Happens),
    knob("network.resend-opening", &[LOSS], "network.resend-opening=250ms", Happens),
    knob(
        "network.balancer-zones",
        &[BACKENDS, FAR, BALANCERS],
        "network.balancer-zones=[\"b\", \"a\", \"a\"]",
        Happens,
    ),
    knob("clients.zone", &[BALANCERS, BACKENDS, FAR], CLIENTS, Happens),
    knob(
        "link.between",
        &[CLIENTS, BALANCERS, BACKENDS, FAR],
        "link.far.between=[\"b\", \"b\"]",
        Happens,
    ),
    knob("link.latency", &[CLIENTS, BALANCERS, BACKENDS, FAR], "link.far.latency=25ms", Happens),
    knob("link.loss", &[CLIENTS, BALANCERS, BACKENDS, FAR], "link.far.loss=2%", Happens),
    knob("timeline.partition.direction", &[ONE_WAY], "timeline.e.direction=to", Happens),
    knob("timeline.partition.balancers", &[ONE_WAY], "timeline.e.balancers=[1]", Happens),
    knob("timeline.partition.clients", &[CLIENTS_CUT], "timeline.e.clients=all", Happens),
    knob(
        "timeline.partition.zones",
        &[CLIENTS, BALANCERS, BACKENDS, ZONES_CUT],
        "timeline.e.zones=[\"b\", \"b\"]",
        Happens,
    ),
    knob("timeline.reconnect.of", &[CUT, CUT_TOO, RECONNECT], "timeline.e.of=c", Happens),
    knob("timeline.slow-link", &[], SLOW, Happens),
    knob("timeline.slow-link.for", &[SLOW], "timeline.e.for=5s", Happens),
    knob("timeline.slow-link.targets", &[SLOW], "timeline.e.targets=api-3", Happens),
    knob("timeline.slow-link.clients", &[SLOW_CLIENTS], "timeline.e.clients=batch", Happens),
    knob(
        "timeline.slow-link.zones",
        &[CLIENTS, BALANCERS, BACKENDS, SLOW_ZONES],
        "timeline.e.zones=[\"b\", \"b\"]",
        Happens,
    ),
    knob("timeline.slow-link.balancers", &[SLOW], "timeline.e.balancers=[0]", Happens),
    knob("timeline.slow-link.direction", &[LOSS, SLOW], "timeline.e.direction=to", Happens),
    knob("timeline.slow-link.latency", &[SLOW], "timeline.e.latency=120ms", Happens),
    knob("timeline.slow-link.loss", &[SLOW], "timeline.e.loss=10%", Happens),
    knob("timeline.restore-link", &[SLOWED], RESTORE, Happens),
    knob("timeline.restore-link.of", &[SLOWED, SLOWED_TOO, RESTORE], "timeline.e.of=c", Happens),
];
