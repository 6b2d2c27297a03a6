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
        "batch-of-unchecked-hosts",
        "Envoy: a batch of new hosts trips the panic threshold"
    ),
    misconfiguration!(
        "breaker-left-at-its-default",
        "Envoy: a raised limit of connections leaves requests at 1024"
    ),
    misconfiguration!("breakers-set-to-a-billion", "Envoy: breakers that never break"),
    misconfiguration!("check-of-the-port", "A check of the port does not see a process that hangs"),
    misconfiguration!(
        "check-timeout-within-the-tail",
        "A health check less patient than the service is slow"
    ),
    misconfiguration!(
        "checks-of-a-shared-dependency",
        "A readiness check that asks the database which all servers share"
    ),
    misconfiguration!(
        "checks-that-ask-for-work",
        "Health checks that cost what a page costs kill a loaded pool"
    ),
    misconfiguration!(
        "connect-timeout-of-30-ms",
        "timeout connect of 30 ms: a lost packet is a failure"
    ),
    misconfiguration!(
        "ejection-trips-panic",
        "Envoy: so many ejections that panic sends everybody back"
    ),
    misconfiguration!("fail-timeout-zero", "nginx: fail_timeout=0 protects from nothing"),
    misconfiguration!(
        "failover-without-a-health-signal",
        "Failover to another region that never happens"
    ),
    misconfiguration!("fast-failing-member", "Least connections loves a member that fails at once"),
    misconfiguration!(
        "five-hundred-retries",
        "Clients that try five hundred times, without backing off"
    ),
    misconfiguration!("fleet-outgrew-its-slots", "A fleet larger than the balancer's slots"),
    misconfiguration!(
        "half-of-the-traffic-to-two-of-ten",
        "New proxies that share half of the traffic"
    ),
    misconfiguration!("hash-with-maxconn", "A hashed server queues while others are idle"),
    misconfiguration!("identical-starts", "Every worker begins with the first server"),
    misconfiguration!(
        "limit-of-a-larger-fleet",
        "A limit of connections that was right for more hosts"
    ),
    misconfiguration!(
        "no-panic-threshold",
        "Envoy: no panic threshold, and overload takes all hosts out"
    ),
    misconfiguration!(
        "no-redispatch",
        "HAProxy without option redispatch: retries hammer the dead server"
    ),
    misconfiguration!("one-address-one-server", "nginx: ip_hash with clients of one network"),
    misconfiguration!("one-backup-for-all", "HAProxy: one backup gets what four servers carried"),
    misconfiguration!(
        "one-connection-for-all-calls",
        "gRPC calls balanced by connection: new servers get nothing"
    ),
    misconfiguration!(
        "one-slow-burst-empties-the-pool",
        "nginx defaults: one slow moment excludes every server"
    ),
    misconfiguration!(
        "outlier-detection-of-two-hosts",
        "Envoy before 1.28: one of two hosts may always be ejected"
    ),
    misconfiguration!(
        "outlier-detection-that-never-ejects",
        "Envoy: max_ejection_percent 10% of five hosts is nobody"
    ),
    misconfiguration!("pods-that-leave-too-early", "Pods that exit before the balancer knows"),
    misconfiguration!(
        "poisoned-pool",
        "nginx: http_500 in proxy_next_upstream lets one bad page empty the pool"
    ),
    misconfiguration!("queue-without-a-bound", "A queue longer than its clients' patience"),
    misconfiguration!(
        "random-to-single-threads",
        "Random routing to servers that do one thing at a time"
    ),
    misconfiguration!(
        "reload-forgets-a-drain",
        "A server drained by the runtime API gets traffic after a reload"
    ),
    misconfiguration!("reload-forgets-who-is-down", "A reload forgets who is down"),
    misconfiguration!("retries-at-two-layers", "Retries of clients times retries of the balancer"),
    misconfiguration!("retries-in-step", "Retries of all clients at the same moments"),
    misconfiguration!(
        "retries-refused-by-the-breaker",
        "Envoy: max_retries 3 under partial failure"
    ),
    misconfiguration!(
        "retries-that-feed-the-overload",
        "Envoy: retries against overload, with the breaker of retries raised"
    ),
    misconfiguration!("ring-too-small", "Envoy: a ring of 1024 points for a hundred hosts"),
    misconfiguration!(
        "sessions-that-never-expire",
        "No timeout: sessions stay until the limit of the process is reached"
    ),
    misconfiguration!("stale-endpoints", "Servers were replaced, and the balancer was never told"),
    misconfiguration!("viral-key", "Consistent hashing without a bound, and one popular key"),
    misconfiguration!(
        "zones-of-unequal-size",
        "Cross-zone balancing off, with one target in one zone and four in the other"
    ),
];
