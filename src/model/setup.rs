//! A fully resolved run: every value typed, in the engine's units, no default left open.
//!
//! Scenario files are resolved into this; after that, no name, unit or default is interpreted again.

pub use super::balancer::config::{
    AlgorithmConfig, BalancerConfig, BalancerSetup, Change, Member, Rollout,
};
use super::outcome::{Outcome, OutcomeSet};
use crate::engine::dist::Distribution;
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

macro_rules! index {
    ($($id:ty),*) => {$(
        impl $id {
            /// Position in its list.
            pub fn index(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}
index!(BackendId, PopulationId, InstanceId, EntryId, AlertId);

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
    /// What is done to the system, and when.
    pub timeline: Vec<TimelineEntry>,
    /// Rules that monitoring evaluates.
    pub alerts: Vec<AlertRule>,
    /// When and how finely the run is observed.
    pub observation: Observation,
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

/// People who send requests.
#[derive(Clone, Debug)]
pub struct Population {
    /// Unique name.
    pub name: String,
    /// How many people, at least 1 and below 2^24. In an open loop each request comes from one of
    /// them, uniformly.
    pub users: u32,
    /// How requests arrive.
    pub arrivals: Arrivals,
    /// Requests per second of the whole population, before retries; finite, not negative. Not read
    /// in a closed loop.
    pub rate: f64,
    /// What a hash sees of a request; `None`: its user.
    pub keys: Option<Keys>,
    /// How long a client waits for one attempt; `None`: for ever.
    pub timeout: Option<Span>,
    /// An answer later than this, counted from the birth of the request, leaves its user affected.
    pub slow: Option<Span>,
    /// What a client does when an attempt fails.
    pub retries: RetryPolicy,
}

/// When the requests of a population are born.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Open loop, independent: exponential gaps.
    Poisson,
    /// Open loop, one every 1/rate, the first after one gap.
    Constant,
    /// Closed loop: each user thinks, sends a request, waits for its outcome, retries included, and
    /// thinks again. All begin with a think time. Surges do not touch them.
    Closed {
        /// How long a user thinks; of a positive mean.
        think: Distribution,
    },
}

/// The keys of a population's requests: each request has one of `count`, whoever sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// How many there are, by rank from 0. At least 1.
    pub count: u32,
    /// A key of rank r is drawn with probability proportional to 1/(r+1)^zipf; 0: uniformly.
    pub zipf: f64,
    /// What a hash of a header or URI reads: `{}` stands for the rank.
    pub text: String,
    /// The IPv4 address of rank 0 in host byte order; others follow it. One that ends in 0 or 255
    /// is replaced by the one of the same network that ends in 1.
    pub address: u32,
}

/// When and how often a client tries again.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub max: u32,
    /// How the wait grows.
    pub backoff: Backoff,
    /// The first wait, before jitter.
    pub base: Span,
    /// No wait is longer, before jitter.
    pub cap: Span,
    /// How the wait is randomized.
    pub jitter: Jitter,
    /// Which outcomes are tried again.
    pub on: OutcomeSet,
}

/// How the wait grows from retry to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// Always `base`.
    Fixed,
    /// `base`, 2 `base`, 4 `base` ..., at most `cap`.
    Exponential,
}

/// How a wait w is randomized (Brooker, "Exponential Backoff And Jitter", AWS 2015).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// w.
    None,
    /// Uniform in [0, w).
    Full,
    /// w/2 plus uniform in [0, w/2).
    Equal,
    /// Uniform in [w/2, 3w/2): the same on average as w.
    Spread,
}

/// A server.
#[derive(Clone, Debug)]
pub struct BackendSetup {
    /// Unique name.
    pub name: String,
    /// Attempts in service at once. At least 1.
    pub workers: u32,
    /// Attempts that may wait for a worker; `None`: any number.
    pub queue: Option<u32>,
    /// The work an attempt asks for, at normal speed.
    pub service: Distribution,
    /// The answer when the queue is full.
    pub full: Outcome,
    /// What becomes of work whose client has left.
    pub abandoned: Abandoned,
    /// What overload does beyond filling the queue.
    pub overload: Option<Overload>,
    /// Time from a restart to accepting connections; until then they are refused.
    pub start_time: Span,
    /// Slowness after a restart.
    pub cold_start: Option<ColdStart>,
    /// Whether the server runs when the scenario begins.
    pub up_at_start: bool,
}

/// What a backend does with an attempt whose client has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// Serves it all the same: it cannot know.
    Finish,
    /// Drops it when it would enter service, at no cost.
    Skip,
    /// Drops it as soon as the balancer has closed the connection, waiting or in service; a
    /// process that hangs notices when it goes on.
    Cancel,
}

/// Overload that makes a backend stop answering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overload {
    /// Number of waiting attempts at which it stops answering.
    pub queue: u32,
    /// What ends the state.
    pub until: OverloadEnd,
}

/// What brings an unresponsive backend back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OverloadEnd {
    /// Only a restart, which loses the work in it.
    Restart,
    /// Time; it resumes where it stopped.
    After(Span),
}

/// Slowness after a restart: work takes `slowdown` times as long at first, and the factor falls
/// linearly to 1 over `period`, in ten steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColdStart {
    /// Initial factor, at least 1.
    pub slowdown: f64,
    /// How long it takes to reach full speed.
    pub period: Span,
}

/// A database behind all backends: each attempt, once a worker has done its own part, takes one
/// connection from a shared pool (first come, first served) for the length of a query.
#[derive(Clone, Debug)]
pub struct DatabaseSetup {
    /// Size of the shared pool. At least 1.
    pub connections: u32,
    /// How long a query holds a connection.
    pub query: Distribution,
}

/// Something that is done to the system.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// Unique name; drawn in plots.
    pub name: String,
    /// When.
    pub trigger: Trigger,
    /// What.
    pub action: Action,
    /// After this long the entry's faults are taken back.
    pub lasts: Option<Span>,
}

/// When a timeline entry happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trigger {
    /// At a time.
    At(Time),
    /// So long after an alert first fires: an automatic responder, or a person on call.
    AfterAlert(AlertId, Span),
}

/// What can be done to the system. A drill's operator does the same things.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Changes of the newest balancer configuration, in force until they are taken back.
    Configure {
        /// What it changes.
        changes: Vec<Change>,
        /// When each instance takes it up.
        rollout: Rollout,
    },
    /// A `Configure` entry's changes are taken back, and all that came after them.
    Rollback {
        /// Whose; `None`: the last one's that is still in force.
        of: Option<EntryId>,
        /// When each instance takes it up.
        rollout: Rollout,
    },
    /// New processes take over with the newest configuration, and know nothing.
    Reload(Rollout),
    /// A fault begins. Crashing a backend also loses the work in it.
    Begin {
        /// On which backends.
        targets: Vec<BackendId>,
        /// What is wrong with them.
        fault: Fault,
    },
    /// Faults of one kind end on these backends.
    End {
        /// On which backends.
        targets: Vec<BackendId>,
        /// Of which kind.
        kind: FaultKind,
        /// Only the fault that this entry began.
        of: Option<EntryId>,
    },
    /// Processes are stopped and started anew: work in them is lost, a crash, a hang or an
    /// unresponsive state is over once they are up.
    Restart {
        /// Which backends, all at once.
        targets: Vec<BackendId>,
    },
    /// One backend after another is drained, restarted, and taken back when it is up.
    RollingRestart {
        /// In this order.
        targets: Vec<BackendId>,
        /// How long each takes no new traffic before it is restarted.
        drain: Span,
        /// Pause between one being up and the next being drained.
        pause: Span,
    },
    /// All instances stop sending new attempts to these backends.
    Drain(Vec<BackendId>),
    /// The reverse of `Drain`.
    Undrain(Vec<BackendId>),
    /// A population's rate is multiplied, until `Calm`.
    Surge {
        /// Which population; `None`: all.
        population: Option<PopulationId>,
        /// By how much; not negative.
        factor: f64,
    },
    /// Surges end.
    Calm {
        /// Which population; `None`: all.
        population: Option<PopulationId>,
    },
    /// Queries take so many times as long, until `DatabaseRestore`.
    DatabaseSlow(f64),
    /// The database is back to its normal speed.
    DatabaseRestore,
    /// The database stops for so long; queries in it go on afterwards.
    DatabasePause(Span),
    /// Something people did that touches nothing here; shown in plots.
    Note,
}

/// What can be wrong with a backend. Faults on one backend form a list that is folded into its
/// condition, so overlapping ones compose and end cleanly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The process is dead and its port closed: connections are refused, work in it is lost.
    Down,
    /// Port closed: connections are refused, work inside goes on.
    Refuse,
    /// Packets are lost: a connection is neither accepted nor refused.
    Unreachable,
    /// Accepts, never answers; work stands still.
    Hang,
    /// Work takes so many times as long; factors multiply.
    Slow(f64),
    /// Answers every attempt with an error, without using a worker.
    Fail {
        /// The error.
        outcome: Outcome,
        /// After this long.
        after: Span,
    },
}

/// A fault without its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// [`Fault::Down`].
    Down,
    /// [`Fault::Refuse`].
    Refuse,
    /// [`Fault::Unreachable`].
    Unreachable,
    /// [`Fault::Hang`].
    Hang,
    /// [`Fault::Slow`].
    Slow,
    /// [`Fault::Fail`].
    Fail,
}

impl Fault {
    /// Which kind this is.
    pub fn kind(self) -> FaultKind {
        match self {
            Self::Down => FaultKind::Down,
            Self::Refuse => FaultKind::Refuse,
            Self::Unreachable => FaultKind::Unreachable,
            Self::Hang => FaultKind::Hang,
            Self::Slow(_) => FaultKind::Slow,
            Self::Fail { .. } => FaultKind::Fail,
        }
    }
}

/// A rule of monitoring: fires when a signal has been beyond its threshold for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// Unique name.
    pub name: String,
    /// What is watched, over a sliding window.
    pub signal: Signal,
    /// Whether it fires above (`true`) or below the threshold.
    pub above: bool,
    /// In the signal's unit: ratios as fractions, times in nanoseconds, rates per second.
    pub threshold: f64,
    /// Length of the sliding window.
    pub window: Span,
    /// How long the condition must hold before the alert fires.
    pub hold: Span,
}

/// What monitoring can see: attempts as they finish at the balancer, timeouts at their timeout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal {
    /// Share of finished attempts that succeeded.
    SuccessRatio,
    /// Share of finished attempts that failed.
    ErrorRatio,
    /// Share of finished attempts with one outcome.
    OutcomeRatio(Outcome),
    /// Quantile of the time attempts took, failures and timeouts included.
    LatencyQuantile(f64),
    /// Mean of the time attempts took, failures and timeouts included.
    LatencyMean,
    /// Finished attempts per second.
    AttemptRate,
    /// Share of the attempts sent to backends that one of them got.
    Share(BackendId),
    /// The largest share.
    ShareMax,
    /// Largest share over mean share.
    MaxOverMean,
    /// Error ratio over an error budget (a fraction of attempts), as in burn-rate alerts.
    BurnRate {
        /// Share of attempts that may fail.
        budget: f64,
    },
}
