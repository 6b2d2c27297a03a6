//! Patterns of overload: each scenario states a claim of the literature in its title, cites it, and
//! checks it; its twins take out what the claim rests on.

use super::bundled::{Bundled, bundled};

macro_rules! pattern {
    ($name:literal, $summary:literal) => {
        bundled!("patterns", $name, $summary)
    };
}

/// Every pattern, by name.
pub const PATTERNS: &[Bundled] = &[
    pattern!(
        "balancer-blamed-on-the-database",
        "Traffic sent to one server shows as failing database calls, while the database is idle"
    ),
    pattern!(
        "checks-kill-a-loaded-pool",
        "Health checks that wait behind the work take a busy pool apart, and keep it so"
    ),
    pattern!(
        "cold-caches",
        "A restart of every cache at once is an outage; one after the other it is not"
    ),
    pattern!(
        "hedging-turns-harmful",
        "Hedging shortens the tail at low load, and multiplies it at high load"
    ),
    pattern!(
        "herd-after-a-reload",
        "A reload of a hundred proxies sends a wave of first requests through the servers"
    ),
    pattern!(
        "metastable-retry-loop",
        "One retry keeps a database down at half of its capacity, once the loop is filled"
    ),
    pattern!(
        "newest-first-under-overload",
        "Under overload first come, first served serves nobody in time"
    ),
    pattern!(
        "pauses-of-the-collector",
        "Pauses for a twentieth of the time decide the tail, unless the balancer sees them"
    ),
    pattern!(
        "pool-blamed-on-the-balancer",
        "An exhausted database pool shows as errors of the balancer, evenly over all servers"
    ),
    pattern!(
        "queue-longer-than-patience",
        "A queue longer than its clients' patience turns a small overload into a total one"
    ),
    pattern!(
        "retry-storm",
        "Three retries multiply the load of an outage by four, whatever the backoff"
    ),
    pattern!("sinkhole", "Under least connections a member that fails at once gets nearly all"),
];
