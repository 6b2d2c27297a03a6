//! How long a client waits before it tries again.

use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::model::setup::{Backoff, Jitter, RetryPolicy};

impl RetryPolicy {
    /// Whether there is ever another attempt after one with this outcome.
    pub(in crate::model) fn may_follow(&self, outcome: Outcome) -> bool {
        self.max > 0 && self.on.contains(outcome)
    }

    /// The wait before retry number `retry`, from 1; `draw` gives each retry a number in [0, 1), the
    /// same whenever it is asked (Brooker, "Exponential Backoff And Jitter", AWS 2015).
    pub fn wait(&self, retry: u32, draw: impl Fn(u32) -> f64) -> Span {
        if self.jitter == Jitter::Decorrelated {
            return self.decorrelated(retry, draw);
        }
        let wait = match self.backoff {
            Backoff::Fixed => self.base,
            Backoff::Exponential => {
                let doublings = (retry - 1).min(63);
                Span::from_ns(self.base.as_ns().saturating_mul(1 << doublings))
            }
        };
        let wait = wait.min(self.cap);
        match self.jitter {
            Jitter::None | Jitter::Decorrelated => wait,
            Jitter::Full => wait.scaled(draw(retry)),
            Jitter::Equal => wait.scaled(0.5 + 0.5 * draw(retry)),
            Jitter::Spread => wait.scaled(0.5 + draw(retry)),
        }
    }

    /// Each wait depends on the one before: all are drawn again, so that nobody has to keep them.
    fn decorrelated(&self, retry: u32, draw: impl Fn(u32) -> f64) -> Span {
        (1..=retry).fold(self.base, |before, number| {
            let most = before.as_ns().saturating_mul(3);
            let room = Span::from_ns(most.saturating_sub(self.base.as_ns()));
            let wait = self.base.as_ns().saturating_add(room.scaled(draw(number)).as_ns());
            Span::from_ns(wait).min(self.cap)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::setup;

    fn policy(backoff: Backoff, jitter: Jitter) -> RetryPolicy {
        let fixture = setup("single", Vec::new(), 1.0, 1).populations.remove(0).retries;
        let (base, cap) = (Span::from_ms(100), Span::from_ms(1000));
        RetryPolicy { backoff, base, cap, jitter, ..fixture }
    }

    fn waits(policy: &RetryPolicy, draw: f64) -> Vec<f64> {
        (1..=6).map(|retry| policy.wait(retry, |_| draw).as_ms_f64()).collect()
    }

    /// At draw u: full u w, equal (1 + u) w / 2, spread (1/2 + u) w, of w = 100, 200, 400, 800, 1000.
    #[test]
    fn jitter_takes_its_share_of_a_capped_wait() {
        let exponential = |jitter| waits(&policy(Backoff::Exponential, jitter), 0.5);
        assert_eq!(exponential(Jitter::None), [100.0, 200.0, 400.0, 800.0, 1000.0, 1000.0]);
        assert_eq!(exponential(Jitter::Full), [50.0, 100.0, 200.0, 400.0, 500.0, 500.0]);
        assert_eq!(exponential(Jitter::Equal), [75.0, 150.0, 300.0, 600.0, 750.0, 750.0]);
        assert_eq!(exponential(Jitter::Spread), [100.0, 200.0, 400.0, 800.0, 1000.0, 1000.0]);
        assert_eq!(waits(&policy(Backoff::Fixed, Jitter::None), 0.5), [100.0; 6]);
    }

    /// At draw 1/2 each wait is halfway from 100 to three times the one before: 200, 350, 575, 912.5,
    /// then (100 + 2737.5) / 2, more than the cap. At draw 0 it is the base, near 1 three times.
    #[test]
    fn decorrelated_jitter_grows_from_the_wait_before() {
        let policy = policy(Backoff::Exponential, Jitter::Decorrelated);
        assert_eq!(waits(&policy, 0.5), [200.0, 350.0, 575.0, 912.5, 1000.0, 1000.0]);
        assert_eq!(waits(&policy, 0.0), [100.0; 6]);
        let nearly_all = waits(&policy, 1.0 - 1e-12);
        for (wait, limit) in nearly_all.iter().zip([300.0, 900.0, 1000.0]) {
            assert!((wait - limit).abs() < 1e-5, "{nearly_all:?}");
        }
        let low = RetryPolicy { cap: Span::from_ms(20), ..policy };
        assert_eq!(waits(&low, 0.5), [20.0; 6], "the cap holds below the base as well");
    }
}
