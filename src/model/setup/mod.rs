//! A fully resolved run: every value typed, in the engine's units, no default left open.
//!
//! Scenario files are resolved into this; after that, no name, unit or default is interpreted again.

mod alert;
mod arrivals;
mod autoscale;
mod backend;
mod breakage;
mod client;
mod connections;
mod database;
mod hedge;
mod network;
mod policies;
mod recovery;
mod timeline;
mod warmth;

pub use super::balancer::config::{
    AlgorithmConfig, BalancerConfig, BalancerSetup, Change, Member, Rollout,
};
pub use super::station::discipline::DisciplineConfig;
pub use super::station::{Contention, Slowdown};
pub use alert::{AlertRule, Signal};
pub use arrivals::{Arrivals, Class, CountLaw, Profile, Session, Trace, TraceRow};
pub use autoscale::{Autoscale, ScaleMetric};
pub use backend::{Abandoned, BackendSetup, Overload, OverloadEnd};
pub use breakage::{Cause, Memory, Origin, OwnFaults, Pauses, PausesEvery, Supervisor};
pub use client::{Backoff, Jitter, Keys, Population, RecordedKey, RetryPolicy};
pub use connections::{ConnectionPolicy, Pins, Reuse};
pub use database::DatabaseSetup;
pub use hedge::{HedgeBudget, HedgePolicy};
pub use network::{
    Balancers, Direction, Link, LinkEffect, LinkEnd, LinkEnds, LinkFault, NetworkSetup,
};
pub use policies::{
    BreakerPolicy, BreakerRatio, ClientPolicies, GrpcThrottling, PatiencePolicy, RatioBudget,
    RetryBudgets, Scope, ThrottlePolicy, TokenBudget, TokenDeposit,
};
pub use recovery::{Baseline, RecoveryRule};
pub use timeline::{Action, Fault, FaultKind, FlashCrowd, TimelineEntry, Trigger};
pub use warmth::{ColdStart, Fading};

use crate::engine::time::{Span, Time};

/// A backend, by its position in [`Setup::backends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendId(pub u16);

/// A population of clients, by its position in [`Setup::populations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PopulationId(pub u16);

/// A balancer instance, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceId(pub u16);

/// A timeline entry, by its position in [`Setup::timeline`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub u16);

/// An alert, by its position in [`Setup::alerts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlertId(pub u16);

/// A cause of failures, by its position in [`Setup::causes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseId(pub u16);

macro_rules! index {
    ($($id:ty),*) => {$(
        impl $id {
            /// Position in its list.
            #[inline]
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}
index!(BackendId, PopulationId, InstanceId, EntryId, AlertId, CauseId);

/// Everything that a run depends on, besides the seed.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Name of the scenario.
    pub name: String,
    /// Length of the run.
    pub duration: Span,
    /// Who sends requests.
    pub populations: Vec<Population>,
    /// What distributes them.
    pub balancer: BalancerSetup,
    /// What serves them.
    pub backends: Vec<BackendSetup>,
    /// What all backends share, if anything.
    pub database: Option<DatabaseSetup>,
    /// What lies between them; `None`: nothing, messages arrive at once.
    pub network: Option<NetworkSetup>,
    /// What takes backends into service and out of it, if anything does.
    pub autoscale: Option<Autoscale>,
    /// What strikes at random.
    pub causes: Vec<Cause>,
    /// What is done to the system, and when.
    pub timeline: Vec<TimelineEntry>,
    /// Rules that monitoring evaluates.
    pub alerts: Vec<AlertRule>,
    /// When and how finely the run is observed.
    pub observation: Observation,
}

impl Setup {
    /// The number that a population's random streams have.
    pub fn population_stream(&self, id: PopulationId) -> u64 {
        self.populations[id.index()].stream.map_or(u64::from(id.0), u64::from)
    }

    /// The number that a backend's random streams have.
    pub fn backend_stream(&self, id: BackendId) -> u64 {
        self.backends[id.index()].stream.map_or(u64::from(id.0), u64::from)
    }
}

/// Windows and cuts at which probes receive samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Length of a series window.
    pub window: Span,
    /// Length of the window over which a user counts as affected or unable.
    pub user_window: Span,
    /// Intervals for which figures are wanted, `from < to`, besides the whole run.
    pub intervals: Vec<(Time, Time)>,
    /// By what rule the run is judged to have recovered.
    pub recovery: RecoveryRule,
}

impl Observation {
    /// Every time at which something observed begins or ends, in order: windows, intervals, and
    /// timeline entries with a time of their own; after the start and before the end of the run.
    pub fn samples(&self, setup: &Setup) -> Vec<Time> {
        let end = setup.duration.as_ns();
        let window = self.window.as_ns().max(1);
        let windows = end.saturating_sub(1) / window;
        let mut times: Vec<u64> = (1..=windows).map(|n| n * window).collect();
        times.extend(self.cuts(setup).iter().map(|cut| cut.as_ns()));
        times.sort_unstable();
        times.dedup();
        times.into_iter().map(Time::from_ns).collect()
    }

    /// Where one interval or phase ends and another begins, in order, strictly inside the run.
    pub fn cuts(&self, setup: &Setup) -> Vec<Time> {
        let entries = setup.timeline.iter().filter_map(|entry| match entry.trigger {
            Trigger::At(at) => Some(at),
            Trigger::AfterAlert(..) => None,
        });
        let ends = self.intervals.iter().flat_map(|&(from, to)| [from, to]);
        let inside = |at: &Time| *at > Time::ZERO && *at < setup.duration.after_start();
        let mut cuts: Vec<Time> = entries.chain(ends).filter(inside).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }
}
