//! The simulator against theory: closed forms and exact Markov chains, through the whole world.
//!
//! `tests/data/theory.json` lists what theory states; `plan` maps each case to a simulation, and
//! `not_yet` names those that the world cannot express. A case passes if the stated value is within
//! the 99.9% confidence interval of twenty independent replications, and it counts as tested only
//! if the 95% interval is narrow enough to show a mistake (`simulation`); `weaker` lists those for
//! which that takes too long. Cases with more than 80% load run only with `MISROUTE_SLOW=1`.

mod balancing;
mod case;
mod contention;
mod identities;
mod judge;
mod lengths;
mod metastable;
mod not_yet;
mod plan;
mod queueing;
mod simulation;
mod special;
mod tail;
mod tally;
mod threads;
mod users;
mod waves;
mod weaker;

use case::{CASES, Case};
use judge::Sample;
use plan::Check;
use rayon::prelude::*;
use simulation::{Metric, Simulation};
use std::collections::{BTreeMap, BTreeSet};

/// Loads above this run only on demand: their run lengths grow with 1/(1 - load)^2.
const QUICK_LOAD: f64 = 0.8 + 1e-9;

macro_rules! groups {
    ($($test:ident: $($family:literal),+;)+) => {
        $(#[test]
        fn $test() {
            run_group(&[$($family),+]);
        })+

        /// Every family that a test above runs.
        const FAMILIES: &[&str] = &[$($($family),+),+];
    };
}

groups! {
    one_server: "MM1";
    shared_server: "MG1PS";
    abandonment: "ERLA";
    several_servers: "MMc", "MDc";
    bounded_queues_and_losses: "MMcK", "MMcc";
    general_service: "MG1", "MD1";
    round_robin: "RR";
    random_and_power_of_d: "SUPER", "GAST", "MITZ", "P2C";
    idle_queues: "JIQ";
    stale_loads: "STALE";
    black_holes: "BLACKHOLE";
    vendors_weights: "MAGLEV", "ENVOY";
    shortest_queue: "JSQ";
    deadlines_and_wasted_work: "DEADLINE", "ZOMBIE";
    throttled_clients: "SRE";
    contention_and_jitter: "OCC";
    failures_and_pauses: "RETRY", "BREAK", "PAUSE", "BUOYANT";
    growth_from_empty: "MtGinf", "MtDinf";
    arrivals_in_waves: "MtMinf";
    closed_loops: "CLOSED", "BROOKER";
    hash_rings: "RING";
    tails: "HEDGE", "FANOUT";
}

#[test]
fn every_case_is_tested_or_named_as_not_yet() {
    let mut ids = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut simulations = BTreeSet::new();
    let mut tested = 0;
    for case in CASES.iter() {
        assert!(ids.insert(&case.id), "{} is listed twice", case.id);
        if not_yet::is_tested_apart(&case.id) {
            tested += 1;
            continue;
        }
        let checks = plan::checks(case);
        let covered = !checks.is_empty();
        simulations.extend(checks.into_iter().map(|check| check.name));
        if covered {
            tested += 1;
            assert!(FAMILIES.contains(&case.family()), "no test runs {}", case.id);
            continue;
        }
        used.extend(not_yet::entries(&case.id));
        assert!(not_yet::entries(&case.id).next().is_some(), "{} is not tested", case.id);
    }
    assert_eq!(ids.len(), 1384);
    let idle = not_yet::NOT_YET.iter().enumerate().filter(|(entry, _)| !used.contains(entry));
    let idle: Vec<_> = idle.map(|(_, entry)| entry).collect();
    assert!(idle.is_empty(), "these entries name no untested case: {idle:?}");
    let gone: Vec<_> = weaker::ids().filter(|id| !ids.iter().any(|known| known == id)).collect();
    assert!(gone.is_empty(), "these weaker cases do not exist: {gone:?}");
    let unused: Vec<_> = lengths::names().filter(|name| !simulations.contains(*name)).collect();
    assert!(unused.is_empty(), "these simulations have a length, and no case: {unused:?}");
    println!("{tested} of {} cases can be tested", ids.len());
}

/// One simulation and everything that is compared with it.
struct Job<'a> {
    simulation: Simulation,
    checks: Vec<(&'a Case, Check)>,
}

impl Job<'_> {
    fn metrics(&self) -> Vec<Metric> {
        self.checks.iter().map(|(_, check)| check.metric).collect()
    }
}

/// Runs and judges all cases of these families.
#[expect(clippy::print_stdout, reason = "a test says what it left out")]
fn run_group(families: &[&str]) {
    let slow = std::env::var_os("MISROUTE_SLOW").is_some_and(|value| value == "1");
    let mut jobs: BTreeMap<String, Job<'_>> = BTreeMap::new();
    let (mut ran, mut left_out) = (0, 0);
    for case in CASES.iter().filter(|case| families.contains(&case.family())) {
        let checks = plan::checks(case);
        let Some(first) = checks.first() else { continue };
        let is_long = checks.iter().any(|check| lengths::is_long(&check.name));
        if !slow && (first.load > QUICK_LOAD || is_long) {
            left_out += 1;
            continue;
        }
        ran += 1;
        for check in checks {
            let simulation = check.simulation.clone();
            let job = jobs
                .entry(check.name.clone())
                .or_insert_with(|| Job { simulation, checks: Vec::new() });
            job.checks.push((case, check));
        }
    }
    let failures = judge_all(&jobs);
    println!("{}: {ran} cases, {left_out} left to MISROUTE_SLOW=1", families.join(", "));
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

fn judge_all(jobs: &BTreeMap<String, Job<'_>>) -> Vec<String> {
    // Longest first, so that the last replication to end is a short one.
    let mut runs: Vec<(&String, &Job<'_>, u32)> = jobs
        .iter()
        .flat_map(|(name, job)| {
            (0..job.simulation.replications()).map(move |number| (name, job, number))
        })
        .collect();
    runs.sort_by(|a, b| lengths::total(b.0).total_cmp(&lengths::total(a.0)));
    let results: Vec<(&String, u32, Vec<f64>)> = runs
        .into_par_iter()
        .with_max_len(1)
        .map(|(name, job, number)| (name, number, job.simulation.run(name, number, &job.metrics())))
        .collect();
    let mut values: BTreeMap<&String, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for (name, number, figures) in results {
        values.entry(name).or_default().insert(number, figures);
    }
    jobs.iter().flat_map(|(name, job)| judge_one(name, job, &values[name])).collect()
}

/// The complaints about one simulation's figures; prints how close to its limit the worst is.
#[expect(clippy::print_stdout, reason = "from this, run lengths are set")]
fn judge_one(name: &str, job: &Job<'_>, values: &BTreeMap<u32, Vec<f64>>) -> Vec<String> {
    let mut failures = Vec::new();
    let mut worst = (0.0, "");
    for (position, (case, check)) in job.checks.iter().enumerate() {
        let figures: Vec<f64> = values.values().map(|figures| figures[position]).collect();
        let sample = Sample::of(&figures);
        let (expected, half) = (check.expected, sample.relative_half_width(check.expected));
        let line = format!(
            "{} {:?} in {name}: expected {expected}, mean {:.7}, 95% half width {:.3}%",
            case.id,
            check.metric,
            sample.mean,
            100.0 * half
        );
        let delta = check.delta + weaker::allowance(&case.id) * expected.abs();
        if !sample.accepts(expected, delta) {
            failures.push(format!("{line}: WRONG"));
        }
        let limit = weaker::limit(&case.id).unwrap_or(check.limit);
        // Nothing observed is NaN, and too wide.
        if half > limit || half.is_nan() {
            failures.push(format!("{line}: TOO WIDE, at most {:.1}%", 100.0 * limit));
        }
        if half / limit > worst.0 {
            worst = (half / limit, &case.id);
        }
    }
    let millions = lengths::total(name) / 1e6;
    println!("{name} | {millions} | {:.3} | {}", worst.0, worst.1);
    failures
}
