//! Users who give up, go away, and come back.

use crate::engine::random::{Purpose, Seed, key, keyed};
use crate::engine::time::Time;
use crate::model::outcome::Outcome;
use crate::model::setup::PatiencePolicy;

/// How each user of a population feels.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    policy: PatiencePolicy,
    key: u64,
    users: Vec<Mood>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mood {
    /// Failed requests in a row.
    failures: u32,
    /// Times the user has left so far.
    left: u32,
    /// When the user is back.
    back: Time,
    /// The request that failed last.
    wants: u64,
}

impl Patience {
    pub(super) fn new(policy: &PatiencePolicy, users: u32, seed: Seed, population: u64) -> Self {
        Self {
            policy: policy.clone(),
            key: key(seed, Purpose::Away, population),
            users: vec![Mood::default(); users as usize],
        }
    }

    pub(super) fn is_away(&self, user: u32, now: Time) -> bool {
        now < self.users[user as usize].back
    }

    pub(super) fn asks_at_once(&self) -> bool {
        self.policy.at_once
    }

    /// What a user wanted when it left.
    pub(super) fn wanted(&self, user: u32) -> u64 {
        self.users[user as usize].wants
    }

    /// A request of a user has ended. If that is too much, until when the user is away: drawn for
    /// each user's n-th leave, whatever happens to others.
    pub(super) fn request_over(
        &mut self,
        user: u32,
        index: u64,
        outcome: Outcome,
        now: Time,
    ) -> Option<Time> {
        let mood = &mut self.users[user as usize];
        if now < mood.back {
            return None;
        }
        if outcome.is_ok() {
            mood.failures = 0;
            return None;
        }
        mood.failures += 1;
        if mood.failures < self.policy.failures {
            return None;
        }
        let away =
            self.policy.away.at(keyed(self.key, keyed(u64::from(mood.left), u64::from(user))));
        *mood = Mood { failures: 0, left: mood.left + 1, back: now + away, wants: index };
        Some(mood.back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dist::Distribution;
    use crate::engine::time::Span;

    fn at(ms: u64) -> Time {
        Span::from_ms(ms).after_start()
    }

    #[test]
    fn failures_in_a_row_drive_a_user_away() {
        let away = Distribution::constant(Span::from_ms(500));
        let policy = PatiencePolicy { failures: 2, away, at_once: true };
        let mut patience = Patience::new(&policy, 2, Seed::new(1), 0);
        let mut over = |user, index, outcome, ms| {
            patience.request_over(user, index, outcome, at(ms)).map(|back| back.since(at(0)))
        };
        let failed = Outcome::Timeout;
        assert_eq!(over(0, 1, failed, 1), None);
        assert_eq!(over(1, 2, failed, 2), None, "another user's");
        assert_eq!(over(0, 3, Outcome::Ok, 3), None);
        assert_eq!(over(0, 4, failed, 4), None, "not in a row");
        assert_eq!(over(0, 5, Outcome::Throttled, 5), Some(Span::from_ms(505)));
        assert_eq!(over(0, 6, failed, 6), None, "nobody leaves twice");
        assert_eq!(over(0, 7, failed, 505), None, "back, and patient again");
        assert_eq!(over(0, 8, failed, 505), Some(Span::from_ms(1_005)));
        assert_eq!(patience.wanted(0), 8);
        assert!(patience.is_away(0, at(1_004)) && !patience.is_away(0, at(1_005)));
        assert!(!patience.is_away(1, at(505)));
    }
}
