//! Attempts that do not wait for the one before them to fail.

use crate::engine::time::Span;

/// When a client sends a second attempt beside the first, and what becomes of the loser.
///
/// The first good answer is the request's; a bad one counts only if no other attempt is in flight.
/// Retries begin when none is: hedges are not retries, and each retry may be hedged again, as long
/// as `max` lasts (Dean & Barroso, "The tail at scale", CACM 2013).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HedgePolicy {
    /// How long the newest attempt goes unanswered before another one is sent. Positive.
    pub after: Span,
    /// Hedges of one request, at least 1.
    pub max: u16,
    /// Whether the client closes the connections of the attempts it no longer needs.
    pub cancel: bool,
    /// Hedges per request of the population at most; `None`: no limit.
    pub budget: Option<HedgeBudget>,
}

/// A bucket of hedges, empty at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HedgeBudget {
    /// What each request puts in: a share of a hedge.
    pub share: f64,
    /// What it holds, in hedges. At least 1.
    pub burst: u32,
}
