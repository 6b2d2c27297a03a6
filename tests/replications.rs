//! Several runs of one scenario: the same on any number of threads, the first the plain run itself,
//! and judged on intervals that say when they rest on too little.

use misroute::experiment::column::{Column, columns};
use misroute::experiment::replicate::{
    Keeper, LEAST, Nobody, Plan, Replicated, Replications, replicate,
};
use misroute::experiment::replications::ReplicationsResult;
use misroute::experiment::run::run;
use misroute::experiment::verdicts::Certainty;
use misroute::experiment::warm_up::WarmUp;
use misroute::scenario::{Scenario, Source, load};
use std::sync::atomic::{AtomicU32, Ordering};

/// M/M/1 at half load, with what it should show: a mean sojourn of 10 ms / (1 - 0.5).
const QUEUE: &str = r#"schema = 1
name = "queue"
duration = "1m"

[[clients]]
name = "web"
rate = "50/s"
timeout = "30s"

[[backends]]
name = "api"
workers = 1
service = { exponential = { mean = "10ms" } }
"#;

fn scenario(text: &str) -> Scenario {
    load(&Source::from_text("test", text), &[]).unwrap()
}

fn headlines(scenario: &Scenario) -> Vec<Column> {
    columns(scenario, &[]).unwrap()
}

fn on_threads(threads: usize, scenario: &Scenario, plan: &Plan) -> Replicated {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| replicate(scenario, &headlines(scenario), plan, &Nobody)).unwrap()
}

fn until(relative: f64, most: u32) -> Plan {
    let columns = vec!["latency.mean".to_owned()];
    Plan {
        replications: Replications::Until { relative, columns, most },
        ..Plan::exactly(1, LEAST)
    }
}

/// What replications of a scenario show.
fn shown(text: &str, plan: &Plan) -> ReplicationsResult {
    let scenario = scenario(text);
    let columns = headlines(&scenario);
    let replicated = replicate(&scenario, &columns, plan, &Nobody).unwrap();
    ReplicationsResult::of(&scenario, &columns, plan, &replicated)
}

/// The small queue with an expectation.
fn expecting(lines: &str) -> String {
    format!("{QUEUE}\n[[expect]]\nname = \"it\"\n{lines}\n")
}

fn warned(result: &ReplicationsResult) -> Vec<String> {
    result.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_number_of_threads_changes_no_sample() {
    let scenario = scenario(QUEUE);
    let plan = Plan::exactly(7, 12);
    let one = on_threads(1, &scenario, &plan);
    assert_eq!(one.samples.len(), 12);
    for threads in [2, 8] {
        assert_eq!(one.samples, on_threads(threads, &scenario, &plan).samples, "{threads}");
    }
}

#[test]
fn sequential_stopping_stops_at_the_same_place_on_any_number_of_threads() {
    let scenario = scenario(QUEUE);
    // The mean of a minute varies by 5% or so: some tens of runs for 1%.
    let plan = until(0.01, 640);
    let one = on_threads(1, &scenario, &plan);
    assert!(one.precise && one.samples.len() > LEAST as usize, "{}", one.samples.len());
    assert_eq!(one.samples.len() % LEAST as usize, 0, "looked at when doubled only");
    for threads in [2, 8] {
        let many = on_threads(threads, &scenario, &plan);
        assert_eq!(one.samples, many.samples, "{threads}");
    }
    // And what was run before stopping is what a fixed number of runs gives.
    let fixed = on_threads(2, &scenario, &Plan::exactly(1, one.samples.len() as u32));
    assert_eq!(one.samples, fixed.samples);
}

#[test]
fn precision_is_what_was_asked_for() {
    let scenario = scenario(QUEUE);
    let columns = headlines(&scenario);
    let index = columns.iter().position(|column| column.name == "latency.mean").unwrap();
    let replicated = on_threads(2, &scenario, &until(0.02, 640));
    let estimate = replicated.estimate(&columns[index], index).unwrap();
    assert!(estimate.relative_half_width().unwrap() <= 0.02 / 1.02);
    // 10 ms / (1 - 0.5) = 20 ms, within the precision asked for and a little.
    assert!((estimate.mean / 20.0 - 1.0).abs() < 0.03, "{}", estimate.mean);
    let too_much = on_threads(2, &scenario, &until(0.000_1, 20));
    assert!(!too_much.precise && too_much.samples.len() == 20);
}

#[test]
fn the_first_replication_is_the_plain_run() {
    for (text, warm_up) in [
        (QUEUE.to_owned(), WarmUp::Auto),
        (
            QUEUE.replace("exponential", "erlang").replace("mean =", "stages = 2, mean ="),
            WarmUp::Auto,
        ),
    ] {
        let scenario = scenario(&text);
        let plan = Plan { warm_up, ..Plan::exactly(3, 2) };
        let replicated = on_threads(2, &scenario, &plan);
        let plain = run(&scenario, 3, |_| {});
        assert_eq!(replicated.samples[0].digest, plain.result.digest);
        assert_ne!(replicated.samples[1].digest, plain.result.digest, "other randomness");
    }
    // One with everything in its timeline.
    let bundled = misroute::scenario::bundled::find("no-redispatch").unwrap();
    let scenario = load(&bundled.source(), &[]).unwrap();
    let replicated = on_threads(2, &scenario, &Plan::exactly(1, 2));
    assert_eq!(replicated.samples[0].digest, run(&scenario, 1, |_| {}).result.digest);
}

#[test]
fn where_observation_begins_changes_no_run() {
    let scenario = scenario(QUEUE);
    let digests = |warm_up| {
        let replicated = on_threads(2, &scenario, &Plan { warm_up, ..Plan::exactly(1, 3) });
        replicated.samples.iter().map(|sample| sample.digest.clone()).collect::<Vec<_>>()
    };
    let fixed = |seconds| WarmUp::Fixed(misroute::engine::time::Span::from_secs(seconds));
    assert_eq!(digests(WarmUp::Auto), digests(fixed(0)));
    assert_eq!(digests(WarmUp::Auto), digests(fixed(40)));
}

#[test]
fn what_is_recalled_is_not_run_again() {
    struct Recalls<'a>(&'a Replicated, AtomicU32);
    impl Keeper for Recalls<'_> {
        fn recall(&self, replication: u32) -> Option<misroute::experiment::sample::Sample> {
            self.0.samples.get(replication as usize).cloned()
        }
        fn keep(&self, _: &misroute::experiment::sample::Sample) {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    let scenario = scenario(QUEUE);
    let first = on_threads(2, &scenario, &Plan::exactly(1, 3));
    let keeper = Recalls(&first, AtomicU32::new(0));
    let columns = headlines(&scenario);
    let all = replicate(&scenario, &columns, &Plan::exactly(1, 5), &keeper).unwrap();
    assert_eq!(keeper.1.into_inner(), 2);
    assert_eq!(all.samples, on_threads(2, &scenario, &Plan::exactly(1, 5)).samples);
}

/// The mean latency of ten runs, milliseconds: a bound right here decides nothing.
fn estimated() -> f64 {
    let result =
        shown(&expecting("metric = \"latency.mean\"\nat-most = \"1h\""), &Plan::exactly(1, 10));
    (result.expect[0].estimate.unwrap().mean * 1e6).round() / 1e6
}

#[test]
fn expectations_are_judged_on_the_interval() {
    let plan = Plan::exactly(1, 10);
    // The mean is about 20 ms, and known to about 1 ms after ten minutes.
    let status = |lines: &str| shown(&expecting(lines), &plan).expect[0].status;
    let mean = |bounds: &str| status(&format!("metric = \"latency.mean\"\n{bounds}"));
    assert_eq!(mean("within = [\"15ms\", \"25ms\"]"), Certainty::Pass);
    assert_eq!(mean(&format!("at-most = \"{}ms\"", estimated())), Certainty::Undecided);
    assert_eq!(mean("at-least = \"30ms\""), Certainty::Fail);
    assert_eq!(status("metric = \"recovery.at\"\nat-most = \"30s\""), Certainty::NoData);
    // Of ten runs that all end so, Wilson's interval is 72% to 100%: most do.
    let word = |word: &str| status(&format!("metric = \"recovery.verdict\"\nis = \"{word}\""));
    assert_eq!(word("metastable"), Certainty::Fail);
}

#[test]
fn what_is_not_decided_holds_only_if_it_may() {
    let bounded =
        |most: f64| expecting(&format!("metric = \"latency.mean\"\nat-most = \"{most}ms\""));
    let result = shown(&bounded(estimated()), &Plan::exactly(1, 10));
    assert!(!result.holds(false) && result.holds(true));
    let failed = shown(&bounded(10.0), &Plan::exactly(1, 10));
    assert!(!failed.holds(true));
}

#[test]
fn a_tail_that_rests_on_little_is_warned_of() {
    // 50/s for a minute, twice: 6,000 requests, 6 of them beyond p99.9, 60 beyond p99. The warm-up
    // that is left out makes them a little fewer.
    let result = shown(QUEUE, &Plan::exactly(1, 2));
    let warnings = warned(&result);
    let of = |name: &str| warnings.iter().find(|text| text.starts_with(name)).cloned();
    let p999 = of("p99.9 rests on").unwrap();
    assert!(p999.contains("run longer, or --replications "), "{p999}");
    let samples = result.successes as f64 / 1_000.0;
    assert!(p999.starts_with(&format!("p99.9 rests on {samples:.0} samples")), "{p999}");
    assert!(of("p99 rests on").is_some() && of("p95 rests").is_none(), "{warnings:?}");
    // As many as advised are enough.
    let advised: u32 = p999.rsplit(' ').next().unwrap().parse().unwrap();
    let enough = shown(QUEUE, &Plan::exactly(1, advised + 1));
    assert!(warned(&enough).is_empty(), "{:?}", warned(&enough));
}

#[test]
fn one_run_and_one_that_never_settles_are_warned_of() {
    let one = shown(QUEUE, &Plan::exactly(1, 1));
    assert!(warned(&one)[0].contains("one replication has no interval"), "{:?}", warned(&one));
    // More comes in than goes out: latency grows as long as it runs.
    let growing = QUEUE.replace("50/s", "150/s").replace("30s", "10m");
    let result = shown(&growing, &Plan::exactly(1, 3));
    let expected = "still warming up after half of the run: lengthen `duration`";
    assert_eq!(warned(&result)[0], expected);
    assert!(!result.settled);
}

#[test]
fn figures_that_are_missing_are_warned_of() {
    // A request in two minutes or so: some runs of a minute see none.
    let text = QUEUE.replace("50/s", "0.01/s");
    let result = shown(&text, &Plan::exactly(1, 10));
    let mean = result.figures.iter().find(|figure| figure.name == "latency.mean").unwrap();
    assert!((1..10).contains(&mean.missing), "{}", mean.missing);
    let expected = format!("missing in {} of 10", mean.missing);
    assert!(warned(&result).iter().any(|text| text.contains(&expected)), "{:?}", warned(&result));
    // An expectation of what is missing at times does not pass.
    let text =
        format!("{text}\n[[expect]]\nname = \"it\"\nmetric = \"latency.mean\"\nat-most = \"1h\"\n");
    assert_eq!(shown(&text, &Plan::exactly(1, 10)).expect[0].status, Certainty::Undecided);
}

#[test]
fn a_precision_that_is_not_reached_is_warned_of() {
    let result = shown(QUEUE, &until(0.001, 10));
    let warnings = warned(&result);
    assert!(
        warnings[0].starts_with("after 10 replications latency.mean is known to ±"),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("not ±0.10%, as 0.1% asks"), "{warnings:?}");
    assert!(!result.precision.unwrap().reached);
}

/// The figure of that name.
fn figure(result: &ReplicationsResult, name: &str) -> f64 {
    result.figures.iter().find(|figure| figure.name == name).unwrap().estimate.unwrap().mean
}

/// One worker of 100/s that is asked for 150/s by clients who wait for ever: whoever is born after the
/// warm-up is mostly still waiting at the end, and all the while it serves 100/s.
#[test]
fn goodput_of_an_overloaded_pool_is_its_capacity() {
    let overloaded = QUEUE.replace("50/s", "150/s").replace("timeout = \"30s\"\n", "");
    for warm_up in [WarmUp::Auto, WarmUp::Fixed(misroute::engine::time::Span::from_secs(30))] {
        let plan = Plan { warm_up, ..Plan::exactly(1, LEAST) };
        let goodput = figure(&shown(&overloaded, &plan), "requests.goodput_rps");
        // Ten runs of 30 s at 100/s: 0.6% of standard deviation.
        assert!((goodput / 100.0 - 1.0).abs() < 0.02, "{goodput}");
    }
}

/// Nobody is served: everybody is affected in every minute of the run, however much is left out.
#[test]
fn user_minutes_are_of_the_whole_run() {
    let dead = QUEUE.replace("timeout = \"30s\"", "timeout = \"1ns\"\nusers = 7");
    let minutes = |seconds| {
        let warm_up = WarmUp::Fixed(misroute::engine::time::Span::from_secs(seconds));
        let plan = Plan { warm_up, ..Plan::exactly(1, LEAST) };
        figure(&shown(&dead, &plan), "users.affected_minutes")
    };
    assert!((minutes(0) - 7.0).abs() < 1e-9 && (minutes(30) - 7.0).abs() < 1e-9);
}

/// Nothing succeeds, so no latency becomes precise, and more runs would not change that.
#[test]
fn nothing_is_never_precise() {
    let result = shown(&QUEUE.replace("timeout = \"30s\"", "timeout = \"1ns\""), &until(0.05, 640));
    assert!(!result.precision.as_ref().unwrap().reached);
    assert_eq!(result.replications, LEAST);
}

/// Of some 30,000 requests none was slow: 0 to 3.69 / 30,000.
#[test]
fn what_was_not_seen_in_any_run_may_happen() {
    let result = shown(QUEUE, &Plan::exactly(1, LEAST));
    let slow = result.figures.iter().find(|figure| figure.name == "requests.slow_ratio").unwrap();
    let slow = slow.estimate.unwrap();
    assert!(slow.mean == 0.0 && slow.low == Some(0.0), "{slow:?}");
    assert!((slow.high.unwrap() - 3.69 / 30_000.0).abs() < 5e-6, "{slow:?}");
}
