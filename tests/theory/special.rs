//! Models that are not a stationary queue: each returns its figures for one replication.

use super::queueing::{algorithm, backend, law, units, world};
use super::tally::Tally;
use misroute::engine::dist::Distribution;
use misroute::engine::random::{Purpose, Seed, Stream};
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::{MemberView, Pick, PickContext};
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::{
    Action, Arrivals, BackendId, BackendSetup, Change, Fault, PopulationId, Rollout, Scope, Setup,
    ThrottlePolicy, TimelineEntry, Trigger,
};
use std::sync::Arc;

fn entry(at: Span, action: Action, lasts: Option<Span>) -> TimelineEntry {
    TimelineEntry { name: "entry".into(), trigger: Trigger::At(at.after_start()), action, lasts }
}

fn begin(fault: Fault) -> Action {
    Action::Begin { targets: vec![BackendId(0)], fault }
}

/// Every request of a run, from its start.
fn everything(setup: Setup, seed: Seed) -> Tally {
    let mut tally = Tally::new(Time::ZERO, seed, None, false);
    simulate(&Arc::new(setup), seed, &mut tally);
    tally
}

/// A backend so fast and so wide that nobody waits.
pub(super) fn wide(service: Distribution) -> BackendSetup {
    BackendSetup { workers: 100_000, service, ..backend(0) }
}

/// Attempts per request, and the share of requests that succeed. Independent failures are random
/// picks of a member that fails at once.
pub(super) fn retry(p: f64, retries: u32, seed: Seed, requests: f64) -> Vec<f64> {
    let nothing = Distribution::constant(Span::from_ns(1));
    let backends = vec![wide(nothing.clone()), wide(nothing)];
    let mut setup = world(algorithm("random", &[]), backends, 1.0, units(requests));
    let failing = (p * 1000.0).round() as u32;
    setup.balancer.config.members[0].weight = failing;
    setup.balancer.config.members[1].weight = 1000 - failing;
    setup.populations[0].retries.max = retries;
    let fault = Fault::Fail { outcome: Outcome::Http500, after: Span::ZERO };
    setup.timeline.push(entry(Span::ZERO, begin(fault), None));
    let tally = everything(setup, seed);
    vec![tally.attempts as f64 / tally.finished(), tally.ended(Outcome::Ok) / tally.finished()]
}

/// Attempts that are sent, per attempt that the backend can serve: twenty per unit. The windows are two
/// minutes of a unit each second; three of them are the warm-up.
pub(super) fn throttle(k: f64, x: f64, seed: Seed, requests: f64) -> Vec<f64> {
    const CAPACITY: f64 = 20.0;
    let service = Distribution::constant(units(1.0 / CAPACITY));
    let backends = vec![BackendSetup { service, queue: Some(100), ..backend(0) }];
    let rate = x * CAPACITY;
    let (warm_up, measured) = (360.0, (requests / rate).max(360.0));
    let duration = units(warm_up + measured);
    let mut setup = world(algorithm("single", &[]), backends, rate, duration);
    let window = units(120.0);
    let rejects = [Outcome::Http503].into_iter().collect();
    let policy = ThrottlePolicy { k, window, rejects, scope: Scope::Population };
    setup.populations[0].policies.throttle = Some(policy);
    let start = units(warm_up).after_start();
    setup.observation.intervals = vec![(start, duration.after_start())];
    let mut tally = Tally::new(start, seed, None, false);
    simulate(&Arc::new(setup), seed, &mut tally);
    vec![tally.grown(|gauge| gauge.reached as f64) / measured / CAPACITY]
}

/// Mean sojourn. The server hangs and goes on where it stopped, whether it is busy or not.
pub(super) fn broken(rate: f64, fails: f64, repairs: f64, seed: Seed, requests: f64) -> Vec<f64> {
    let warm_up = 20.0 / fails;
    let duration = units(warm_up + requests / rate);
    let mut setup = world(algorithm("round-robin", &[]), vec![backend(0)], rate, duration);
    let mut draws = Stream::new(seed, Purpose::Test, 0);
    let mut at = 0.0;
    loop {
        at += draws.exponential() / fails;
        let down = draws.exponential() / repairs;
        if units(at) >= duration {
            break;
        }
        setup.timeline.push(entry(units(at), begin(Fault::Hang), Some(units(down))));
        at += down;
    }
    assert!(setup.timeline.len() < usize::from(u16::MAX), "more faults than entry numbers");
    let mut tally = Tally::new(units(warm_up).after_start(), seed, None, false);
    simulate(&Arc::new(setup), seed, &mut tally);
    vec![tally.sojourn.mean() / super::queueing::UNIT_NS]
}

/// When a queue that stood still is empty again.
struct Drain {
    pause: Time,
    resume: Time,
    inside: u64,
    drained: Option<Time>,
    last_waiting: Time,
}

impl Probe for Drain {
    fn request_born(&mut self, now: Time, _: PopulationId, _: u32) {
        if self.drained.is_none() && self.inside > 0 {
            self.last_waiting = now;
        }
        self.inside += 1;
    }

    fn request_finished(&mut self, now: Time, _: &FinishedRequest) {
        self.inside -= 1;
        if now > self.resume && self.inside == 0 && self.drained.is_none() {
            self.drained = Some(now);
        }
    }
}

/// Seconds from the end of the pause until nobody is left, and from its start until the last
/// arrival that has to wait. A unit is a millisecond here, the pause ten seconds.
pub(super) fn pause(load: f64, seed: Seed) -> Vec<f64> {
    let (start, length) = (5_000.0, 10_000.0);
    let fluid = length * load / (1.0 - load);
    let duration = units(start + length + 3.0 * fluid);
    let mut setup = world(algorithm("round-robin", &[]), vec![backend(0)], load, duration);
    setup.timeline.push(entry(units(start), begin(Fault::Hang), Some(units(length))));
    let (pause, resume) = (units(start).after_start(), units(start + length).after_start());
    let mut probe = Drain { pause, resume, inside: 0, drained: None, last_waiting: Time::ZERO };
    simulate(&Arc::new(setup), seed, &mut probe);
    let drained = probe.drained.expect("three times the fluid drain time is enough");
    let seconds = |span: Span| span.as_ns() as f64 / units(1000.0).as_ns() as f64;
    vec![seconds(drained.since(resume)), seconds(probe.last_waiting.since(probe.pause))]
}

/// When the number in an infinite-server queue is looked at, units from empty.
pub(super) const LOOKS: [f64; 4] = [0.5, 1.0, 2.0, 5.0];

/// Mean, then variance, of the number in the system at each look, over many runs from empty.
pub(super) fn growth(exponential: bool, seed: Seed, requests: f64) -> Vec<f64> {
    let one = units(1.0);
    let service =
        if exponential { Distribution::exponential(one) } else { Distribution::constant(one) };
    let mut setup = world(algorithm("single", &[]), vec![wide(service)], 10.0, units(5.5));
    let cuts = LOOKS.map(|at| units(at).after_start());
    setup.observation.intervals = vec![(cuts[0], cuts[1]), (cuts[2], cuts[3])];
    let setup = Arc::new(setup);
    let runs = (requests / 55.0).ceil();
    let (mut sums, mut squares) = ([0.0; 4], [0.0; 4]);
    for run in 0..runs as u64 {
        let seed = Seed { value: seed.value.wrapping_add(run), ..seed };
        let mut tally = Tally::new(Time::ZERO, seed, None, false);
        simulate(&setup, seed, &mut tally);
        for (look, &inside) in tally.in_flight.iter().take(4).enumerate() {
            sums[look] += inside as f64;
            squares[look] += (inside * inside) as f64;
        }
    }
    let means = sums.map(|sum| sum / runs);
    let variance =
        |look: usize| (squares[look] / runs - means[look] * means[look]) * runs / (runs - 1.0);
    means.into_iter().chain((0..4).map(variance)).collect()
}

/// Squared coefficient of variation of the share of one member, over placements of the ring.
///
/// Every request comes from a user of its own, so a member's requests are binomial given its
/// share s, and X(X-1)/(R(R-1)) estimates s^2 without bias: sampling adds no spread.
pub(super) fn ring(members: u32, points: u32, seed: Seed, requests: f64) -> Vec<f64> {
    // As much sampling noise as there is spread between placements: a share's relative variance is
    // about 1/points, and its estimate adds members/R.
    let per_placement = f64::from(members * points).max(1000.0);
    let placements = (requests / per_placement).ceil().max(10.0);
    let (mut sum, mut count) = (0.0, 0.0);
    for placement in 0..placements as u32 {
        let number = f64::from(placement) + placements * f64::from(seed.replication);
        let backends = (0..members as usize).map(|name| BackendSetup {
            name: format!("b{name}"),
            ..wide(Distribution::constant(Span::from_ns(1)))
        });
        let config = algorithm("ring-hash", &[f64::from(points), number]);
        let mut setup = world(config, backends.collect(), 1.0, units(per_placement));
        setup.populations[0].users = u32::MAX;
        let seed = Seed { value: seed.value.wrapping_add(u64::from(placement)), ..seed };
        let tally = everything(setup, seed);
        let total = tally.grown(|gauge| gauge.reached as f64);
        for gauge in &tally.after {
            let reached = gauge.reached as f64;
            sum += reached * (reached - 1.0) / (total * (total - 1.0));
            count += 1.0;
        }
    }
    let members = f64::from(members);
    vec![members * members * sum / count - 1.0]
}

/// Which member answers each user, told apart by how long it takes, before and after `cut`.
struct Homes {
    cut: Time,
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Probe for Homes {
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let homes = if request.born < self.cut { &mut self.before } else { &mut self.after };
        homes[request.user as usize] = now.since(request.born).as_ns() as u32;
    }
}

/// Share of users that are answered by another member after one member has left the pool.
pub(super) fn ring_move(members: u32, seed: Seed, requests: f64) -> Vec<f64> {
    const POINTS: f64 = 1000.0;
    let users = 200 * members;
    let length = 3.0 * f64::from(users);
    let placements = (requests / (2.0 * length)).ceil();
    let (mut moved, mut seen) = (0.0, 0.0);
    for placement in 0..placements as u32 {
        let number = f64::from(placement) + placements * f64::from(seed.replication);
        let backends = (1..=u64::from(members))
            .map(|ns| wide(Distribution::constant(Span::from_ns(ns))))
            .collect();
        let config = algorithm("ring-hash", &[POINTS, number]);
        let mut setup = world(config, backends, 1.0, units(2.0 * length));
        setup.populations[0].users = users;
        let change = Change::InPool(BackendId(0), false);
        let action = Action::Configure { changes: vec![change], rollout: Rollout::at_once() };
        setup.timeline.push(entry(units(length), action, None));
        let empty = vec![0; users as usize];
        let cut = units(length).after_start();
        let mut homes = Homes { cut, before: empty.clone(), after: empty };
        let seed = Seed { value: seed.value.wrapping_add(u64::from(placement)), ..seed };
        simulate(&Arc::new(setup), seed, &mut homes);
        for (&before, &after) in homes.before.iter().zip(&homes.after) {
            if before > 0 && after > 0 {
                seen += 1.0;
                moved += f64::from(u8::from(before != after));
                assert!(before == after || before == 1, "a user of a member that stayed moved");
            }
        }
    }
    vec![moved / seen]
}

/// Counts what was answered, and what of it in time.
#[derive(Default)]
struct InTime {
    answered: f64,
    late: f64,
}

impl Probe for InTime {
    fn request_finished(&mut self, _: Time, request: &FinishedRequest) {
        self.answered += 1.0;
        self.late += f64::from(u8::from(request.slow));
    }
}

/// Share of requests answered within a second. From 15 s to 45 s the slow backend takes the place
/// of one of the eleven: a `Slow` fault would also slow what was in service before. A client's
/// timeout would take its attempt off the balancer's count; the model lets it stay.
pub(super) fn one_slow(name: &str, seed: Seed) -> Vec<f64> {
    let ms = |ms: u64| Span::from_ms(ms);
    let mut backends: Vec<BackendSetup> =
        (0..11).map(|_| wide(Distribution::constant(ms(167)))).collect();
    backends.push(wide(law("constant", &[("value", 2e9)])));
    let mut setup = world(algorithm(name, &[]), backends, 1000.0, ms(63_000));
    setup.balancer.config.members[11].in_pool = false;
    setup.populations[0].arrivals = Arrivals::Constant;
    setup.populations[0].slow = Some(ms(1000));
    let swap = |slow: bool| Action::Configure {
        changes: vec![Change::InPool(BackendId(0), !slow), Change::InPool(BackendId(11), slow)],
        rollout: Rollout::at_once(),
    };
    setup.timeline.push(entry(ms(15_000), swap(true), None));
    setup.timeline.push(entry(ms(45_000), swap(false), None));
    setup.timeline.push(entry(ms(60_000), Action::Surge { population: None, factor: 0.0 }, None));
    let mut probe = InTime::default();
    simulate(&Arc::new(setup), seed, &mut probe);
    vec![1.0 - probe.late / probe.answered]
}

/// Share of the requests that go to the member that fails at once.
pub(super) fn black_hole(
    name: &str,
    members: usize,
    rate: f64,
    seed: Seed,
    requests: f64,
) -> Vec<f64> {
    // As many draws as members: the least loaded of all, ties at random.
    let draws = members as f64;
    let arguments: &[f64] = if name == "power-of-d" { &[draws] } else { &[] };
    let warm_up = 50.0;
    let duration = units(warm_up + requests / rate);
    let backends = (0..members).map(backend).collect();
    let mut setup = world(algorithm(name, arguments), backends, rate, duration);
    let fault = Fault::Fail { outcome: Outcome::Http500, after: Span::ZERO };
    setup.timeline.push(entry(Span::ZERO, begin(fault), None));
    let from = units(warm_up).after_start();
    setup.observation.intervals = vec![(from, Time::from_ns(duration.as_ns()))];
    let mut tally = Tally::new(from, seed, None, false);
    simulate(&Arc::new(setup), seed, &mut tally);
    let reached = |index: usize| {
        let (before, after) = (&tally.before, &tally.after);
        (after[index].reached - before.get(index).map_or(0, |gauge| gauge.reached)) as f64
    };
    let all: f64 = (0..members).map(reached).sum();
    vec![reached(0) / all]
}

/// Places of members of weights 1 and 2: one key for each place.
pub(super) fn maglev(size: u64) -> Vec<f64> {
    let members = [MemberView::new("light", 1), MemberView::new("heavy", 2)];
    let mut chooser = algorithm("maglev", &[size as f64]).build(0, 0);
    chooser.members_changed(&members);
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    let mut places = vec![0.0; 2];
    for key in 0..size {
        let mut probes = Vec::new();
        let mut context = PickContext::plain(&members, key, &mut stream, &mut probes);
        let Pick::Member(member) = chooser.pick(&mut context) else { panic!("both are well") };
        places[member] += 1.0;
    }
    places
}

/// Turns of a busy host for each of an idle one of weight 1, while nothing comes or goes.
pub(super) fn envoy_weight(weight: u32, active: u32, bias: f64) -> Vec<f64> {
    const TURNS: u32 = 100_000;
    let busy = MemberView { in_flight: active, ..MemberView::new("busy", weight) };
    let members = [busy, MemberView::new("idle", 1)];
    let mut chooser = algorithm("envoy-least-request", &[2.0, bias]).build(0, 0);
    chooser.members_changed(&members);
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    let mut turns = [0_u32; 2];
    for _ in 0..TURNS {
        let mut probes = Vec::new();
        let mut context = PickContext::plain(&members, 0, &mut stream, &mut probes);
        let Pick::Member(member) = chooser.pick(&mut context) else { panic!("both are well") };
        turns[member] += 1;
    }
    vec![f64::from(turns[0]) / f64::from(turns[1])]
}
