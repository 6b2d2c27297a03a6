//! What a client is told, and after how long, when a member cannot be reached or does not answer:
//! the arithmetic that each vendor's documentation implies.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Probe};
use misroute::model::run::simulate;
use misroute::scenario::{Source, load};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Outcomes with the time they took, in ms.
#[derive(Default)]
struct Ends(Vec<(Outcome, u64)>);

impl Probe for Ends {
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let took = (now.since(request.born).as_ns() + 500_000) / 1_000_000;
        self.0.push((request.outcome, took));
    }
}

/// One request every ten seconds at `backends` members of 5 ms each.
fn ends_at(rate: &str, balancer: &str, backends: u32, more: &str) -> Vec<(Outcome, u64)> {
    let name = if backends == 1 { "b1".to_owned() } else { format!("b{{1..{backends}}}") };
    let text = format!(
        "schema = 1\nname = \"dialects\"\nduration = \"100s\"\n\
         [[clients]]\nname = \"one\"\narrivals = \"constant\"\nrate = \"{rate}\"\n\
         [balancer]\n{balancer}\n\
         [[backends]]\nname = \"{name}\"\nservice = \"5ms\"\n{more}"
    );
    let scenario = load(&Source::from_text("dialects.toml", text), &[]);
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut ends = Ends::default();
    simulate(&Arc::new(scenario.setup), Seed::new(1), &mut ends);
    assert!(!ends.0.is_empty());
    ends.0
}

fn ends(balancer: &str, backends: u32, fault: &str) -> Vec<(Outcome, u64)> {
    let fault =
        format!("[[timeline]]\nname = \"f\"\nat = \"0s\"\ndo = \"{fault}\"\ntargets = \"b1\"\n");
    ends_at("6/m", balancer, backends, &fault)
}

#[track_caller]
fn every(ends: &[(Outcome, u64)], expected: (Outcome, u64)) {
    assert!(ends.iter().all(|end| *end == expected), "{expected:?}: {ends:?}");
}

const HAPROXY: &str = "dialect = \"haproxy\"";

/// Configuration manual 4.2: three retries, each after min(1 s, timeout connect) if the connection
/// was refused; a connection timeout is wait enough.
#[test]
fn haproxy_without_redispatch_waits_for_the_same_server() {
    every(&ends(HAPROXY, 1, "crash"), (Outcome::Http503, 3_000));
    let quick = format!("{HAPROXY}\nconnect = {{ timeout = \"200ms\" }}");
    every(&ends(&quick, 1, "crash"), (Outcome::Http503, 600));
    every(&ends(&quick, 1, "partition"), (Outcome::Http503, 800));
    let once = format!("{HAPROXY}\nconnect = {{ timeout = \"5s\", retries = 1 }}");
    every(&ends(&once, 1, "crash"), (Outcome::Http503, 1_000));
    let answer = format!("{HAPROXY}\nserver-timeout = \"1500ms\"");
    every(&ends(&answer, 1, "hang"), (Outcome::Http504, 1_500));
}

/// `option redispatch`: round robin moves at once; a hash, with the default interval, on its last retry, if
/// it is a consistent one: the map has the same server for the key as long as that one is up.
#[test]
fn haproxy_redispatches_by_algorithm() {
    let redispatch = format!("{HAPROXY}\nconnect = {{ redispatch = true }}");
    every(&ends(&redispatch, 2, "crash"), (Outcome::Ok, 5));
    let hash = format!("{redispatch}\nalgorithm = \"source\"");
    let seen = ends(&hash, 2, "crash");
    // Two waits and a redispatch to the very same.
    assert!(
        seen.iter().all(|end| [(Outcome::Ok, 5), (Outcome::Http503, 2_000)].contains(end)),
        "{seen:?}"
    );
    assert!(seen.contains(&(Outcome::Http503, 2_000)), "{seen:?}");
    let hash = format!("{hash}\nhaproxy-source = {{ consistent = 1 }}");
    let seen = ends(&hash, 2, "crash");
    // Two waits at the refusing server; then anybody but it.
    assert!(
        seen.iter().all(|end| [(Outcome::Ok, 5), (Outcome::Ok, 2_005)].contains(end)),
        "{seen:?}"
    );
    assert!(seen.contains(&(Outcome::Ok, 2_005)), "{seen:?}");
}

/// Requests wait for a slot as long as `timeout queue`, which is `timeout connect` by default.
#[test]
fn haproxy_queues_at_full_servers() {
    let hang = "[[timeline]]\nname = \"f\"\nat = \"0s\"\ndo = \"hang\"\ntargets = \"b1\"\n";
    for (keys, waits) in [("", 700), ("queue = { timeout = \"300ms\" }", 300)] {
        let balancer = format!("{HAPROXY}\nconnect = {{ timeout = \"700ms\" }}\n{keys}");
        let seen = ends_at("1/s", &balancer, 1, &format!("max-connections = 1\n{hang}"));
        every(&seen, (Outcome::Http503, waits));
    }
    let least =
        format!("{HAPROXY}\nalgorithm = \"source\"\nqueue = {{ member = 2, timeout = \"none\" }}");
    let seen = ends_at("1/s", &least, 1, &format!("max-connections = 1\n{hang}"));
    every(&seen, (Outcome::Http503, 0));
    assert_eq!(seen.len(), 100 - 1 - 3, "one in service and two in line stay");
}

const NGINX: &str = "dialect = \"nginx\"";

/// ngx_http_proxy_module: error and timeout lead to the next peer, each peer once; 502 if the last
/// error was one, 504 if it was a timeout; 60 s by default.
#[test]
fn nginx_tries_every_peer_once() {
    every(&ends(NGINX, 1, "crash"), (Outcome::Http502, 0));
    every(&ends(NGINX, 2, "crash"), (Outcome::Ok, 5));
    let seen = ends(NGINX, 1, "hang");
    every(&seen, (Outcome::Http504, 60_000));
    let quick = format!("{NGINX}\nserver-timeout = \"2s\"");
    let both = ends(&quick, 2, "hang");
    let counts = both.iter().fold(BTreeMap::new(), |mut counts, end| {
        *counts.entry(end.1).or_insert(0) += 1;
        counts
    });
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [5, 2_005], "{both:?}");
    let short = format!("{NGINX}\nconnect = {{ timeout = \"3s\" }}");
    every(&ends(&short, 1, "partition"), (Outcome::Http504, 3_000));
    let all_full = ends_at("1000/s", NGINX, 1, "max-connections = 1\n");
    assert!(all_full.contains(&(Outcome::Http502, 0)), "no live upstreams");
}

/// A backup serves the retry of a request that every primary has failed, though they still count as
/// alive (max_fails=0: nobody is ever excluded).
#[test]
fn nginx_goes_on_to_its_backups() {
    let balancer = format!("{NGINX}\nejection = {{ rule = \"max-fails\", max-fails = 0 }}");
    let text = "[[backends]]\nname = \"spare\"\nservice = \"7ms\"\nbackup = true\n\
                [[timeline]]\nname = \"f\"\nat = \"0s\"\ndo = \"crash\"\ntargets = [\"b1\", \"b2\"]\n";
    every(&ends_at("6/m", &balancer, 2, text), (Outcome::Ok, 7));
    every(
        &ends_at("6/m", &balancer, 2, &text.replace("[\"b1\", \"b2\"]", "\"b1\"")),
        (Outcome::Ok, 5),
    );
}

const ENVOY: &str = "dialect = \"envoy\"";

/// router_filter and circuit_breaker.proto: no retries unless asked for; the route's 15 s include
/// everything; overflow is told at once.
#[test]
fn envoy_answers_for_its_cluster() {
    every(&ends(ENVOY, 1, "crash"), (Outcome::Http503, 0));
    every(&ends(ENVOY, 1, "partition"), (Outcome::Http503, 5_000));
    every(&ends(ENVOY, 1, "hang"), (Outcome::Http504, 15_000));
    let breaker = format!("{ENVOY}\nlimits = {{ requests = 3 }}");
    let hang = "[[timeline]]\nname = \"f\"\nat = \"0s\"\ndo = \"hang\"\ntargets = \"b1\"\n";
    let seen = ends_at("1/s", &breaker, 1, hang);
    assert!(seen.contains(&(Outcome::Http503, 0)) && seen.contains(&(Outcome::Http504, 15_000)));
    // One retry, after at most 25 ms: of a pool of two, the draw may hit the dead one again.
    let retry = format!("{ENVOY}\nretry = {{ on = [\"refused\"] }}");
    let seen = ends(&retry, 2, "crash");
    assert!(seen.iter().all(|(_, took)| *took <= 30), "{seen:?}");
}
