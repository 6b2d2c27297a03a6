//! What clients do when attempts fail: retry budgets against their arithmetic, the fixed point of adaptive
//! throttling, breakers and users who leave through the whole world, and that none of it changes the demand.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Gauges, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::{PopulationId, Setup};
use misroute::model::world::World;
use misroute::scenario::{Override, Source, load};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A thousand requests a second to one wide member that answers at once, and one that always fails.
const BASE: &str = r#"schema = 1
name = "clients"
duration = "100s"
[[clients]]
name = "web"
users = 100
arrivals = "constant"
rate = "1000/s"
retries = { max = 3, backoff = "fixed", base = "10ms", jitter = "none" }
[balancer]
algorithm = "random"
[[backends]]
name = "good"
workers = 1000
service = "1ms"
weight = 500
[[backends]]
name = "bad"
workers = 1000
service = "1ms"
weight = 500
[[timeline]]
name = "fails"
at = "0s"
do = "fail"
targets = "bad"
with = "http_500"
after = "1ms"
"#;

fn setup(overrides: &[&str]) -> Setup {
    let parsed: Vec<Override> =
        overrides.iter().map(|text| Override::parse(text).unwrap()).collect();
    let scenario = load(&Source::from_text("clients.toml", BASE), &parsed);
    (*scenario.unwrap_or_else(|wrong| panic!("{overrides:?}\n{wrong}")).setup).clone()
}

/// Births and ends.
#[derive(Default)]
struct Log {
    born: Vec<(Time, u32)>,
    ended: Vec<(Time, FinishedRequest)>,
    /// At each sample: when, and the attempts sent so far.
    attempts: Vec<(Time, u64)>,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, _: PopulationId, user: u32) {
        self.born.push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.ended.push((now, *request));
    }

    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        self.attempts.push((now, gauges.attempts));
    }
}

fn seconds(time: Time) -> f64 {
    time.as_secs_f64()
}

impl Log {
    /// How many requests born from `from` seconds on ended so.
    fn count(&self, from: f64, outcome: Outcome) -> usize {
        let is_it =
            |(_, r): &&(Time, FinishedRequest)| r.outcome == outcome && seconds(r.born) >= from;
        self.ended.iter().filter(is_it).count()
    }
}

fn run(setup: Setup) -> (Log, World) {
    let mut log = Log::default();
    let world = simulate(&Arc::new(setup), Seed::new(1), &mut log);
    world.assert_bookkeeping();
    (log, world)
}

/// Every attempt fails with this probability.
fn failing(p: f64) -> [String; 2] {
    let bad = (1000.0 * p).round();
    [format!("backends.bad.weight={bad}"), format!("backends.good.weight={}", 1000.0 - bad)]
}

/// Attempts per finished request.
fn amplification(p: f64, overrides: &[&str]) -> f64 {
    let failing = failing(p);
    let all: Vec<&str> =
        failing.iter().map(String::as_str).chain(overrides.iter().copied()).collect();
    let (_, world) = run(setup(&all));
    let counts = world.counts();
    counts.attempts as f64 / counts.requests as f64
}

/// Without a budget 1 + p + p^2 + p^3; 10% of the requests allow 1.1 at most, whoever shares the
/// budget; a bucket of 5 with 0.1 per call does not limit p << 0.1 and tends to 1.1. In between a
/// retry is taken when there is a token: 0.1 retries per request, or p + p^2 + p^3 if that is less. (Brooker 2022; SRE book, ch. 21.)
/// 100,000 requests: 1% is ten standard errors.
#[test]
fn budgets_bend_the_curve_of_amplification_over_failures() {
    const TOKENS: &str = "clients.web.retries.token-budget={ capacity = 5, deposit = 0.1 }";
    const RATIO: &str = "clients.web.retries.ratio-budget={ ratio = \"10%\" }";
    for p in [0.01, 0.05, 0.1, 0.2, 0.5, 1.0] {
        let series = 1.0 + p + p * p + p * p * p;
        let free = amplification(p, &[]);
        assert!((free / series - 1.0).abs() < 0.01, "{p}: {free}, not {series}");
        for scope in ["user", "population"] {
            for budget in [TOKENS, RATIO] {
                let table = budget.split("={").next().unwrap();
                let scope = format!("{table}.scope={scope}");
                let found = amplification(p, &[budget, &scope]);
                println!("{p} {budget} {scope}: {found}");
                if p >= 0.2 || p <= 0.05 && scope.ends_with("population") {
                    let limited = f64::min(series, 1.1);
                    assert!(
                        (found / limited - 1.0).abs() < 0.01,
                        "{p} {scope}: {found}, not {limited}"
                    );
                }
                assert!(found < 1.1 * 1.01);
            }
        }
    }
}
