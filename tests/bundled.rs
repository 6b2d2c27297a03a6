//! Scenarios that come with the program and prove a point: each shows an effect, and its twins,
//! which change what the effect rests on, do not.

use misroute::experiment::run::run;
use misroute::experiment::variants;
use misroute::scenario::bundled::Bundled;
use misroute::scenario::misconfigurations::MISCONFIGURATIONS;
use misroute::scenario::patterns::PATTERNS;
use misroute::scenario::{Scenario, load};
use rayon::prelude::*;

fn scenario(bundled: &Bundled) -> Scenario {
    let scenario = load(&bundled.source(), &[]);
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    assert_eq!(scenario.name, bundled.name);
    scenario
}

/// What a scenario and its twins show otherwise than they state.
fn mistakes(scenario: &Scenario) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &scenario.name;
    for seed in 1..=3 {
        for judgement in run(scenario, seed, |_| {}).judgements {
            if !judgement.holds() {
                let (what, seen, bounds) =
                    (&judgement.name, &judgement.observed, &judgement.bounds);
                wrong.push(format!("{name} seed {seed}: {what}: {seen}, not {bounds}"));
            }
        }
        for twin in variants::run_all(scenario, &scenario.twins, seed).unwrap() {
            for met in twin.wrongly_met() {
                wrong.push(format!("{name} seed {seed}: twin {}: still {met}", twin.name));
            }
            for missed in twin.wrongly_missed() {
                wrong.push(format!("{name} seed {seed}: twin {}: no longer {missed}", twin.name));
            }
        }
    }
    if scenario.expects.is_empty() || scenario.references.is_empty() {
        wrong.push(format!("{name}: an expectation and a source, please"));
    }
    if !scenario.twins.iter().any(|twin| !twin.misses.is_empty()) {
        wrong.push(format!("{name}: a twin without the effect, please"));
    }
    let digest = || run(scenario, 1, |_| {}).result.digest;
    assert_eq!(digest(), digest(), "{name}");
    wrong
}

fn check(table: &[Bundled]) {
    let scenarios: Vec<Scenario> = table.iter().map(scenario).collect();
    let wrong: Vec<String> = scenarios.par_iter().flat_map_iter(mistakes).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_misconfiguration_shows_and_is_gone_once_put_right() {
    check(MISCONFIGURATIONS);
}

#[test]
fn a_pattern_shows_what_it_claims_and_what_that_rests_on() {
    check(PATTERNS);
}
