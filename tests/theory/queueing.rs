//! Stationary models as whole worlds: population, balancer, backends.

use super::tally::Tally;
use misroute::engine::dist::{Distribution, Family, Parameters};
use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::{self, Dialect};
use misroute::model::outcome::{Outcome, OutcomeSet};
use misroute::model::run::simulate;
use misroute::model::setup::{
    Abandoned, AlgorithmConfig, Arrivals, BackendSetup, Backoff, BalancerConfig, BalancerSetup,
    ClientPolicies, DisciplineConfig, Jitter, Observation, OwnFaults, Population, RecoveryRule,
    RetryBudgets, RetryPolicy, Setup,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The mean service time: a second, so that rounding to a nanosecond is far below every tolerance.
pub(super) const UNIT_NS: f64 = 1e9;

/// So many mean service times.
pub(super) fn units(n: f64) -> Span {
    Span::from_ns_f64(n * UNIT_NS)
}

/// A law of a family with these parameters; times in nanoseconds.
pub(super) fn law(family: &str, parameters: &[(&'static str, f64)]) -> Distribution {
    let family = Family::named(family).expect("a test names a known family");
    let given =
        parameters.iter().fold(Parameters::new(), |given, &(name, value)| given.with(name, value));
    (family.build)(&given).expect("a test's parameters fit")
}

/// One worker, no limit, exponential service of mean one unit.
pub(super) fn backend(name: usize) -> BackendSetup {
    BackendSetup {
        name: format!("b{name}"),
        stream: None,
        workers: 1,
        queue: None,
        service: Distribution::exponential(units(1.0)),
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
    }
}

/// An algorithm with these first parameters, the others at their defaults.
pub(super) fn algorithm(name: &str, arguments: &[f64]) -> AlgorithmConfig {
    let algorithm = balancer::find(Dialect::Generic, name).expect("a test names a known algorithm");
    let defaults = algorithm.parameters.iter().map(|parameter| parameter.default);
    let arguments = arguments.iter().copied().chain(defaults.skip(arguments.len())).collect();
    AlgorithmConfig { arguments, ..AlgorithmConfig::of(algorithm) }
}

/// One population of Poisson arrivals at `rate` per unit in front of `backends`, for a `duration`.
pub(super) fn world(
    config: AlgorithmConfig,
    backends: Vec<BackendSetup>,
    rate: f64,
    duration: Span,
) -> Setup {
    let config = BalancerConfig::plain(config, backends.len());
    Setup {
        name: "theory".into(),
        duration,
        populations: vec![Population {
            name: "web".into(),
            stream: None,
            users: 1000,
            arrivals: Arrivals::Poisson,
            rate: rate * 1e9 / UNIT_NS,
            profile: None,
            session: None,
            classes: Arc::new([]),
            keys: None,
            timeout: None,
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
        backends,
        database: None,
        network: None,
        autoscale: None,
        causes: Vec::new(),
        timeline: Vec::new(),
        alerts: Vec::new(),
        observation: Observation {
            window: duration,
            user_window: duration,
            intervals: Vec::new(),
            recovery: RecoveryRule::default(),
        },
    }
}

/// Alike backends behind one balancer, in steady state.
#[derive(Clone, Debug)]
pub(super) struct Queueing {
    pub(super) arrivals: Arrivals,
    /// Requests per unit, in total.
    pub(super) rate: f64,
    pub(super) service: Distribution,
    pub(super) algorithm: &'static str,
    /// Its first parameters.
    pub(super) arguments: Vec<f64>,
    /// Independent balancers, one of them drawn for each request.
    pub(super) instances: u16,
    pub(super) backends: usize,
    pub(super) workers: u32,
    /// Places in each queue.
    pub(super) queue: Option<u32>,
    /// The client's timeout, units.
    pub(super) timeout: Option<f64>,
    pub(super) abandoned: Abandoned,
    /// Who is served next.
    pub(super) discipline: &'static str,
    /// How long somebody waits in line.
    pub(super) patience: Option<Distribution>,
    /// Users of a closed loop, and how long they think on average, units.
    pub(super) closed: Option<(u32, f64)>,
    /// Whether single waits are wanted: they cost time.
    pub(super) waits: bool,
    /// Whether sojourns are wanted by service time.
    pub(super) sizes: bool,
    /// Whether quantiles are wanted.
    pub(super) quantiles: bool,
    /// Deleted from the start, units.
    pub(super) warm_up: f64,
    /// At the end, units in which requests may finish that were born before. Of those born within a
    /// sojourn of the end of a run, only the short ones finish, which a run of many backends, and so
    /// of few units, would show.
    pub(super) tail: f64,
}

impl Queueing {
    /// M/M/1 at `rate`, with a warm-up of five relaxation times.
    ///
    /// A queue started empty is short of its mean by rho/(R (1-rho)^3) over its first R requests:
    /// at load 0.9 and a million requests that is 0.1%. The deficit decays with the relaxation time
    /// 1/(1-sqrt(rho))^2, so five of them leave less than a hundredth of it.
    pub(super) fn new(rate: f64) -> Self {
        let mut queueing = Self {
            arrivals: Arrivals::Poisson,
            rate,
            service: Distribution::exponential(units(1.0)),
            algorithm: "round-robin",
            arguments: Vec::new(),
            instances: 1,
            backends: 1,
            workers: 1,
            queue: None,
            timeout: None,
            abandoned: Abandoned::Finish,
            discipline: "fifo",
            patience: None,
            closed: None,
            waits: true,
            sizes: false,
            quantiles: true,
            warm_up: 0.0,
            tail: 0.0,
        };
        queueing.warm_up_for(1.0);
        queueing
    }

    /// Load: mean work per unit over workers; 0 in a closed loop, which no load makes slow to
    /// forget.
    pub(super) fn load(&self) -> f64 {
        if self.closed.is_some() {
            return 0.0;
        }
        self.rate / (self.backends as f64 * f64::from(self.workers))
    }

    /// Whether a relaxation time is tens of thousands of services.
    pub(super) fn is_near_saturation(&self) -> bool {
        self.queue.is_none()
            && self.timeout.is_none()
            && self.patience.is_none()
            && self.load() > 0.98
    }

    /// Sets the warm-up: five relaxation times, `variability` times as long as those of M/M/1, and
    /// at least long enough to fill a full bounded queue four times over.
    pub(super) fn warm_up_for(&mut self, variability: f64) {
        let root = 1.0 - self.load().min(0.998).sqrt();
        let relaxation = variability / (root * root);
        let filling = self.queue.map_or(0.0, |queue| {
            f64::from(queue + self.workers)
                / ((self.load() - 1.0).abs() * f64::from(self.workers)).max(0.1)
        });
        self.warm_up = if self.queue.is_some() {
            20.0 + 4.0 * filling
        } else if self.patience.is_some() || (self.timeout.is_some() && self.load() >= 1.0) {
            // Only abandonment keeps it stable.
            200.0
        } else {
            20.0 + 5.0 * relaxation
        };
    }

    /// Simulates about `requests` requests after the warm-up.
    pub(super) fn run(&self, seed: Seed, requests: f64) -> Tally {
        let from = units(self.warm_up).after_start();
        let until = self.warm_up + requests / self.rate;
        let duration = units(until + self.tail);
        let backend = |name| BackendSetup {
            workers: self.workers,
            queue: self.queue,
            service: self.service.clone(),
            abandoned: self.abandoned,
            discipline: DisciplineConfig::named(self.discipline).expect("a known discipline"),
            patience: self.patience.clone(),
            ..backend(name)
        };
        let backends = (0..self.backends).map(backend).collect();
        let config = algorithm(self.algorithm, &self.arguments);
        let mut setup = world(config, backends, self.rate, duration);
        setup.balancer.instances = self.instances;
        setup.populations[0].arrivals = self.arrivals.clone();
        if let Some((users, think)) = self.closed {
            setup.populations[0].users = users;
            let think = Distribution::exponential(units(think));
            setup.populations[0].arrivals = Arrivals::Closed { think };
        }
        setup.populations[0].timeout = self.timeout.map(units);
        setup.observation.intervals = vec![(from, Time::from_ns(duration.as_ns()))];
        let service = self.waits.then_some(&self.service);
        let mut tally = Tally::new(from, seed, service, self.quantiles);
        if self.tail > 0.0 {
            tally.until = units(until).after_start();
        }
        tally.workers = self.workers;
        tally.sizes = self.sizes.then(BTreeMap::new);
        simulate(&Arc::new(setup), seed, &mut tally);
        tally
    }
}
