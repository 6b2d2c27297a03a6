//! Limits against theory: what stochastic bisection finds must be what queueing theory states.
//!
//! Each end of an interval is decided at 99% confidence; the seeds are fixed.

use misroute::experiment::limits::{Limit, Limits, Status, Terms, find};
use misroute::scenario::{Override, Source, load};

/// M/M/c at 80 requests/s for each of its c workers of 100/s.
fn mmc(workers: u32) -> String {
    let rate = 80 * workers;
    format!(
        r#"schema = 1
name = "mmc"
duration = "5m"

[[clients]]
name = "web"
rate = "{rate}/s"

[[backends]]
name = "api"
workers = {workers}
service = {{ exponential = {{ mean = "10ms" }} }}
"#
    )
}

/// Members whose loss is found out within a second; a request that meets a closed port goes elsewhere.
const POOL: &str = r#"schema = 1
name = "pool"
duration = "5m"

[[clients]]
name = "web"
rate = "200/s"

[balancer]
algorithm = "join-shortest-queue"
connect = { retries = 3, redispatch = true }

[[backends]]
name = "api-{1..4}"
service = { exponential = { mean = "10ms" } }
"#;

/// Bronson's loop (HotOS 2021, section 2.1): 300 queries a second, a timeout of 1 s and one retry.
const LOOP: &str = r#"schema = 1
name = "loop"
duration = "3m"

[[clients]]
name = "web"
users = 3000
rate = "280/s"
timeout = "1s"
retries = { max = 1, base = "0s" }

[[backends]]
name = "db"
workers = 3
service = "10ms"
"#;

fn ask_with(text: &str, sets: &[&str], terms: &Terms, names: &[&str]) -> Limits {
    let sets: Vec<Override> = sets.iter().map(|set| Override::parse(set).unwrap()).collect();
    let scenario = load(&Source::from_text("limits.toml", text), &sets).unwrap();
    find(&scenario, terms, names, |_, _| {}).unwrap()
}

fn ask(text: &str, names: &[&str]) -> Limits {
    ask_with(text, &[], &Terms::default(), names)
}

/// The interval is as narrow as asked, and it or its middle is within `relative` of the truth.
fn is_about(limit: &Limit, truth: f64, relative: f64) {
    let (low, high) = (limit.low.unwrap(), limit.high.unwrap());
    let estimate = limit.estimate.unwrap();
    let context = format!("{}: {low} to {high}, about {estimate}; {truth}", limit.name);
    assert_eq!(limit.status, Status::Found, "{context}");
    assert!(low <= estimate && estimate <= high, "{context}");
    assert!((estimate / truth - 1.0).abs() < relative, "{context}");
    assert!((low / truth - 1.0) < relative && (1.0 - high / truth) < relative, "{context}");
}

#[test]
fn the_knee_of_a_queue_is_its_stability_limit() {
    for workers in [1, 5] {
        // Arrivals of 80 c `load` a second are served as long as there are fewer than 100 c.
        let limits = ask(&mmc(workers), &["knee"]);
        is_about(&limits.limits[0], 100.0 / 80.0, 0.01);
        assert!((limits.offered_rps - 80.0 * f64::from(workers)).abs() < 1e-9);
    }
}

#[test]
fn the_objective_of_one_server_is_the_quantile_of_an_exponential() {
    // P(T > x) = exp(-(mu - lambda) x) is 1% at lambda = mu - ln(100) / x = 100 - 4.60517 / 0.23
    // = 79.978/s.
    let objective = format!("{}[objective]\np99 = \"230ms\"\n", mmc(1));
    let limits = ask(&objective, &["objective"]);
    // A p99 is noisier than a goodput: with the most replications the interval is 3% wide.
    is_about(&limits.limits[0], 79.978 / 80.0, 0.02);
}

#[test]
fn without_one_of_n_alike_members_the_limit_is_n_minus_1_of_n() {
    let limits = ask(POOL, &["knee", "knee-n-1", "knee-n-2"]);
    let [whole, one, two] = &limits.limits[..] else { panic!("three answers") };
    is_about(whole, 2.0, 0.01);
    is_about(one, 1.5, 0.01);
    is_about(two, 1.0, 0.01);
    assert_eq!((one.lost.len(), two.lost.len()), (1, 2));
    assert!(limits.curve.iter().all(|at| at.low <= at.goodput_rps && at.goodput_rps <= at.high));
}

#[test]
fn the_worst_member_to_lose_is_the_largest() {
    let sets = ["backends.api-3.workers=3"];
    let limits = ask_with(POOL, &sets, &Terms::default(), &["knee-n-1"]);
    assert_eq!(limits.limits[0].lost, ["api-3"]);
    // Three of six workers are left, of 100/s each.
    is_about(&limits.limits[0], 1.5, 0.01);
}

#[test]
fn the_worst_zone_to_lose_is_the_larger() {
    let sets = ["backends.api-1.zone=a", "backends.api-{2..4}.zone=b"];
    let limits = ask_with(POOL, &sets, &Terms::default(), &["knee-zone"]);
    assert_eq!(limits.limits[0].lost, ["api-2", "api-3", "api-4"]);
    // One worker of 100/s is left of 200/s.
    is_about(&limits.limits[0], 0.5, 0.01);
}

#[test]
fn a_retry_loop_is_metastable_from_half_of_the_capacity_on() {
    // With every query sent twice, 300 a second are enough for 150.
    let limits = ask(LOOP, &["knee", "edge"]);
    is_about(&limits.limits[1], 150.0 / 280.0, 0.05);
}
