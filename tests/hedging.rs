//! Hedged requests and deadlines over all attempts, by hand arithmetic and at their limits.

use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Gauges, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::PopulationId;
use misroute::model::world::World;
use misroute::scenario::{Override, Source, load};
use std::sync::Arc;

/// One request a second, at 1 s, 2 s ..., to two backends that can do any number at once.
const PAIR: &str = r#"schema = 1
name = "pair"
duration = "20500ms"
[[clients]]
name = "web"
users = 50
arrivals = "constant"
rate = "1/s"
[balancer]
algorithm = "round-robin"
[[backends]]
name = "a"
workers = 100
service = "800ms"
[[backends]]
name = "b"
workers = 100
service = "100ms"
"#;

/// What became of the requests, and how long the backends were busy.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) born: Vec<(Time, u32)>,
    pub(crate) ended: Vec<(Span, FinishedRequest)>,
    pub(crate) busy_ms: Vec<u128>,
    pub(crate) reached: Vec<u64>,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, _: PopulationId, user: u32) {
        self.born.push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.ended.push((now.since(request.born), *request));
    }

    fn sample(&mut self, _: Time, gauges: &Gauges<'_>) {
        self.busy_ms = gauges.backends.iter().map(|backend| backend.busy_ns / 1_000_000).collect();
        self.reached = gauges.backends.iter().map(|backend| backend.reached).collect();
    }
}

impl Log {
    /// Latency in milliseconds, outcome and attempts of every request.
    fn ends(&self) -> Vec<(u64, Outcome, u32)> {
        let end =
            |(took, r): &(Span, FinishedRequest)| (took.as_ns() / 1_000_000, r.outcome, r.attempts);
        self.ended.iter().map(end).collect()
    }

    /// What all requests had in common.
    fn every(&self) -> (u64, Outcome, u32) {
        let ends = self.ends();
        assert!(ends.len() >= 15 && ends.iter().all(|end| *end == ends[0]), "{ends:?}");
        ends[0]
    }
}

/// Runs `text` with these overrides.
pub(crate) fn replay(text: &str, paths: &[&str]) -> (Log, World) {
    replay_from(text, paths, 1)
}

fn replay_from(text: &str, paths: &[&str], seed: u64) -> (Log, World) {
    let changes: Vec<Override> = paths.iter().map(|path| Override::parse(path).unwrap()).collect();
    let scenario = load(&Source::from_text("hedging.toml", text), &changes);
    let setup = scenario.unwrap_or_else(|wrong| panic!("{wrong}")).setup;
    let mut log = Log::default();
    let world = simulate(&Arc::new(setup), Seed::new(seed), &mut log);
    (log, world)
}

fn pair(paths: &[&str]) -> Log {
    replay(PAIR, paths).0
}

/// To `a`; after 200 ms also to `b`, which answers at 300 ms. So the next one is sent to `a` again.
#[test]
fn the_first_answer_counts() {
    let log = pair(&["clients.web.hedge={after=\"200ms\"}"]);
    assert_eq!(log.every(), (300, Outcome::Ok, 2));
    // Without it every other one takes 800 ms.
    let ends = pair(&[]).ends();
    assert_eq!(ends.iter().filter(|end| **end == (800, Outcome::Ok, 1)).count(), 10);
}

/// Of the work of 800 ms at `a`, 300 ms are done when `b` has answered.
#[test]
fn a_backend_that_notices_does_not_finish_what_nobody_wants() {
    let hedge = "clients.web.hedge={after=\"200ms\"}";
    let kept = "clients.web.hedge={after=\"200ms\", cancel=false}";
    let cancels = "backends.*.abandoned=cancel";
    assert_eq!(pair(&[hedge, cancels]).busy_ms, [20 * 300, 20 * 100]);
    // Nobody notices, or nobody says so: 19 are done, the last has worked for half a second.
    for paths in [&[hedge] as &[&str], &[kept], &[kept, cancels]] {
        assert_eq!(pair(paths).busy_ms, [19 * 800 + 500, 20 * 100], "{paths:?}");
    }
}

/// `b` fails at once, at 200 ms; `a` answers at 800 ms.
#[test]
fn a_failure_beside_an_attempt_in_flight_ends_nothing() {
    let failing = "timeline.f={at=\"0s\", do=\"fail\", targets=\"b\"}";
    let log = pair(&["clients.web.hedge={after=\"200ms\"}", failing]);
    assert_eq!(log.every(), (800, Outcome::Ok, 2));
}

/// Both are given up after 500 ms: the first at 500 ms, its hedge at 700 ms. Then the request is
/// tried again, 100 ms later, and hedged no more: `max` is of the request. The third attempt goes
/// to `a` as well and ends at 1300 ms.
#[test]
fn retries_begin_when_nothing_is_in_flight() {
    let log = pair(&[
        "backends.*.service=5s",
        "clients.web.timeout=500ms",
        "clients.web.hedge={after=\"200ms\"}",
        "clients.web.retries={max=1, backoff=\"fixed\", base=\"100ms\", jitter=\"none\"}",
    ]);
    assert_eq!(log.every(), (1300, Outcome::Timeout, 3));
    // With two hedges the retry has one as well: attempts at 0, 200, 400, then all gone at 900 ms.
    let log = pair(&[
        "backends.*.service=5s",
        "clients.web.timeout=500ms",
        "clients.web.hedge={after=\"200ms\", max=2}",
        "clients.web.retries={max=1, backoff=\"fixed\", base=\"100ms\", jitter=\"none\"}",
    ]);
    assert_eq!(log.every(), (1500, Outcome::Timeout, 4));
    // With three: 0, 200, 400, and at 1000 ms and 1200 ms.
    let log = pair(&[
        "backends.*.service=5s",
        "clients.web.timeout=500ms",
        "clients.web.hedge={after=\"200ms\", max=3}",
        "clients.web.retries={max=1, backoff=\"fixed\", base=\"100ms\", jitter=\"none\"}",
    ]);
    assert_eq!(log.every(), (1700, Outcome::Timeout, 5));
}

/// A tenth of a hedge per request: the tenth request is the first that has one, the twentieth the
/// next, which the end of the run cuts off.
#[test]
fn a_budget_bounds_hedges_to_a_share_of_requests() {
    let slow = "backends.*.service=800ms";
    let log = pair(&["clients.web.hedge={after=\"200ms\", share=\"10%\"}", slow]);
    let hedged = log.ended.iter().enumerate().filter(|(_, (_, request))| request.attempts == 2);
    let hedged: Vec<usize> = hedged.map(|(n, _)| n + 1).collect();
    assert_eq!(hedged, [10]);
    // Two hedges can be saved up while nobody needs one, and no more.
    let late = "timeline.s={at=\"14500ms\", do=\"slow\", targets=\"all\", factor=5}";
    let saved = |burst| {
        let hedge = format!("clients.web.hedge={{after=\"200ms\", share=\"25%\", burst={burst}}}");
        let log = pair(&["backends.*.service=100ms", late, &hedge, "duration=19900ms"]);
        log.ended.iter().filter(|(_, request)| request.attempts == 2).count()
    };
    // Two saved: at 15 s and at 16 s, which leaves a quarter; with three more, at 19 s. One saved: at
    // 15 s, and four quarters later.
    assert_eq!((saved(2), saved(1)), (3, 2));
}

/// Attempts at 0, 400 and 800 ms, each given up after 300 ms; the deadline is at 1 s.
#[test]
fn a_deadline_ends_a_request_whatever_it_is_doing() {
    let hung = "backends.*.service=60s";
    let retries =
        "clients.web.retries={max=10, backoff=\"fixed\", base=\"100ms\", jitter=\"none\"}";
    let timeout = "clients.web.timeout=300ms";
    let total = |span: &str| {
        let total = format!("clients.web.total-timeout={span}");
        pair(&[hung, retries, timeout, &total]).every()
    };
    assert_eq!(total("1s"), (1000, Outcome::Timeout, 3));
    // Between two attempts.
    assert_eq!(total("350ms"), (350, Outcome::Timeout, 1));
    // At the instant at which an attempt is given up; the request's timer is older.
    assert_eq!(total("300ms"), (300, Outcome::Timeout, 1));
    let log = pair(&[hung, "clients.web.total-timeout=1s", "backends.*.abandoned=cancel"]);
    // Whoever works on it is told: each second of work, and half of the last one.
    assert_eq!(log.every(), (1000, Outcome::Timeout, 1));
    assert_eq!(log.busy_ms.iter().sum::<u128>(), 19 * 1000 + 500);
}

/// A balancer that holds one connection at a time, for 800 ms, and two requests a second: those it
/// does not accept give up after 200 ms, those it does take as long as they take.
#[test]
fn a_connection_that_is_not_accepted_ends_by_its_own_timeout() {
    let log = pair(&[
        "backends.*.service=800ms",
        "balancer.limits.accepted=1",
        "clients.web.rate=2/s",
        "clients.web.connect-timeout=200ms",
    ]);
    for (n, end) in log.ends().into_iter().enumerate() {
        // Born at 0.5, 1.0 (until 1.2; the balancer is free at 1.3), 1.5 ...
        let expected = if n % 2 == 0 { (200, Outcome::Timeout, 1) } else { (800, Outcome::Ok, 1) };
        assert_eq!(end, expected, "the end number {n}");
    }
}

/// The text of the swarm: everything that can end an attempt, at once.
const STORM: &str = r#"schema = 1
name = "storm"
duration = "30s"
[[clients]]
name = "web"
users = 40
rate = "150/s"
timeout = "120ms"
connect-timeout = "40ms"
total-timeout = "300ms"
retries = { max = 3, base = "10ms" }
hedge = { after = "30ms", max = 3 }
redraw = true
[[clients]]
name = "batch"
users = 5
arrivals = "closed"
think = "50ms"
hedge = { after = "20ms", cancel = false, share = "20%" }
[balancer]
instances = 2
algorithm = "least-connections"
server-timeout = "80ms"
limits = { accepted = 25 }
queue = { waits = true, timeout = "50ms" }
retry = { on = ["http_502", "http_504"], max = 2 }
[[backends]]
name = "api-{1..3}"
workers = 2
queue = 5
max-connections = 4
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
name = "fail"
at = "15s"
do = "fail"
targets = "api-3"
for = "3s"
[[timeline]]
name = "reload"
at = "20s"
do = "reload"
"#;

/// Conservation and the books are asserted inside. With every kind of end.
#[test]
fn storms_lose_nobody_and_repeat_themselves() {
    for abandoned in ["cancel", "skip", "finish"] {
        for leaves in ["close", "ignore"] {
            let paths = [
                format!("backends.*.abandoned={abandoned}"),
                format!("balancer.client-leaves={leaves}"),
            ];
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let (log, world) = replay(STORM, &paths);
            let (again, twin) = replay(STORM, &paths);
            assert_eq!(world.digest(), twin.digest());
            assert_eq!(log.ended.len(), again.ended.len());
            let ends = |outcome| log.ended.iter().any(|(_, request)| request.outcome == outcome);
            assert!(ends(Outcome::Ok) && ends(Outcome::Timeout) && ends(Outcome::Http503));
            assert!(log.ended.iter().any(|(_, request)| request.attempts > 4));
        }
    }
}

/// When requests are born and whose they are does not depend on hedges, deadlines or redraws; and
/// what asks for a second attempt never, changes nothing at all.
#[test]
fn demand_is_the_same_with_and_without() {
    let open = &["unset"; 0];
    let (log, world) = replay(PAIR, open);
    let poisson = "clients.web.arrivals=poisson";
    let changed = ["clients.web.hedge={after=\"20ms\"}", "clients.web.redraw=true", poisson];
    assert_eq!(replay(PAIR, &[poisson]).0.born, replay(PAIR, &changed).0.born);
    // Nobody is ever that late.
    let idle = [
        "clients.web.hedge={after=\"10s\"}",
        "clients.web.redraw=true",
        "clients.web.total-timeout=15s",
        "clients.web.connect-timeout=1s",
    ];
    let (same, twin) = replay(PAIR, &idle);
    assert_eq!((same.ends(), twin.digest()), (log.ends(), world.digest()));
}

/// Ten servers of one worker each, services of 100 ms on average, picked in turn: the p99 of the
/// latency with hedges after 100 ms over that without them, over the same demand. A hedge is work
/// of its own, and nobody stops what nobody wants any more.
fn p99_ratio(load: f64, replication: u64) -> f64 {
    let rate = format!("clients.web.rate={}/s", 100.0 * load);
    let farm = [
        "clients.web.redraw=true",
        &rate,
        "backends.*.service={ exponential = { mean = \"100ms\" } }",
    ];
    let p99 = |more: &[&str]| {
        let paths = [&farm[..], more].concat();
        let (log, _) = replay_from(FARM, &paths, 100 + replication);
        let mut took: Vec<Span> = log.ended.iter().map(|&(took, _)| took).collect();
        took.sort_unstable();
        took[took.len() * 99 / 100].as_ns() as f64
    };
    p99(&["clients.web.hedge={after=\"100ms\"}"]) / p99(&[])
}

const FARM: &str = r#"schema = 1
name = "farm"
duration = "10m"
[[clients]]
name = "web"
rate = "1/s"
[balancer]
algorithm = "round-robin"
[[backends]]
name = "api-{1..10}"
workers = 1
service = "100ms"
"#;

/// Mean and half width of the 99.9% confidence interval of ten replications: t(0.9995; 9) = 4.781.
fn interval(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, 4.781 * (variance / n).sqrt())
}

/// Hedging nobody has to wait for makes the tail shorter; under load the second attempts wait in
/// the queues that they make longer, and the tail grows (Dean & Barroso, CACM 2013; Vulimiri et
/// al., "Low latency via redundancy", CoNEXT 2013).
#[test]
fn hedging_helps_at_low_load_and_harms_at_high_load() {
    let mut ratios = Vec::new();
    for load in [0.1, 0.3, 0.5, 0.6] {
        let values: Vec<f64> = (0..10).map(|number| p99_ratio(load, number)).collect();
        let (mean, half) = interval(&values);
        println!("load {load}: p99 with hedges over without, {mean:.3} +- {half:.3}");
        ratios.push((mean - half, mean + half));
    }
    assert!(ratios[0].1 < 0.8, "{ratios:?}");
    assert!(ratios[3].0 > 1.2, "{ratios:?}");
    // It gets worse from load to load.
    assert!(ratios.windows(2).all(|pair| pair[0].0 < pair[1].1), "{ratios:?}");
}

/// Whatever the law, a hedge after the p95 of the latency is 5% more load (Dean & Barroso): here
/// lognormal services of mean 80 ms and p95 200 ms, and nobody waits. 40,000 requests: the standard
/// error of a share of 5% is 0.11%; three of them and a bit.
#[test]
fn hedging_after_the_p95_costs_five_percent() {
    let (log, world) = replay_from(
        FARM,
        &[
            "clients.web={rate=\"67/s\", redraw=true, hedge={after=\"200ms\"}}",
            "backends.*={workers=1000, service={ lognormal = { mean = \"80ms\", p95 = \"200ms\" } }}",
        ],
        1,
    );
    let extra = world.counts().attempts as f64 / world.counts().requests as f64 - 1.0;
    assert!(log.ended.len() > 39_000);
    assert!((extra - 0.05).abs() < 0.0035, "{extra}");
}
