//! What a balancer's configuration says besides the algorithm and the members: when it waits, gives
//! up, and tries again. Vendors' rules are values of these types.

use crate::engine::time::Span;
use crate::model::outcome::{Outcome, OutcomeSet};
use std::ops::Range;

/// What a balancer does when a connection cannot be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectPolicy {
    /// How long a connection may take; `None`: for ever.
    pub timeout: Option<Span>,
    /// Further tries after the first failure.
    pub retries: u32,
    /// Wait before trying the same member again after it refused.
    pub delay: Span,
    /// Whether a retry picks another member, without waiting.
    pub redispatch: Redispatch,
    /// Which members a later pick passes over.
    pub avoid: Avoid,
    /// What the client is told once the tries are used up and the last one was refused.
    pub refused_as: Outcome,
    /// And if nobody answered in time.
    pub timed_out_as: Outcome,
}

/// Whether the try after a failed connection goes to another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redispatch {
    /// To the same one.
    Never,
    /// To another one.
    Always,
    /// HAProxy's `option redispatch`: to another one at every so many retries (`None`: at the
    /// last), or at once if the member is not up, or if the algorithm is no hash and there is more
    /// than one member (`back_handle_st_cer`).
    Haproxy {
        /// The interval.
        every: Option<u32>,
    },
}

/// Which members a retry passes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Avoid {
    /// None (Envoy, unless a predicate is configured).
    Nobody,
    /// The last one, if there is another (HAProxy).
    Last,
    /// All that have failed this attempt (nginx).
    All,
}

/// What a balancer does with an attempt whose client has closed its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientLeaves {
    /// Closes the connection to the member at once: nginx, Envoy.
    Close,
    /// Goes on as if the client were there: HAProxy.
    Ignore,
}

/// What happens after a try that reached a member has failed. Shares its count of tries with
/// [`ConnectPolicy`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerRetries {
    /// Further tries after the first.
    pub max: u32,
    /// After which ends: an error of the server, 502 for a lost connection, 504 for no answer.
    pub on: OutcomeSet,
    /// Mean step of the wait before the nth retry, which is uniform in [0, (2^n - 1) `base`).
    pub base: Span,
    /// No wait is longer.
    pub cap: Span,
    /// No retry begins later than this after the attempt came in; `None`: any time.
    pub within: Option<Span>,
    /// Whether they go to another member in any case; HAProxy's go where
    /// [`ConnectPolicy::redispatch`] sends those after a failed connection (`do_l7_retry`).
    pub elsewhere: bool,
    /// How many attempts of one process may be tried again at once; `None`: any number.
    pub budget: Option<RetryBudget>,
}

/// How many attempts may be in their second or later try at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    /// Share of all attempts in flight.
    pub share: f64,
    /// At least so many.
    pub least: u32,
}

/// Waiting at the balancer for a member with a free slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueuePolicy {
    /// Whether attempts wait at all; if not, they are turned away.
    pub waits: bool,
    /// How long; `None`: for ever.
    pub timeout: Option<Span>,
    /// How many may wait for one member; `None`: any number (HAProxy `maxqueue`).
    pub member: Option<u32>,
    /// How many may wait in the pool's line; `None`: any number.
    pub pool: Option<u32>,
    /// Load at which `min_connections` reach `max_connections`; `None`: they do not move.
    pub full_load: Option<u32>,
    /// Whether a member that can take more after a change of the configuration fetches waiting
    /// attempts at once; HAProxy's do when they come out of maintenance or their limit is raised, but
    /// after another weight or a drain only when one of theirs is done.
    pub refills_on_change: bool,
}

/// A member's limit that follows the load: max(min, max * load / full), and max from `full` on (HAProxy,
/// `srv_dynamic_maxconn`).
#[derive(Clone, Copy, Debug)]
pub(super) struct MovingLimit {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) full: u32,
}

impl MovingLimit {
    /// The limit at a load.
    pub(super) fn at(self, load: u32) -> u32 {
        let now = if load >= self.full { self.max } else { self.min.max(self.scaled(load)) };
        now.max(1)
    }

    /// Loads around this one at which it is the same.
    pub(super) fn holds(self, load: u32) -> Range<u32> {
        if load >= self.full {
            return self.full..u32::MAX;
        }
        let now = self.min.max(self.scaled(load));
        // The first load that is scaled to so much.
        let first = |scaled: u64| {
            let load = (scaled * u64::from(self.full)).div_ceil(u64::from(self.max.max(1)));
            load.min(u64::from(self.full)) as u32
        };
        let start = if self.scaled(load) > self.min { first(u64::from(now)) } else { 0 };
        start..first(u64::from(now) + 1)
    }

    fn scaled(self, load: u32) -> u32 {
        (u64::from(self.max) * u64::from(load) / u64::from(self.full.max(1))) as u32
    }
}

/// What one process takes on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Connections accepted at once; others wait unseen (HAProxy's frontend `maxconn`).
    pub accepted: Option<u32>,
    /// Tries in flight at once; others are turned away with 503 (Envoy `max_requests`).
    pub requests: Option<u32>,
    /// Connections to members at once; an attempt for a member that has one waits for it (Envoy
    /// `max_connections`).
    pub connections: Option<u32>,
    /// Attempts that may wait for such a connection (Envoy `max_pending_requests`).
    pub pending: Option<u32>,
}

impl ConnectPolicy {
    /// One try; whoever refuses is reported as 503.
    pub fn one_try() -> Self {
        Self {
            timeout: None,
            retries: 0,
            delay: Span::from_secs(1),
            redispatch: Redispatch::Never,
            avoid: Avoid::All,
            refused_as: Outcome::Http503,
            timed_out_as: Outcome::Http504,
        }
    }
}

impl AnswerRetries {
    /// The longest wait before the nth retry, n from 1 (Envoy, `retry_state_impl.cc`).
    pub fn longest_wait(&self, retry: u32) -> Span {
        let steps = (1_u64 << retry.min(62)) - 1;
        Span::from_ns(self.base.as_ns().saturating_mul(steps)).min(self.cap)
    }

    /// No retries.
    pub fn none() -> Self {
        Self {
            max: 0,
            on: OutcomeSet::default(),
            base: Span::ZERO,
            cap: Span::ZERO,
            within: None,
            elsewhere: true,
            budget: None,
        }
    }
}

impl QueuePolicy {
    /// Whoever finds no free slot is turned away.
    pub fn none() -> Self {
        Self {
            waits: false,
            timeout: None,
            member: None,
            pool: None,
            full_load: None,
            refills_on_change: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Within the range the limit is the same, and just beside it may be another.
        #[test]
        fn limits_hold_where_they_say((min, max, full) in (0..30_u32, 0..30_u32, 0..90_u32), load in 0..120_u32) {
            let limit = MovingLimit { min, max, full };
            let holds = limit.holds(load);
            prop_assert!(holds.contains(&load));
            for other in 0..120 {
                if holds.contains(&other) {
                    prop_assert_eq!(limit.at(other), limit.at(load), "at {}", other);
                }
            }
        }
    }

    /// The example of HAProxy's manual for `fullconn`: from 100 to 1000 connections, all at 10,000.
    #[test]
    fn limits_move_in_steps_of_the_load() {
        let limit = MovingLimit { min: 100, max: 1000, full: 10_000 };
        assert_eq!(
            [0, 1000, 5000, 9999, 20_000].map(|load| limit.at(load)),
            [100, 100, 500, 999, 1000]
        );
        assert_eq!([limit.holds(5), limit.holds(5003)], [0..1010, 5000..5010]);
    }
}
