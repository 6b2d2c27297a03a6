//! Counts of people against closed forms.
//!
//! A user with a Poisson number of requests per window, of mean m, each failing with probability p
//! independently: among those with any request, a share (e^(-m(1-p)) - e^(-m)) / (1 - e^(-m)) has
//! failures only, and a share (1 - e^(-mp)) / (1 - e^(-m)) has at least one.

use super::judge::Sample;
use super::queueing::{algorithm, backend, units, world};
use misroute::engine::dist::Distribution;
use misroute::engine::random::Seed;
use misroute::engine::time::Span;
use misroute::engine::time::Time;
use misroute::model::run::simulate;
use misroute::model::setup::{Action, BackendId, BackendSetup, Fault, TimelineEntry, Trigger};
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{RunResult, ScenarioId, Users};
use rayon::prelude::*;
use std::sync::Arc;

const WINDOWS: f64 = 10.0;

/// `members` behind random picks, the first of them offline, and `m` requests per user-minute.
fn run(m: f64, members: usize, replication: u32) -> RunResult {
    // The rarer the requests, the more people it takes to count.
    let users = (10_000.0 / m).min(30_000.0) as u32;
    let service = Distribution::constant(Span::from_ns(1));
    let backends = (0..members).map(|name| BackendSetup {
        workers: 1000,
        service: service.clone(),
        ..backend(name)
    });
    let rate = m * f64::from(users) / 60.0;
    let mut setup =
        world(algorithm("random", &[]), backends.collect(), rate, units(60.0 * WINDOWS));
    setup.populations[0].users = users;
    setup.observation.user_window = units(60.0);
    setup.timeline = vec![TimelineEntry {
        name: "offline".into(),
        trigger: Trigger::At(Time::ZERO),
        action: Action::Begin { targets: vec![BackendId(0)], fault: Fault::Down },
        lasts: None,
    }];
    let (setup, seed) = (Arc::new(setup), Seed { value: 2718, replication });
    let mut recorder = Recorder::new(&setup);
    let world = simulate(&setup, seed, &mut recorder);
    let scenario = ScenarioId { name: "users".into(), digest: String::new() };
    recorder.into_result(&world, seed, scenario, None)
}

fn check(what: &str, values: &[f64], expected: f64) {
    let sample = Sample::of(values);
    let half = sample.relative_half_width(expected);
    let line = format!("{what}: expected {expected}, mean {}, 95% half width {half}", sample.mean);
    // If nobody was seen, or nobody but such people, there may be 6.9 others expected among 20 x
    // 1250 people, with probability 0.1%.
    let delta = if half > 0.0 { 0.0 } else { 6.9 / 25_000.0 };
    assert!(sample.accepts(expected, delta), "{line}");
    // Within 1%, or within one person in a thousand where hardly anybody is concerned.
    assert!(half < 0.01 || half * expected < 1e-3, "{line}");
}

#[test]
fn affected_and_unable_users_are_as_many_as_theory_says() {
    for m in [0.3, 1.0, 3.0, 8.0] {
        for members in [2, 5, 20] {
            let p = 1.0 / members as f64;
            let results: Vec<Users> = (0..20_u32)
                .into_par_iter()
                .map(|replication| run(m, members, replication).figures.users)
                .collect();
            let read = |part: fn(&Users) -> f64| results.iter().map(part).collect::<Vec<_>>();
            let active = -libm::expm1(-m);
            let unable = (libm::exp(-m * (1.0 - p)) - libm::exp(-m)) / active;
            let affected = -libm::expm1(-m * p) / active;
            let what = |figure| format!("{figure} of m {m}, p {p}");
            check(&what("unable"), &read(|u| u.unable_ratio.expect("somebody is active")), unable);
            check(
                &what("affected"),
                &read(|u| u.affected_ratio.expect("somebody is active")),
                affected,
            );
            // The same laws over the whole run, which is one window of ten times the mean.
            let (m, active) = (m * WINDOWS, -libm::expm1(-m * WINDOWS));
            let unable = (libm::exp(-m * (1.0 - p)) - libm::exp(-m)) / active;
            let affected = -libm::expm1(-m * p) / active;
            let whole = read(|u| u.unable_ratio_whole.expect("somebody is active"));
            check(&what("unable in all"), &whole, unable);
            let whole = read(|u| u.affected_ratio_whole.expect("somebody is active"));
            check(&what("affected in all"), &whole, affected);
        }
    }
}
