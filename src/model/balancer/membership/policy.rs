//! What a configuration says of health checks, ejection, slow start and fail-open.

use super::rule::EjectionRule;
use crate::engine::time::Span;
use crate::model::balancer::Parameter;

/// Active checks of every member, by every process on its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthChecks {
    /// From the end of one check to the next one, while all is well.
    pub interval: Span,
    /// The same while the state is in doubt.
    pub fast_interval: Span,
    /// The same of a member that is down.
    pub down_interval: Span,
    /// How long a check may take.
    pub timeout: Span,
    /// Passed checks in a row after which a member is up. At least 1.
    pub rise: u32,
    /// Failed checks in a row after which it is down. At least 1.
    pub fall: u32,
    /// How members begin, at the start and after a reload.
    pub initial: Initial,
    /// What a check asks for.
    pub asks: Asks,
    /// Whether an error as the answer takes a member out at once (Envoy).
    pub errors_are_final: bool,
    /// When the first checks are made.
    pub first: FirstChecks,
}

/// How a member begins under checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// Up, but the first failed check takes it down (HAProxy).
    Up,
    /// Up, and it takes `fall` failed checks.
    FullyUp,
    /// Down, and one passed check brings it up.
    Down,
    /// Down, and it takes `rise` passed checks.
    FullyDown,
}

/// What a check asks of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A connection: the port accepts it, even if nobody answers.
    Connection,
    /// A sign of life that the process gives by itself, without a worker and whatever its faults.
    Life,
    /// A piece of work like any other: it takes a worker, waits in the queue, is slow and fails as
    /// work is.
    Work,
}

/// When a process makes its first checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstChecks {
    /// One after another over an interval (HAProxy, `start_check_task`).
    Spread,
    /// All at once (Envoy without `initial_jitter`).
    AtOnce,
}

/// Slowly growing weight of a member that has come up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// How long it takes. Positive.
    pub period: Span,
    /// How the weight grows.
    pub curve: Curve,
}

/// How the weight of a member grows over its slow start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// HAProxy (`server_recalc_eweight`): sixteenths by whole seconds, and the connection limit in
    /// hundredths.
    Sixteenths,
    /// Envoy: max(`floor`, (t / period)^(1 / `aggression`)).
    Power {
        /// Least share of the weight, in (0, 1].
        floor: f64,
        /// Positive; 1 is linear, more is faster at first.
        aggression: f64,
    },
}

/// Passive ejection: the rule and its parameters.
#[derive(Clone, Debug)]
pub struct EjectionConfig {
    /// The entry in the table of rules.
    pub ejection: &'static Ejection,
    /// One value per declared parameter, in order.
    pub arguments: Vec<f64>,
}

impl PartialEq for EjectionConfig {
    fn eq(&self, other: &Self) -> bool {
        self.ejection.name == other.ejection.name && self.arguments == other.arguments
    }
}

/// An entry of the table of ejection rules.
#[derive(Debug)]
pub struct Ejection {
    /// Name in scenario files.
    pub name: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// One line: when it fails.
    pub fails: &'static str,
    /// Vendors' names for it.
    pub vendors: &'static str,
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// A fresh state for so many members.
    pub build: fn(arguments: &[f64], members: usize) -> Box<dyn EjectionRule>,
}

/// When members that are not healthy get traffic all the same, and which reserves there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reserves {
    /// Share of healthy members below which all are used (Envoy's panic threshold; fail-open).
    pub panic: Option<f64>,
    /// No panic as long as the share of healthy members, times this, in percent, is 100 or more: 100, and
    /// Envoy's 140 (`overprovisioning_factor`).
    pub overprovisioning: u32,
    /// Whether all backup members stand in together, or the first that can (HAProxy without
    /// `allbackups`).
    pub all_backups: bool,
}
