//! When requests are born, and what they ask for.

use crate::engine::dist::Distribution;
use crate::engine::time::{Span, Time};
use std::sync::Arc;

/// When the requests of a population are born.
///
/// In the open laws, gaps of mean 1 are read through the integral of the rate: the population's own,
/// times its [`Profile`], times the surges in force. So a profile or a surge needs no law of its own,
/// and Poisson arrivals are exactly those of a non-homogeneous Poisson process (Çinlar, "Introduction
/// to Stochastic Processes", 1975, section 4.7).
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Open loop, independent: exponential gaps.
    Poisson,
    /// Open loop, one every 1/rate, the first after one gap.
    Constant,
    /// Open loop, gaps uniform around 1/rate.
    Jittered {
        /// Half the width, as a share of the mean gap, in [0, 1].
        spread: f64,
    },
    /// Open loop: a Poisson process whose rate jumps between two values, with exponential times in
    /// each (Markov-modulated; Fischer & Meier-Hellstern, "The MMPP cookbook", Performance
    /// Evaluation 18, 1993). The mean is the population's rate; the state at the start is drawn
    /// from its share of the time.
    Bursty {
        /// In a burst the rate is so many times the mean: from 1 to `every` / `length`, at which nobody
        /// comes between bursts.
        factor: f64,
        /// Mean length of a burst; positive.
        length: Span,
        /// Mean time from the beginning of one burst to that of the next; longer than `length`.
        every: Span,
    },
    /// Open loop: several at one instant, at independent instants; rate / `mean` batches a second.
    Batches {
        /// The law of a batch's size.
        law: CountLaw,
        /// Mean size, at least 1.
        mean: f64,
    },
    /// Open loop: each at its recorded time.
    Trace(Trace),
    /// Closed loop: each user thinks, sends a request, waits for its outcome, retries included, and
    /// thinks again. All begin with a think time. Surges do not touch them.
    Closed {
        /// How long a user thinks; of a positive mean.
        think: Distribution,
    },
}

impl Arrivals {
    /// Whether requests come at a rate, which profiles and surges multiply.
    pub fn has_rate(&self) -> bool {
        !matches!(self, Self::Trace(_) | Self::Closed { .. })
    }
}

/// A law of counts from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountLaw {
    /// Always the mean, which is then a whole number.
    Constant,
    /// P(n) = (1 - 1/mean)^(n-1) / mean.
    Geometric,
}

/// Recorded requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// In order of time; at least one.
    pub rows: Arc<[TraceRow]>,
    /// How many times each is replayed: the whole part as that many copies, the rest as the share of
    /// rows that one more copy has.
    pub scale: f64,
    /// How much later each copy is than the one before it.
    pub shift: Span,
}

/// One recorded request. What is not recorded is as without a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceRow {
    /// When it is born.
    pub at: Time,
    /// Whose it is, below the population's users.
    pub user: Option<u32>,
    /// Its key, by position in the population's keys.
    pub key: Option<u32>,
    /// Its class, by position.
    pub class: Option<u16>,
    /// Its work, as a multiple of what its backend's service distribution says; positive.
    pub demand: f64,
}

/// How a rate varies over the run: a factor for each time.
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// Known at some times.
    Points {
        /// Time since the start and factor, in order, the times all different; at least one. The
        /// first holds before its time, the last after it.
        points: Arc<[(Span, f64)]>,
        /// Whether the factor moves evenly from point to point; else it stays until the next one.
        linear: bool,
        /// The profile begins again after so long, not before the last point; the way from the last
        /// point leads to the first of the next turn.
        repeat: Option<Span>,
    },
    /// From `low` to `high` and back, as a sine: days and nights.
    Sine {
        /// The lowest factor, not negative.
        low: f64,
        /// The highest.
        high: f64,
        /// Time since the start of one of the peaks.
        peak: Span,
        /// From peak to peak; positive.
        period: Span,
    },
}

/// Several requests of one user in a row: a partly open system (Schroeder, Wierman &
/// Harchol-Balter, "Open Versus Closed: A Cautionary Tale", NSDI 2006). Sessions start as the
/// population's arrivals say; in each, a request follows the outcome of the one before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The law of the number of requests.
    pub law: CountLaw,
    /// Mean number of requests, at least 1.
    pub mean: f64,
    /// How long the user thinks between an outcome and the next request.
    pub think: Distribution,
}

/// A kind of request. Each request's is a keyed hash of its identity, or recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Unique name within its population.
    pub name: String,
    /// How frequent, in proportion to the others' shares; not negative, not all zero.
    pub share: f64,
    /// Where backends serve by priority: the lower number first.
    pub priority: u8,
    /// Its work, as a multiple of what its backend's service distribution says; positive.
    pub work: f64,
}
