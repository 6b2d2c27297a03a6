//! What is simulated: each workload as a scenario, and as a loop that can do nothing else.

use crate::limit::Tally;
use crate::limit::fleet::Fleet;
use crate::limit::queues::Queues;
use misroute::engine::random::Seed;
use misroute::model::run::simulate;
use misroute::model::setup::Setup;
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{RunResult, ScenarioId};
use misroute::scenario::{Source, load};
use std::sync::Arc;

/// A workload with a limit loop.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
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
        about: "10 backends, random",
        model: queues(10, false, None),
        // 1 / (1 - 0.8) of an M/M/1 queue.
        theory: Some(Theory { mean_s: 5.0, timed_out: 0.0, slack: 0.0 }),
    },
    Workload {
        name: "W1-two-choices",
        about: "10 backends, two choices",
        model: queues(10, true, None),
        theory: Some(Theory { mean_s: 2.075, timed_out: 0.0, slack: 0.005 }),
    },
    Workload {
        name: "W2-random",
        about: "100 backends, random, a timeout",
        model: queues(100, false, Some(10 * SECOND)),
        // exp(-10 (1 - 0.8)) of an M/M/1 queue.
        theory: Some(Theory { mean_s: 5.0, timed_out: 0.135_335, slack: 0.0 }),
    },
    Workload {
        name: "W2-two-choices",
        about: "100 backends, two choices, a timeout",
        model: queues(100, true, Some(10 * SECOND)),
        theory: Some(Theory { mean_s: 1.957, timed_out: 0.0013, slack: 0.05 }),
    },
    Workload {
        name: "W3",
        about: "1,000 backends, least connections, checks, retries",
        model: Model::Fleet(FLEET),
        theory: None,
    },
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
                backends: queues.servers,
                algorithm: if queues.two_choices { "two-choices" } else { "random" },
                rate: 1e9 / queues.gap_ns,
                users: 1000,
                clients: queues
                    .timeout_ns
                    .map_or(String::new(), |timeout| format!("timeout = \"{timeout}ns\"")),
                balancer: String::new(),
            },
            Model::Fleet(fleet) => Farm {
                backends: fleet.servers,
                algorithm: "least-connections",
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

/// Single-worker backends with exponential service of mean 1 s, first in, first out.
pub(crate) struct Farm {
    pub(crate) backends: usize,
    pub(crate) algorithm: &'static str,
    /// Requests per second.
    pub(crate) rate: f64,
    pub(crate) users: usize,
    /// More keys of `[[clients]]`.
    pub(crate) clients: String,
    /// More keys of `[balancer]`.
    pub(crate) balancer: String,
}

impl Farm {
    /// A scenario of about so many requests. A window holds at least a thousand, as in a run of 1.2
    /// million (no run has more than 1200 windows), and is no shorter than monitoring's usual 10 s.
    pub(crate) fn setup(&self, requests: u64) -> Arc<Setup> {
        let Self { backends, algorithm, rate, users, clients, balancer } = self;
        let duration = (requests as f64 / rate * 1e9) as u64;
        let window = ((1000.0 / rate).max(10.0) * 1e9) as u64;
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
            name = "b-{{1..{backends}}}"
            workers = 1
            service = {{ exponential = {{ mean = "1s" }} }}"#
        );
        match load(&Source::from_text("bench", text), &[]) {
            Ok(scenario) => Arc::new(scenario.setup),
            Err(wrong) => panic!("{wrong:?}"),
        }
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
