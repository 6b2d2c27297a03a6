//! Circuit breakers: closed, open, half-open.

use super::window::Window;
use crate::engine::time::Time;
use crate::model::outcome::Outcome;
use crate::model::setup::BreakerPolicy;

const ATTEMPTS: usize = 0;
const FAILURES: usize = 1;

/// The breakers of a population, one per user or one for all.
#[derive(Clone, Debug)]
pub(super) struct Breakers {
    policy: BreakerPolicy,
    circuits: Vec<Circuit>,
    /// What ended while closed, if the share of failures matters.
    windows: Vec<Window>,
}

#[derive(Clone, Copy, Debug)]
struct Circuit {
    state: State,
    since: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures_in_a_row: u32 },
    Open,
    HalfOpen { probing: u32, succeeded: u32 },
}

const CLOSED: State = State::Closed { failures_in_a_row: 0 };

impl Breakers {
    pub(super) fn new(policy: BreakerPolicy, users: u32) -> Self {
        let slots = policy.scope.slots(users);
        let windows = policy.ratio.map_or(0, |_| slots);
        Self {
            policy,
            circuits: vec![Circuit { state: CLOSED, since: Time::ZERO }; slots],
            windows: vec![Window::default(); windows],
        }
    }

    /// Whether an attempt may be sent now.
    pub(super) fn lets_through(&self, user: u32, now: Time) -> bool {
        let circuit = &self.circuits[self.policy.scope.slot(user)];
        match circuit.state {
            State::Closed { .. } => true,
            State::Open => now.since(circuit.since) >= self.policy.open_for,
            State::HalfOpen { probing, .. } => probing < self.policy.probes,
        }
    }

    /// One is let through.
    pub(super) fn sent(&mut self, user: u32, now: Time) {
        let circuit = &mut self.circuits[self.policy.scope.slot(user)];
        match &mut circuit.state {
            State::Closed { .. } => {}
            State::Open => {
                let state = State::HalfOpen { probing: 1, succeeded: 0 };
                *circuit = Circuit { state, since: now };
            }
            State::HalfOpen { probing, .. } => *probing += 1,
        }
    }

    /// One that was let through at `allowed` has ended.
    pub(super) fn attempt_over(&mut self, user: u32, allowed: Time, outcome: Outcome, now: Time) {
        let slot = self.policy.scope.slot(user);
        let circuit = &mut self.circuits[slot];
        if allowed < circuit.since {
            return;
        }
        let failed = self.policy.on.contains(outcome);
        let next = match &mut circuit.state {
            State::Open => None,
            State::Closed { failures_in_a_row } => {
                *failures_in_a_row = if failed { failures_in_a_row.saturating_add(1) } else { 0 };
                let too_many =
                    self.policy.consecutive.is_some_and(|most| *failures_in_a_row >= most);
                (self.counts_too_many(slot, failed, now) || too_many).then_some(State::Open)
            }
            State::HalfOpen { .. } if failed => Some(State::Open),
            State::HalfOpen { probing, succeeded } => {
                *probing = probing.saturating_sub(1);
                *succeeded += 1;
                (*succeeded >= self.policy.successes).then_some(CLOSED)
            }
        };
        if let Some(state) = next {
            self.circuits[slot] = Circuit { state, since: now };
            if let Some(window) = self.windows.get_mut(slot) {
                *window = Window::default();
            }
        }
    }

    /// One that was let through at `allowed` was not sent after all, or will never be known to have
    /// ended: another probe may go.
    pub(super) fn forget(&mut self, user: u32, allowed: Time) {
        let circuit = &mut self.circuits[self.policy.scope.slot(user)];
        if let State::HalfOpen { probing, .. } = &mut circuit.state
            && allowed >= circuit.since
        {
            *probing = probing.saturating_sub(1);
        }
    }

    /// Counts one attempt in the window; whether the share of failures is too high by now.
    fn counts_too_many(&mut self, slot: usize, failed: bool, now: Time) -> bool {
        let Some(rule) = self.policy.ratio else { return false };
        let window = &mut self.windows[slot];
        window.pass(now, rule.window);
        window.add(ATTEMPTS);
        if failed {
            window.add(FAILURES);
        }
        let [attempts, failures] = window.sums();
        attempts >= u64::from(rule.minimum) && failures as f64 >= rule.ratio * attempts as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;
    use crate::model::outcome::OutcomeSet;
    use crate::model::setup::{BreakerRatio, Scope};
    use proptest::prelude::*;

    const fn at(ms: u64) -> Time {
        Time::from_ns(ms * 1_000_000)
    }

    fn policy() -> BreakerPolicy {
        BreakerPolicy {
            consecutive: Some(3),
            ratio: None,
            open_for: Span::from_ms(1_000),
            probes: 1,
            successes: 1,
            on: OutcomeSet::failures(),
            scope: Scope::User,
        }
    }

    /// Sends at `now`, and has the outcome at once; whether it was let through.
    fn call(breakers: &mut Breakers, user: u32, now: Time, outcome: Outcome) -> bool {
        let through = breakers.lets_through(user, now);
        if through {
            breakers.sent(user, now);
            breakers.attempt_over(user, now, outcome, now);
        }
        through
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_probe_decides() {
        let mut breakers = Breakers::new(policy(), 2);
        let mut user = |ms, outcome| call(&mut breakers, 0, at(ms), outcome);
        let (ok, failed) = (Outcome::Ok, Outcome::Http503);
        // Two, a success, two: never three in a row.
        assert!([failed, failed, ok, failed, failed].map(|end| user(0, end)).iter().all(|t| *t));
        assert!(user(10, failed), "the third opens it");
        assert!(!user(10, ok) && !user(1_009, ok), "open for a second");
        assert!(user(1_010, failed), "a probe, which fails");
        assert!(!user(2_009, ok), "open again for a second");
        assert!(user(2_010, ok), "a probe that succeeds");
        assert!(user(2_011, failed) && user(2_012, failed) && user(2_013, ok), "closed");
        assert!(call(&mut breakers, 1, at(11), ok), "another user has another breaker");
    }

    /// What was let through while it was closed is no probe, and gives none back.
    #[test]
    fn only_a_probe_that_is_not_sent_makes_room_for_another() {
        let mut breakers = Breakers::new(policy(), 1);
        (0..3).for_each(|_| assert!(call(&mut breakers, 0, at(0), Outcome::Timeout)));
        breakers.sent(0, at(1_500));
        breakers.forget(0, at(0));
        breakers.attempt_over(0, at(0), Outcome::Ok, at(1_600));
        assert!(!breakers.lets_through(0, at(1_600)), "one is under way");
        breakers.forget(0, at(1_500));
        assert!(breakers.lets_through(0, at(1_600)));
    }

    /// Two probes at once, three successes to close.
    #[test]
    fn half_open_lets_so_many_through_at_once() {
        let mut breakers = Breakers::new(BreakerPolicy { probes: 2, successes: 3, ..policy() }, 1);
        (0..3).for_each(|_| assert!(call(&mut breakers, 0, at(0), Outcome::Timeout)));
        for _ in 0..2 {
            assert!(breakers.lets_through(0, at(1_500)));
            breakers.sent(0, at(1_500));
        }
        assert!(!breakers.lets_through(0, at(1_500)), "two are under way");
        // What was sent while it was closed says nothing about now.
        breakers.attempt_over(0, at(0), Outcome::Timeout, at(1_600));
        breakers.attempt_over(0, at(1_500), Outcome::Ok, at(1_600));
        breakers.attempt_over(0, at(1_500), Outcome::Ok, at(1_600));
        assert!(call(&mut breakers, 0, at(1_700), Outcome::Ok), "the third success closes it");
        (0..9).for_each(|_| breakers.sent(0, at(1_800)));
        assert!(breakers.lets_through(0, at(1_800)));
    }

    /// Half of at least four within a second.
    #[test]
    fn the_share_of_failures_counts_from_a_minimum_on_and_within_the_window() {
        let window = Span::from_secs(1);
        let ratio = Some(BreakerRatio { ratio: 0.5, window, minimum: 4 });
        let on = [Outcome::Http503].into_iter().collect();
        let with = BreakerPolicy { consecutive: None, ratio, on, ..policy() };
        let mut breakers = Breakers::new(with, 1);
        let mut user = |ms, outcome| call(&mut breakers, 0, at(ms), outcome);
        let (ok, failed) = (Outcome::Ok, Outcome::Http503);
        assert!([failed, failed, failed].map(|end| user(0, end)).iter().all(|t| *t));
        // A second later those are forgotten: one of four, then two of five.
        assert!([ok, Outcome::Http500, ok, failed, failed].map(|end| user(1_000, end))[4]);
        assert!(user(1_100, failed), "three of six are half");
        assert!(!user(1_101, ok));
    }

    /// The slow twin keeps every call and decides from the whole history.
    #[derive(Default)]
    struct Twin {
        /// When it opened or closed last, and which.
        turns: Vec<(Time, &'static str)>,
        /// (sent, ended, failed), of all that ended.
        ended: Vec<(Time, Time, bool)>,
        /// When those under way were sent.
        under_way: Vec<Time>,
    }

    impl Twin {
        fn state(&self) -> (Time, &'static str) {
            self.turns.last().copied().unwrap_or((Time::ZERO, "closed"))
        }

        fn lets_through(&mut self, policy: &BreakerPolicy, now: Time) -> bool {
            let (since, state) = self.state();
            match state {
                "closed" => true,
                "open" => {
                    let through = now >= since + policy.open_for;
                    if through {
                        self.turns.push((now, "half-open"));
                    }
                    through
                }
                _ => {
                    let probes = self.under_way.iter().filter(|&&sent| sent >= since);
                    probes.count() < policy.probes as usize
                }
            }
        }

        fn end(&mut self, policy: &BreakerPolicy, index: usize, failed: bool, now: Time) {
            let sent = self.under_way.remove(index);
            self.ended.push((sent, now, failed));
            let (since, state) = self.state();
            if sent < since {
                return;
            }
            let counted: Vec<_> = self
                .ended
                .iter()
                .filter(|&&(sent, end, _)| sent >= since && end >= since)
                .collect();
            let in_a_row = counted.iter().rev().take_while(|(.., failed)| *failed).count();
            let tenth = |rule: BreakerRatio, t: Time| t.as_ns() / (rule.window.as_ns() / 10);
            let share = policy.ratio.is_some_and(|rule| {
                let recent =
                    |(_, end, _): &&&(Time, Time, bool)| tenth(rule, *end) + 10 > tenth(rule, now);
                let all = counted.iter().filter(recent).count();
                let bad = counted.iter().filter(recent).filter(|(.., failed)| *failed).count();
                all >= rule.minimum as usize && bad as f64 >= rule.ratio * all as f64
            });
            let good = counted.iter().filter(|(.., failed)| !failed).count();
            if state == "closed" {
                if share || policy.consecutive.is_some_and(|most| in_a_row >= most as usize) {
                    self.turns.push((now, "open"));
                }
            } else if state == "half-open" {
                if failed {
                    self.turns.push((now, "open"));
                } else if good >= policy.successes as usize {
                    self.turns.push((now, "closed"));
                }
            }
        }
    }

    proptest! {
        /// Time moves at each step, so that "sent since" is never a tie.
        #[test]
        fn it_does_what_a_breaker_with_a_perfect_memory_does(
            steps in prop::collection::vec((1_u64..300, any::<bool>(), 0_usize..6, 0_u32..100), 1..300),
            consecutive in prop::option::of(1_u32..5),
            ratio in 0.1_f64..1.0,
            minimum in 1_u32..8,
            (probes, successes) in (1_u32..4, 1_u32..4),
            failing in 0_u32..100,
        ) {
            let window = Span::from_ms(1_000);
            let ratio = Some(BreakerRatio { ratio, window, minimum });
            let policy = BreakerPolicy { consecutive, ratio, probes, successes, ..policy() };
            let mut breakers = Breakers::new(policy, 1);
            let mut twin = Twin::default();
            let mut now = 0;
            for (step, sends, which, luck) in steps {
                now += step;
                let now = at(now);
                if sends || twin.under_way.is_empty() {
                    let through = breakers.lets_through(0, now);
                    prop_assert_eq!(through, twin.lets_through(&policy, now));
                    if through {
                        breakers.sent(0, now);
                        twin.under_way.push(now);
                    }
                } else {
                    let index = which % twin.under_way.len();
                    let (sent, failed) = (twin.under_way[index], luck < failing);
                    let outcome = if failed { Outcome::Timeout } else { Outcome::Ok };
                    breakers.attempt_over(0, sent, outcome, now);
                    twin.end(&policy, index, failed, now);
                }
            }
        }
    }
}
