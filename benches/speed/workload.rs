//! What is simulated: each workload as a scenario, and as a loop that can do nothing else.

use crate::limit::Tally;
use crate::limit::queues::Queues;
use misroute::engine::random::Seed;
use misroute::engine::time::Span;
use misroute::model::run::simulate;
use misroute::model::setup::Setup;
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{RunResult, ScenarioId};
use misroute::scenario::{Source, load};
use std::sync::Arc;

/// A model of Poisson arrivals and exponential services of mean 1 s at 80% load.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    backends: usize,
    algorithm: &'static str,
    timeout: Option<Span>,
    pub(crate) theory: Theory,
}

/// What is known of a workload without simulating it.
pub(crate) struct Theory {
    /// Mean time in system of whatever is served, seconds.
    pub(crate) mean_s: f64,
    /// Share of requests that time out.
    pub(crate) timed_out: f64,
    /// How far the literature's own figure may be off, relative.
    pub(crate) slack: f64,
}

/// Load of every workload.
const LOAD: f64 = 0.8;

/// Requests in a window of the series and of users, as in a run of 1.2 million: no run has more than
/// 1200 windows.
const WINDOW: f64 = 1000.0;

pub(crate) const WORKLOADS: [Workload; 4] = [
    Workload {
        name: "W1-random",
        about: "10 backends, random",
        backends: 10,
        algorithm: "random",
        timeout: None,
        theory: Theory { mean_s: 5.0, timed_out: 0.0, slack: 0.0 },
    },
    Workload {
        name: "W1-two-choices",
        about: "10 backends, two choices",
        backends: 10,
        algorithm: "two-choices",
        timeout: None,
        theory: Theory { mean_s: 2.075, timed_out: 0.0, slack: 0.005 },
    },
    Workload {
        name: "W2-random",
        about: "100 backends, random, a timeout of 10 s",
        backends: 100,
        algorithm: "random",
        timeout: Some(Span::from_secs(10)),
        // exp(-10 (1 - 0.8)) of an M/M/1 queue.
        theory: Theory { mean_s: 5.0, timed_out: 0.135_335, slack: 0.0 },
    },
    Workload {
        name: "W2-two-choices",
        about: "100 backends, two choices, a timeout of 10 s",
        backends: 100,
        algorithm: "two-choices",
        timeout: Some(Span::from_secs(10)),
        theory: Theory { mean_s: 1.957, timed_out: 0.0013, slack: 0.05 },
    },
];

impl Workload {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        WORKLOADS.iter().find(|workload| workload.name == name)
    }

    /// The workload as a scenario of about so many requests.
    pub(crate) fn setup(&self, requests: u64) -> Arc<Setup> {
        let rate = LOAD * self.backends as f64;
        let Self { backends, algorithm, .. } = self;
        let timeout = self
            .timeout
            .map_or(String::new(), |timeout| format!("timeout = \"{}s\"", timeout.as_secs_f64()));
        let text = format!(
            r#"schema = 1
            name = "bench"
            duration = "{duration}s"
            window = "{window}s"
            user-window = "{window}s"
            [[clients]]
            name = "web"
            users = 1000
            rate = "{rate}/s"
            {timeout}
            [balancer]
            algorithm = "{algorithm}"
            [[backends]]
            name = "b-{{1..{backends}}}"
            workers = 1
            service = {{ exponential = {{ mean = "1s" }} }}"#,
            duration = requests as f64 / rate,
            window = WINDOW / rate,
        );
        setup_of(&text)
    }

    /// The workload as a loop.
    pub(crate) fn limit(&self, requests: u64, seed: u64) -> Tally {
        let queues = Queues {
            servers: self.backends,
            two_choices: self.algorithm == "two-choices",
            gap_ns: 1e9 / (LOAD * self.backends as f64),
            service_ns: 1e9,
            timeout_ns: self.timeout.map(Span::as_ns),
        };
        queues.run(requests, seed)
    }
}

/// What a scenario sets up.
pub(crate) fn setup_of(text: &str) -> Arc<Setup> {
    match load(&Source::from_text("bench", text), &[]) {
        Ok(scenario) => Arc::new(scenario.setup),
        Err(wrong) => panic!("{wrong}\n{text}"),
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
