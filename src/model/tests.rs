//! Behaviour of the world, each against a figure known beforehand.

use super::balancer::policy::Redispatch;
use super::fixture::{backend, setup};
use super::outcome::Outcome;
use super::probe::{Blind, FinishedRequest, Probe, WorldChange};
use super::run::{simulate, simulate_with_progress};
use super::setup::*;
use super::world::{Counts, World};
use crate::engine::dist::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::{Span, Time};
use crate::observe::recorder::Recorder;
use crate::observe::result::ScenarioId;
use std::sync::Arc;

const SEED: Seed = Seed::new(1);

/// Everything a run tells, in order.
#[derive(Default)]
struct Log {
    finished: Vec<(Time, FinishedRequest)>,
    born: Vec<(Time, u32)>,
    changes: Vec<(Time, WorldChange)>,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, _: PopulationId, user: u32) {
        self.born.push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.finished.push((now, *request));
    }

    fn changed(&mut self, now: Time, change: WorldChange) {
        self.changes.push((now, change));
    }
}

fn run(setup: Setup) -> (Log, World) {
    let mut log = Log::default();
    let world = simulate(&Arc::new(setup), SEED, &mut log);
    (log, world)
}

fn counts(setup: Setup) -> Counts {
    run(setup).1.counts()
}

fn finished(counts: Counts, outcome: Outcome) -> u64 {
    counts.finished[outcome.index()]
}

fn second(s: u64) -> Time {
    Span::from_secs(s).after_start()
}

fn at(s: u64, name: &str, action: Action) -> TimelineEntry {
    TimelineEntry { name: name.into(), trigger: Trigger::At(second(s)), action, lasts: None }
}

fn two(rate: f64) -> Setup {
    setup("round-robin", vec![backend("a"), backend("b")], rate, 20)
}

/// A scenario with a bit of everything, for digests.
fn busy() -> Setup {
    let mut slow = backend("c");
    slow.service = Distribution::constant(Span::from_ms(40));
    slow.queue = Some(20);
    slow.overload = Some(Overload { queue: 15, until: OverloadEnd::After(Span::from_secs(2)) });
    slow.cold_start = Some(ColdStart::linear(3.0, Fading::Over(Span::from_secs(4))));
    slow.start_time = Span::from_secs(1);
    let mut setup = setup("least-connections", vec![backend("a"), backend("b"), slow], 300.0, 20);
    setup.balancer.instances = 3;
    setup.populations[0].timeout = Some(Span::from_ms(300));
    setup.populations[0].retries.max = 2;
    setup.database = Some(DatabaseSetup::plain(2, Distribution::constant(Span::from_ms(2))));
    let c = vec![BackendId(2)];
    let random = super::balancer::find(super::balancer::Dialect::Generic, "random").unwrap();
    let algorithm = AlgorithmConfig::of(random);
    let delays = vec![Some(Span::ZERO), Some(Span::from_secs(1)), None];
    let rollout = Rollout { delays, reload: false };
    setup.timeline = vec![
        at(2, "slow", Action::Begin { targets: c.clone(), fault: Fault::Slow(2.0) }),
        at(
            4,
            "configure",
            Action::Configure { changes: vec![Change::Algorithm(algorithm)], rollout },
        ),
        at(6, "surge", Action::Surge { population: None, factor: 1.7 }),
        at(8, "restart", Action::Restart { targets: c }),
        at(9, "database", Action::DatabasePause(Span::from_ms(500))),
        at(12, "back", Action::Rollback { of: None, rollout: Rollout::at_once() }),
    ];
    setup.alerts = vec![AlertRule {
        name: "errors".into(),
        signal: Signal::ErrorRatio,
        above: true,
        threshold: 0.05,
        window: Span::from_secs(2),
        hold: Span::ZERO,
    }];
    setup
}

#[test]
fn the_digest_is_the_same_twice_with_and_without_observer_and_in_pieces() {
    let setup = Arc::new(busy());
    let first = simulate(&setup, SEED, &mut Blind);
    assert!(finished(first.counts(), Outcome::Timeout) > 0, "the scenario must exercise timeouts");
    let digest = first.digest();
    assert_eq!(simulate(&setup, SEED, &mut Blind).digest(), digest);
    assert_eq!(simulate(&setup, SEED, &mut Recorder::new(&setup)).digest(), digest);
    let mut parts = 0;
    let pieces = simulate_with_progress(&setup, SEED, &mut Blind, 37, |_| parts += 1);
    assert_eq!((pieces.digest(), parts), (digest, 37));
    assert_ne!(simulate(&setup, Seed::new(2), &mut Blind).digest(), digest);
    let mut fork = World::new(Arc::clone(&setup), SEED);
    fork.step_until(second(9), &mut Blind);
    let mut other = fork.clone();
    other.step_until(second(20), &mut Blind);
    fork.step_until(second(20), &mut Blind);
    assert_eq!(fork.digest(), other.digest());
    assert_eq!(fork.digest(), digest);
}

#[test]
fn the_demand_is_the_same_under_every_algorithm() {
    let demand = |algorithm: &str| {
        let (log, _) = run(setup(algorithm, vec![backend("a"), backend("b")], 200.0, 10));
        log.born
    };
    let expected = demand("round-robin");
    assert!(expected.len() > 1_500);
    for algorithm in super::balancer::ALGORITHMS {
        assert_eq!(demand(algorithm.name), expected, "{}", algorithm.name);
    }
}

#[test]
fn nobody_eligible_is_503_at_once() {
    for change in [Change::Weight(BackendId(0), 0), Change::InPool(BackendId(0), false)] {
        let mut setup = setup("round-robin", vec![backend("a")], 50.0, 10);
        setup.balancer.config.change(&change);
        let counts = counts(setup);
        assert!(counts.requests > 400);
        assert_eq!(finished(counts, Outcome::Http503), counts.requests);
    }
}

/// An offline member of two takes exactly every other attempt; redispatch hides it.
#[test]
fn an_offline_member_costs_its_share_unless_redispatched() {
    let mut setup = two(100.0);
    setup.backends[1].up_at_start = false;
    let plain = counts(setup.clone());
    assert_eq!(finished(plain, Outcome::Http503), plain.requests / 2);
    setup.balancer.config.connect.retries = 1;
    setup.balancer.config.connect.redispatch = Redispatch::Always;
    let hidden = counts(setup.clone());
    assert_eq!(finished(hidden, Outcome::Http503), 0);
    setup.balancer.config.connect.redispatch = Redispatch::Never;
    setup.balancer.config.connect.refused_as = Outcome::Refused;
    let (log, _) = run(setup);
    let refused = log.finished.iter().filter(|(_, r)| r.outcome == Outcome::Refused);
    // The same member again, one second later.
    assert!(refused.clone().count() > 0);
    assert!(refused.clone().all(|(now, r)| now.since(r.born) == Span::from_secs(1)));
}

#[test]
fn a_hanging_backend_ends_in_client_timeouts_and_a_failing_one_in_errors() {
    let targets = vec![BackendId(0)];
    let mut hang = setup("single", vec![backend("a")], 50.0, 20);
    hang.populations[0].timeout = Some(Span::from_secs(2));
    hang.timeline =
        vec![at(0, "hang", Action::Begin { targets: targets.clone(), fault: Fault::Hang })];
    let (log, _) = run(hang);
    assert!(log.finished.iter().all(|(now, r)| {
        r.outcome == Outcome::Timeout && now.since(r.born) == Span::from_secs(2)
    }));
    let mut fail = setup("single", vec![backend("a")], 50.0, 20);
    let fault = Fault::Fail { outcome: Outcome::Http500, after: Span::from_ms(3) };
    fail.timeline = vec![at(0, "fail", Action::Begin { targets, fault })];
    let (log, _) = run(fail);
    assert!(log.finished.iter().all(|(now, r)| {
        r.outcome == Outcome::Http500 && now.since(r.born) == Span::from_ms(3)
    }));
}

/// Overlapping faults: a process that stands still answers no error either.
#[test]
fn a_backend_that_hangs_and_fails_does_not_answer() {
    let targets = vec![BackendId(0)];
    let mut setup = setup("single", vec![backend("a")], 50.0, 20);
    setup.populations[0].timeout = Some(Span::from_secs(2));
    let fail = Fault::Fail { outcome: Outcome::Http500, after: Span::ZERO };
    setup.timeline = vec![
        at(0, "fail", Action::Begin { targets: targets.clone(), fault: fail }),
        at(0, "hang", Action::Begin { targets: targets.clone(), fault: Fault::Hang }),
        at(10, "resume", Action::End { targets, kind: FaultKind::Hang, of: None }),
    ];
    let (log, _) = run(setup);
    let hung = |r: &FinishedRequest| second(1) <= r.born && r.born < second(8);
    assert!(
        log.finished.iter().filter(|(_, r)| hung(r)).all(|(_, r)| r.outcome == Outcome::Timeout)
    );
    let failing = |r: &FinishedRequest| second(10) <= r.born;
    let after = log.finished.iter().filter(|(_, r)| failing(r));
    assert!(after.clone().count() > 400);
    assert!(after.clone().all(|(_, r)| r.outcome == Outcome::Http500));
}

#[test]
fn a_balancer_timeout_is_504_and_a_crash_is_502() {
    let mut setup = setup("single", vec![backend("a")], 50.0, 20);
    setup.backends[0].service = Distribution::constant(Span::from_secs(3));
    setup.backends[0].workers = 1000;
    setup.balancer.config.timeout = Some(Span::from_secs(1));
    let (log, _) = run(setup.clone());
    assert!(!log.finished.is_empty());
    assert!(log.finished.iter().all(|(now, r)| {
        r.outcome == Outcome::Http504 && now.since(r.born) == Span::from_secs(1)
    }));
    setup.balancer.config.timeout = None;
    setup.timeline =
        vec![at(2, "crash", Action::Begin { targets: vec![BackendId(0)], fault: Fault::Down })];
    let (log, world) = run(setup);
    let lost = log.finished.iter().filter(|(_, r)| r.outcome == Outcome::Http502);
    assert!(lost.clone().all(|(now, _)| *now == second(2)));
    let born_before = log.born.iter().filter(|(born, _)| *born < second(2)).count();
    assert_eq!(lost.count(), born_before);
    assert_eq!(finished(world.counts(), Outcome::Ok), 0);
}

/// One worker of 1 s, one place, one request every 0.4 s: in steady state 2 of 5 are served.
#[test]
fn a_full_queue_rejects() {
    let mut setup = setup("single", vec![backend("a")], 2.5, 100);
    setup.populations[0].arrivals = Arrivals::Constant;
    setup.backends[0].service = Distribution::constant(Span::from_secs(1));
    setup.backends[0].queue = Some(1);
    setup.backends[0].full = Outcome::Http500;
    let counts = counts(setup);
    assert_eq!(counts.requests, 249);
    assert!(finished(counts, Outcome::Ok).abs_diff(99) <= 1);
    assert!(finished(counts, Outcome::Http500).abs_diff(149) <= 2);
}

#[test]
fn overload_lasts_until_the_restart_although_the_load_is_gone() {
    let mut setup = setup("single", vec![backend("a")], 20.0, 60);
    let a = vec![BackendId(0)];
    setup.backends[0].service = Distribution::constant(Span::from_ms(10));
    setup.backends[0].queue = Some(100);
    setup.backends[0].overload = Some(Overload { queue: 50, until: OverloadEnd::Restart });
    setup.populations[0].timeout = Some(Span::from_secs(1));
    setup.timeline = vec![
        TimelineEntry {
            lasts: Some(Span::from_secs(5)),
            ..at(10, "surge", Action::Surge { population: None, factor: 20.0 })
        },
        at(40, "restart", Action::Restart { targets: a }),
    ];
    let ok_between = |log: &Log, from: u64, to: u64| {
        let born = |r: &FinishedRequest| second(from) <= r.born && r.born < second(to);
        log.finished.iter().filter(|(_, r)| r.outcome.is_ok() && born(r)).count()
    };
    let (log, _) = run(setup.clone());
    assert_eq!(ok_between(&log, 20, 39), 0, "it must stay unresponsive at one fifth of capacity");
    assert!(ok_between(&log, 41, 59) > 300, "the restart must bring it back");
    setup.backends[0].overload = None;
    let (log, _) = run(setup);
    assert!(ok_between(&log, 20, 39) > 300, "without the state it recovers by itself");
}

#[test]
fn instances_adopt_one_after_another_and_never_go_back_to_an_older_version() {
    let mut setup = two(100.0);
    setup.balancer.instances = 3;
    let only =
        |a: u32, b: u32| vec![Change::Weight(BackendId(0), a), Change::Weight(BackendId(1), b)];
    let delays = vec![Some(Span::ZERO), Some(Span::from_secs(6)), None];
    setup.timeline = vec![
        at(
            2,
            "first",
            Action::Configure { changes: only(1, 0), rollout: Rollout { delays, reload: false } },
        ),
        at(5, "second", Action::Configure { changes: only(0, 1), rollout: Rollout::at_once() }),
        at(12, "back", Action::Rollback { of: Some(EntryId(0)), rollout: Rollout::at_once() }),
    ];
    let (log, _) = run(setup);
    let adopted: Vec<_> = log
        .changes
        .iter()
        .filter_map(|(now, change)| match change {
            WorldChange::Adopted(instance, version) => {
                Some((now.as_ns() / 1_000_000_000, instance.0, *version))
            }
            _ => None,
        })
        .collect();
    let expected = [(2, 0, 1), (5, 0, 2), (5, 1, 2), (5, 2, 2), (12, 0, 3), (12, 1, 3), (12, 2, 3)];
    assert_eq!(adopted, expected);
}

/// Shares of the first of two backends from second to second, by who answered.
fn first_share(setup: Setup) -> Vec<f64> {
    let setup = Arc::new(setup);
    let mut recorder = Recorder::new(&setup);
    let world = simulate(&setup, SEED, &mut recorder);
    let id = ScenarioId { name: String::new(), digest: String::new() };
    let rows = recorder.into_result(&world, SEED, id, None).series.rows;
    rows.iter()
        .map(|row| {
            let all: u64 = row.backends.iter().map(|backend| u64::from(backend.attempts)).sum();
            f64::from(row.backends[0].attempts) / all as f64
        })
        .collect()
}

/// Overlapping configurations end cleanly, in whatever order they end.
#[test]
fn configurations_that_end_by_themselves_take_back_only_their_own_changes() {
    let mut setup = setup("random", vec![backend("a"), backend("b")], 2_000.0, 20);
    let weigh = |weight| Action::Configure {
        changes: vec![Change::Weight(BackendId(0), weight)],
        rollout: Rollout::at_once(),
    };
    let lasting = |s, name, weight| TimelineEntry {
        lasts: Some(Span::from_secs(6)),
        ..at(s, name, weigh(weight))
    };
    setup.timeline = vec![lasting(2, "first", 9), lasting(5, "second", 3)];
    let share = first_share(setup);
    // 1:1, then 9:1, then 3:1 which outlasts the first entry, then 1:1; 2,000 draws a second.
    for (second, expected) in [(1, 0.5), (3, 0.9), (6, 0.75), (9, 0.75), (12, 0.5), (18, 0.5)] {
        let seen = share[second];
        assert!((seen - expected).abs() < 0.06, "second {second}: {seen}, not {expected}");
    }
}

#[test]
fn a_second_rollback_does_not_bring_the_fault_back() {
    let mut setup = two(500.0);
    let out = Change::InPool(BackendId(0), false);
    let back = || Action::Rollback { of: None, rollout: Rollout::at_once() };
    let configure = Action::Configure { changes: vec![out], rollout: Rollout::at_once() };
    setup.timeline = vec![at(2, "out", configure), at(5, "back", back()), at(8, "again", back())];
    let share = first_share(setup);
    assert!(share[3] < 0.01, "{share:?}");
    assert!((share[6] - 0.5).abs() < 0.01 && (share[12] - 0.5).abs() < 0.01, "{share:?}");
}

/// Two of three refuse: each attempt must find the third, whatever the algorithm.
#[test]
fn redispatch_forgets_nobody_who_has_refused() {
    // HAProxy's map has no server to avoid, and one member is no choice.
    let stays = ["single", "haproxy-source", "haproxy-uri"];
    for algorithm in super::balancer::ALGORITHMS.iter().filter(|a| !stays.contains(&a.name)) {
        let backends = vec![backend("a"), backend("b"), backend("c")];
        let mut setup = setup(algorithm.name, backends, 100.0, 20);
        setup.backends[0].up_at_start = false;
        setup.backends[1].up_at_start = false;
        setup.balancer.config.connect.retries = 2;
        setup.balancer.config.connect.redispatch = Redispatch::Always;
        let counts = counts(setup);
        assert_eq!(finished(counts, Outcome::Http503), 0, "{}", algorithm.name);
    }
}

/// Whoever came while the queue was full is turned away when the backend goes on.
#[test]
fn nobody_waits_for_ever_at_a_backend_that_goes_on() {
    let mut setup = setup("single", vec![backend("a")], 100.0, 30);
    setup.backends[0].queue = Some(10);
    let hang = Action::Begin { targets: vec![BackendId(0)], fault: Fault::Hang };
    setup.timeline = vec![TimelineEntry { lasts: Some(Span::from_secs(5)), ..at(5, "hang", hang) }];
    let (log, world) = run(setup);
    assert!(world.counts().requests - log.finished.len() as u64 <= 2, "nothing is left behind");
    let turned_away =
        log.finished.iter().filter(|(now, r)| *now == second(10) && !r.outcome.is_ok());
    assert!(turned_away.count() > 400);
}

#[test]
fn a_rolling_restart_that_drains_loses_nothing_and_one_that_does_not_loses_work() {
    let mut setup = two(100.0);
    for backend in &mut setup.backends {
        backend.start_time = Span::from_secs(1);
        backend.workers = 100;
        backend.service = Distribution::constant(Span::from_ms(200));
    }
    let restart = |drain| Action::RollingRestart {
        targets: vec![BackendId(0), BackendId(1)],
        drain,
        pause: Span::from_secs(1),
    };
    setup.timeline = vec![at(5, "restart", restart(Span::from_ms(300)))];
    let drained = counts(setup.clone());
    assert_eq!(finished(drained, Outcome::Ok), drained.finished.iter().sum::<u64>(), "{drained:?}");
    setup.timeline = vec![at(5, "restart", restart(Span::ZERO))];
    assert!(finished(counts(setup), Outcome::Http502) > 5);
}

/// Every attempt fails, so every request makes 1 + max attempts, after waits that are known.
#[test]
fn retries_are_counted_and_wait_as_they_should() {
    let mut setup = setup("single", vec![backend("a")], 10.0, 100);
    setup.backends[0].up_at_start = false;
    let retries = &mut setup.populations[0].retries;
    (retries.max, retries.jitter) = (3, Jitter::None);
    (retries.base, retries.cap) = (Span::from_ms(100), Span::from_ms(250));
    let (log, world) = run(setup.clone());
    assert!(log.finished.iter().all(|(now, r)| {
        // 100 + 200 + 250 (capped).
        r.attempts == 4 && now.since(r.born) == Span::from_ms(550)
    }));
    let in_flight = world.counts().requests - log.finished.len() as u64;
    let attempts = world.counts().attempts - 4 * log.finished.len() as u64;
    assert!((in_flight..=3 * in_flight).contains(&attempts));
    setup.populations[0].retries.on = [Outcome::Timeout].into_iter().collect();
    let (log, _) = run(setup);
    assert!(log.finished.iter().all(|(_, r)| r.attempts == 1), "503 is not to be tried again");
}

#[test]
fn a_surge_multiplies_the_rate_while_it_lasts() {
    for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
        let mut setup = setup("single", vec![backend("a")], 100.0, 30);
        setup.populations[0].arrivals = arrivals.clone();
        let surge = |s, name, factor, lasts| TimelineEntry {
            lasts: Some(Span::from_secs(lasts)),
            ..at(s, name, Action::Surge { population: None, factor })
        };
        // 3x over 10..20, of which 15..18 nobody at all.
        setup.timeline = vec![surge(10, "up", 3.0, 10), surge(15, "off", 0.0, 3)];
        let (log, _) = run(setup);
        let born = |from, to| {
            let inside = |born: &Time| second(from) <= *born && *born < second(to);
            log.born.iter().filter(|(born, _)| inside(born)).count() as f64
        };
        for (from, to, expected) in
            [(0, 10, 1000.0), (10, 15, 1500.0), (18, 20, 600.0), (20, 30, 1000.0)]
        {
            // Poisson counts: five standard deviations.
            let slack =
                if arrivals == Arrivals::Constant { 2.0 } else { 5.0 * f64::sqrt(expected) };
            assert!((born(from, to) - expected).abs() <= slack, "{from}..{to}: {}", born(from, to));
        }
        assert!(born(15, 18) < 0.5, "nobody comes at rate zero");
    }
}

/// Two connections of 20 ms serve 100 queries a second, whatever the backends could do.
#[test]
fn an_exhausted_database_pool_limits_everything() {
    let mut setup = setup("round-robin", vec![backend("a"), backend("b")], 150.0, 60);
    for backend in &mut setup.backends {
        (backend.workers, backend.queue) = (50, Some(10));
    }
    setup.database = Some(DatabaseSetup::plain(2, Distribution::constant(Span::from_ms(20))));
    let counts = counts(setup);
    assert!(finished(counts, Outcome::Ok).abs_diff(6_000) < 100, "{counts:?}");
    assert!(finished(counts, Outcome::Http503) > 2_000);
}

/// The offline member begins at 5 s; the window of 2 s and the hold of 3 s decide when it fires.
#[test]
fn an_alert_fires_after_its_window_and_hold_and_calls_its_responder() {
    let mut setup = two(200.0);
    let b = vec![BackendId(1)];
    setup.alerts = vec![AlertRule {
        name: "errors".into(),
        signal: Signal::ErrorRatio,
        above: true,
        threshold: 0.25,
        window: Span::from_secs(2),
        hold: Span::from_secs(3),
    }];
    let trigger = Trigger::AfterAlert(AlertId(0), Span::from_secs(4));
    let restart = Action::Restart { targets: b.clone() };
    setup.timeline = vec![
        at(5, "crash", Action::Begin { targets: b, fault: Fault::Down }),
        TimelineEntry { name: "page".into(), trigger, action: restart, lasts: None },
    ];
    let (log, _) = run(setup);
    let alerts: Vec<f64> = log
        .changes
        .iter()
        .filter(|(_, change)| matches!(change, WorldChange::Alert(..)))
        .map(|(now, _)| now.as_secs_f64())
        .collect();
    // Half of the attempts fail, so a quarter of the window's have failed after 1 s: 6 s, then
    // 3 s; chance and the steps of the window add up to 0.7 s.
    assert!((9.0..9.7).contains(&alerts[0]), "{alerts:?}");
    let restarted = log.changes.iter().find(|(_, c)| *c == WorldChange::Entry(EntryId(1)));
    let restarted = restarted.expect("the responder acts").0.as_secs_f64();
    assert!((restarted - alerts[0] - 4.0).abs() < 1e-9);
    assert!(alerts[1] > restarted && alerts[1] < restarted + 2.1, "{alerts:?}");
}

/// A rule does not depend on what else is watched.
#[test]
fn another_alert_moves_no_alert() {
    let fired = |others: &[u64]| {
        let mut setup = two(200.0);
        let rule = |name: &str, window| AlertRule {
            name: name.into(),
            signal: Signal::ErrorRatio,
            above: true,
            threshold: 0.25,
            window: Span::from_secs(window),
            hold: Span::from_secs(1),
        };
        setup.alerts = vec![rule("errors", 2)];
        setup.alerts.extend(others.iter().map(|&window| rule("other", window)));
        let crash = Action::Begin { targets: vec![BackendId(1)], fault: Fault::Down };
        setup.timeline = vec![at(5, "crash", crash)];
        let (log, _) = run(setup);
        let own = WorldChange::Alert(AlertId(0), true);
        log.changes.iter().find(|(_, change)| *change == own).map(|(now, _)| *now)
    };
    let alone = fired(&[]);
    assert!(alone.is_some());
    assert_eq!(fired(&[1, 7, 3600]), alone);
}

/// After a burst, a queue of 5 s in front of clients with a patience of 2 s: at half the capacity,
/// doing abandoned work takes 10 s to catch up, dropping it takes none.
#[test]
fn abandoned_work_is_done_unless_skipped() {
    let served_after_burst = |abandoned| {
        let mut setup = setup("single", vec![backend("a")], 5.0, 40);
        setup.backends[0].service = Distribution::constant(Span::from_ms(100));
        setup.backends[0].queue = Some(50);
        setup.backends[0].abandoned = abandoned;
        setup.populations[0].timeout = Some(Span::from_secs(2));
        let burst = Action::Surge { population: None, factor: 20.0 };
        setup.timeline =
            vec![TimelineEntry { lasts: Some(Span::from_secs(5)), ..at(10, "burst", burst) }];
        let (log, _) = run(setup);
        let born = |r: &FinishedRequest| second(15) <= r.born && r.born < second(20);
        log.finished.iter().filter(|(_, r)| r.outcome.is_ok() && born(r)).count()
    };
    assert!(served_after_burst(Abandoned::Finish) <= 2);
    assert!(served_after_burst(Abandoned::Skip) >= 12);
}
