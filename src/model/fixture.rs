//! Small setups for tests.

use super::balancer::{self, Dialect};
use super::outcome::{Outcome, OutcomeSet};
use super::setup::{
    Abandoned, AlgorithmConfig, Arrivals, BackendSetup, Backoff, BalancerConfig, BalancerSetup,
    ClientPolicies, DisciplineConfig, Jitter, Observation, OwnFaults, Population, RecoveryRule,
    RetryBudgets, RetryPolicy, Setup,
};
use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use std::sync::Arc;

/// One worker, no limit, 1 ms.
pub(crate) fn backend(name: &str) -> BackendSetup {
    BackendSetup {
        name: name.into(),
        stream: None,
        workers: 1,
        queue: None,
        service: Distribution::constant(Span::from_ms(1)),
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

/// `backends` behind one instance; one population at `rate` per second for `seconds`.
pub(crate) fn setup(
    algorithm: &str,
    backends: Vec<BackendSetup>,
    rate: f64,
    seconds: u64,
) -> Setup {
    let algorithm =
        balancer::find(Dialect::Generic, algorithm).expect("a test names a known algorithm");
    let config = BalancerConfig::plain(AlgorithmConfig::of(algorithm), backends.len());
    Setup {
        name: "test".into(),
        duration: Span::from_secs(seconds),
        populations: vec![Population {
            name: "web".into(),
            stream: None,
            users: 100,
            arrivals: Arrivals::Poisson,
            rate,
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
                backoff: Backoff::Exponential,
                base: Span::from_ms(100),
                cap: Span::from_secs(10),
                jitter: Jitter::Full,
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
            window: Span::from_secs(1),
            user_window: Span::from_secs(60),
            intervals: Vec::new(),
            recovery: RecoveryRule::default(),
        },
    }
}
