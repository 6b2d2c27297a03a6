//! Closed loops, and what becomes of work that nobody waits for.

use crate::engine::dist::Distribution;
use crate::engine::random::Seed;
use crate::engine::time::{Span, Time};
use crate::model::balancer::policy::ClientLeaves;
use crate::model::fixture::{backend, setup};
use crate::model::outcome::Outcome;
use crate::model::probe::{FinishedRequest, Gauges, Probe};
use crate::model::run::simulate;
use crate::model::setup::*;
use crate::model::world::World;
use std::sync::Arc;

mod demand;

/// Births and ends, in order, with the user.
#[derive(Default)]
struct Log {
    born: Vec<(Time, u32)>,
    ended: Vec<(Time, FinishedRequest)>,
    busy_ns: u128,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, _: PopulationId, user: u32) {
        self.born.push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.ended.push((now, *request));
    }

    fn sample(&mut self, _: Time, gauges: &Gauges<'_>) {
        self.busy_ns = gauges.backends.iter().map(|backend| backend.busy_ns).sum();
    }
}

fn run(setup: Setup) -> (Log, World) {
    let mut log = Log::default();
    let world = simulate(&Arc::new(setup), Seed::new(1), &mut log);
    world.assert_bookkeeping();
    (log, world)
}

fn closed(users: u32, workers: u32, service: Distribution, think: Distribution) -> Setup {
    let mut backend = backend("a");
    (backend.workers, backend.service) = (workers, service);
    let mut setup = setup("single", vec![backend], 0.0, 20);
    setup.populations[0].users = users;
    setup.populations[0].arrivals = Arrivals::Closed { think };
    setup
}

fn second() -> Distribution {
    Distribution::constant(Span::from_secs(1))
}

/// A second to think, a second to be served: each user sends at 1, 3, ..., 19.
#[test]
fn a_closed_loop_takes_turns() {
    let (log, world) = run(closed(3, 3, second(), second()));
    assert_eq!(log.born.len(), 30);
    let expected = |n: usize| Span::from_secs(2 * (n as u64 / 3) + 1).after_start();
    assert!(
        log.born
            .iter()
            .enumerate()
            .all(|(n, &(at, user))| { at == expected(n) && user == n as u32 % 3 })
    );
    assert_eq!(world.counts().finished[Outcome::Ok.index()], 27);
}

/// One worker for three users: the loop waits, and nobody comes a second time before an answer.
#[test]
fn whoever_waits_sends_nothing() {
    let (log, _) = run(closed(3, 1, second(), second()));
    // From 1 s on the worker is never idle.
    assert_eq!(log.ended.len(), 18);
    assert!(log.born.len() - log.ended.len() <= 3);
}

/// What a user thinks before its n-th request does not depend on how long others are served.
#[test]
fn think_times_belong_to_the_user_and_its_turn() {
    let thoughts = |workers| {
        let think = Distribution::exponential(Span::from_secs(1));
        let (log, _) = run(closed(5, workers, second(), think));
        let mut last = [Time::ZERO; 5];
        let mut ends = log.ended.into_iter().peekable();
        let mut thoughts = vec![Vec::new(); 5];
        for (at, user) in log.born {
            while let Some((end, request)) = ends.next_if(|(end, _)| *end <= at) {
                last[request.user as usize] = end;
            }
            thoughts[user as usize].push(at.since(last[user as usize]));
        }
        thoughts
    };
    let (many, few) = (thoughts(5), thoughts(1));
    let mut compared = 0;
    for (many, few) in many.iter().zip(&few) {
        compared += many.len().min(few.len());
        assert!(many.iter().zip(few).all(|(a, b)| a == b), "{many:?} {few:?}");
    }
    assert!(compared >= 10, "{compared} thoughts were compared");
}

/// A failed attempt is tried again before the user thinks.
#[test]
fn a_closed_loop_waits_for_retries() {
    let mut setup = closed(1, 1, second(), second());
    setup.backends[0].up_at_start = false;
    let retries = &mut setup.populations[0].retries;
    (retries.max, retries.backoff, retries.base) = (1, Backoff::Fixed, Span::from_secs(1));
    retries.jitter = Jitter::None;
    let (log, _) = run(setup);
    assert_eq!(log.born.len(), 10);
    assert!(log.ended.iter().all(|(_, request)| request.attempts == 2));
}

#[test]
fn spread_waits_are_centred() {
    let mut setup = closed(1, 1, second(), second());
    setup.backends[0].up_at_start = false;
    let retries = &mut setup.populations[0].retries;
    (retries.max, retries.backoff, retries.base) = (1, Backoff::Fixed, Span::from_ms(10));
    retries.jitter = Jitter::Spread;
    setup.duration = Span::from_secs(1000);
    let (log, _) = run(setup);
    let waits: Vec<f64> = log.ended.iter().map(|(at, r)| at.since(r.born).as_secs_f64()).collect();
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    assert!(waits.iter().all(|&wait| (0.005..0.015).contains(&wait)));
    // 990 draws of a standard deviation of 2.9 ms: four standard errors.
    assert!((mean - 0.010).abs() < 0.000_37, "{mean}");
}

/// A request per second that takes one second and is given up after a quarter of it.
fn abandoning(abandoned: Abandoned) -> Setup {
    let mut setup = setup("single", vec![backend("a")], 1.0, 20);
    setup.populations[0].arrivals = Arrivals::Constant;
    setup.populations[0].timeout = Some(Span::from_ms(250));
    setup.backends[0].service = second();
    setup.backends[0].abandoned = abandoned;
    setup
}

#[test]
fn cancelled_work_frees_its_worker_at_once() {
    let busy = |setup| run(setup).0.busy_ns / 1_000_000;
    assert_eq!(busy(abandoning(Abandoned::Finish)), 19_000);
    assert_eq!(busy(abandoning(Abandoned::Cancel)), 19 * 250);
    // A balancer that does not tell the backend: it cannot know.
    let mut ignored = abandoning(Abandoned::Cancel);
    ignored.balancer.config.client_leaves = ClientLeaves::Ignore;
    assert_eq!(busy(ignored), 19_000);
}

/// Whoever hangs notices when it goes on: the one of 5 s holds its worker until 8 s.
#[test]
fn a_hung_backend_cancels_when_it_goes_on() {
    let mut setup = abandoning(Abandoned::Cancel);
    setup.timeline = vec![TimelineEntry {
        name: "hang".into(),
        trigger: Trigger::At(Span::from_ms(5_100).after_start()),
        action: Action::Begin { targets: vec![BackendId(0)], fault: Fault::Hang },
        lasts: Some(Span::from_ms(3_000)),
    }];
    // Born at 8 s, it is served from 8.1 s to 8.25 s.
    let expected = 15 * 250 + 3_100 + 150;
    assert_eq!(run(setup).0.busy_ns / 1_000_000, expected);
}

/// Everything that can end work, at once; conservation is asserted at every sample.
#[test]
fn cancelling_loses_nobody() {
    let mut members = vec![backend("a"), backend("b"), backend("c")];
    for member in &mut members {
        member.workers = 2;
        member.service = Distribution::exponential(Span::from_ms(50));
        member.abandoned = Abandoned::Cancel;
    }
    let mut setup = setup("least-connections", members, 150.0, 20);
    setup.database = Some(DatabaseSetup::plain(3, Distribution::exponential(Span::from_ms(8))));
    setup.populations[0].timeout = Some(Span::from_ms(80));
    setup.populations[0].retries.max = 3;
    setup.balancer.config.server_timeout = Some(Span::from_ms(60));
    setup.balancer.config.retry.max = 2;
    setup.balancer.config.retry.on = [Outcome::Http504, Outcome::Http502].into_iter().collect();
    let begin = |at, fault| TimelineEntry {
        name: format!("{fault:?}"),
        trigger: Trigger::At(Span::from_secs(at).after_start()),
        action: Action::Begin { targets: vec![BackendId(0)], fault },
        lasts: Some(Span::from_secs(2)),
    };
    setup.timeline = vec![
        begin(3, Fault::Hang),
        begin(6, Fault::Refuse),
        begin(9, Fault::Down),
        begin(12, Fault::Slow(3.0)),
    ];
    let (log, _) = run(setup);
    let outcomes = [Outcome::Ok, Outcome::Timeout];
    for outcome in outcomes {
        assert!(log.ended.iter().any(|(_, request)| request.outcome == outcome), "{outcome:?}");
    }
}

/// Two seconds of work; the port is closed from 5.5 s to 8.5 s.
#[test]
fn a_closed_port_lets_work_inside_finish() {
    let mut setup = abandoning(Abandoned::Finish);
    setup.populations[0].timeout = None;
    setup.backends[0].workers = 10;
    setup.backends[0].service = Distribution::constant(Span::from_secs(2));
    setup.timeline = vec![TimelineEntry {
        name: "refuse".into(),
        trigger: Trigger::At(Span::from_ms(5_500).after_start()),
        action: Action::Begin { targets: vec![BackendId(0)], fault: Fault::Refuse },
        lasts: Some(Span::from_secs(3)),
    }];
    let (log, _) = run(setup);
    for (at, request) in log.ended {
        let inside = (6..=8).contains(&(request.born.as_ns() / 1_000_000_000));
        let expected = if inside { Outcome::Http503 } else { Outcome::Ok };
        assert_eq!(request.outcome, expected, "born at {}, ended at {at}", request.born);
    }
}
