//! The autoscaler: its rule, its delays, and who gets attempts meanwhile.

use super::{is_deterministic, log, mistake, near, replay, scenario, steady, with};
use misroute::model::probe::WorldChange;
use misroute::scenario::Scenario;

/// One serves, three wait; each attempt takes 100 ms, and a hundred fit in.
const MEMBERS: &str = "[[backends]]\nname = \"a\"\nworkers = 100\nservice = \"100ms\"\n\
    [[backends]]\nname = \"b-{1..3}\"\nworkers = 100\nservice = \"100ms\"\nup = false\n\
    start-time = \"10s\"\n";

fn decisions(scenario: &Scenario) -> Vec<(f64, u32, u32)> {
    let log = log(&scenario.setup, 1);
    let decision = |&(at, change): &(f64, WorldChange)| match change {
        WorldChange::Scaled { from, to } => Some((at, from, to)),
        _ => None,
    };
    log.changes.iter().filter_map(decision).collect()
}

/// 80/s of 100 ms are 8 in flight: at 5 each, ceil(1 x 8 / 5) = 2, decided after 15 s; the new one
/// is provisioned for 20 s, starts for 10 s, and is registered 5 s later. Meanwhile it counts as
/// idle, and 8 in 2 are not above 5 each.
#[test]
fn a_new_member_serves_after_all_its_delays() {
    let scaled = format!(
        "{MEMBERS}[autoscale]\ntargets = \"all\"\nin-flight = 5\nprovision = \"20s\"\nregister = \"5s\"\n"
    );
    let scaled = steady("100s", "80/s", &scaled);
    assert_eq!(decisions(&scaled), [(15.0, 1, 2)]);
    let seen = log(&scaled.setup, 1);
    assert_eq!(seen.states("starting"), [35.0]);
    assert_eq!(seen.states("up"), [45.0]);
    let run = replay(&scaled, 1);
    let attempts: Vec<u64> =
        run.result.figures.backends.iter().map(|backend| backend.requests).collect();
    // 80/s for 50 s alone, then 40/s each.
    assert!(attempts[0].abs_diff(6_000) <= 2 && attempts[1].abs_diff(2_000) <= 2, "{attempts:?}");
    assert_eq!(attempts[2..], [0, 0]);
    let told = |what: &str| run.result.happenings.iter().any(|happening| happening.what == what);
    assert!(told("1 to 2 members"));
}

/// Twice as much from 60 s to 120 s: 16 in flight, ceil(2 x 8 / 5) = 4. The last look that wants
/// four is that at 120 s; five minutes later it no longer counts.
#[test]
fn members_leave_when_no_look_of_five_minutes_wants_them() {
    let text = format!(
        "{MEMBERS}[autoscale]\ntargets = \"all\"\nin-flight = 5\n[[timeline]]\nname = \"surge\"\n\
         at = \"1m\"\ndo = \"surge\"\nfactor = 2\nfor = \"1m\"\n"
    );
    let scaled = steady("10m", "80/s", &text);
    assert_eq!(decisions(&scaled), [(15.0, 1, 2), (75.0, 2, 4), (435.0, 4, 2)]);
    let seen = log(&scaled.setup, 1);
    // Drained for 30 s, which is plenty: nobody is cut off.
    assert_eq!(seen.states("down"), [465.0, 465.0]);
    assert!(seen.over.iter().all(|over| over.outcome.is_ok()));
    let soon = with(&scaled, &["autoscale.down-stabilization=0s"]);
    assert_eq!(decisions(&soon), [(15.0, 1, 2), (75.0, 2, 4), (135.0, 4, 2)]);
    let late = with(&scaled, &["autoscale.up-stabilization=1m"]);
    // Looks from 15 s to 75 s want two at least; five looks that want four: 75 s to 120 s are four.
    assert_eq!(decisions(&late), [(75.0, 1, 2)]);
    let few = with(&scaled, &["autoscale.max=3"]);
    assert_eq!(decisions(&few), [(15.0, 1, 2), (75.0, 2, 3), (435.0, 3, 2)]);
}

/// Attempts that are still inside when the drain is over are lost with the process.
#[test]
fn a_drain_that_is_too_short_loses_work() {
    let text = format!(
        "{}[autoscale]\ntargets = \"all\"\nin-flight = 50\ndown-stabilization = \"0s\"\ndrain = \"50ms\"\n",
        MEMBERS.replace("up = false\n", "")
    );
    let scaled = steady("1m", "80/s", &text);
    assert_eq!(decisions(&scaled), [(15.0, 4, 1)]);
    let seen = log(&scaled.setup, 1);
    assert!(seen.states("down").iter().all(|&at| near(at, 15.05)));
    let lost = seen.over.iter().filter(|over| !over.outcome.is_ok()).count();
    // Three quarters of what came in 50 ms at 80/s.
    assert!((2..=4).contains(&lost), "{lost}");
}

/// Who is registered and what a configuration says are two things: no rollout, rollback or reload
/// brings in a member that does not serve.
#[test]
fn configurations_register_nobody() {
    let text = format!(
        "{MEMBERS}[autoscale]\ntargets = \"all\"\nin-flight = 50\n[[timeline]]\nname = \"more\"\n\
         at = \"20s\"\ndo = \"configure\"\nset = {{ \"backends.b-1.weight\" = 9 }}\n\
         [[timeline]]\nname = \"reload\"\nat = \"30s\"\ndo = \"reload\"\n\
         [[timeline]]\nname = \"back\"\nat = \"40s\"\ndo = \"rollback\"\n"
    );
    let run = replay(&steady("1m", "80/s", &text), 1);
    assert_eq!(run.result.figures.backends[1].requests, 0);
    assert_eq!(run.result.figures.totals.failed, 0);
    for algorithm in ["ring-hash", "maglev", "least-connections", "source-hash"] {
        let scaled =
            with(&steady("1m", "80/s", &text), &[&format!("balancer.algorithm={algorithm}")]);
        assert_eq!(replay(&scaled, 1).result.figures.totals.failed, 0, "{algorithm}");
    }
}

#[test]
fn an_autoscaler_is_deterministic_and_leaves_the_demand_alone() {
    let base = scenario("10m", "150/s", MEMBERS);
    for goal in ["in-flight=3", "utilization=\"4%\"", "queue=0.1"] {
        let autoscale =
            format!("autoscale={{targets=\"all\", {goal}, down-stabilization=\"30s\"}}");
        let crashes = "backends.*.failures={up={exponential={mean=\"1m\"}}, down=\"5s\"}";
        is_deterministic(&base, &[&autoscale, crashes]);
    }
}

#[test]
fn autoscalers_that_make_no_sense_are_explained() {
    for (keys, message) in [
        ("targets = \"all\"", "looks at one of"),
        ("targets = \"all\"\nqueue = 1\nin-flight = 1", "looks at one of"),
        ("targets = \"all\"\nqueue = 1\nmin = 9", "min = 9, and at most 4 of 4 targets"),
        ("targets = \"all\"\nqueue = 1\nmin = 3\nmax = 2", "min = 3, and at most 2"),
        ("targets = \"c\"\nqueue = 1", "unknown backend"),
    ] {
        let text = mistake(&format!("{MEMBERS}[autoscale]\n{keys}\n"));
        assert!(text.contains(message), "{keys}:\n{text}");
    }
}

/// Attempts that never end pile up at 20/s: forty members at once would be wanted from the first look on. By
/// the documented default policies it adds four or doubles in 15 s.
#[test]
fn members_come_four_at_a_time_or_double() {
    let stuck = "[[backends]]\nname = \"a\"\nworkers = 9999\nservice = \"1000s\"\n\
        [[backends]]\nname = \"b-{1..39}\"\nworkers = 9999\nservice = \"1000s\"\nup = false\n\
        [autoscale]\ntargets = \"all\"\nin-flight = 1\n";
    let scaled = steady("70s", "20/s", stuck);
    assert_eq!(decisions(&scaled), [(15.0, 1, 5), (30.0, 5, 10), (45.0, 10, 20), (60.0, 20, 40)]);
    let slow = with(&scaled, &["autoscale.up-percent=0%", "autoscale.up-period=30s"]);
    assert_eq!(decisions(&slow), [(15.0, 1, 5), (45.0, 5, 9)]);
}
