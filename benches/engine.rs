//! How fast the simulator is, beside hand-written loops that can do one model only.
//!
//! `cargo bench` prints requests per second of both and their ratio, then what the parts cost. A
//! ratio compares better than a speed: both halves of it feel the same machine.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use misroute::engine::dist::{Distribution, Family, ParameterValue, Parameters};
use misroute::engine::histogram::Histogram;
use misroute::engine::queue::{Class, EventQueue};
use misroute::engine::random::{Purpose, Seed, Stream, key, keyed};
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::{
    self, ALGORITHMS, Answer, Dialect, MemberView, Pick, PickContext, ProbeReply,
};
use misroute::model::outcome::{Outcome, OutcomeSet};
use misroute::model::probe::{Blind, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::{
    Abandoned, AlgorithmConfig, Arrivals, BackendSetup, Backoff, BalancerConfig, BalancerSetup,
    ClientPolicies, DisciplineConfig, Jitter, Observation, OwnFaults, Population, RecoveryRule,
    RetryBudgets, RetryPolicy, Setup,
};
use misroute::observe::recorder::Recorder;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

const SERVICE: Span = Span::from_ms(100);
const LOAD: f64 = 0.8;
const REQUESTS: u64 = 200_000;

/// A model of both kinds: round robin over `backends` of one worker, exponential service, 80% load.
#[derive(Clone, Copy)]
struct Model {
    name: &'static str,
    backends: usize,
    timeout: Option<Span>,
}

const MODELS: [Model; 2] = [
    Model { name: "10 backends", backends: 10, timeout: None },
    Model { name: "100 backends, timeout", backends: 100, timeout: Some(Span::from_secs(1)) },
];

impl Model {
    fn rate(self) -> f64 {
        LOAD * self.backends as f64 / SERVICE.as_secs_f64()
    }

    fn setup(self) -> Arc<Setup> {
        let duration = Span::from_secs_f64(REQUESTS as f64 / self.rate());
        let backend = |number: usize| BackendSetup {
            name: format!("b{number}"),
            stream: None,
            workers: 1,
            queue: None,
            service: Distribution::exponential(SERVICE),
            full: Outcome::Http503,
            discipline: DisciplineConfig::fifo(),
            queue_age: None,
            patience: None,
            late: Outcome::Http503,
            contention: None,
            abandoned: Abandoned::Finish,
            overload: None,
            start_time: Span::ZERO,
            cold_start: None,
            own_faults: OwnFaults::default(),
            up_at_start: true,
        };
        let algorithm =
            balancer::find(Dialect::Generic, "round-robin").expect("it is in the table");
        let config = BalancerConfig::plain(AlgorithmConfig::of(algorithm), self.backends);
        Arc::new(Setup {
            name: self.name.into(),
            duration,
            populations: vec![Population {
                name: "web".into(),
                stream: None,
                users: 1000,
                arrivals: Arrivals::Poisson,
                rate: self.rate(),
                profile: None,
                session: None,
                classes: Arc::new([]),
                keys: None,
                timeout: self.timeout,
                connect_timeout: None,
                total_timeout: None,
                slow: None,
                retries: RetryPolicy {
                    max: 0,
                    backoff: Backoff::Fixed,
                    base: Span::ZERO,
                    cap: Span::ZERO,
                    jitter: Jitter::None,
                    on: OutcomeSet::failures(),
                    budgets: RetryBudgets::default(),
                },
                hedge: None,
                redraw: false,
                connections: None,
                policies: ClientPolicies::default(),
            }],
            balancer: BalancerSetup::single(config),
            backends: (0..self.backends).map(backend).collect(),
            database: None,
            network: None,
            autoscale: None,
            causes: Vec::new(),
            timeline: Vec::new(),
            alerts: Vec::new(),
            observation: Observation {
                window: Span::from_secs(1),
                user_window: Span::from_secs(60),
                intervals: Vec::new(),
                recovery: RecoveryRule::default(),
            },
        })
    }
}

fn world(setup: &Arc<Setup>, probe: &mut impl Probe) -> u64 {
    simulate(setup, Seed::new(1), probe).counts().requests
}

fn observed(setup: &Arc<Setup>) -> u64 {
    let mut recorder = Recorder::new(setup);
    let requests = world(setup, &mut recorder);
    black_box(recorder);
    requests
}

/// The same model, arrivals and services, with nothing that another model would need: one heap of
/// completions, a line per backend, timers first in, first out.
fn by_hand(model: Model) -> u64 {
    let seed = Seed::new(1);
    let mut arrivals = Stream::new(seed, Purpose::Arrivals, 0);
    let marks = key(seed, Purpose::ServiceMark, 0);
    let service = Distribution::exponential(SERVICE);
    let end = (REQUESTS as f64 / model.rate() * 1e9) as u64;
    let timeout = model.timeout.map(Span::as_ns);
    let gap = 1e9 / model.rate();
    let mut next_ns = arrivals.exponential() * gap;
    let mut lines: Vec<VecDeque<(u64, u64)>> = vec![VecDeque::new(); model.backends];
    let mut completions: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut timers: VecDeque<(u64, bool)> = VecDeque::new();
    let (mut first_timer, mut born, mut turn) = (0_u64, 0_u64, 0);
    let (mut answered, mut timed_out, mut sum) = (0_u64, 0_u64, 0_u64);
    loop {
        let arrival = (next_ns + 0.5) as u64;
        let completion = completions.peek().map_or(u64::MAX, |next| next.0.0);
        let timer = timers.front().map_or(u64::MAX, |next| next.0);
        let now = arrival.min(completion).min(timer);
        if now >= end {
            break;
        }
        if now == completion {
            let Reverse((_, backend)) = completions.pop().expect("it was peeked at");
            let (request, at) = lines[backend].pop_front().expect("it was being served");
            let gone = timeout.is_some() && request < first_timer;
            if !gone {
                answered += 1;
                sum += now - at;
                if timeout.is_some() {
                    timers[(request - first_timer) as usize].1 = true;
                }
            }
            if let Some(&(next, _)) = lines[backend].front() {
                let work = service.at(keyed(marks, next)).as_ns();
                completions.push(Reverse((now + work, backend)));
            }
        } else if now == timer {
            let (_, done) = timers.pop_front().expect("it was peeked at");
            first_timer += 1;
            timed_out += u64::from(!done);
        } else {
            let backend = turn;
            turn = (turn + 1) % model.backends;
            lines[backend].push_back((born, now));
            if lines[backend].len() == 1 {
                let work = service.at(keyed(marks, born)).as_ns();
                completions.push(Reverse((now + work, backend)));
            }
            if let Some(timeout) = timeout {
                timers.push_back((now + timeout, false));
            }
            born += 1;
            next_ns += arrivals.exponential() * gap;
        }
    }
    black_box((answered, timed_out, sum));
    born
}

/// Requests per second, the best of seven runs.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn speed(run: impl Fn() -> u64) -> f64 {
    let once = |_| {
        let start = Instant::now();
        let requests = run();
        requests as f64 / start.elapsed().as_secs_f64()
    };
    (0..7).map(once).fold(0.0, f64::max)
}

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn compare() {
    println!("million requests/s       | by hand | blind | observed | blind/hand | observed/hand");
    for model in MODELS {
        let setup = model.setup();
        let hand = speed(|| by_hand(model));
        let blind = speed(|| world(&setup, &mut Blind));
        let observed = speed(|| observed(&setup));
        println!(
            "{:24} | {:7.2} | {:5.2} | {:8.2} | {:10.2} | {:13.2}",
            model.name,
            hand / 1e6,
            blind / 1e6,
            observed / 1e6,
            blind / hand,
            observed / hand
        );
    }
}

fn main() {
    // Under `cargo test --benches` everything runs once, and nothing is measured.
    if !std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        compare();
    }
    divan::main();
}

mod whole_runs {
    use super::{Bencher, Blind, ItemsCount, MODELS, Model, REQUESTS, by_hand, observed, world};

    fn bench(bencher: Bencher<'_, '_>, run: impl Fn() -> u64 + Sync) {
        bencher.counter(ItemsCount::new(REQUESTS)).bench(run);
    }

    impl std::fmt::Display for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.name)
        }
    }

    #[divan::bench(args = MODELS, sample_count = 10)]
    fn hand(bencher: Bencher<'_, '_>, model: Model) {
        bench(bencher, || by_hand(model));
    }

    #[divan::bench(args = MODELS, sample_count = 10)]
    fn blind(bencher: Bencher<'_, '_>, model: Model) {
        let setup = model.setup();
        bench(bencher, || world(&setup, &mut Blind));
    }

    #[divan::bench(args = MODELS, sample_count = 10)]
    fn recorder(bencher: Bencher<'_, '_>, model: Model) {
        let setup = model.setup();
        bench(bencher, || observed(&setup));
    }
}

/// Pop the next event and schedule another, with so many pending.
#[divan::bench(args = [100, 10_000])]
fn queue_hold(bencher: Bencher<'_, '_>, pending: u64) {
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    let mut queue = EventQueue::new(0, 0, 0);
    for event in 0..pending {
        queue.push(Time::from_ns(stream.below(1_000_000)), Class(0), event);
    }
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        let (now, event) = queue.pop_before(Time::FOREVER).expect("it never runs dry");
        queue.push(now + Span::from_ns(stream.below(2_000_000)), Class(0), event);
    });
}

/// The same through a lane, as timers of one length go.
#[divan::bench(args = [100, 10_000])]
fn queue_lane(bencher: Bencher<'_, '_>, pending: u64) {
    let mut queue = EventQueue::new(1, 0, 0);
    for event in 0..pending {
        queue.push_in_lane(0, Time::from_ns(event * 100), Class(0), event);
    }
    let length = Span::from_ns(pending * 100);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        let (now, event) = queue.pop_before(Time::FOREVER).expect("it never runs dry");
        queue.push_in_lane(0, now + length, Class(0), event);
    });
}

/// Parameters of a usual law of each family.
const LAWS: [(&str, &[(&str, f64)]); 10] = [
    ("bimodal", &[("fast", 5e6), ("slow", 5e8), ("slow-share", 0.01)]),
    ("constant", &[("value", 8e7)]),
    ("erlang", &[("stages", 4.0), ("mean", 8e7)]),
    ("exponential", &[("mean", 8e7)]),
    ("gamma", &[("mean", 8e7), ("scv", 0.5)]),
    ("hyperexponential", &[("mean", 8e7), ("scv", 4.0)]),
    ("lognormal", &[("mean", 8e7), ("p99", 4e8)]),
    ("pareto", &[("mean", 8e7), ("shape", 2.5)]),
    ("uniform", &[("min", 4e7), ("max", 1.2e8)]),
    ("weibull", &[("mean", 8e7), ("p99", 5e8)]),
];

fn build(family: &str, parameters: &Parameters) -> Distribution {
    let family = Family::named(family).expect("it is in the table");
    (family.build)(parameters).expect("the parameters fit")
}

#[divan::bench(args = LAWS.map(|(family, _)| family))]
fn law(bencher: Bencher<'_, '_>, family: &str) {
    let (_, values) = LAWS.into_iter().find(|(name, _)| *name == family).expect("it is listed");
    let parameters =
        values.iter().fold(Parameters::new(), |given, &(name, value)| given.with(name, value));
    draw(bencher, &build(family, &parameters));
}

#[divan::bench]
fn law_empirical(bencher: Bencher<'_, '_>) {
    let values: Vec<f64> = (1..=1000).map(|value| f64::from(value) * 1e5).collect();
    let parameters = Parameters::new().with("values", ParameterValue::Many(values));
    draw(bencher, &build("empirical", &parameters));
}

fn draw(bencher: Bencher<'_, '_>, law: &Distribution) {
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| law.at(stream.bits()));
}

#[divan::bench(args = ALGORITHMS.iter().map(|algorithm| algorithm.name), consts = [10, 100, 1000, 10_000])]
fn pick<const N: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let algorithm = balancer::find(Dialect::Generic, name).expect("it is in the table");
    let mut chooser = AlgorithmConfig::of(algorithm).build(0, 0);
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    let in_flight = |stream: &mut Stream| stream.below(4) as u32;
    let mut members: Vec<MemberView> = (0..N)
        .map(|index| MemberView {
            in_flight: in_flight(&mut stream),
            ..MemberView::new(&index.to_string(), 1)
        })
        .collect();
    let mut backlog: Vec<u32> = members.iter().map(MemberView::load).collect();
    let mut probes = Vec::new();
    chooser.members_changed(&members);
    let mut now = Time::ZERO;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        now += Span::from_ns(1_000_000 / N as u64);
        let key = stream.bits();
        let mut context = PickContext::plain(&members, key, &mut stream, &mut probes);
        context.now = now;
        if algorithm.oracle {
            context.backlog = &backlog;
        }
        let Pick::Member(picked) = chooser.pick(&mut context) else { panic!("all are eligible") };
        let mut note = |member: usize, members: &mut [MemberView], change: i32| {
            members[member].in_flight = members[member].in_flight.saturating_add_signed(change);
            backlog[member] = members[member].in_flight;
            if algorithm.tracks_load {
                chooser.load_changed(member, members);
            }
        };
        // One comes; a random one goes, so that what is in flight stays mixed.
        note(picked, &mut members, 1);
        let gone = stream.below(N as u64) as usize;
        note(gone, &mut members, -1);
        let latency = Span::from_ns(1_000_000 + (key & 0xF_FFFF));
        chooser.answered(gone, Answer { outcome: Outcome::Ok, is_failure: false, latency, now });
        for member in probes.drain(..) {
            let in_flight = members[member].in_flight;
            chooser.probed(member, ProbeReply { in_flight, latency, now });
        }
        if algorithm.hears_idle && members[gone].in_flight == 0 {
            chooser.probed(gone, ProbeReply { in_flight: 0, latency, now });
        }
        picked
    });
}

#[divan::bench]
fn histogram_record(bencher: Bencher<'_, '_>) {
    let mut histogram = Histogram::default();
    let law = Distribution::exponential(SERVICE);
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    let spans: Vec<Span> = (0..1024).map(|_| law.at(stream.bits())).collect();
    bencher.counter(ItemsCount::new(spans.len())).bench_local(|| {
        for &span in &spans {
            histogram.record(span);
        }
    });
}
