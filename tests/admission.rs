//! What rules of admission do to an overloaded system; their arithmetic is tested where it is.

use misroute::experiment::run::{Run, run};
use misroute::model::balancer::admission::ADMISSIONS;
use misroute::scenario::{Override, Source, load};

/// Four workers of 40 ms can do 100 per second; twice as much comes, and waits for a second at most.
const OVERLOAD: &str = r#"schema = 1
name = "overload"
duration = "5m"
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
between = ["1m", "5m"]
metric = "requests.count"
at-least = 1
"#;

fn with(paths: &[&str]) -> Run {
    let scenario = load(&Source::from_text("overload.toml", OVERLOAD), &[]).unwrap();
    let changes: Vec<Override> = paths.iter().map(|path| Override::parse(path).unwrap()).collect();
    run(&scenario.with(&changes).unwrap_or_else(|wrong| panic!("{wrong}")), 1, |_| {})
}

fn goodput(paths: &[&str]) -> f64 {
    with(paths).result.intervals[0].totals.goodput_rps
}

#[test]
fn overload_collapses_without_admission_and_not_with_it() {
    // Everybody waits for a second in a queue that grows without end: work is done for nobody.
    assert!(goodput(&[]) < 1.0, "{}", goodput(&[]));
    // Of a capacity of 100: a rate set for it, and a limit that finds it.
    let rate = goodput(&["balancer.admission={rule=\"rate\", rate=\"90/s\", burst=5}"]);
    assert!((rate - 90.0).abs() < 2.0, "{rate}");
    let gradient = goodput(&["balancer.admission={rule=\"gradient\"}"]);
    // It keeps the line short, at the price of a worker that is idle now and then.
    assert!((80.0..=100.5).contains(&gradient), "{gradient}");
    // What the share of successes can do depends on how long the collapse lasts.
    let success = goodput(&["balancer.admission={rule=\"success-rate\"}"]);
    assert!(success > 20.0, "{success}");
}

#[test]
fn a_system_at_ease_turns_nobody_away() {
    for rule in ["{rule=\"gradient\", min-rtt-concurrency=200}", "{rule=\"success-rate\"}"] {
        let admission = format!("balancer.admission={rule}");
        let run = with(&["clients.web.rate=40/s", &admission]);
        assert_eq!(run.result.figures.totals.failed, 0, "{rule}");
    }
    let run = with(&[
        "clients.web={arrivals=\"constant\", rate=\"40/s\"}",
        "balancer.admission={rule=\"rate\", rate=\"40/s\"}",
    ]);
    assert_eq!(run.result.figures.totals.failed, 0);
}

#[test]
fn a_token_bucket_lets_just_its_rate_through() {
    let run = with(&["balancer.admission={rule=\"rate\", rate=\"30/s\", burst=10}"]);
    let totals = &run.result.figures.totals;
    // 300 seconds of 30, and the burst at the beginning; each instance has a bucket.
    assert!((9_000..=9_010).contains(&(totals.succeeded + totals.in_flight)), "{totals:?}");
    assert_eq!(totals.outcomes["http_503"], totals.failed);
    let run = with(&["balancer.instances=2", "balancer.admission={rule=\"rate\", rate=\"30/s\"}"]);
    let totals = &run.result.figures.totals;
    // Without a burst it is a counter with a dead time T behind each of Poisson's arrivals: each of
    // two lets a/(1 + aT) of 100 per second through, 23.08; over 300 seconds 13846, and its standard
    // deviation is less than the root of that.
    assert!(totals.succeeded.abs_diff(13_846) < 5 * 118, "{totals:?}");
}

#[test]
fn a_rule_may_be_configured_while_it_collapses() {
    const RESCUE: &str = "timeline.e={at=\"2m\", do=\"configure\", \
        set={\"balancer.admission\"={rule=\"gradient\"}}}";
    const LATER: &str = "expect.settled.between=[\"3m\", \"3m50s\"]";
    let goodput = goodput(&[RESCUE, LATER]);
    assert!(goodput < 1.0, "the queue of two minutes is still being worked off: {goodput}");
    let paths = [RESCUE, LATER, "backends.*.abandoned=skip"];
    let goodput = self::goodput(&paths);
    assert!(goodput > 70.0, "what nobody waits for is skipped: {goodput}");
}

#[test]
fn runs_repeat_themselves() {
    let digests: Vec<String> = ADMISSIONS
        .iter()
        .map(|rule| {
            let admission = format!("balancer.admission={{rule=\"{}\"}}", rule.name);
            let digest = with(&[&admission]).result.digest;
            assert_eq!(digest, with(&[&admission]).result.digest, "{}", rule.name);
            format!("{}: {digest}", rule.name)
        })
        .collect();
    insta::assert_snapshot!(digests.join("\n"));
}

#[test]
fn the_table_is_in_order_and_parameters_have_one_rule_each() {
    assert!(ADMISSIONS.is_sorted_by_key(|rule| rule.name));
    let mut names: Vec<&str> =
        ADMISSIONS.iter().flat_map(|rule| rule.parameters).map(|known| known.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let scenario = load(&Source::from_text("overload.toml", OVERLOAD), &[]).unwrap();
    for rule in ADMISSIONS {
        assert!(!rule.summary.is_empty() && !rule.fails.is_empty() && !rule.source.is_empty());
        // Every rule of the table can be chosen, and takes no parameter of another.
        for other in ADMISSIONS.iter().filter(|other| other.name != rule.name) {
            let name = other.parameters[0].name;
            let known = with(&[
                &format!("balancer.admission={{rule=\"{}\"}}", rule.name),
                "duration=1s",
                "expect.settled.between=[\"0s\", \"1s\"]",
            ]);
            assert!(known.result.figures.totals.requests > 0);
            let wrong = format!("balancer.admission={{rule=\"{}\", {name}=1}}", rule.name);
            let wrong = scenario.with(&[Override::parse(&wrong).unwrap()]).err().unwrap();
            assert!(wrong.to_string().contains("belongs to rule"), "{wrong}");
        }
    }
}
