//! Retry budgets: how many retries clients allow themselves over all their requests.

use super::window::Window;
use crate::engine::time::Time;
use crate::model::outcome::{Outcome, OutcomeSet};
use crate::model::setup::{
    GrpcThrottling, RatioBudget, RetryBudgets, RetryPolicy, TokenBudget, TokenDeposit,
};

/// What one of a ratio budget's windows counts.
const REQUESTS: usize = 0;
const RETRIES: usize = 1;

/// The budgets of a population, one of each kind per user or for all.
#[derive(Clone, Debug)]
pub(super) struct Budgets {
    ratio: Option<(RatioBudget, Vec<Window>)>,
    tokens: Option<(TokenBudget, Vec<u64>)>,
    grpc: Option<(GrpcThrottling, Vec<u64>)>,
    /// Which failures gRPC counts: those that would be tried again.
    on: OutcomeSet,
}

impl Budgets {
    pub(super) fn new(policy: &RetryPolicy, users: u32) -> Option<Self> {
        let RetryBudgets { ratio, tokens, grpc } = policy.budgets;
        let some = ratio.is_some() || tokens.is_some() || grpc.is_some();
        some.then(|| Self {
            ratio: ratio.map(|b| (b, vec![Window::default(); b.scope.slots(users)])),
            tokens: tokens.map(|b| (b, vec![b.capacity; b.scope.slots(users)])),
            grpc: grpc.map(|b| (b, vec![b.max_tokens; b.scope.slots(users)])),
            on: policy.on,
        })
    }

    /// A request's first attempt is sent.
    pub(super) fn request_sent(&mut self, user: u32, now: Time) {
        if let Some((budget, windows)) = &mut self.ratio {
            let window = &mut windows[budget.scope.slot(user)];
            window.pass(now, budget.window);
            window.add(REQUESTS);
        }
        if let Some((budget, buckets)) = &mut self.tokens
            && budget.per == TokenDeposit::Call
        {
            budget.deposit_into(&mut buckets[budget.scope.slot(user)]);
        }
    }

    /// An attempt has ended.
    pub(super) fn attempt_over(&mut self, user: u32, outcome: Outcome) {
        if let Some((budget, buckets)) = &mut self.tokens
            && budget.per == TokenDeposit::Success
            && outcome.is_ok()
        {
            budget.deposit_into(&mut buckets[budget.scope.slot(user)]);
        }
        if let Some((budget, counters)) = &mut self.grpc {
            let counter = &mut counters[budget.scope.slot(user)];
            if outcome.is_ok() {
                *counter = (*counter + budget.token_ratio).min(budget.max_tokens);
            } else if self.on.contains(outcome) {
                *counter = counter.saturating_sub(1_000);
            }
        }
    }

    /// Whether gRPC's counter is above half of its tokens: at or below that, neither retries nor hedges are sent.
    pub(super) fn is_confident(&self, user: u32) -> bool {
        let above = |(budget, counters): &(GrpcThrottling, Vec<u64>)| {
            2 * counters[budget.scope.slot(user)] > budget.max_tokens
        };
        self.grpc.as_ref().is_none_or(above)
    }

    /// Takes what a retry costs from each budget, or nothing from any if one has not enough.
    pub(super) fn take(&mut self, user: u32, now: Time) -> bool {
        if !self.is_confident(user) {
            return false;
        }
        if let Some((budget, buckets)) = &self.tokens
            && buckets[budget.scope.slot(user)] < budget.cost
        {
            return false;
        }
        if let Some((budget, windows)) = &mut self.ratio {
            let window = &mut windows[budget.scope.slot(user)];
            window.pass(now, budget.window);
            let [requests, retries] = window.sums();
            let most =
                budget.ratio * requests as f64 + budget.minimum * budget.window.as_secs_f64();
            if (retries + 1) as f64 > most {
                return false;
            }
            window.add(RETRIES);
        }
        if let Some((budget, buckets)) = &mut self.tokens {
            buckets[budget.scope.slot(user)] -= budget.cost;
        }
        true
    }
}

impl TokenBudget {
    fn deposit_into(&self, bucket: &mut u64) {
        *bucket = (*bucket + self.deposit).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;
    use crate::model::fixture::setup;
    use crate::model::setup::Scope;

    fn at(ms: u64) -> Time {
        Span::from_ms(ms).after_start()
    }

    fn budgets(budgets: RetryBudgets) -> Budgets {
        let mut policy = setup("single", Vec::new(), 1.0, 1).populations.remove(0).retries;
        policy.budgets = budgets;
        policy.on = [Outcome::Http503].into_iter().collect();
        Budgets::new(&policy, 2).unwrap()
    }

    fn taken(budgets: &mut Budgets, user: u32, tries: usize, now: Time) -> usize {
        (0..tries).filter(|_| budgets.take(user, now)).count()
    }

    /// 20% of ten requests are two retries; 0.3/s over 10 s are three more, whoever asks. When the
    /// window has moved on, the requests are forgotten and so are the retries.
    #[test]
    fn a_ratio_budget_allows_its_share_and_the_minimum() {
        let ratio = |minimum, scope| {
            let window = Span::from_secs(10);
            let ratio = Some(RatioBudget { ratio: 0.2, window, minimum, scope });
            budgets(RetryBudgets { ratio, ..RetryBudgets::default() })
        };
        let mut shared = ratio(0.3, Scope::Population);
        assert_eq!(taken(&mut shared, 0, 9, at(0)), 3);
        (0..10).for_each(|n| shared.request_sent(n % 2, at(500)));
        assert_eq!(taken(&mut shared, 1, 9, at(900)), 2);
        assert_eq!(taken(&mut shared, 1, 9, at(9_999)), 0);
        assert_eq!(taken(&mut shared, 1, 9, at(10_000)), 3);
        let mut own = ratio(0.0, Scope::User);
        (0..10).for_each(|_| own.request_sent(0, at(0)));
        assert_eq!((taken(&mut own, 0, 9, at(1)), taken(&mut own, 1, 9, at(1))), (2, 0));
    }

    /// Five tokens are five retries; ten deposits of a tenth, exactly one more; never more than five.
    #[test]
    fn a_token_bucket_is_emptied_by_retries_and_filled_by_calls_or_successes() {
        for per in [TokenDeposit::Call, TokenDeposit::Success] {
            let (capacity, deposit, cost) = (5_000_000, 100_000, 1_000_000);
            let scope = Scope::User;
            let tokens = Some(TokenBudget { capacity, deposit, per, cost, scope });
            let mut bucket = budgets(RetryBudgets { tokens, ..RetryBudgets::default() });
            assert_eq!(taken(&mut bucket, 0, 9, at(0)), 5);
            let mut fill = |times: u32| {
                for _ in 0..times {
                    bucket.request_sent(0, at(0));
                    bucket.attempt_over(0, Outcome::Http503);
                    bucket.attempt_over(0, Outcome::Ok);
                }
                taken(&mut bucket, 0, 9, at(0))
            };
            assert_eq!([fill(9), fill(1), fill(1_000)], [0, 1, 5]);
            assert_eq!(taken(&mut bucket, 1, 9, at(0)), 5, "another user has another bucket");
        }
    }

    /// Of ten tokens, half must be exceeded: at 6 a retry is allowed, after a fifth failure not, and
    /// again after one success of 0.1. A failure that is not tried again costs nothing.
    #[test]
    fn grpc_stops_at_half_of_its_tokens() {
        let (max_tokens, token_ratio, scope) = (10_000, 100, Scope::Population);
        let grpc = Some(GrpcThrottling { max_tokens, token_ratio, scope });
        let mut counter = budgets(RetryBudgets { grpc, ..RetryBudgets::default() });
        (0..4).for_each(|_| counter.attempt_over(0, Outcome::Http503));
        counter.attempt_over(0, Outcome::Http500);
        assert!(counter.take(0, at(0)));
        counter.attempt_over(0, Outcome::Http503);
        assert!(!counter.take(0, at(0)));
        counter.attempt_over(0, Outcome::Ok);
        assert!(counter.take(0, at(0)));
    }

    /// One that has not enough keeps the others whole.
    #[test]
    fn every_budget_must_allow_a_retry() {
        let scope = Scope::Population;
        let window = Span::from_secs(10);
        let ratio = Some(RatioBudget { ratio: 1.0, window, minimum: 0.0, scope });
        let (capacity, per) = (2, TokenDeposit::Call);
        let tokens = Some(TokenBudget { capacity, deposit: 0, per, cost: 1, scope });
        let mut both = budgets(RetryBudgets { ratio, tokens, grpc: None });
        assert!(!both.take(0, at(0)), "no request, no retry");
        (0..5).for_each(|_| both.request_sent(0, at(0)));
        assert_eq!(taken(&mut both, 0, 9, at(0)), 2);
    }
}
