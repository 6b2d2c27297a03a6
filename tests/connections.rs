//! Connections that clients keep: what they are tied to, what closes them, and who waits for one.

use crate::hedging::{Log, replay};
use misroute::engine::time::Span;
use misroute::model::outcome::Outcome;

/// One request a second, at 1 s to 20 s, of one person who keeps connections; two members in turn,
/// told apart by how long they take.
const PERSON: &str = r#"schema = 1
name = "person"
duration = "20500ms"
[[clients]]
name = "web"
users = 1
arrivals = "constant"
rate = "1/s"
connections = { pins = "backend" }
[balancer]
algorithm = "round-robin"
[[backends]]
name = "a"
workers = 100
service = "1ms"
[[backends]]
name = "b"
workers = 100
service = "2ms"
"#;

/// Who answered each request, in the order of the answers: `x` if nobody did.
fn members(log: &Log) -> String {
    let letter = |(took, request): &(Span, _)| {
        let request: &misroute::model::probe::FinishedRequest = request;
        match (request.outcome, took.as_ns()) {
            (Outcome::Ok, 1_000_000) => 'a',
            (Outcome::Ok, 2_000_000) => 'b',
            _ => 'x',
        }
    };
    log.ended.iter().map(letter).collect()
}

fn person(paths: &[&str]) -> String {
    members(&replay(PERSON, paths).0)
}

const LAYER_7: &str = "clients.web.connections.pins=instance";

#[test]
fn a_connection_is_tied_to_a_member_or_lets_the_balancer_pick() {
    assert_eq!(person(&[]), "aaaaaaaaaaaaaaaaaaaa");
    assert_eq!(person(&[LAYER_7]), "abababababababababab");
}

/// One of four instances, and always the same: its turns alternate, as those of several do not.
#[test]
fn a_connection_is_tied_to_an_instance() {
    let four = "balancer.instances=4";
    assert_eq!(person(&[four, LAYER_7]), "abababababababababab");
    let each = person(&[four, "clients.web.connections={requests=1}"]);
    assert_ne!(each, "abababababababababab");
}

#[test]
fn connections_close_by_number_of_requests_age_and_idleness() {
    assert_eq!(person(&["clients.web.connections.requests=5"]), "aaaaabbbbbaaaaabbbbb");
    // Made at 1 s, closed at 6 s, before the request of that instant.
    assert_eq!(person(&["clients.web.connections.age=5s"]), "aaaaabbbbbaaaaabbbbb");
    assert_eq!(person(&["clients.web.connections.idle=2s"]), "aaaaaaaaaaaaaaaaaaaa");
    assert_eq!(person(&["clients.web.connections.idle=500ms"]), "abababababababababab");
    // At its age it is busy, and answers first: from 4 s on work takes 1.5 s.
    let slow = "timeline.s={at=\"3500ms\", do=\"slow\", targets=\"a\", factor=1500}";
    let log = replay(
        PERSON,
        &[slow, "clients.web.connections={pins=\"backend\", age=\"3200ms\", max=1}"],
    )
    .0;
    let late = &log.ended[3];
    assert_eq!((late.0, late.1.outcome), (Span::from_ms(1500), Outcome::Ok));
    assert_eq!(members(&log).get(..6), Some("aaaxxb"));
}

/// From half of ten requests on, rounded up: 6 to 10 on each connection.
#[test]
fn jitter_spreads_the_ends_of_connections() {
    let paths = [
        "duration=800s",
        "clients.web.connections={pins=\"backend\", requests=10, jitter=\"50%\"}",
        "backends.*.workers=1",
    ];
    let members = person(&paths);
    let runs: Vec<usize> =
        members.as_bytes().chunk_by(|one, other| one == other).map(<[u8]>::len).collect();
    let whole = &runs[..runs.len() - 1];
    assert!(whole.iter().all(|run| (6..=10).contains(run)), "{whole:?}");
    let mean = whole.iter().sum::<usize>() as f64 / whole.len() as f64;
    // Whole numbers from 6 to 10 have a mean of 8 and a deviation of 1.41: four standard errors.
    assert!((mean - 8.0).abs() < 4.0 * 1.41 / (whole.len() as f64).sqrt(), "{mean}");
}

#[test]
fn what_breaks_a_connection_leads_elsewhere() {
    // The first request is given up: its connection is closed, and the next leads to b.
    let hung = ["backends.a.service=60s", "clients.web.timeout=300ms"];
    assert_eq!(person(&hung), "xbbbbbbbbbbbbbbbbbbb");
    // A crash closes it while it is idle; b keeps it when a is back.
    let crash = "timeline.c={at=\"5500ms\", do=\"crash\", targets=\"a\", for=\"5s\"}";
    assert_eq!(person(&[crash]), "aaaaabbbbbbbbbbbbbbb");
    // Nobody answers on it: its client gives up, and makes another one.
    let cut = "timeline.p={at=\"5500ms\", do=\"partition\", targets=\"a\", for=\"5s\"}";
    assert_eq!(person(&[cut, "clients.web.timeout=300ms"]), "aaaaaxbbbbbbbbbbbbbb");
    // A port that only refuses new ones does not touch it.
    let refuse = "timeline.r={at=\"5500ms\", do=\"refuse\", targets=\"a\", for=\"5s\"}";
    assert_eq!(person(&[refuse]), "aaaaaaaaaaaaaaaaaaaa");
    assert_eq!(person(&[refuse, LAYER_7]), "abababxbxbababababab");
}

/// Layer 4 does not close for a drain; layer 7 sends the next request elsewhere.
#[test]
fn drains_end_at_layer_seven_only() {
    let drain = "timeline.d={at=\"5500ms\", do=\"drain\", targets=\"a\", for=\"5s\"}";
    assert_eq!(person(&[drain]), "aaaaaaaaaaaaaaaaaaaa");
    assert_eq!(person(&[drain, LAYER_7]).get(..10), Some("abababbbbb"));
}

/// A new process begins its turns anew, at `a`, where the old one would have gone on with `b`. At
/// layer 4 the old one keeps what it has, for as long as it is kept.
#[test]
fn a_reload_closes_idle_connections_at_layer_seven() {
    let reload = "timeline.r={at=\"5500ms\", do=\"reload\"}";
    assert_eq!(person(&[reload, LAYER_7]).get(..10), Some("ababaababa"));
    let reload = "timeline.r={at=\"6500ms\", do=\"reload\"}";
    assert_eq!(person(&[reload, LAYER_7]).get(..10), Some("ababababab"));
    assert_eq!(person(&[reload, "clients.web.connections.requests=9"]), "aaaaaaaaaaaaaaaaaabb");
}

/// `first` fills a member before it goes to the next. Four people, who never overlap, hold four
/// connections: a member that takes two of them is full at layer 4, idle at layer 7.
#[test]
fn at_layer_four_connections_are_counted_and_limited() {
    let paths = [
        "clients.web.users=4",
        "duration=400500ms",
        "balancer.algorithm=first",
        "backends.a.max-connections=2",
    ];
    let (log, _) = replay(PERSON, &paths);
    let users_of = |member: u64| {
        let of = |took: &Span| took.as_ns() == member * 1_000_000;
        let mut users: Vec<u32> =
            log.ended.iter().filter(|(took, _)| of(took)).map(|(_, r)| r.user).collect();
        users.sort_unstable();
        users.dedup();
        users
    };
    let (of_a, of_b) = (users_of(1), users_of(2));
    assert_eq!((of_a.len(), of_b.len()), (2, 2));
    assert!(of_a.iter().all(|user| !of_b.contains(user)));
    let (log, _) = replay(PERSON, &[&paths[..], &[LAYER_7]].concat());
    assert_eq!(log.reached, [400, 0]);
}

/// 800 ms of work, twice a second, on one connection: the k-th request is done at 0.5 s + 0.8 k s.
#[test]
fn requests_wait_for_a_connection_in_their_client() {
    let one = "clients.web.connections.max=1";
    let busy = ["backends.*.service=800ms", "clients.web.rate=2/s", one];
    let (log, world) = replay(PERSON, &busy);
    for (k, (took, request)) in (0..).zip(&log.ended) {
        assert_eq!((*took, request.outcome), (Span::from_ms(800 + 300 * k), Outcome::Ok));
    }
    // The 25th would end at the end of the run.
    assert_eq!(log.ended.len(), 24);
    assert_eq!(world.counts().attempts, 25);
    assert_eq!(log.busy_ms.iter().sum::<u128>(), 25 * 800);
    let ends = |more: &str| {
        let (log, _) = replay(PERSON, &[&busy[..], &[more]].concat());
        let end = |(took, r): &(Span, misroute::model::probe::FinishedRequest)| {
            (took.as_ns() / 1_000_000, r.outcome, r.attempts)
        };
        log.ended.iter().map(end).collect::<Vec<_>>()
    };
    // Born at 0.5 (done at 1.3), 1.0 (waits 0.3), 1.5 (would wait until 2.1), 2.0 (waits 0.1) ...
    let ok = |ms| (ms, Outcome::Ok, 1);
    let failed = |ms| (ms, Outcome::NoConnection, 0);
    assert_eq!(
        ends("clients.web.connections.wait=400ms")[..5],
        [ok(800), failed(400), ok(1100), ok(900), failed(400)]
    );
    // Nobody may wait: every other one finds the connection busy.
    let none = ends("clients.web.connections.waiting=0");
    assert_eq!(none[..4], [failed(0), ok(800), failed(0), ok(800)]);
    // The deadline of the whole request ends its wait as well.
    let total = ends("clients.web.total-timeout=1s");
    assert_eq!(total[..3], [ok(800), (1000, Outcome::Timeout, 1), (1000, Outcome::Timeout, 1)]);
}

/// Four people, a balancer that accepts two connections: whoever is later waits until one of them
/// is closed.
#[test]
fn idle_connections_count_against_what_a_balancer_accepts() {
    let paths = [
        "clients.web.users=4",
        "duration=400500ms",
        "balancer.limits.accepted=2",
        "clients.web.connect-timeout=300ms",
        LAYER_7,
    ];
    let served = |more: &[&str]| {
        let (log, _) = replay(PERSON, &[&paths[..], more].concat());
        let ok = log.ended.iter().filter(|(_, request)| request.outcome.is_ok());
        let mut users: Vec<u32> = ok.map(|(_, request)| request.user).collect();
        users.sort_unstable();
        users.dedup();
        users.len()
    };
    assert_eq!(served(&[]), 2);
    assert_eq!(served(&["clients.web.connections.idle=500ms"]), 4);
}

/// A hedge takes an idle connection or a new one, and waits for none.
#[test]
fn a_hedge_needs_a_connection_of_its_own() {
    let hedged = |max: u32| {
        let max = format!("clients.web.connections.max={max}");
        let paths = [
            "backends.a.service=800ms",
            "clients.web.hedge={after=\"200ms\"}",
            "clients.web.rate=1/s",
            LAYER_7,
            &max,
        ];
        replay(PERSON, &paths).1.counts().attempts
    };
    // Alone, the connection answers in time: a, b, a ... Hedged, each of the twenty has b's answer.
    assert_eq!((hedged(1), hedged(2)), (20, 40));
}

/// Two hundred people who ask every second; half of the connections lead to each member. `a` is away
/// from 10 s to 15 s.
const CROWD: &str = r#"schema = 1
name = "crowd"
duration = "60s"
[[clients]]
name = "web"
users = 200
arrivals = "closed"
think = "1s"
connections = { pins = "backend", max = 1 }
[balancer]
algorithm = "least-connections"
connect = { retries = 1, redispatch = true }
[[backends]]
name = "a"
workers = 500
service = "1ms"
[[backends]]
name = "b"
workers = 500
service = "2ms"
[[timeline]]
name = "crash"
at = "10500ms"
do = "crash"
targets = "a"
for = "5s"
"#;

/// Where those born in these seconds were answered.
fn shares(log: &Log, from: u64, to: u64) -> (usize, usize) {
    let within = |born: u64| (from * 1_000_000_000..to * 1_000_000_000).contains(&born);
    let of = |ms: u64| {
        let there = log
            .ended
            .iter()
            .filter(|(took, r)| took.as_ns() == ms * 1_000_000 && within(r.born.as_ns()));
        there.count()
    };
    (of(1), of(2))
}

/// A pool stays as lopsided as the crash has left it, until something closes connections.
#[test]
fn a_tied_pool_stays_unbalanced_after_a_member_comes_back() {
    let (log, _) = replay(CROWD, &[]);
    assert_eq!(shares(&log, 0, 9), (800, 800));
    let (a, b) = shares(&log, 20, 60);
    assert!(a == 0 && b > 7_000, "{a} {b}");
    // Request by request `a` is used again at once, and more, as it is the faster one.
    let (log, _) = replay(CROWD, &["clients.web.connections.pins=instance"]);
    let (a, b) = shares(&log, 20, 60);
    assert!(a > b && b > 2_000, "{a} {b}");
    // Connections of at most ten seconds: whoever closes one makes the next to the member with fewer.
    let aged = "clients.web.connections={pins=\"backend\", max=1, age=\"10s\", jitter=\"50%\"}";
    let (log, _) = replay(CROWD, &[aged]);
    let (a, b) = shares(&log, 35, 60);
    assert!(a.abs_diff(b) * 20 < a + b, "{a} {b}");
}

/// Everything that can end an attempt or a connection, at once.
const STORM: &str = r#"schema = 1
name = "storm"
duration = "30s"
[[clients]]
name = "web"
users = 15
rate = "150/s"
timeout = "120ms"
connect-timeout = "40ms"
total-timeout = "300ms"
retries = { max = 3, base = "10ms" }
hedge = { after = "30ms", max = 3 }
connections = { max = 3, wait = "60ms", waiting = 3, idle = "300ms", age = "2s", requests = 20, jitter = "50%" }
[[clients]]
name = "batch"
users = 5
arrivals = "closed"
think = "50ms"
hedge = { after = "20ms", cancel = false }
connections = { pins = "backend", max = 2, age = "5s" }
[balancer]
instances = 2
algorithm = "least-connections"
server-timeout = "80ms"
limits = { accepted = 20 }
queue = { waits = true, timeout = "50ms" }
retry = { on = ["http_502", "http_504"], max = 2 }
connect = { timeout = "50ms", retries = 1, redispatch = true }
[[backends]]
name = "api-{1..3}"
workers = 2
queue = 5
max-connections = 6
service = { exponential = { mean = "25ms" } }
abandoned = "cancel"
[database]
connections = 3
query = { exponential = { mean = "5ms" } }
[[timeline]]
name = "hang"
at = "5s"
do = "hang"
targets = "api-1"
for = "3s"
[[timeline]]
name = "crash"
at = "10s"
do = "crash"
targets = "api-2"
for = "3s"
[[timeline]]
name = "cut"
at = "15s"
do = "partition"
targets = "api-3"
for = "3s"
[[timeline]]
name = "reload"
at = "20s"
do = "reload"
[[timeline]]
name = "reload-again"
at = "22s"
do = "reload"
[[timeline]]
name = "drain"
at = "24s"
do = "drain"
targets = "api-2"
"#;

/// Conservation and the books are asserted inside.
#[test]
fn storms_lose_no_connection_and_repeat_themselves() {
    for pins in ["instance", "backend"] {
        for leaves in ["close", "ignore"] {
            for reuse in ["latest", "oldest"] {
                let paths = [
                    format!("clients.web.connections.pins={pins}"),
                    format!("clients.web.connections.reuse={reuse}"),
                    format!("balancer.client-leaves={leaves}"),
                ];
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                let (log, world) = replay(STORM, &paths);
                assert_eq!(world.digest(), replay(STORM, &paths).1.digest());
                for outcome in [Outcome::Ok, Outcome::Timeout, Outcome::NoConnection] {
                    let ends = log.ended.iter().filter(|(_, r)| r.outcome == outcome).count();
                    assert!(ends > 5, "{outcome:?}, {paths:?}");
                }
            }
        }
    }
}

/// A connection per request is as good as none; and demand does not depend on any of this.
#[test]
fn one_request_a_connection_is_as_without() {
    let shared = [
        "balancer.instances=3",
        "clients.web.users=50",
        "clients.web.rate=100/s",
        "clients.web.arrivals=poisson",
    ];
    let with = |connections: &str| {
        let text = PERSON.replace("connections = { pins = \"backend\" }\n", connections);
        replay(&text, &shared)
    };
    let (log, world) = with("");
    for pins in ["instance", "backend"] {
        let (same, twin) = with(&format!("connections = {{ pins = \"{pins}\", requests = 1 }}\n"));
        assert_eq!(world.digest(), twin.digest());
        assert_eq!(log.ended.len(), same.ended.len());
        let (other, kept) = with(&format!("connections = {{ pins = \"{pins}\" }}\n"));
        assert_ne!(world.digest(), kept.digest());
        assert_eq!(log.born, other.born);
    }
}
