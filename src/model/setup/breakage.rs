//! What breaks by itself: processes that die, grow or pause, and causes that strike at random.

use super::timeline::Fault;
use super::{BackendId, CauseId};
use crate::engine::dist::Distribution;

/// Something that strikes again and again, and lasts for a while each time: a server's own
/// unreliability, or what several have in common (a rack's power, a zone's network).
///
/// Up and down times alternate (an alternating renewal process): in the long run the share of time
/// down is E(down) / (E(up) + E(down)). Of several targets each is hit with probability `each`,
/// independently of the others: the binomial failure rate model of common causes (Vesely 1977), a
/// case of common shocks (Marshall & Olkin 1967).
#[derive(Clone, Debug)]
pub struct Cause {
    /// What it is called.
    pub name: String,
    /// Where its random numbers come from.
    pub origin: Origin,
    /// What it may hit; at least one backend, or the database.
    pub targets: Vec<BackendId>,
    /// Time from the end of one strike, or the start of the run, to the next. Mean above zero.
    pub up: Distribution,
    /// How long a strike lasts.
    pub down: Distribution,
    /// Probability that a target is hit, in (0, 1].
    pub each: f64,
    /// What it does to those it hits.
    pub fault: Fault,
}

/// Whose a cause is: its randomness depends on that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of the scenario's list.
    Shared(CauseId),
    /// A backend's own.
    Own(BackendId),
}
