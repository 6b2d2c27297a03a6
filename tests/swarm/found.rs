//! What the swarm has found: scenarios that broke an invariant once, as small as it made them.

use super::agree::FILES;
use super::check::check;
use misroute::scenario::{Source, load};

/// What was wrong, and where it showed.
const FOUND: &[(&str, &str)] = &[
    (
        "a backend that went on dropped what its line had turned away in the middle of that",
        r#"
schema = 1
name = "swarm"
duration = "2s"
[[backends]]
abandoned = "cancel"
name = "b-1"
pauses.every = "1s"
pauses.length = "1s"
queue-age = "1s"
service = "1s"
[[clients]]
name = "c-1"
rate = "5/s"
total-timeout = "1s"
"#,
    ),
    (
        "a try that goes on when its client has left set that client's timer anew, in the past",
        r#"
schema = 1
name = "swarm"
duration = "5s"
load = "163%"
[[backends]]
name = "b-2"
queue = 0
service = { gamma = { mean = "1s", scv = 0.5 } }
[[backends]]
name = "b-3"
service = { gamma = { mean = "14003us", scv = 0.5 } }
[balancer]
client-leaves = "ignore"
dialect = "nginx"
[[clients]]
name = "c-1"
rate = "15/s"
timeout = "2ms"
[[timeline]]
at = "3196ms"
do = "crash"
name = "t-2"
targets = "b-3"
"#,
    ),
    (
        "a total timeout that was shortened meanwhile was set in the past",
        r#"
schema = 1
name = "swarm"
duration = "9s"
[[backends]]
name = "b-{1..3}"
service = "4s"
[balancer]
timeout = "8s"
retry = { on = ["http_502"], max = 2 }
[[clients]]
name = "c-1"
rate = "1/s"
[[timeline]]
at = "4s"
do = "configure"
name = "shorter"
set = { "balancer.timeout" = "100ms" }
[[timeline]]
at = "5s"
do = "crash"
name = "crash"
targets = ["b-1", "b-2"]
"#,
    ),
    (
        "a loop whose thinking has a heavy tail made requests without end, as no estimate knew",
        r#"
schema = 1
name = "swarm"
duration = "2s"
[[backends]]
name = "b-1"
service = "1us"
[[clients]]
arrivals = "closed"
name = "c-1"
think = { pareto = { min = "10us", shape = 0.9 } }
users = 3
"#,
    ),
];

#[test]
fn what_was_found_once_stays_mended() {
    for (what, text) in FOUND {
        println!("{what}");
        let scenario = load(&Source::from_text("found.toml", *text).in_folder(FILES), &[]);
        check(&scenario.unwrap_or_else(|wrong| panic!("{wrong}")), 1, &|_| {});
    }
}
