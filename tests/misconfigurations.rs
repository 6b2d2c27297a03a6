//! Misconfigurations that hurt in production: each file shows the effect, and its twin, the
//! configuration put right, does not.

use misroute::experiment::run::run;
use misroute::experiment::variants;
use misroute::scenario::misconfigurations::MISCONFIGURATIONS;
use misroute::scenario::{Scenario, load};
use rayon::prelude::*;

fn scenarios() -> Vec<Scenario> {
    let read = |bundled: &misroute::scenario::bundled::Bundled| {
        let scenario = load(&bundled.source(), &[]);
        let scenario = scenario.unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        assert_eq!(scenario.name, bundled.name);
        scenario
    };
    MISCONFIGURATIONS.iter().map(read).collect()
}

#[test]
fn the_effect_is_there_and_gone_once_put_right() {
    let scenarios = scenarios();
    let wrong: Vec<String> = scenarios
        .par_iter()
        .flat_map_iter(|scenario| {
            let mut wrong = Vec::new();
            for seed in 1..=3 {
                for judgement in run(scenario, seed, |_| {}).judgements {
                    if !judgement.holds() {
                        let (name, seen, bounds) =
                            (&judgement.name, &judgement.observed, &judgement.bounds);
                        wrong.push(format!(
                            "{} seed {seed}: {name}: {seen}, not {bounds}",
                            scenario.name
                        ));
                    }
                }
                for twin in variants::run_all(scenario, &scenario.twins, seed).unwrap() {
                    for met in twin.wrongly_met() {
                        wrong
                            .push(format!("{} seed {seed}: put right, still {met}", scenario.name));
                    }
                }
            }
            if scenario.twins.is_empty() || scenario.references.is_empty() {
                wrong.push(format!("{}: a twin and a source, please", scenario.name));
            }
            let digest = || run(scenario, 1, |_| {}).result.digest;
            assert_eq!(digest(), digest(), "{}", scenario.name);
            wrong
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
