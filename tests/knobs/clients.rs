//! The entries of what clients do while they wait, and when an attempt fails.

use super::table::knob;
use super::{Happens, Knob};

pub(super) const CLIENTS: &[Knob] = &[
    // Deadlines and hedges.
    knob(
        "clients.connect-timeout",
        &["balancer.limits.accepted=2"],
        "clients.web.connect-timeout=50ms",
        Happens,
    ),
    knob("clients.total-timeout", &[], "clients.web.total-timeout=300ms", Happens),
    knob("clients.hedge.after", &[HEDGED], "clients.web.hedge.after=80ms", Happens),
    knob("clients.hedge.max", &[HEDGED], "clients.web.hedge.max=2", Happens),
    knob("clients.hedge.cancel", &[HEDGED, CANCELS], "clients.web.hedge.cancel=false", Happens),
    knob("clients.hedge.share", &[HEDGED], "clients.web.hedge.share=5%", Happens),
    knob(
        "clients.hedge.burst",
        &[HEDGED, "clients.web.hedge.share=5%"],
        "clients.web.hedge.burst=1",
        Happens,
    ),
    knob("clients.redraw", &[HEDGED], "clients.web.redraw=true", Happens),
    // Connections.
    knob("clients.connections.pins", &[KEPT], "clients.web.connections.pins=backend", Happens),
    knob("clients.connections.max", &[KEPT], "clients.web.connections.max=1", Happens),
    knob("clients.connections.waiting", &[FEW], "clients.web.connections.waiting=0", Happens),
    knob("clients.connections.wait", &[FEW], "clients.web.connections.wait=20ms", Happens),
    knob("clients.connections.idle", &[KEPT], "clients.web.connections.idle=1s", Happens),
    knob("clients.connections.age", &[KEPT], "clients.web.connections.age=5s", Happens),
    knob("clients.connections.requests", &[KEPT], "clients.web.connections.requests=3", Happens),
    knob(
        "clients.connections.jitter",
        &[KEPT, "clients.web.connections.age=5s"],
        "clients.web.connections.jitter=50%",
        Happens,
    ),
    knob("clients.connections.reuse", &[KEPT], "clients.web.connections.reuse=oldest", Happens),
];

const HEDGED: &str = "clients.web.hedge={after=\"60ms\"}";
/// Ten users, each of whom has more than one request in flight now and then.
const KEPT: &str = "clients.web={users=10, connections={max=10}}";
const FEW: &str = "clients.web={users=10, connections={max=1}}";
/// Backends that notice.
const CANCELS: &str = "backends.*.abandoned=cancel";
