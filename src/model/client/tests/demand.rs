//! When requests are born, against hand arithmetic.

use super::{Log, run, second};
use crate::engine::dist::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::{Span, Time};
use crate::model::fixture::{backend, setup};
use crate::model::probe::Blind;
use crate::model::setup::*;
use crate::model::world::World;
use std::sync::Arc;

fn births(setup: Setup) -> Vec<f64> {
    run(setup).0.born.into_iter().map(|(at, _)| at.as_secs_f64()).collect()
}

fn steady(rate: f64, seconds: u64) -> Setup {
    let mut setup = setup("single", vec![backend("a")], rate, seconds);
    setup.populations[0].arrivals = Arrivals::Constant;
    setup
}

fn points(points: &[(u64, f64)], linear: bool, repeat: Option<u64>) -> Profile {
    let points = points.iter().map(|&(at, factor)| (Span::from_secs(at), factor)).collect();
    Profile::Points { points, linear, repeat: repeat.map(Span::from_secs) }
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 2e-9, "{found} {expected}");
    }
}

/// The n-th request comes when the integral of the rate is n: t^2/2 = n on a line from 0 to 10 in 10 s.
#[test]
fn even_arrivals_follow_a_line() {
    let mut setup = steady(1.0, 10);
    setup.populations[0].profile = Some(points(&[(0, 0.0), (10, 10.0)], true, None));
    let expected: Vec<f64> = (1..50).map(|n| f64::sqrt(2.0 * f64::from(n))).collect();
    assert_near(&births(setup), &expected);
}

/// 2 a second for 3 s, nobody for 4 s, and the same again.
#[test]
fn even_arrivals_wait_where_nobody_comes() {
    let mut setup = steady(2.0, 11);
    setup.populations[0].profile = Some(points(&[(0, 1.0), (3, 0.0)], false, Some(7)));
    let expected = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 7.5, 8.0, 8.5, 9.0, 9.5, 10.0];
    assert_near(&births(setup), &expected);
}

/// Integral of 10 + 10 cos(2 pi (t - 5) / 20): 10 t + (100 / pi) (sin(pi (t - 5) / 10) + 1).
#[test]
fn even_arrivals_follow_a_sine() {
    let mut setup = steady(10.0, 40);
    let (peak, period) = (Span::from_secs(5), Span::from_secs(20));
    setup.populations[0].profile = Some(Profile::Sine { low: 0.0, high: 2.0, peak, period });
    let pi = core::f64::consts::PI;
    for (n, at) in (1..).zip(births(setup)) {
        let integral = 10.0 * at + 100.0 / pi * (libm::sin(pi * (at - 5.0) / 10.0) + 1.0);
        assert!((integral - f64::from(n)).abs() < 5e-8, "{integral} at {at}");
    }
}

/// A gap of 1000 s over a profile of 2 s: whole turns are skipped, and the time is still right.
#[test]
fn rare_requests_find_their_place_in_a_quick_profile() {
    let mut setup = steady(0.001, 10_000);
    setup.populations[0].profile = Some(points(&[(0, 0.5), (1, 1.5)], true, Some(2)));
    // The factor is 1 on average.
    let expected: Vec<f64> = (1..=9).map(|n| 1000.0 * f64::from(n)).collect();
    let found = births(setup);
    assert_near(&found[..9], &expected);
}

/// Up from 1 to 3 in 2 s, 3 for a second, down in 2 s, times a surge of 2 from 11 s to 12 s.
/// Since the start: 10 by 10 s; then t + t^2/2 while it rises.
#[test]
fn a_flash_crowd_adds_what_is_under_its_course() {
    let at = |s, action, lasts| TimelineEntry {
        name: format!("{action:?}"),
        trigger: Trigger::At(Span::from_secs(s).after_start()),
        action,
        lasts,
    };
    let (rise, hold) = (Span::from_secs(2), Span::from_secs(1));
    let crowd = FlashCrowd { factor: 3.0, rise, hold, decay: rise };
    let crowd = Action::FlashCrowd { population: None, crowd };
    let count = |timeline: Vec<TimelineEntry>, until: f64| {
        let mut setup = steady(1000.0, 20);
        setup.timeline = timeline;
        births(setup).iter().filter(|at| **at <= until).count() as f64
    };
    let alone = || vec![at(10, crowd.clone(), Some(Span::from_secs(5)))];
    for (until, expected) in [(11.0, 11.5), (12.0, 14.0), (13.0, 17.0), (14.0, 19.5), (19.0, 25.0)]
    {
        let found = count(alone(), until);
        assert!((found - 1000.0 * expected).abs() <= 1.0, "{found} by {until}");
    }
    // The surge doubles what comes from 11 s to 12 s, 2.5.
    let surge = Action::Surge { population: None, factor: 2.0 };
    let surge = at(11, surge, Some(Span::from_secs(1)));
    let found = count([alone(), vec![surge]].concat(), 19.0);
    assert!((found - 27_500.0).abs() <= 1.0, "{found}");
    // Calm at 11 s: 1.5 in the first second of it, and 1 a second from there on.
    let calm = at(11, Action::Calm { population: None }, None);
    let found = count([alone(), vec![calm]].concat(), 19.0);
    assert!((found - 19_500.0).abs() <= 1.0, "{found}");
}

#[test]
fn a_flash_crowd_disturbs_until_it_is_over() {
    let second = |n| Span::from_secs(n).after_start();
    let s = Span::from_secs;
    let crowd = FlashCrowd { factor: 3.0, rise: s(1), hold: s(1), decay: s(1) };
    let mut world = World::new(Arc::new(steady(10.0, 20)), Seed::new(1));
    world.step_until(second(2), &mut Blind);
    world.apply(&Action::FlashCrowd { population: None, crowd }, &mut Blind);
    world.step_until(second(4), &mut Blind);
    assert!(world.is_disturbed());
    world.step_until(second(5), &mut Blind);
    assert!(!world.is_disturbed());
}

#[test]
fn jittered_gaps_fill_their_width() {
    let mut setup = steady(100.0, 100);
    setup.populations[0].arrivals = Arrivals::Jittered { spread: 0.5 };
    let times = births(setup);
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let within = gaps.iter().all(|gap| (0.005 - 1e-8..0.015 + 1e-8).contains(gap));
    let (low, high) = gaps.iter().fold((1.0_f64, 0.0_f64), |(l, h), &g| (l.min(g), h.max(g)));
    assert!(within && low < 0.005_02 && high > 0.014_98, "{low} {high}");
    // 9999 draws of a standard deviation of 2.887 ms: four standard errors.
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    assert!((mean - 0.01).abs() < 0.000_116, "{mean}");
}

fn row(at: u64) -> TraceRow {
    let at = Span::from_ms(at).after_start();
    TraceRow { at, user: None, key: None, class: None, demand: 1.0 }
}

fn traced(rows: &[TraceRow], scale: f64, shift: Span) -> Setup {
    let mut setup = steady(0.0, 60);
    setup.populations[0].arrivals = Arrivals::Trace(Trace { rows: rows.into(), scale, shift });
    setup
}

#[test]
fn a_trace_is_replayed_at_its_times_and_shifted_in_copies() {
    let times = [0, 0, 7, 500, 500, 59_999, 70_000];
    let rows = times.map(row);
    let found = births(traced(&rows, 1.0, Span::ZERO));
    assert_near(&found, &[0.0, 0.0, 0.007, 0.5, 0.5, 59.999]);
    let found = births(traced(&rows[..4], 3.0, Span::from_secs(1)));
    let expected = [0.0, 0.0, 0.007, 0.5, 1.0, 1.0, 1.007, 1.5, 2.0, 2.0, 2.007, 2.5];
    assert_near(&found, &expected);
}

/// A smaller load leaves rows out, and those of a still smaller one are among those that stay.
#[test]
fn thinned_traces_nest() {
    let rows: Vec<TraceRow> = (0..10_000).map(|n| row(n * 5)).collect();
    let at = |scale| births(traced(&rows, scale, Span::ZERO));
    let (all, half, fifth) = (at(1.0), at(0.5), at(0.2));
    assert_eq!(all.len(), 10_000);
    // Binomial: four standard deviations.
    assert!((half.len() as f64 - 5_000.0).abs() < 200.0, "{}", half.len());
    assert!((fifth.len() as f64 - 2_000.0).abs() < 160.0, "{}", fifth.len());
    assert!(fifth.iter().all(|time| half.binary_search_by(|t| t.total_cmp(time)).is_ok()));
    assert_eq!(at(1.5).len(), all.len() + half.len());
    assert!(at(0.0).is_empty());
}

#[test]
fn a_trace_says_whose_a_request_is_and_how_much_it_asks_for() {
    let mut rows = [1_000, 5_000].map(row);
    (rows[0].user, rows[0].demand, rows[1].user) = (Some(7), 2.5, Some(9));
    let mut setup = traced(&rows, 1.0, Span::ZERO);
    setup.backends[0].service = second();
    let (log, _) = run(setup);
    assert_eq!(log.born.iter().map(|&(_, user)| user).collect::<Vec<_>>(), [7, 9]);
    let ends: Vec<f64> = log.ended.iter().map(|(at, _)| at.as_secs_f64()).collect();
    assert_near(&ends, &[3.5, 6.0]);
}

fn classes() -> Arc<[Class]> {
    let class =
        |name: &str, share, priority, work| Class { name: name.into(), share, priority, work };
    [class("page", 3.0, 0, 1.0), class("report", 1.0, 5, 4.0), class("never", 0.0, 9, 1.0)].into()
}

#[test]
fn classes_have_their_shares_work_and_priorities() {
    let mut setup = steady(10.0, 1_000);
    setup.populations[0].classes = classes();
    setup.backends[0].workers = 100;
    let world = World::new(Arc::new(setup.clone()), Seed::new(1));
    let priority = |index| world.populations[0].priority(index);
    let mut latencies: Vec<(Time, f64)> = Vec::new();
    let (log, _) = run(setup);
    for (at, request) in &log.ended {
        latencies.push((request.born, at.since(request.born).as_ms_f64()));
    }
    latencies.sort_by_key(|&(born, _)| born);
    for (index, &(_, latency)) in (0_u64..).zip(&latencies) {
        let expected = if priority(index) == 5 { 4.0 } else { 1.0 };
        assert!((latency - expected).abs() < 1e-9, "{latency} of {index}");
    }
    // A quarter of 10 000: four standard deviations.
    let reports = (0..10_000).filter(|&index| priority(index) == 5).count() as f64;
    assert!((reports - 2_500.0).abs() < 174.0, "{reports}");
    assert!((0..10_000).all(|index| priority(index) != 9));
}

fn sessions(law: CountLaw, mean: f64) -> Setup {
    let mut setup = steady(1.0, 20);
    let think = Distribution::constant(Span::from_ms(300));
    setup.populations[0].session = Some(Session { law, mean, think });
    setup
}

/// Three requests at 0, 301 and 602 ms of each session: a millisecond of service, then a thought.
#[test]
fn a_session_is_one_users_requests_one_after_another() {
    let (log, _) = run(sessions(CountLaw::Constant, 3.0));
    let mut firsts: Vec<(Time, u32)> = log.born.iter().step_by(3).copied().collect();
    firsts.truncate(19);
    assert_eq!(log.born.len(), 57);
    for (session, &(start, user)) in firsts.iter().enumerate() {
        assert_eq!(start, Span::from_secs(session as u64 + 1).after_start());
        for n in 0..3 {
            let expected = (start + Span::from_ms(301 * n), user);
            assert_eq!(log.born[3 * session + n as usize], expected);
        }
    }
}

/// Sessions of one request are an open loop: the same demand as without sessions.
#[test]
fn sessions_of_one_request_are_an_open_loop() {
    for law in [CountLaw::Constant, CountLaw::Geometric] {
        let mut plain = sessions(law, 1.0);
        let digest = |setup: &Setup| run(setup.clone()).1.digest();
        let with = digest(&plain);
        plain.populations[0].session = None;
        assert_eq!(with, digest(&plain));
    }
}

/// What others do does not change how long a session is, or what its user thinks.
#[test]
fn sessions_are_the_same_behind_a_slower_backend() {
    let sizes = |service: Span| {
        let mut setup = sessions(CountLaw::Geometric, 4.0);
        setup.populations[0].users = 1 << 20;
        (setup.duration, setup.backends[0].workers) = (Span::from_secs(300), 100);
        setup.backends[0].service = Distribution::constant(service);
        let (log, _) = run(setup);
        let early = Span::from_secs(200).after_start();
        let mut sizes: Vec<(u32, usize)> = Vec::new();
        let starts =
            log.born.iter().filter(|(at, _)| *at < early && at.as_ns() % 1_000_000_000 == 0);
        for &(_, user) in starts {
            sizes.push((user, log.born.iter().filter(|(_, of)| *of == user).count()));
        }
        sizes
    };
    let (quick, slow) = (sizes(Span::from_ms(1)), sizes(Span::from_ms(700)));
    assert!(quick.len() >= 199);
    // Where a request of the slow system is born on a full second as well, its user is there twice.
    assert!(quick.iter().all(|entry| slow.contains(entry)));
    let mean = quick.iter().map(|&(_, n)| n as f64).sum::<f64>() / quick.len() as f64;
    // 199 draws of a standard deviation of 3.46: four standard errors.
    assert!((mean - 4.0).abs() < 1.0, "{mean}");
}

/// A batch comes at one instant; there are rate / mean of them.
#[test]
fn batches_come_at_one_instant() {
    let mut setup = steady(10.0, 1_000);
    setup.populations[0].arrivals = Arrivals::Batches { law: CountLaw::Constant, mean: 5.0 };
    let (log, _): (Log, _) = run(setup);
    assert_eq!(log.born.len() % 5, 0);
    assert!(log.born.chunks(5).all(|batch| batch.iter().all(|(at, _)| *at == batch[0].0)));
    // 2000 batches: four standard deviations.
    assert!((log.born.len() as f64 / 5.0 - 2_000.0).abs() < 180.0, "{}", log.born.len());
}

/// What a request is depends on its population's streams, not on where the population stands.
#[test]
fn a_population_with_the_same_streams_sends_the_same_requests_elsewhere() {
    let base = || {
        let mut setup = setup("single", vec![backend("a")], 50.0, 20);
        let class =
            |name: &str, share| Class { name: name.into(), share, work: share, priority: 1 };
        let keys = Keys::Ranked { count: 9, zipf: 1.0, text: "/{}".into(), address: 0 };
        let population = &mut setup.populations[0];
        population.classes = Arc::new([class("small", 0.7), class("large", 0.3)]);
        population.keys = Some(keys);
        population.redraw = true;
        setup
    };
    let mut moved = base();
    let other =
        Population { name: "other".into(), stream: Some(7), ..moved.populations[0].clone() };
    moved.populations.insert(0, other);
    moved.populations[1].stream = Some(0);
    let attributes = |setup: Setup, position: usize| {
        let (_, world) = run(setup);
        let population = &world.populations[position];
        let of = |index| {
            let key = population.key(3, index);
            let marks = [1, 2]
                .map(|n| (population.service_mark(index, n), population.database_mark(index, n)));
            let demand = population.demand(index, Span::from_ms(1));
            let places = (population.instance(index, 1, 5), population.thread(index, 1, 5));
            (key.hash, key.text.to_owned(), marks, demand, places)
        };
        (0..500).map(of).collect::<Vec<_>>()
    };
    let (before, after) = (attributes(base(), 0), attributes(moved.clone(), 1));
    assert!(before == after);
    assert!(before != attributes(moved, 0), "the new one sends others");
}
