//! Who sends requests, and how they behave.

use super::connections::ConnectionPolicy;
use super::hedge::HedgePolicy;
use super::policies::{ClientPolicies, RetryBudgets};
use super::{Arrivals, Class, Profile, Session};
use crate::engine::time::Span;
use crate::model::outcome::OutcomeSet;
use std::sync::Arc;

/// People who send requests.
#[derive(Clone, Debug)]
pub struct Population {
    /// Unique name.
    pub name: String,
    /// Which random numbers it draws, equal to no other population's; `None`: those of its position
    /// in the list. Its requests depend on these and on what it is, wherever it stands.
    pub stream: Option<u32>,
    /// How many people, at least 1 and below 2^24. In an open loop each request comes from one of
    /// them, uniformly.
    pub users: u32,
    /// How requests arrive.
    pub arrivals: Arrivals,
    /// Requests per second of the whole population, before retries; sessions per second, if it has
    /// any. Finite, not negative. Not read in a closed loop and with a trace.
    pub rate: f64,
    /// How the rate varies over the run; `None`: not at all.
    pub profile: Option<Profile>,
    /// What follows a request; `None`: nothing.
    pub session: Option<Session>,
    /// The kinds of its requests; none: all alike, of priority 0.
    pub classes: Arc<[Class]>,
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

/// The keys of a population's requests: each request has one, whoever sends it.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// So many, by rank from 0.
    Ranked {
        /// How many. At least 1.
        count: u32,
        /// A key of rank r is drawn with probability proportional to 1/(r+1)^zipf; 0: uniformly.
        zipf: f64,
        /// What a hash of a header or URI reads: `{}` stands for the rank.
        text: String,
        /// The IPv4 address of rank 0 in host byte order; others follow it. One that ends in 0 or
        /// 255 is replaced by the one of the same network that ends in 1.
        address: u32,
    },
    /// These; at least one.
    Recorded(Arc<[RecordedKey]>),
}

/// A recorded key.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedKey {
    /// What a hash of a header or URI reads.
    pub text: Box<str>,
    /// The client's IPv4 address in host byte order.
    pub address: u32,
    /// How frequent, in proportion to the others' weights; not negative, not all zero. Not read
    /// where a trace says which key a request has.
    pub weight: f64,
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
