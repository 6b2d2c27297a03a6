//! The straight way through the world leaves nothing out: a world that always takes the long way gives
//! the same digest and the same result, in every bundled scenario.

use misroute::engine::random::{Purpose, Seed, Stream};
use misroute::engine::time::Time;
use misroute::model::outcome::Outcome;
use misroute::model::probe::Blind;
use misroute::model::run::simulate_with_progress;
use misroute::model::setup::Setup;
use misroute::model::world::World;
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{RunResult, ScenarioId};
use misroute::scenario::bundled::{self, Bundled};
use misroute::scenario::{Source, load};
use rayon::prelude::*;
use std::sync::Arc;

/// Runs a setup the long way, or the straight way where it can, in so many pieces.
fn observe_world(setup: &Arc<Setup>, seed: u64, straight: bool, pieces: u64) -> (RunResult, u64) {
    let seed = Seed::new(seed);
    let mut world = World::new(Arc::clone(setup), seed);
    if !straight {
        world.never_straight();
    }
    let mut recorder = Recorder::new(setup);
    for piece in 1..=pieces {
        let end = Time::from_ns(setup.duration.as_ns() / pieces * piece);
        world.step_until(end, &mut recorder);
        world.assert_bookkeeping();
        // A fork goes on as the world itself would.
        world = world.clone();
    }
    world.step_until(setup.duration.after_start(), &mut recorder);
    world.finish(&mut recorder);
    world.assert_bookkeeping();
    let id = ScenarioId { name: setup.name.clone(), digest: String::new() };
    let express = world.handled_express();
    (recorder.into_result(&world, seed, id, None), express)
}

fn observe(setup: &Arc<Setup>, seed: u64, straight: bool) -> RunResult {
    observe_world(setup, seed, straight, 1).0
}

/// Fails unless both ways lead to the same.
pub(crate) fn assert_both_ways_agree(setup: &Setup, seed: u64) {
    let setup = Arc::new(setup.clone());
    let (straight, long) = (observe(&setup, seed, true), observe(&setup, seed, false));
    assert_same(&straight, &long);
}

fn assert_same(straight: &RunResult, long: &RunResult) {
    let name = &long.scenario.name;
    assert_eq!(straight.digest, long.digest, "{name}: the ways part");
    let shown = |result: &RunResult| {
        format!("{}{:?}", serde_json::to_string(result).unwrap(), result.series)
    };
    assert!(shown(straight) == shown(long), "{name}: another result the long way");
}

#[test]
fn both_ways_lead_to_the_same() {
    let all: Vec<&Bundled> = bundled::all().collect();
    all.into_par_iter().for_each(|bundled| {
        let scenario = load(&bundled.source(), &[]).unwrap();
        assert_both_ways_agree(&scenario.setup, 1);
    });
}

const CUT: &str = r#"schema = 1
name = "cut"
duration = "20s"

[[clients]]
name = "web"
users = 10
rate = "50/s"
timeout = "1s"

[balancer]
algorithm = "random"

[[backends]]
name = "api-{1..2}"
workers = 2
service = "10ms"

[[timeline]]
name = "cut"
at = "5s"
do = "partition"
targets = "api-1"
direction = "to"
"#;

/// A partition makes a network of a world that has none.
#[test]
fn messages_that_a_fault_may_lose_go_the_long_way() {
    let scenario = load(&Source::from_text("cut.toml", CUT), &[]).unwrap();
    assert_both_ways_agree(&scenario.setup, 1);
}

/// So does one that an operator begins in the middle of a run that knew of none.
#[test]
fn a_link_that_an_operator_cuts_is_cut() {
    let mut setup = load(&Source::from_text("cut.toml", CUT), &[]).unwrap().setup;
    let cut = setup.timeline.remove(0).action;
    let setup = Arc::new(setup);
    let finished = [true, false].map(|straight| {
        let mut world = World::new(Arc::clone(&setup), Seed::new(1));
        if !straight {
            world.never_straight();
        }
        world.step_until(Time::from_ns(5_000_000_001), &mut Blind);
        world.apply(&cut, &mut Blind);
        world.step_until(setup.duration.after_start(), &mut Blind);
        world.finish(&mut Blind);
        world.assert_bookkeeping();
        (world.digest(), world.counts().finished)
    });
    assert_eq!(finished[0], finished[1]);
    // Half of some 750.
    let timeouts = finished[0].1[Outcome::Timeout.index()];
    assert!((300..450).contains(&timeouts), "{timeouts} time out");
}

/// Clients and backends as stretches without other events want them, and what ends such stretches: one of
/// each thing that may happen to a backend, to the pool or to the load, at a time of its own.
fn stretches(algorithm: &str, workers: u32, client: &str, balancer: &str, backend: &str) -> String {
    let happens = [
        ("5s", "slow", "targets = \"api-1\"\nfactor = 3.0\nfor = \"4s\""),
        ("12s", "crash", "targets = \"api-2\"\nfor = \"3s\""),
        ("18s", "drain", "targets = \"api-3\"\nfor = \"2s\""),
        ("23s", "surge", "factor = 2.0\nfor = \"3s\""),
        ("29s", "hang", "targets = \"api-1\"\nfor = \"1500ms\""),
        ("33s", "fail", "targets = \"api-3\"\nfor = \"1s\""),
        ("37s", "configure", "set = { \"backends.api-2.weight\" = 3 }\nfor = \"5s\""),
        ("45s", "restart", "targets = \"api-1\""),
        ("50s", "reload", ""),
    ];
    let entry = |(at, what, how): (&str, &str, &str)| {
        format!("\n[[timeline]]\nname = \"{what}\"\nat = \"{at}\"\ndo = \"{what}\"\n{how}\n")
    };
    let timeline = happens.map(entry).concat();
    let mean = 20 * workers;
    format!(
        r#"schema = 1
name = "{algorithm}"
duration = "60s"

[[clients]]
name = "web"
users = 50
rate = "100/s"
{client}

[[clients]]
name = "app"
users = 20
rate = "20/s"
arrivals = "constant"

[balancer]
algorithm = "{algorithm}"
{balancer}

[[backends]]
name = "api-{{1..3}}"
workers = {workers}
{backend}
service = {{ exponential = {{ mean = "{mean}ms" }} }}

[[alert]]
name = "slow answers"
when = "latency.p95 > 80ms for 3s"
window = "10s"
{timeline}"#
    )
}

const LIFE: &str = r#"health = { interval = "300ms", asks = "life", timeout = "250ms" }"#;
const CONNECTION: &str = r#"health = { interval = "200ms", asks = "connection" }"#;
const WORK: &str = r#"health = { interval = "900ms", asks = "work" }"#;

/// Runs a setup in pieces between which nobody looks at the world, and counts them.
fn observe_while_told(setup: &Arc<Setup>, seed: u64) -> (RunResult, u32) {
    let seed = Seed::new(seed);
    let (mut recorder, mut told) = (Recorder::new(setup), 0);
    let world = simulate_with_progress(setup, seed, &mut recorder, 137, |_| told += 1);
    world.assert_bookkeeping();
    let id = ScenarioId { name: setup.name.clone(), digest: String::new() };
    (recorder.into_result(&world, seed, id, None), told)
}

#[test]
fn stretches_without_other_events_leave_nothing_out() {
    let cases = [
        ("random", 1, "", "", ""),
        ("two-choices", 2, "timeout = \"100ms\"", "", ""),
        ("round-robin", 1, "timeout = \"250ms\"\nslow = \"50ms\"", "", "queue = 10"),
        ("least-connections", 3, "", LIFE, "queue = 0"),
        ("source-hash", 1, "timeout = \"150ms\"", CONNECTION, ""),
        ("random", 2, "timeout = \"200ms\"\nretries = { max = 2, base = \"50ms\" }", "", ""),
        ("random", 1, "timeout = \"400ms\"\nretries = { max = 1, base = \"5ms\" }", LIFE, ""),
        ("two-choices", 2, "timeout = \"200ms\"", WORK, ""),
    ];
    for (algorithm, workers, client, balancer, backend) in cases {
        let text = stretches(algorithm, workers, client, balancer, backend);
        let scenario = load(&Source::from_text("stretches.toml", &text), &[])
            .unwrap_or_else(|error| panic!("{error:?}"));
        let setup = Arc::new(scenario.setup);
        let (long, none) = observe_world(&setup, 1, false, 1);
        assert_eq!(none, 0);
        for pieces in [1, 7] {
            let (express, handled) = observe_world(&setup, 1, true, pieces);
            assert_same(&express, &long);
            // Of some 14,000 arrivals and completions; who is turned away ends a stretch, and none begins
            // while a check is work.
            let least = if balancer == WORK { 0 } else { 1_000 };
            assert!(handled > least, "{algorithm} in {pieces} pieces: {handled} events");
        }
        let (in_pieces, told) = observe_while_told(&setup, 1);
        assert_same(&in_pieces, &long);
        assert_eq!(told, 137);
    }
}

/// One of several.
fn one<'a>(draws: &mut Stream, of: &[&'a str]) -> &'a str {
    of[draws.below(of.len() as u64) as usize]
}

/// Usual clients and backends of any kind, in which much happens at one instant.
fn usual(draws: &mut Stream) -> String {
    let clients = (0..=draws.below(3)).map(|_| usual_client(draws)).collect::<String>();
    let algorithms =
        ["random", "two-choices", "round-robin", "least-connections", "source-hash", "peak-ewma"];
    let algorithm = one(draws, &algorithms);
    let health = one(draws, &["", LIFE, CONNECTION, WORK]);
    let backends: String =
        (0..=draws.below(4)).map(|number| usual_backend(draws, number)).collect();
    let members = backends.matches("[[backends]]").count() as u64;
    let timeline: String =
        (0..draws.below(12)).map(|number| usual_entry(draws, number, members)).collect();
    format!(
        r#"schema = 1
name = "usual"
duration = "20s"
{clients}
[balancer]
algorithm = "{algorithm}"
{health}
{backends}{timeline}"#
    )
}

/// Something that ends a stretch, and soon is over.
fn usual_entry(draws: &mut Stream, number: u64, members: u64) -> String {
    let happens = one(draws, &["slow", "crash", "hang", "drain", "refuse"]);
    let factor = if happens == "slow" { "factor = 2.0" } else { "" };
    let at = 1_000 + 1_500 * number + 10 * draws.below(150);
    let lasts = one(draws, &["2ms", "20ms", "100ms", "3s"]);
    let target = draws.below(members);
    format!(
        r#"
[[timeline]]
name = "it-{number}"
at = "{at}ms"
do = "{happens}"
targets = "b{target}"
for = "{lasts}"
{factor}"#
    )
}

fn usual_client(draws: &mut Stream) -> String {
    let (name, rate) = (draws.bits(), 20 + 10 * draws.below(12));
    let arrivals = one(draws, &["poisson", "constant"]);
    let timeouts = ["", "50ms", "130ms", "1s", "20ms", "60ms", "8s"];
    let timeout = match one(draws, &timeouts) {
        "" => String::new(),
        timeout => format!("timeout = \"{timeout}\""),
    };
    let slow = one(draws, &["", "", "slow = \"30ms\""]);
    let again = [
        "",
        r#"retries = { max = 1, base = "10ms", jitter = "none" }"#,
        r#"retries = { max = 3, base = "20ms" }"#,
    ];
    let retries = one(draws, &again);
    format!(
        r#"
[[clients]]
name = "c{name}"
users = 7
rate = "{rate}/s"
arrivals = "{arrivals}"
{timeout}
{slow}
{retries}
"#
    )
}

fn usual_backend(draws: &mut Stream, number: u64) -> String {
    let workers = 1 + draws.below(3);
    let services = [
        r#""10ms""#,
        r#""20ms""#,
        r#"{ exponential = { mean = "20ms" } }"#,
        r#"{ uniform = { min = "0s", max = "30ms" } }"#,
    ];
    let service = one(draws, &services);
    let queue = one(draws, &["", "", "queue = 3", "queue = 50"]);
    format!(
        r#"
[[backends]]
name = "b{number}"
workers = {workers}
service = {service}
{queue}
"#
    )
}

/// So many usual worlds (`MISROUTE_USUAL_WORLDS`), each the long way, in several pieces, and in pieces between
/// which nobody looks. 20,000 have agreed.
#[test]
fn usual_worlds_are_the_same_on_every_way() {
    let worlds = std::env::var("MISROUTE_USUAL_WORLDS").ok().and_then(|count| count.parse().ok());
    let worlds: u64 = worlds.unwrap_or(400);
    let handled: u64 = (0..worlds)
        .into_par_iter()
        .map(|number| {
            let text = usual(&mut Stream::new(Seed::new(7), Purpose::Test, number));
            let scenario = load(&Source::from_text("usual.toml", &text), &[])
                .unwrap_or_else(|error| panic!("{error:?}\n{text}"));
            let setup = Arc::new(scenario.setup);
            let (long, _) = observe_world(&setup, number, false, 1);
            let (express, handled) = observe_world(&setup, number, true, 3);
            let (in_pieces, _) = observe_while_told(&setup, number);
            for result in [&express, &in_pieces] {
                assert_eq!(result.digest, long.digest, "{text}");
                assert_same(result, &long);
            }
            handled
        })
        .sum();
    // Some 5,000 events each.
    assert!(handled > 1_000 * worlds, "{handled} events went express");
}
