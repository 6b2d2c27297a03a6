//! Adaptive throttling: clients of an overloaded backend send only some of what they are asked for.

use super::window::Window;
use crate::engine::random::{Purpose, Seed, Stream};
use crate::engine::time::Time;
use crate::model::outcome::Outcome;
use crate::model::setup::ThrottlePolicy;

const REQUESTS: usize = 0;
const ACCEPTS: usize = 1;

/// The throttles of a population, one per user or one for all.
#[derive(Clone, Debug)]
pub(super) struct Throttles {
    policy: ThrottlePolicy,
    windows: Vec<Window>,
    draws: Stream,
}

impl Throttles {
    pub(super) fn new(policy: ThrottlePolicy, users: u32, seed: Seed, population: u64) -> Self {
        Self {
            policy,
            windows: vec![Window::default(); policy.scope.slots(users)],
            draws: Stream::new(seed, Purpose::Throttle, population),
        }
    }

    /// Counts an attempt that is about to be sent, and decides whether it is held back.
    pub(super) fn holds_back(&mut self, user: u32, now: Time) -> bool {
        let window = &mut self.windows[self.policy.scope.slot(user)];
        window.pass(now, self.policy.window);
        let [requests, accepts] = window.sums();
        window.add(REQUESTS);
        let excess = requests as f64 - self.policy.k * accepts as f64;
        excess > 0.0 && self.draws.unit() < excess / (requests + 1) as f64
    }

    /// An attempt that was let through at `allowed` was not sent, or nobody will know whether it was
    /// accepted: it says nothing of the backend.
    pub(super) fn forget(&mut self, user: u32, allowed: Time) {
        let window = &mut self.windows[self.policy.scope.slot(user)];
        window.take_back(REQUESTS, allowed, self.policy.window);
    }

    /// An attempt has ended.
    pub(super) fn attempt_over(&mut self, user: u32, outcome: Outcome, now: Time) {
        if !self.policy.rejects.contains(outcome) {
            let window = &mut self.windows[self.policy.scope.slot(user)];
            window.pass(now, self.policy.window);
            window.add(ACCEPTS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;
    use crate::model::setup::Scope;

    fn throttles(scope: Scope) -> Throttles {
        let rejects = [Outcome::Http503].into_iter().collect();
        let policy = ThrottlePolicy { k: 2.0, window: Span::from_secs(120), rejects, scope };
        Throttles::new(policy, 2, Seed::new(1), 0)
    }

    /// 99 requests, no accept: 99 of 100 are held back. 50 accepts: none, and no draw.
    #[test]
    fn what_is_held_back_is_the_excess_over_k_times_the_accepts() {
        let held = |accepts: u32| {
            let trials = (0..2_000).filter(|&seed| {
                let mut throttles = throttles(Scope::User);
                let policy = throttles.policy;
                throttles = Throttles::new(policy, 2, Seed::new(seed), 0);
                (0..99).for_each(|_| _ = throttles.holds_back(1, Time::ZERO));
                for _ in 0..accepts {
                    throttles.attempt_over(1, Outcome::Http500, Time::ZERO);
                }
                throttles.attempt_over(1, Outcome::Http503, Time::ZERO);
                throttles.holds_back(1, Time::ZERO)
            });
            trials.count() as f64 / 2_000.0
        };
        assert!(held(50) < 1e-9);
        // (99 - 2 * 25) / 100 = 0.49; 4.4 standard errors of 0.0112.
        assert!((held(25) - 0.49).abs() < 0.049);
        assert!((held(0) - 0.99).abs() < 0.01);
    }

    #[test]
    fn users_learn_for_themselves_or_for_all() {
        for (scope, spared) in [(Scope::User, true), (Scope::Population, false)] {
            let mut throttles = throttles(scope);
            (0..1_000).for_each(|_| _ = throttles.holds_back(0, Time::ZERO));
            assert_eq!(!throttles.holds_back(1, Time::ZERO), spared, "{scope:?}");
        }
    }
}
