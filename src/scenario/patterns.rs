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
        "checks-kill-a-loaded-pool",
        "Health checks that wait behind the work take a busy pool apart, and keep it so"
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
        "pool-blamed-on-the-balancer",
        "An exhausted database pool shows as errors of the balancer, evenly over all servers"
    ),
    pattern!(
        "queue-longer-than-patience",
        "A queue longer than its clients' patience turns a small overload into a total one"
    ),
    pattern!("sinkhole", "Under least connections a member that fails at once gets nearly all"),
];
