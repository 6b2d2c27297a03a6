//! Statements that hold on every sample path, or for every load: no reference number is needed.
//!
//! Not yet applicable: JSQ(d) at its ends (no power of d choices), least work left (no such
//! algorithm), other disciplines (only first come, first served), retry budgets (none), random
//! order of simultaneous events (the order is a documented one). Least connections on one
//! instance is the shortest queue: the cases of family JSQ test that against its Markov chain.

use super::judge::Sample;
use super::queueing::{algorithm, backend, law, units, world};
use misroute::engine::dist::Distribution;
use misroute::engine::random::{Purpose, Seed, key, keyed};
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::ALGORITHMS;
use misroute::model::outcome::Outcome;
use misroute::model::outcome::OutcomeSet;
use misroute::model::probe::{BackendGauge, Blind, FinishedRequest, Gauges, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::{
    Abandoned, Action, Arrivals, BackendId, BackendSetup, Backoff, DatabaseSetup, Fault, Jitter,
    PopulationId, RetryBudgets, RetryPolicy, Setup, TimelineEntry, Trigger,
};
use misroute::observe::recorder::Recorder;
use std::sync::Arc;

/// Every finished request with the time it was finished at, and the last readings.
#[derive(Default)]
struct Path {
    births: Vec<Time>,
    ends: Vec<(Time, FinishedRequest)>,
    gauges: Vec<BackendGauge>,
    in_flight: u64,
}

impl Path {
    /// (born, finished, outcome, attempts) in order of finishing.
    fn steps(&self) -> impl Iterator<Item = (u64, u64, Outcome, u32)> + '_ {
        self.ends.iter().map(|(now, r)| (r.born.as_ns(), now.as_ns(), r.outcome, r.attempts))
    }

    /// (born, finished) in order of birth.
    fn by_birth(&self) -> Vec<(Time, Time)> {
        let mut pairs: Vec<_> = self.ends.iter().map(|&(now, r)| (r.born, now)).collect();
        pairs.sort_unstable();
        pairs
    }
}

impl Probe for Path {
    fn request_born(&mut self, now: Time, _: PopulationId, _: u32) {
        self.births.push(now);
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.ends.push((now, *request));
    }

    fn sample(&mut self, _: Time, gauges: &Gauges<'_>) {
        self.gauges = gauges.backends.to_vec();
        self.in_flight = gauges.in_flight;
    }
}

fn path(setup: Setup, value: u64) -> Path {
    let mut path = Path::default();
    simulate(&Arc::new(setup), Seed::new(value), &mut path);
    path
}

fn at(name: &str, seconds: f64, action: Action, lasts: Option<f64>) -> TimelineEntry {
    let lasts = lasts.map(units);
    TimelineEntry {
        name: name.into(),
        trigger: Trigger::At(units(seconds).after_start()),
        action,
        lasts,
    }
}

fn begin(target: u16, fault: Fault) -> Action {
    Action::Begin { targets: vec![BackendId(target)], fault }
}

/// Timeouts, retries, bounded queues, a crash, a hang, a slow and a failing backend, a database,
/// three instances; the demand stops and the system empties before the end if `drains`.
pub(super) fn eventful(name: &str, drains: bool) -> Setup {
    let backends = (0..5).map(|name| BackendSetup {
        workers: 2,
        queue: Some(6),
        service: law("lognormal", &[("mean", 1e9), ("scv", 2.0)]),
        abandoned: if name % 2 == 0 { Abandoned::Skip } else { Abandoned::Finish },
        start_time: units(3.0),
        ..backend(name)
    });
    let mut setup = world(algorithm(name, &[]), backends.collect(), 7.0, units(2000.0));
    setup.balancer.instances = 3;
    setup.database = Some(DatabaseSetup::plain(6, Distribution::exponential(units(0.2))));
    setup.populations[0].timeout = Some(units(6.0));
    setup.populations[0].retries = RetryPolicy {
        max: 2,
        backoff: Backoff::Exponential,
        base: units(0.5),
        cap: units(4.0),
        jitter: Jitter::Full,
        on: OutcomeSet::failures(),
        budgets: RetryBudgets::default(),
    };
    setup.observation.window = units(10.0);
    setup.observation.user_window = units(60.0);
    setup.timeline = vec![
        at("crash", 100.0, begin(0, Fault::Down), Some(60.0)),
        at("hang", 300.0, begin(1, Fault::Hang), Some(40.0)),
        at("slow", 500.0, begin(2, Fault::Slow(3.0)), Some(200.0)),
        at(
            "fail",
            600.0,
            begin(3, Fault::Fail { outcome: Outcome::Http500, after: units(0.1) }),
            Some(50.0),
        ),
        at("surge", 900.0, Action::Surge { population: None, factor: 2.0 }, Some(100.0)),
        at("restart", 1200.0, Action::Restart { targets: vec![BackendId(4)] }, None),
    ];
    if drains {
        setup.timeline.push(at(
            "stop",
            1500.0,
            Action::Surge { population: None, factor: 0.0 },
            None,
        ));
    }
    setup
}

/// ID-1: time in the system summed over requests is the number in the system integrated over time,
/// to the nanosecond, with those still inside counted up to the end.
#[test]
fn little_s_law_is_exact() {
    for algorithm_name in ["random", "round-robin", "least-connections"] {
        let backends = (0..4).map(|name| BackendSetup { workers: 3, ..backend(name) }).collect();
        let duration = units(5000.0);
        let path = path(world(algorithm(algorithm_name, &[]), backends, 10.0, duration), 1);
        let finished: u128 =
            path.ends.iter().map(|(now, r)| u128::from(now.since(r.born).as_ns())).sum();
        let mut open = path.births.clone();
        for (_, request) in &path.ends {
            let position = open.binary_search(&request.born).unwrap();
            open.remove(position);
        }
        let inside: u128 =
            open.iter().map(|&born| u128::from(duration.after_start().since(born).as_ns())).sum();
        let integral: u128 = path.gauges.iter().map(|g| g.busy_ns + g.waiting_ns).sum();
        assert_eq!(finished + inside, integral, "{algorithm_name}");
        assert!(path.ends.len() > 40_000);
    }
}

/// ID-2: once the system is empty, occupied worker time is the work drawn, to the nanosecond.
#[test]
fn busy_time_is_the_work_drawn() {
    let service = law("weibull", &[("mean", 1e9), ("shape", 0.7)]);
    let backends =
        (0..3).map(|name| BackendSetup { workers: 2, service: service.clone(), ..backend(name) });
    let mut setup = world(algorithm("random", &[]), backends.collect(), 4.8, units(5000.0));
    setup.timeline =
        vec![at("stop", 4000.0, Action::Surge { population: None, factor: 0.0 }, None)];
    let path = path(setup, 2);
    assert_eq!(path.in_flight, 0, "a thousand units empty it");
    let root = key(Seed::new(2), Purpose::ServiceMark, 0);
    let drawn: u128 = (0..path.births.len() as u64)
        .map(|index| u128::from(service.at(keyed(root, index)).as_ns()))
        .sum();
    let busy: u128 = path.gauges.iter().map(|gauge| gauge.busy_ns).sum();
    assert_eq!(busy, drawn);
}

/// ID-3: nothing is lost, neither requests nor attempts, whatever happens to them.
#[test]
fn requests_and_attempts_are_conserved() {
    for algorithm in ALGORITHMS {
        for drains in [false, true] {
            let mut path = Path::default();
            let world =
                simulate(&Arc::new(eventful(algorithm.name, drains)), Seed::new(3), &mut path);
            let counts = world.counts();
            let finished: u64 = counts.finished.iter().sum();
            assert_eq!(counts.requests, path.births.len() as u64);
            assert_eq!(finished, path.ends.len() as u64);
            assert_eq!(counts.requests, finished + path.in_flight, "{}", algorithm.name);
            for (gauge, index) in path.gauges.iter().zip(0..) {
                let over = gauge.succeeded + gauge.wasted + gauge.rejected;
                assert!(over <= gauge.reached, "{} backend {index}", algorithm.name);
            }
            if drains {
                assert_eq!(path.in_flight, 0, "{} is not empty", algorithm.name);
            }
        }
    }
}

/// ID-13: attempts are first ones and retries, and no request has more retries than it may.
#[test]
fn attempts_are_firsts_and_retries() {
    for algorithm in ALGORITHMS {
        let mut path = Path::default();
        let world = simulate(&Arc::new(eventful(algorithm.name, true)), Seed::new(4), &mut path);
        let counts = world.counts();
        let retries: u64 = path.ends.iter().map(|(_, r)| u64::from(r.attempts) - 1).sum();
        assert_eq!(counts.attempts, counts.requests + retries, "{}", algorithm.name);
        assert!(retries > 0, "{}: nothing was retried", algorithm.name);
        for (_, request) in &path.ends {
            assert!((1..=3).contains(&request.attempts));
            // Whoever failed has used up its retries.
            assert!(request.outcome == Outcome::Ok || request.attempts == 3);
        }
    }
}

/// ID-4: with one member there is nothing to choose.
#[test]
fn one_member_makes_all_algorithms_alike() {
    let one = |name: &str| {
        let mut setup = eventful(name, false);
        setup.backends.truncate(1);
        setup.balancer.config.members.truncate(1);
        setup.timeline.retain(|entry| matches!(entry.name.as_str(), "crash" | "surge"));
        setup.populations[0].rate = 1.5;
        let mut path = Path::default();
        let digest = simulate(&Arc::new(setup), Seed::new(5), &mut path).digest();
        (digest, path.steps().collect::<Vec<_>>())
    };
    let reference = one(ALGORITHMS[0].name);
    assert!(reference.1.len() > 2000);
    for algorithm in &ALGORITHMS[1..] {
        let other = one(algorithm.name);
        assert!(other.1 == reference.1, "{} takes another path", algorithm.name);
        assert_eq!(other.0, reference.0, "{}", algorithm.name);
    }
}

/// ID-6: turns and equal jobs serve as one common line does, request by request.
#[test]
fn round_robin_of_equal_jobs_is_one_common_line() {
    for n in [2, 3, 7, 10] {
        let service = Distribution::constant(units(1.0));
        let rate = 0.85 * f64::from(n);
        let turn =
            (0..n as usize).map(|name| BackendSetup { service: service.clone(), ..backend(name) });
        let turn = world(algorithm("round-robin", &[]), turn.collect(), rate, units(20_000.0));
        let common = vec![BackendSetup { workers: n, service, ..backend(0) }];
        let common = world(algorithm("single", &[]), common, rate, units(20_000.0));
        let (turn, common) = (path(turn, 6).by_birth(), path(common, 6).by_birth());
        assert!(turn.len() > 30_000);
        let first = turn.iter().zip(&common).position(|(a, b)| a != b);
        assert_eq!(first, None, "{n} members: request {first:?} differs");
    }
}

/// Everything that has a time multiplied by `k`.
fn scaled(k: u64) -> Setup {
    let span = |ms: u64| Span::from_ms(ms * k);
    let time = |ms: u64| span(ms).after_start();
    let service =
        law("bimodal", &[("fast", 5e8 * k as f64), ("slow", 55e8 * k as f64), ("slow-share", 0.1)]);
    let backends = (0..3).map(|name| BackendSetup {
        queue: Some(20),
        service: service.clone(),
        ..backend(name)
    });
    let config = algorithm("least-connections", &[]);
    let mut setup = world(config, backends.collect(), 2.5 / k as f64, span(3_000_000));
    setup.populations[0].arrivals = Arrivals::Constant;
    setup.populations[0].timeout = Some(span(7_000));
    setup.populations[0].retries = RetryPolicy {
        max: 2,
        backoff: Backoff::Exponential,
        base: span(500),
        cap: span(800),
        jitter: Jitter::None,
        on: OutcomeSet::failures(),
        budgets: RetryBudgets::default(),
    };
    let entry = |at, action, lasts| TimelineEntry {
        name: "entry".into(),
        trigger: Trigger::At(time(at)),
        action,
        lasts: Some(span(lasts)),
    };
    setup.timeline = vec![
        entry(500_000, begin(1, Fault::Hang), 60_000),
        entry(900_000, begin(2, Fault::Down), 30_000),
    ];
    setup
}

/// ID-9: in other units of time nothing else changes. Times on a grid of 100 ms scale exactly.
#[test]
fn scaling_all_times_scales_all_times() {
    let reference = path(scaled(1), 7);
    assert!(reference.ends.iter().any(|(_, r)| r.outcome == Outcome::Timeout));
    for k in [2, 4, 1024] {
        let other = path(scaled(k), 7);
        let expected: Vec<_> =
            reference.steps().map(|(born, end, o, a)| (born * k, end * k, o, a)).collect();
        assert!(other.steps().collect::<Vec<_>>() == expected, "times {k}");
    }
}

/// ID-9 with Poisson arrivals and exponential work: only the rounding to nanoseconds differs.
#[test]
fn scaling_random_times_scales_them_to_within_rounding() {
    let at_scale = |k: f64| {
        let backends = (0..4)
            .map(|name| BackendSetup {
                service: Distribution::exponential(units(k)),
                ..backend(name)
            })
            .collect();
        let config = algorithm("round-robin", &[]);
        path(world(config, backends, 3.2 / k, units(20_000.0 * k)), 8).by_birth()
    };
    let (one, eight) = (at_scale(1.0), at_scale(8.0));
    assert_eq!(one.len(), eight.len());
    for (&(born, end), &(born_8, end_8)) in one.iter().zip(&eight) {
        let (sojourn, sojourn_8) = (end.since(born).as_ns(), end_8.since(born_8).as_ns());
        // Half a nanosecond for each of the requests of a busy period, scaled.
        assert!((8 * sojourn).abs_diff(sojourn_8) < 10_000, "{sojourn} ns, {sojourn_8} ns");
    }
}

/// ID-11: the same seed gives the same run, watched or not, and another seed another one.
#[test]
fn a_seed_fixes_everything_and_observing_changes_nothing() {
    for algorithm in ALGORITHMS {
        let setup = Arc::new(eventful(algorithm.name, false));
        let digest = |value| simulate(&setup, Seed::new(value), &mut Blind).digest();
        let mut recorder = Recorder::new(&setup);
        let watched = simulate(&setup, Seed::new(9), &mut recorder).digest();
        assert_eq!(digest(9), watched, "{}", algorithm.name);
        assert_ne!(digest(10), watched, "{}", algorithm.name);
    }
}

/// How often, and how long, so many were in the system.
struct Seen {
    inside: usize,
    since: Time,
    arrivals: [f64; 6],
    time: [f64; 6],
}

impl Seen {
    fn pass(&mut self, now: Time) {
        let elapsed = now.since(self.since).as_ns() as f64;
        if let Some(time) = self.time.get_mut(self.inside) {
            *time += elapsed;
        }
        self.since = now;
    }
}

impl Probe for Seen {
    fn request_born(&mut self, now: Time, _: PopulationId, _: u32) {
        self.pass(now);
        if let Some(found) = self.arrivals.get_mut(self.inside) {
            *found += 1.0;
        }
        self.inside += 1;
    }

    fn request_finished(&mut self, now: Time, _: &FinishedRequest) {
        self.pass(now);
        self.inside -= 1;
    }
}

/// Per number in the system: share of arrivals that find it, less share of time with it.
fn found_less_time(arrivals: &Arrivals) -> [Sample; 6] {
    let (rate, length) = (0.7, 100_000.0);
    let mut differences: [Vec<f64>; 6] = Default::default();
    for replication in 0..20 {
        let mut setup = world(algorithm("single", &[]), vec![backend(0)], rate, units(length));
        setup.populations[0].arrivals = arrivals.clone();
        let mut seen = Seen { inside: 0, since: Time::ZERO, arrivals: [0.0; 6], time: [0.0; 6] };
        let seed = Seed { value: 12, replication };
        let born = simulate(&Arc::new(setup), seed, &mut seen).counts().requests as f64;
        for (n, differences) in differences.iter_mut().enumerate() {
            let time = seen.time[n] / units(length).as_ns() as f64;
            differences.push(seen.arrivals[n] / born - time);
        }
    }
    differences.map(|values| Sample::of(&values))
}

/// ID-12: Poisson arrivals see time averages; arrivals at a steady beat do not.
#[test]
fn poisson_arrivals_see_time_averages() {
    for (n, sample) in found_less_time(&Arrivals::Poisson).iter().enumerate() {
        assert!(sample.accepts(0.0, 0.0), "{n} inside: {:.5} more often found", sample.mean);
        assert!(sample.relative_half_width(1.0) < 0.002, "{n} inside: too wide");
    }
    // D/M/1 at 0.7: an arrival finds it empty with probability 1 - 0.466996, time does with 0.3.
    let beat = &found_less_time(&Arrivals::Constant)[0];
    assert!(beat.accepts(1.0 - 0.466_996 - 0.3, 1e-6), "{:.5}", beat.mean);
}
