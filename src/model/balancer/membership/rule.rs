//! Passive ejection: a member is judged by how its tries end. One rule a file, one line in
//! [`EJECTIONS`].

use super::policy::Ejection;
use super::{consecutive, max_fails, observe, outlier};
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::outcome::Outcome;

/// How a try at a member ended, as its balancer saw it.
#[derive(Clone, Copy, Debug)]
pub struct TryEnd {
    /// How: a failed connection is [`Outcome::Refused`], or [`Outcome::Timeout`] if it was not
    /// made in time; a lost one 502; no answer in time 504; else what the server said.
    pub outcome: Outcome,
    /// Whether the policy of retries calls this end a failure and has another try left.
    pub is_retried: bool,
    /// When.
    pub now: Time,
}

impl TryEnd {
    /// Whether it counts against the member (nginx: `NGX_PEER_FAILED`): no answer came, or one that had
    /// better come from another member.
    pub fn is_failure(&self) -> bool {
        self.is_lost() || self.is_retried
    }

    /// Whether no answer of the server came.
    pub fn is_lost(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Refused | Outcome::Timeout | Outcome::Http502 | Outcome::Http504
        )
    }
}

/// What a rule wants done to a member's health counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One failed check.
    FailCheck,
    /// One failed check, and the next one is the last.
    SuddenDeath,
    /// Down at once.
    MarkDown,
    /// Nothing, but the next check comes sooner.
    CheckSooner,
}

/// A rule with its state, for all members of one process.
pub trait EjectionRule: Send + Sync {
    /// A try is over. What it answers concerns the health counter; whom it puts out itself shows
    /// in [`EjectionRule::is_out`].
    fn try_over(&mut self, member: usize, end: &TryEnd, stream: &mut Stream) -> Option<Verdict>;

    /// Who is in the pool from now on: nobody else counts, and who comes in again is new.
    fn list(&mut self, listed: &[bool]) {
        let _ = listed;
    }

    /// A try begins.
    fn picked(&mut self, member: usize, now: Time) {
        let _ = (member, now);
    }

    /// Whether it keeps a member out now.
    fn is_out(&self, member: usize, now: Time) -> bool;

    /// When [`EjectionRule::is_out`] may change by itself, after `now`.
    fn changes_at(&self, member: usize, now: Time) -> Option<Time> {
        let _ = (member, now);
        None
    }

    /// The interval of [`EjectionRule::sweep`].
    fn sweeps_every(&self) -> Option<Span> {
        None
    }

    /// Looks at all members.
    fn sweep(&mut self, now: Time, stream: &mut Stream) {
        let _ = (now, stream);
    }

    /// A check has brought a member up.
    fn check_passed(&mut self, member: usize, now: Time) {
        let _ = (member, now);
    }

    /// A copy with the same state, for forks of the world.
    fn boxed_clone(&self) -> Box<dyn EjectionRule>;
}

/// Every rule, alphabetically.
pub const EJECTIONS: &[&Ejection] =
    &[&consecutive::EJECTION, &max_fails::EJECTION, &observe::EJECTION, &outlier::EJECTION];

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Ejection> {
    EJECTIONS.iter().copied().find(|ejection| ejection.name == name)
}
