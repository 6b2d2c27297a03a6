//! What disciplines, ages and contention do to whole systems; lines alone are tested where they are.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::experiment::run::{Run, run};
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Probe};
use misroute::model::run::simulate;
use misroute::model::station::discipline::DISCIPLINES;
use misroute::scenario::{Override, Source, load};
use std::sync::Arc;

/// Four workers of 40 ms can do 100 per second; twice as much comes, and waits for a second at most.
const OVERLOAD: &str = r#"schema = 1
name = "overload"
duration = "3m"
[[clients]]
name = "web"
users = 1000
rate = "200/s"
timeout = "1s"
[balancer]
algorithm = "round-robin"
[[backends]]
name = "api-{1..2}"
workers = 2
service = { exponential = { mean = "40ms" } }
[[expect]]
name = "settled"
between = ["1m", "3m"]
metric = "requests.count"
at-least = 1
"#;

/// Everything that takes attempts out of a station: faults, a database, impatient clients, retries.
const EVENTFUL: &str = r#"schema = 1
name = "eventful"
duration = "60s"
[[clients]]
name = "web"
users = 100
rate = "120/s"
timeout = "500ms"
retries = { max = 2, base = "20ms" }
[balancer]
algorithm = "least-connections"
retry = { max = 1, on = ["http_503", "http_502"] }
[[backends]]
name = "api-{1..3}"
workers = 2
queue = 30
service = { exponential = { mean = "45ms" } }
contention = { alpha = 0.05, beta = 0.01 }
[database]
connections = 4
query = { exponential = { mean = "10ms" } }
[[timeline]]
name = "crash"
at = "10s"
do = "crash"
targets = "api-1"
for = "5s"
[[timeline]]
name = "hang"
at = "20s"
do = "hang"
targets = "api-2"
for = "4s"
[[timeline]]
name = "slow"
at = "30s"
do = "slow"
targets = "api-3"
factor = 3
for = "10s"
"#;

fn with(text: &str, paths: &[&str]) -> Run {
    with_seed(text, paths, 1)
}

fn with_seed(text: &str, paths: &[&str], seed: u64) -> Run {
    let scenario = load(&Source::from_text("stations.toml", text), &[]).unwrap();
    let changes: Vec<Override> = paths.iter().map(|path| Override::parse(path).unwrap()).collect();
    run(&scenario.with(&changes).unwrap_or_else(|wrong| panic!("{wrong}")), seed, |_| {})
}

fn settled(text: &str, paths: &[&str]) -> f64 {
    with(text, paths).result.intervals[0].totals.goodput_rps
}

/// In order of arrival everybody waits for longer than its client does. Whatever serves fresh work
/// keeps the capacity of 100 per second, but for what it turns away too early.
#[test]
fn under_overload_fresh_work_is_worth_more_than_old() {
    assert!(settled(OVERLOAD, &[]) < 1.0);
    let lasting = [
        "backends.*.discipline=lifo",
        "backends.*.discipline=adaptive-lifo",
        "backends.*.discipline=codel",
        "backends.*.discipline=controlled-delay",
        "backends.*.queue-age=500ms",
        "backends.*.patience=500ms",
        "backends.*.patience={ exponential = { mean = \"200ms\" } }",
    ];
    for path in lasting {
        let goodput = settled(OVERLOAD, &[path]);
        assert!((85.0..=103.0).contains(&goodput), "{path}: {goodput}");
    }
    // Shared or taken away, workers finish nothing of a load that never yields, or only what is short.
    assert!(settled(OVERLOAD, &["backends.*.discipline=processor-sharing"]) < 20.0);
}

#[test]
fn the_late_are_told_so() {
    let patience = "backends.*.patience=300ms";
    let outcomes = |paths: &[&str]| {
        let totals = with(OVERLOAD, paths).result.figures.totals;
        (totals.outcome(Outcome::Http503), totals.outcome(Outcome::Http500))
    };
    let (full, late) = outcomes(&[patience]);
    assert!(full > 10_000 && late == 0, "{full}, {late}");
    assert_eq!(outcomes(&[patience, "backends.*.late=http_500"]), (0, full));
}

/// Requests come every 20 ms and take 10. Of those that come while the backend hangs, whoever came in
/// its first four seconds has no patience left when it goes on, and is turned away then: 200, less the
/// one in service.
#[test]
fn a_backend_that_stood_still_finds_who_has_lost_patience() {
    let text = r#"schema = 1
name = "hang"
duration = "30s"
clients = [{ name = "web", rate = "50/s", arrivals = "constant" }]
backends = [{ name = "api", service = "10ms", patience = "1s" }]
timeline = [{ name = "hang", at = "10s", do = "hang", targets = "api", for = "5s" }]
expect = [
    { name = "at once", metric = "requests.failed_ratio", between = ["15.001s", "30s"], at-most = "0%" },
]
"#;
    let run = with(text, &[]);
    let totals = &run.result.figures.totals;
    assert!((199..=201).contains(&totals.outcome(Outcome::Http503)), "{:?}", totals.outcomes);
    assert_eq!(totals.failed, totals.outcome(Outcome::Http503));
    assert!(run.holds());
}

/// Users who never think keep N workers busy: N attempts of 100 ms are done at C(N) times 10 per
/// second, with C(N) = N / (1 + 0.02 (N - 1) + 0.0005 N (N - 1)).
#[test]
fn throughput_follows_the_universal_scalability_law() {
    for (n, capacity) in [(1_u32, 1.0_f64), (10, 8.163), (44, 15.682), (100, 12.610)] {
        let text = format!(
            r#"schema = 1
name = "usl"
duration = "2m"
clients = [{{ name = "web", users = {n}, arrivals = "closed", think = "1us" }}]
expect = [{{ name = "x", metric = "requests.count", between = ["1m", "2m"], at-least = 1 }}]
[[backends]]
name = "api"
workers = {n}
service = {{ exponential = {{ mean = "100ms" }} }}
contention = {{ alpha = 0.02, beta = 0.0005 }}
"#
        );
        let found = settled(&text, &[]) / 10.0;
        // 600 services of one worker in a minute: four standard errors are 16%, of many less.
        let error = 4.0 / (600.0 * capacity).sqrt();
        assert!((found / capacity - 1.0).abs() < error, "{n}: {found}, not {capacity}");
        // At the start or throughout: among as many as ever, it is the same.
        let at_start = settled(&text, &["backends.api.contention.applies=at-start"]) / 10.0;
        assert!((at_start / capacity - 1.0).abs() < error, "{n}: {at_start}, not {capacity}");
    }
}

/// Latency grows by 10 ms with each attempt inside, the network adds 100 ms on average each way,
/// clients wait for 3 s and try three times at once (Brooker, simple_collapse_sim; cases COLLAPSE of
/// the reference list). With 180 inside, attempts take 3 s: some 64 per second. So 21 to 64 requests
/// per second are served, but not after a surge that makes all of them three attempts.
#[test]
fn retries_keep_a_system_down_that_slows_with_concurrency() {
    let text = r#"schema = 1
name = "collapse"
duration = "3m"
[[clients]]
name = "web"
rate = "40/s"
timeout = "3s"
retries = { max = 2, base = "0s", jitter = "none" }
[[backends]]
name = "api"
workers = 1000000
service = "1s"
contention = { attempts = [0, 100000], factor = [1, 1001], applies = "at-start" }
[network]
client-latency = { exponential = { mean = "100ms" } }
client-round-trips = 0
[[timeline]]
name = "spike"
at = "30s"
do = "surge"
factor = 1
for = "5s"
[[expect]]
name = "after"
metric = "requests.count"
between = ["100s", "3m"]
at-least = 1
"#;
    let share = |rate: u32, peak: u32| {
        let rate_path = format!("clients.web.rate={rate}/s");
        let factor = format!("timeline.spike.factor={}", f64::from(peak) / f64::from(rate));
        settled(text, &[&rate_path, &factor]) / f64::from(rate)
    };
    assert!(share(15, 200) > 0.95, "below the window it recovers");
    for rate in [30, 50] {
        assert!(share(rate, 200) < 0.02, "{rate} stays down");
    }
    for rate in [20, 30] {
        assert!(share(rate, rate) > 0.9, "{rate} is served without a spike");
    }
    for rate in [70, 80] {
        assert!(share(rate, rate) < 0.02, "above the window {rate} needs no spike");
    }
    // 80/s for five seconds on top of 40/s: in about six of ten runs; with jittered backoff in none.
    let down = |paths: &[&str]| {
        let seeds = (1..=10).filter(|&seed| {
            with_seed(text, paths, seed).result.intervals[0].totals.goodput_rps < 4.0
        });
        seeds.count()
    };
    let spike = "timeline.spike.factor=2";
    // Of ten independent runs at 0.6, one to nine collapse with 99.4%.
    let collapsed = down(&[spike]);
    assert!((1..=9).contains(&collapsed), "{collapsed} of 10 collapse");
    let backing_off = [
        "clients.web.retries.base=40s",
        "clients.web.retries.cap=40s",
        "clients.web.retries.jitter=equal",
    ];
    let collapsed = down(&[&[spike], &backing_off[..]].concat());
    assert_eq!(collapsed, 0, "of 10, backing off for 20 to 40 s");
}

/// Waits of two populations.
#[derive(Default)]
struct Waits {
    count: [f64; 2],
    sum: [f64; 2],
}

impl Probe for Waits {
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let population = request.population.index();
        self.count[population] += 1.0;
        self.sum[population] += now.since(request.born).as_secs_f64() - 0.01;
    }
}

/// Cobham (1954), one worker of constant 10 ms, 30 urgent and 50 other requests per second: the work
/// in service that somebody finds is W = 80 * 0.01^2 / 2 = 4 ms; the urgent wait for W / (1 - 0.3) =
/// 5.714 ms, the others for W / (0.7 (1 - 0.8)) = 28.571 ms.
#[test]
fn the_urgent_wait_less_and_the_others_more() {
    let text = r#"schema = 1
name = "urgent"
duration = "2h"
backends = [{ name = "api", service = "10ms", discipline = "priority" }]
[[clients]]
name = "urgent"
rate = "30/s"
[[clients]]
name = "other"
rate = "50/s"
classes = [{ name = "late", share = 1, priority = 1 }]
"#;
    let scenario = load(&Source::from_text("urgent.toml", text), &[]).unwrap();
    let mut waits = Waits::default();
    simulate(&Arc::new(scenario.setup), Seed::new(1), &mut waits);
    let mean = |population: usize| 1e3 * waits.sum[population] / waits.count[population];
    // Of 576,000 requests at load 0.8: a standard error of about 0.5%, of the urgent less.
    assert!((mean(0) / 5.714 - 1.0).abs() < 0.02, "{} ms", mean(0));
    assert!((mean(1) / 28.571 - 1.0).abs() < 0.03, "{} ms", mean(1));
}

/// The demand is the same under every discipline, a run repeats itself, and no attempt is lost
/// whatever happens: conservation and Little's law are asserted at every sample.
#[test]
fn every_discipline_conserves_attempts_and_leaves_the_demand_alone() {
    let born = with(EVENTFUL, &[]).result.figures.totals.requests;
    let mut digests = Vec::new();
    for spec in DISCIPLINES {
        for abandoned in ["finish", "skip", "cancel"] {
            let discipline = format!("backends.*.discipline={}", spec.name);
            let abandoned = format!("backends.*.abandoned={abandoned}");
            let mut paths = vec![discipline.as_str(), abandoned.as_str()];
            if spec.name == "processor-sharing" {
                paths.push("backends.*.processor-sharing.concurrency=6");
            }
            paths.push("backends.*.patience={ exponential = { mean = \"300ms\" } }");
            paths.push("backends.*.queue-age=250ms");
            let result = with(EVENTFUL, &paths).result;
            assert_eq!(result.figures.totals.requests, born, "{paths:?}");
            assert_eq!(result.digest, with(EVENTFUL, &paths).result.digest, "{paths:?}");
            digests.push(result.digest);
        }
    }
    digests.sort_unstable();
    digests.dedup();
    // Without classes, priority is first come, first served; and so may adaptive LIFO be where age
    // ends the queue before it stands.
    assert!(digests.len() >= 3 * (DISCIPLINES.len() - 2), "{} differ", digests.len());
}

#[test]
fn what_has_no_meaning_is_said() {
    let wrong = [
        ("discipline=\"lfo\"", "unknown discipline `lfo`"),
        ("discipline=\"processor-sharing\", patience=\"1s\"", "nobody waits in line"),
        ("discipline=\"processor-sharing\", queue-age=\"1s\"", "nobody waits in line"),
        ("late=\"http_500\"", "nobody is turned away for having waited too long"),
        ("codel={ tarjet=\"5ms\" }", "unknown key `tarjet`"),
        ("contention={ }", "contention needs `alpha` and `beta`"),
        ("contention={ alpha=0.1, factor=[1] }", "`factor` has no meaning here"),
        ("contention={ attempts=[1, 2] }", "a curve needs `factor` as well"),
        ("contention={ attempts=[1, 2], factor=[1] }", "of one length"),
        ("contention={ attempts=[2, 1], factor=[1, 1] }", "numbers of attempts must grow"),
        ("contention={ attempts=[1], factor=[0] }", "a factor is from 0.01"),
        ("contention={ attempts=[], factor=[] }", "`attempts` is empty"),
        ("contention={ alpha=2 }", "`alpha` must be at most 1"),
    ];
    for (keys, message) in wrong {
        let text = format!(
            "schema = 1\nname = \"x\"\nduration = \"1s\"\n\
             clients = [{{ name = \"web\", rate = \"1/s\" }}]\n\
             backends = [{{ name = \"api\", service = \"1s\", {keys} }}]\n"
        );
        let found = load(&Source::from_text("x.toml", &text), &[]).unwrap_err().to_string();
        assert!(found.contains(message), "{keys}:\n{found}");
    }
}
