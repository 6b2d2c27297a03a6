//! Who sends requests, and how they behave.

use super::connections::ConnectionPolicy;
use super::hedge::HedgePolicy;
use super::policies::{ClientPolicies, RetryBudgets};
use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::outcome::OutcomeSet;

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
    /// How long a client waits until the balancer has accepted its connection; `None`: for ever.
    pub connect_timeout: Option<Span>,
    /// How long a request may take from its birth, with all its attempts, waits between them and
    /// hedges; `None`: for ever.
    pub total_timeout: Option<Span>,
    /// An answer later than this, counted from the birth of the request, leaves its user affected.
    pub slow: Option<Span>,
    /// What a client does when an attempt fails.
    pub retries: RetryPolicy,
    /// Second attempts beside the first; `None`: one at a time.
    pub hedge: Option<HedgePolicy>,
    /// Whether each attempt draws its own work; if not, it asks for the same as the first.
    pub redraw: bool,
    /// Connections kept from request to request; `None`: each attempt makes its own, and closes it.
    pub connections: Option<ConnectionPolicy>,
    /// What else it learns from failures.
    pub policies: ClientPolicies,
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
    /// How many retries clients allow themselves altogether.
    pub budgets: RetryBudgets,
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
    /// Uniform between `base` and three times the wait before (`base`, before the first), at most
    /// `cap`: it grows by itself, and [`Backoff`] is not read.
    Decorrelated,
}
