//! Misconfigurations that hurt in production: each scenario shows what one does, and its twin, the
//! configuration put right, does not.

use super::bundled::{Bundled, bundled};

macro_rules! misconfiguration {
    ($name:literal, $summary:literal) => {
        bundled!("misconfigurations", $name, $summary)
    };
}

/// Every misconfiguration, by name.
pub const MISCONFIGURATIONS: &[Bundled] = &[
    misconfiguration!("accepted-below-capacity", "A process limit equal to one server's limit"),
    misconfiguration!(
        "breaker-left-at-its-default",
        "Envoy: a raised limit of connections leaves requests at 1024"
    ),
    misconfiguration!("check-of-the-port", "A check of the port does not see a process that hangs"),
    misconfiguration!(
        "checks-that-ask-for-work",
        "Health checks that cost what a page costs kill a loaded pool"
    ),
    misconfiguration!("drain-lost-by-a-reload", "A reload forgets who is down"),
    misconfiguration!(
        "ejection-trips-panic",
        "Envoy: so many ejections that panic sends everybody back"
    ),
    misconfiguration!("fail-timeout-zero", "nginx: fail_timeout=0 protects from nothing"),
    misconfiguration!("fast-failing-member", "Least connections loves a member that fails at once"),
    misconfiguration!("hash-with-maxconn", "A hashed server queues while others are idle"),
    misconfiguration!("identical-starts", "Every worker begins with the first server"),
    misconfiguration!(
        "no-redispatch",
        "HAProxy without option redispatch: retries hammer the dead server"
    ),
    misconfiguration!("one-address-one-server", "ip_hash with clients behind one address"),
    misconfiguration!("one-backup-for-all", "HAProxy: one backup gets what four servers carried"),
    misconfiguration!(
        "one-slow-burst-empties-the-pool",
        "nginx defaults: one slow moment excludes every server"
    ),
    misconfiguration!(
        "outlier-detection-that-never-ejects",
        "Envoy: max_ejection_percent 10% of five hosts is nobody"
    ),
    misconfiguration!(
        "poisoned-pool",
        "nginx: http_500 in proxy_next_upstream lets one bad page empty the pool"
    ),
    misconfiguration!(
        "random-to-single-threads",
        "Random routing to servers that do one thing at a time"
    ),
    misconfiguration!("retries-without-a-budget", "Envoy: max_retries 3 under partial failure"),
    misconfiguration!("viral-key", "Consistent hashing without a bound, and one popular key"),
];
