//! The entries of what clients do while they wait: deadlines, hedges, connections.

use super::table::knob;
use super::{Happens, Knob};

pub(super) const HEDGING: &[Knob] = &[
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
];

const HEDGED: &str = "clients.web.hedge={after=\"60ms\"}";
/// Backends that notice.
const CANCELS: &str = "backends.*.abandoned=cancel";
