//! How backends and what they depend on break by themselves, against closed forms and arithmetic.

mod autoscale;
mod database;
mod own;

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::experiment::run::{Run, run};
use misroute::model::outcome::Outcome;
use misroute::model::probe::{Blind, FinishedRequest, Probe, WorldChange};
use misroute::model::run::simulate;
use misroute::model::setup::{PopulationId, Setup};
use misroute::scenario::{Override, Scenario, Source, load};
use std::sync::Arc;

/// A scenario of these tables after one population `web` and what all have in common.
fn scenario(duration: &str, rate: &str, tables: &str) -> Scenario {
    let text = format!(
        "schema = 1\nname = \"faults\"\nduration = \"{duration}\"\n[[clients]]\nname = \"web\"\n\
         users = 1000\narrivals = \"poisson\"\nrate = \"{rate}\"\n{tables}"
    );
    load(&Source::from_text("faults.toml", &text), &[]).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn mistake(tables: &str) -> String {
    let text = format!(
        "schema = 1\nname = \"faults\"\nduration = \"1m\"\n[[clients]]\nname = \"web\"\n\
         users = 1000\nrate = \"10/s\"\n{tables}"
    );
    load(&Source::from_text("faults.toml", &text), &[])
        .err()
        .map(|wrong| wrong.to_string())
        .unwrap()
}

fn replay(scenario: &Scenario, seed: u64) -> Run {
    run(scenario, seed, |_| {})
}

fn with(base: &Scenario, changes: &[&str]) -> Scenario {
    let changes: Vec<Override> =
        changes.iter().map(|text| Override::parse(text).unwrap()).collect();
    base.with(&changes).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A request that is over; times in seconds.
struct Over {
    born: f64,
    took: f64,
    outcome: Outcome,
}

/// Who asked, and when; and what changed.
#[derive(Default)]
struct Log {
    born: Vec<(u64, PopulationId, u32)>,
    changes: Vec<(f64, WorldChange)>,
    over: Vec<Over>,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, population: PopulationId, user: u32) {
        self.born.push((now.as_ns(), population, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let (born, took) = (request.born.as_secs_f64(), now.since(request.born).as_secs_f64());
        self.over.push(Over { born, took, outcome: request.outcome });
    }

    fn changed(&mut self, now: Time, change: WorldChange) {
        self.changes.push((now.as_secs_f64(), change));
    }
}

impl Log {
    /// When backends came into a state.
    fn states(&self, state: &str) -> Vec<f64> {
        let is = |change: &WorldChange| matches!(change, WorldChange::Backend(_, now) if now.name() == state);
        self.changes.iter().filter(|(_, change)| is(change)).map(|&(at, _)| at).collect()
    }

    fn ended(&self, outcome: Outcome) -> usize {
        self.over.iter().filter(|over| over.outcome == outcome).count()
    }
}

fn log(setup: &Setup, seed: u64) -> Log {
    let mut log = Log::default();
    simulate(&Arc::new(setup.clone()), Seed::new(seed), &mut log);
    log
}

/// The digest is a function of scenario and seed, and the demand is what it is without the feature.
fn is_deterministic(without: &Scenario, feature: &[&str]) {
    let with = with(without, feature);
    let setup = Arc::new(with.setup.clone());
    let digest = |seed| simulate(&setup, Seed::new(seed), &mut Blind).digest();
    assert_eq!(digest(7), digest(7), "{feature:?}");
    assert_ne!(digest(7), digest(8), "{feature:?}");
    assert_ne!(
        digest(7),
        simulate(&Arc::new(without.setup.clone()), Seed::new(7), &mut Blind).digest()
    );
    assert_eq!(log(&with.setup, 7).born, log(&without.setup, 7).born, "{feature:?}");
}

const ONE: &str = "[[backends]]\nname = \"a\"\nservice = { exponential = { mean = \"100ms\" } }\n";
const FOUR: &str = "[[backends]]\nname = \"api-{1..4}\"\nworkers = 8\nservice = { exponential = { mean = \"50ms\" } }\n";

/// One server of 10 ms that gets a request every 100 ms.
const STEADY: &str = "[[backends]]\nname = \"a\"\nservice = \"10ms\"\n";

fn steady(duration: &str, rate: &str, tables: &str) -> Scenario {
    with(&scenario(duration, rate, tables), &["clients.web.arrivals=constant"])
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

/// M/M/1 with a server that stands still now and then and preserves its work (White & Christie 1958):
/// with up times of rate a, down times of rate b, T = (1/(mu A)) (1 + a mu/(a+b)^2) / (1 - rho/A).
/// Case BREAK-0.5-0.1-1-T of the theory's table states 2.646464646 mean services.
#[test]
fn a_server_that_breaks_down_has_the_sojourn_of_an_unreliable_queue() {
    let failures = "failures = { up = { exponential = { mean = \"1s\" } }, \
                    down = { exponential = { mean = \"100ms\" } }, fault = \"hang\" }\n";
    let broken = scenario("20h", "5/s", &format!("{ONE}{failures}"));
    let means = (1..=5).map(|seed| {
        let log = log(&broken.setup, seed);
        log.over.iter().map(|over| over.took).sum::<f64>() / log.over.len() as f64 / 0.1
    });
    let mean = means.sum::<f64>() / 5.0;
    // 1.8 million requests: the standard error is 0.3%.
    assert!((mean / 2.646_464_646 - 1.0).abs() < 0.01, "{mean}");
}

/// Of an alternating renewal process the share of time down is E(down) / (E(up) + E(down)); Poisson
/// arrivals see time averages, so that share of them finds the port closed.
#[test]
fn a_server_that_crashes_at_random_refuses_the_share_of_its_down_time() {
    let failures = "failures = { up = { exponential = { mean = \"50s\" } }, down = { erlang = { stages = 2, mean = \"4s\" } } }\n";
    let crashing = scenario(
        "40h",
        "5/s",
        &format!("{}start-time = \"1s\"\n{failures}", ONE.replace("100ms", "1ms")),
    );
    let run = replay(&crashing, 1);
    let totals = &run.result.figures.totals;
    let refused = totals.outcomes["http_503"] as f64 / totals.requests as f64;
    // Down 4 s, then starting for 1 s, which the next up time begins with: (4 + 1) / (50 + 4).
    // Some 2,700 cycles: a standard error of 2.5%.
    assert!((refused / (5.0 / 54.0) - 1.0).abs() < 0.08, "{refused}");
}

/// Strikes and hits of a common cause: all targets at once, each with the probability stated.
#[test]
fn a_common_cause_hits_each_target_with_its_probability() {
    let cause = "[[cause]]\nname = \"rack\"\ntargets = [\"api-1\", \"api-2\", \"api-3\"]\n\
                 up = { exponential = { mean = \"20s\" } }\ndown = \"5s\"\neach = \"60%\"\n";
    let text = format!("{}{cause}", FOUR.replace("{1..4}", "{1..3}"));
    let shared = scenario("20h", "1/s", &text);
    let log = log(&shared.setup, 3);
    let strikes = log.changes.iter().filter(|(_, c)| matches!(c, WorldChange::Cause(_, true)));
    let strikes = strikes.count() as f64;
    // 72,000 s of cycles of 25 s: 2,880, standard deviation 43.
    assert!((strikes - 2_880.0).abs() < 140.0, "{strikes}");
    let downs = log.states("down");
    assert!((downs.len() as f64 / strikes / 1.8 - 1.0).abs() < 0.05, "{}", downs.len());
    // 0.6^3 of the strikes take all three down at one instant.
    let all = downs.windows(3).filter(|w| w[0].to_bits() == w[2].to_bits()).count() as f64;
    assert!((all / strikes - 0.216).abs() < 0.03, "{all} of {strikes}");
}

/// Whom a cause may hit, and with what probability, does not change when it strikes.
#[test]
fn strikes_do_not_depend_on_their_targets() {
    let cause = "[[cause]]\nname = \"rack\"\ntargets = \"all\"\nup = { exponential = { mean = \"20s\" } }\ndown = { exponential = { mean = \"5s\" } }\n";
    let base = scenario("30m", "20/s", &format!("{FOUR}{cause}"));
    let strikes = |changes: &[&str]| -> Vec<(u64, bool)> {
        let log = log(&with(&base, changes).setup, 1);
        let strikes = log.changes.iter().filter_map(|&(at, change)| match change {
            WorldChange::Cause(_, begins) => Some((at.to_bits(), begins)),
            _ => None,
        });
        strikes.collect()
    };
    let all = strikes(&[]);
    assert!(all.len() > 100);
    assert_eq!(strikes(&["cause.rack.targets=api-1"]), all);
    assert_eq!(strikes(&["cause.rack.each=20%"]), all);
    assert_eq!(strikes(&["balancer.algorithm=random", "clients.web.rate=5/s"]), all);
}

#[test]
fn random_failures_are_deterministic_and_leave_the_demand_alone() {
    let base = scenario("5m", "50/s", FOUR);
    is_deterministic(
        &base,
        &["backends.*.failures={up={exponential={mean=\"20s\"}}, down=\"2s\"}"],
    );
    is_deterministic(
        &base,
        &[
            "cause.rack={targets=\"all\", up={exponential={mean=\"20s\"}}, down=\"2s\", each=\"50%\"}",
        ],
    );
}

#[test]
fn failures_that_make_no_sense_are_explained() {
    let failures = |keys: &str| mistake(&format!("{ONE}failures = {{ {keys} }}\n"));
    let text = failures("up = \"1s\", down = \"1s\", factor = 2");
    assert!(text.contains("`factor` has no meaning with fault = \"crash\""), "{text}");
    let text = failures("up = \"1s\", down = \"1s\", fault = \"slow\"");
    assert!(text.contains("needs `factor`"), "{text}");
    let text = failures("up = \"1us\", down = \"1s\"");
    assert!(text.contains("at least 1ms"), "{text}");
    let database = "[database]\nconnections = 1\nquery = \"1ms\"\n[[cause]]\nname = \"c\"\n\
                    targets = \"database\"\nup = \"1s\"\ndown = \"1s\"\n";
    let text = mistake(&format!("{ONE}{database}"));
    assert!(text.contains("works on backends only"), "{text}");
}
