//! Differences that theory knows.

use super::{compared, scenario, with};
use misroute::experiment::compare::{Direction, Meaning, ThresholdStatus};
use misroute::experiment::replicate::{Plan, Replications};
use misroute::experiment::warm_up::WarmUp;
use misroute::scenario::Scenario;

/// M/M/1 at 50/s with work of 10 ms: half busy.
fn mm1() -> Scenario {
    scenario(
        r#"schema = 1
name = "mm1"
duration = "10m"
[[clients]]
name = "web"
rate = "50/s"
[[backends]]
name = "api"
service = { exponential = { mean = "10ms" } }
"#,
    )
}

/// Ten backends at 80%, by turns.
const TEN: &str = r#"schema = 1
name = "ten"
duration = "3m"
[[clients]]
name = "web"
rate = "400/s"
[balancer]
algorithm = "round-robin"
[[backends]]
name = "api-{1..10}"
service = { exponential = { mean = "20ms" } }
"#;

fn ten() -> Scenario {
    scenario(TEN)
}

/// The mean time in M/M/1 is 1/(mu - lambda): 20 ms with work of 10 ms, 16.364 ms with 9 ms. The paired
/// interval contains the true difference of -3.636 ms (95%), and is narrower than that of the mean.
#[test]
fn the_paired_interval_contains_the_difference_that_theory_knows() {
    let (before, after) = (mm1(), with(&mm1(), &["backends.api.service.exponential.mean=9ms"]));
    let comparison = compared(&before, &after, &Plan::exactly(1, 20), &[]);
    let mean = comparison.figure("latency.mean").unwrap();
    let paired = mean.difference.unwrap().difference;
    let truth: f64 = 1e3 / (1e3 / 9.0 - 50.0) - 20.0;
    assert!((truth + 3.636).abs() < 1e-3);
    assert!(paired.low.unwrap() < truth && truth < paired.high.unwrap(), "{truth} in {paired:?}");
    assert!(paired.half_width().unwrap() < 0.3, "{paired:?}");
    assert_eq!(
        (mean.meaning, mean.direction, mean.remains),
        (Meaning::Real, Direction::Better, true)
    );
    // 1 - 16.364/20 = 18.2% less.
    let relative = mean.relative.unwrap();
    assert!(relative.low.unwrap() < -0.1818 && -0.1818 < relative.high.unwrap(), "{relative:?}");
}

#[test]
fn no_change_is_equal_to_the_last_bit() {
    let comparison = compared(&mm1(), &mm1(), &Plan::exactly(1, 3), &["p99 > +0%", "p99 < +0ms"]);
    assert!(comparison.is_of_the_same() && comparison.is_equal());
    assert!(comparison.figures.iter().all(|figure| figure.meaning == Meaning::Equal));
    assert!(comparison.thresholds.iter().all(|t| t.status == ThresholdStatus::Pass));
    assert_eq!(comparison.before.digest, comparison.after.digest);
}

/// A change that reaches nobody: a limit that is never met.
#[test]
fn a_change_without_effect_is_equal_too() {
    let after = with(&mm1(), &["backends.api.queue=100000"]);
    let comparison = compared(&mm1(), &after, &Plan::exactly(1, 3), &[]);
    assert!(!comparison.is_of_the_same() && comparison.is_equal());
}

/// One of ten members is 10% slower: the same requests meet the same queues but for one in ten, and
/// the interval of the difference is narrower than if the runs were independent. How many times
/// depends on the longest queues of the runs: 2.1 to 3.5 in nine comparisons of 60 replications.
#[test]
fn pairing_pays() {
    let slower = with(&ten(), &["backends.api-1.service.exponential.mean=22ms"]);
    let comparison = compared(&ten(), &slower, &Plan::exactly(1, 20), &[]);
    let mean = comparison.figure("latency.mean").unwrap();
    assert!(mean.gain.unwrap() > 2.0, "{mean:?}");
    assert_eq!(mean.meaning, Meaning::Real);
    // Of two algorithms less is in common, and the ratio says how much.
    let other = with(&ten(), &["balancer.algorithm=least-connections"]);
    let comparison = compared(&ten(), &other, &Plan::exactly(1, 20), &[]);
    let mean = comparison.figure("latency.mean").unwrap();
    assert!(mean.gain.unwrap() > 0.8 && mean.direction == Direction::Better, "{mean:?}");
}

/// Both sides are observed over the same part of the run: nothing is left out if one of them changes
/// with time, and else the later of the two warm-ups.
#[test]
fn both_sides_are_seen_over_the_same_part() {
    let crash = "[[timeline]]\nname = \"x\"\nat = \"1m\"\ndo = \"crash\"\ntargets = \"api-1\"\n";
    let crash = scenario(&[TEN, crash].concat());
    let comparison = compared(&ten(), &crash, &Plan::exactly(1, 2), &[]);
    assert!(comparison.warm_up_s.abs() < 1e-12);
    let offered = comparison.figure("requests.offered_rps").unwrap();
    assert_eq!(offered.meaning, Meaning::Equal);
    let fixed = Plan { warm_up: WarmUp::Auto, ..Plan::exactly(1, 4) };
    let late = with(&ten(), &["load=118%"]);
    let comparison = compared(&ten(), &late, &fixed, &[]);
    let offered = comparison.figure("requests.offered_rps").unwrap();
    assert!(comparison.changes[0].demand && offered.meaning == Meaning::Real);
}

/// Precision may be reached earlier on one side: both are run as often.
#[test]
fn both_sides_are_run_as_often() {
    let columns = vec!["latency.mean".to_owned()];
    let replications = Replications::Until { relative: 0.05, columns, most: 80 };
    let plan = Plan { replications, ..Plan::exactly(1, 2) };
    let short = with(&ten(), &["duration=20s"]);
    let steady = with(&short, &["backends.*.service=10ms"]);
    let comparison = compared(&steady, &short, &plan, &[]);
    assert!(comparison.replications > 10 && comparison.precise, "{}", comparison.replications);
    let mean = comparison.figure("latency.mean").unwrap();
    assert_eq!(
        (mean.pairs, mean.before.unwrap().n),
        (comparison.replications, comparison.replications)
    );
}

/// p99 of M/M/1 is ln 100 / (mu - lambda): 92.1 ms before, 75.4 ms after, 18% less.
#[test]
fn thresholds_pass_fail_or_stay_undecided() {
    let after = with(&mm1(), &["backends.api.service.exponential.mean=9ms"]);
    let judged = [
        ("p99 > +10%", ThresholdStatus::Pass),
        ("p99 < -5%", ThresholdStatus::Fail),
        ("p99 < -18.2%", ThresholdStatus::Undecided),
        ("p99 > 60ms", ThresholdStatus::Fail),
        ("p99 > 90ms", ThresholdStatus::Pass),
        ("p99 > 75.4ms", ThresholdStatus::Undecided),
        ("mean < -2ms", ThresholdStatus::Fail),
        ("users.affected > 0.1%", ThresholdStatus::Pass),
        // That nobody was affected does not show that nobody ever will be.
        ("users.affected > 0%", ThresholdStatus::Undecided),
        ("success < 99.9%", ThresholdStatus::Pass),
        ("backends.api.utilization < -3 points", ThresholdStatus::Fail),
    ];
    let texts = judged.map(|(text, _)| text);
    let comparison = compared(&mm1(), &after, &Plan::exactly(1, 10), &texts);
    for (found, (text, status)) in comparison.thresholds.iter().zip(judged) {
        assert_eq!((found.threshold.as_str(), found.status), (text, status), "{found:?}");
    }
}
