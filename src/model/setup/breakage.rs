//! What breaks by itself: processes that die, grow or pause, and causes that strike at random.

use super::timeline::Fault;
use super::{BackendId, CauseId};
use crate::engine::dist::Distribution;
use crate::engine::time::Span;

/// What a backend's process does to itself.
#[derive(Clone, Debug, Default)]
pub struct OwnFaults {
    /// Number of waiting attempts at which it dies, and its supervisor takes over.
    pub crash_at: Option<u32>,
    /// The memory it uses and leaks, if that has a limit.
    pub memory: Option<Memory>,
    /// Stop-the-world pauses.
    pub pauses: Option<Pauses>,
    /// What starts it again when it has died by itself.
    pub supervisor: Supervisor,
}

/// Memory of one process, in bytes: `base`, `per_attempt` for each one inside, and what has leaked
/// since the process began. It is killed as soon as it needs more than `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// More is never granted.
    pub limit: u64,
    /// What it needs without any attempt; less than `limit`.
    pub base: u64,
    /// What each attempt inside needs, waiting or in service.
    pub per_attempt: u64,
    /// What each attempt that comes in leaves behind for ever.
    pub leak_per_request: u64,
    /// What leaks with time.
    pub leak_per_hour: u64,
}

/// Pauses in which a process does nothing: garbage collection, compaction, a backup.
#[derive(Clone, Debug)]
pub struct Pauses {
    /// What brings them on.
    pub every: PausesEvery,
    /// How long each takes.
    pub length: Distribution,
    /// Whether all backends that say so pause at the same instants.
    pub in_step: bool,
}

/// What brings a pause on.
#[derive(Clone, Debug)]
pub enum PausesEvery {
    /// Time from the beginning of one to that of the next, which waits for the end of the one before.
    Time(Distribution),
    /// Attempts served by the process.
    Requests(u32),
}

/// What starts a process again that has died by itself: at once the first time, then after `base`,
/// and `growth` times as long each time, up to `cap`; a process that has lived for `reset` is
/// forgiven.
///
/// The default is Kubernetes' `CrashLoopBackOff`: 10 s, doubled up to 5 min, forgiven after 10 min
/// (Kubernetes documentation, "Pod Lifecycle", container restarts).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supervisor {
    /// Whether there is one; if not, only a `restart` brings the process back.
    pub restarts: bool,
    /// The second wait.
    pub base: Span,
    /// At least 1.
    pub growth: f64,
    /// The longest wait.
    pub cap: Span,
    /// A life of at least this length makes the next wait the first.
    pub reset: Span,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self {
            restarts: true,
            base: Span::from_secs(10),
            growth: 2.0,
            cap: Span::from_secs(300),
            reset: Span::from_secs(600),
        }
    }
}

impl Supervisor {
    /// The wait before the start after the `deaths`-th death in a row, from 1; `None`: for ever.
    pub fn wait(&self, deaths: u32) -> Option<Span> {
        if !self.restarts {
            return None;
        }
        let Some(doublings) = deaths.checked_sub(2) else { return Some(Span::ZERO) };
        // Beyond 64 steps even the slowest growth that matters has reached any cap.
        let factor = (0..doublings.min(64)).fold(1.0, |factor: f64, _| factor * self.growth);
        Some(self.base.scaled(factor).min(self.cap))
    }
}

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
    /// One of the scenario's list, or of another scenario's that it is to be compared with.
    Shared(CauseId),
    /// A backend's own.
    Own(BackendId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_supervisor_waits_as_kubernetes_does() {
        let waits = |n| Supervisor::default().wait(n).map(|wait| wait.as_ns() / 1_000_000_000);
        let first: Vec<Option<u64>> = (1..=8).map(waits).collect();
        assert_eq!(first, [0, 10, 20, 40, 80, 160, 300, 300].map(Some));
        assert_eq!(waits(u32::MAX), Some(300));
        let none = Supervisor { restarts: false, ..Supervisor::default() };
        assert_eq!(none.wait(1), None);
    }
}
