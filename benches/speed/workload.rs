//! What is simulated: each workload as a scenario, and as a loop that can do nothing else.

use crate::limit::Tally;
use crate::limit::fleet::Fleet;
use crate::limit::queues::Queues;
use misroute::engine::random::Seed;
use misroute::model::balancer::{self, Dialect};
use misroute::model::run::simulate;
use misroute::model::setup::{AlgorithmConfig, BackendSetup, BalancerConfig, BalancerSetup, Setup};
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{RunResult, ScenarioId};
use misroute::scenario::{Source, load};
use std::sync::Arc;

/// A workload with a limit loop.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    model: Model,
    pub(crate) theory: Option<Theory>,
}

#[derive(Clone, Copy)]
enum Model {
    Queues(Queues),
    Fleet(Fleet),
}

/// What is known of a workload without simulating it.
pub(crate) struct Theory {
    /// Mean time in system of whatever is served, seconds.
    pub(crate) mean_s: f64,
    /// Share of requests that time out.
    pub(crate) timed_out: f64,
    /// How far these figures themselves may be off, relative.
    pub(crate) slack: f64,
}

/// Mean service of every workload.
const SECOND: u64 = 1_000_000_000;

/// At 80% load.
const fn queues(servers: usize, two_choices: bool, timeout_ns: Option<u64>) -> Model {
    let gap_ns = 1e9 / (0.8 * servers as f64);
    Model::Queues(Queues { servers, two_choices, gap_ns, service_ns: 1e9, timeout_ns })
}

/// At 70% load and somewhat more through retries.
const FLEET: Fleet = Fleet {
    servers: 1000,
    users: 10_000,
    gap_ns: 1e9 / 700.0,
    service_ns: 1e9,
    timeout_ns: 3 * SECOND,
    backoff_ns: SECOND / 10,
    check_ns: 2 * SECOND,
};

pub(crate) const WORKLOADS: [Workload; 5] = [
    Workload {
        name: "W1-random",
        model: queues(10, false, None),
        // 1 / (1 - 0.8) of an M/M/1 queue.
        theory: Some(Theory { mean_s: 5.0, timed_out: 0.0, slack: 0.0 }),
    },
    Workload {
        name: "W1-two-choices",
        model: queues(10, true, None),
        theory: Some(Theory { mean_s: 2.075, timed_out: 0.0, slack: 0.005 }),
    },
    Workload {
        name: "W2-random",
        model: queues(100, false, Some(10 * SECOND)),
        // exp(-10 (1 - 0.8)) of an M/M/1 queue.
        theory: Some(Theory { mean_s: 5.0, timed_out: 0.135_335, slack: 0.0 }),
    },
    Workload {
        name: "W2-two-choices",
        model: queues(100, true, Some(10 * SECOND)),
        theory: Some(Theory { mean_s: 1.957, timed_out: 0.0013, slack: 0.05 }),
    },
    Workload { name: "W3", model: Model::Fleet(FLEET), theory: None },
];

impl Workload {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        WORKLOADS.iter().find(|workload| workload.name == name)
    }

    /// The workload as a scenario of about so many requests.
    pub(crate) fn setup(&self, requests: u64) -> Arc<Setup> {
        let farm = match self.model {
            Model::Queues(queues) => Farm {
                rate: 1e9 / queues.gap_ns,
                clients: queues
                    .timeout_ns
                    .map_or(String::new(), |timeout| format!("timeout = \"{timeout}ns\"")),
                ..Farm::of(
                    queues.servers,
                    if queues.two_choices { "two-choices" } else { "random" },
                )
            },
            Model::Fleet(fleet) => Farm {
                rate: 1e9 / fleet.gap_ns,
                users: fleet.users,
                clients: format!(
                    r#"timeout = "{}ns"
                    retries = {{ max = 1, base = "{}ns", jitter = "none" }}"#,
                    fleet.timeout_ns, fleet.backoff_ns
                ),
                balancer: format!(
                    r#"health = {{ interval = "{}ns", asks = "life" }}"#,
                    fleet.check_ns
                ),
                ..Farm::of(fleet.servers, "least-connections")
            },
        };
        farm.setup(requests)
    }

    /// The workload as a loop.
    pub(crate) fn limit(&self, requests: u64, seed: u64) -> Tally {
        match self.model {
            Model::Queues(queues) => queues.run(requests, seed),
            Model::Fleet(fleet) => fleet.run(requests, seed),
        }
    }
}

/// A scenario lists no more backends; the model takes more.
const MOST_LISTED: usize = 1000;

/// Backends of one kind behind one balancer.
pub(crate) struct Farm {
    pub(crate) backends: usize,
    pub(crate) algorithm: &'static str,
    pub(crate) workers: u32,
    /// How long a request is served.
    pub(crate) service: String,
    /// Requests per second.
    pub(crate) rate: f64,
    pub(crate) users: usize,
    /// More keys of `[[clients]]`.
    pub(crate) clients: String,
    /// More keys of `[balancer]`.
    pub(crate) balancer: String,
    /// Length of a window. Else it holds at least a thousand requests, as in a run of 1.2 million (no
    /// run has more than 1200 windows), and is no shorter than monitoring's usual 10 s.
    pub(crate) window_s: Option<f64>,
}

impl Farm {
    /// Single-worker backends with exponential service of mean 1 s, at 80% load.
    pub(crate) fn of(backends: usize, algorithm: &'static str) -> Self {
        Self {
            backends,
            algorithm,
            workers: 1,
            service: r#"{ exponential = { mean = "1s" } }"#.to_owned(),
            rate: 0.8 * backends as f64,
            users: 1000,
            clients: String::new(),
            balancer: String::new(),
            window_s: None,
        }
    }

    /// A scenario of about so many requests.
    pub(crate) fn setup(&self, requests: u64) -> Arc<Setup> {
        let Self { backends, algorithm, workers, service, rate, users, .. } = self;
        let Self { clients, balancer, .. } = self;
        let duration = (requests as f64 / rate * 1e9) as u64;
        let window = self.window_s.unwrap_or((1000.0 / rate).max(10.0));
        let window = (window * 1e9) as u64;
        let text = format!(
            r#"schema = 1
            name = "bench"
            duration = "{duration}ns"
            window = "{window}ns"
            user-window = "{window}ns"
            [[clients]]
            name = "web"
            users = {users}
            rate = "{rate}/s"
            {clients}
            [balancer]
            algorithm = "{algorithm}"
            {balancer}
            [[backends]]
            name = "b-{{1..{listed}}}"
            workers = {workers}
            service = {service}"#,
            listed = backends.min(&MOST_LISTED)
        );
        match load(&Source::from_text("bench", text), &[]) {
            Ok(scenario) => Arc::new(self.complete(scenario.setup)),
            Err(wrong) => panic!("{wrong:?}"),
        }
    }

    /// Adds the backends that are more than a scenario may list.
    fn complete(&self, mut setup: Setup) -> Setup {
        if self.backends > MOST_LISTED {
            let algorithm = balancer::find(Dialect::Generic, self.algorithm).expect("it is known");
            let config = BalancerConfig::plain(AlgorithmConfig::of(algorithm), self.backends);
            setup.balancer = BalancerSetup::single(config);
            let like = setup.backends[0].clone();
            let more = (MOST_LISTED + 1..=self.backends)
                .map(|number| BackendSetup { name: format!("b-{number}"), ..like.clone() });
            setup.backends.extend(more);
        }
        setup
    }
}

/// A run with everything observed, up to the result that reports read.
pub(crate) fn observed(setup: &Arc<Setup>, seed: u64) -> RunResult {
    let seed = Seed::new(seed);
    let mut recorder = Recorder::new(setup);
    let world = simulate(setup, seed, &mut recorder);
    let id = ScenarioId { name: setup.name.clone(), digest: String::new() };
    recorder.into_result(&world, seed, id, None)
}
