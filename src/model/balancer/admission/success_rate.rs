//! `success-rate`: turns away the more the fewer of those taken on succeed.

use super::{Admission, AdmissionSpec};
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};
use crate::model::outcome::Outcome;
use std::collections::VecDeque;

/// History is kept in pieces of this length, as in Envoy.
const PIECE: Span = Span::from_secs(1);

/// The parameters.
#[derive(Clone, Copy, Debug)]
pub struct SuccessRate {
    /// How far back it looks.
    pub window: Span,
    /// Share of successes below which it turns away, above 0.
    pub threshold: f64,
    /// At least 1: how early it turns away.
    pub aggression: f64,
    /// With fewer finished attempts per second it turns nobody away.
    pub rps_threshold: f64,
    /// No larger share is turned away.
    pub max_rejection: f64,
}

impl SuccessRate {
    /// How probably an attempt is turned away after so many, with so many successes:
    /// ((n - s / threshold) / (n + 1))^(1 / aggression), from 0 to the largest share allowed.
    pub fn rejection(&self, attempts: u64, successes: u64) -> f64 {
        let (attempts, successes) = (attempts as f64, successes as f64);
        let excess = (attempts - successes / self.threshold) / (attempts + 1.0);
        libm::pow(excess.max(0.0), 1.0 / self.aggression).min(self.max_rejection)
    }
}

/// Attempts that finished within one piece of history.
#[derive(Clone, Copy, Debug)]
struct Piece {
    since: Time,
    attempts: u64,
    successes: u64,
}

#[derive(Clone)]
struct Controller {
    policy: SuccessRate,
    stream: Stream,
    history: VecDeque<Piece>,
    attempts: u64,
    successes: u64,
}

impl Controller {
    fn forget(&mut self, now: Time) {
        while let Some(oldest) = self.history.front()
            && now.since(oldest.since) >= self.policy.window
        {
            self.attempts -= oldest.attempts;
            self.successes -= oldest.successes;
            self.history.pop_front();
        }
        if self.history.back().is_none_or(|newest| now.since(newest.since) >= PIECE) {
            self.history.push_back(Piece { since: now, attempts: 0, successes: 0 });
        }
    }

    /// Over whole seconds, at least one (`ThreadLocalControllerImpl::averageRps`).
    fn rate(&self, now: Time) -> f64 {
        let age = self.history.front().map_or(Span::ZERO, |oldest| now.since(oldest.since));
        self.attempts as f64 / (age.as_ns() / 1_000_000_000).max(1) as f64
    }
}

impl Admission for Controller {
    fn admits(&mut self, _: u32, now: Time) -> bool {
        self.forget(now);
        if self.attempts == 0 || self.rate(now) < self.policy.rps_threshold {
            return true;
        }
        let rejection = self.policy.rejection(self.attempts, self.successes);
        // Four digits, as in Envoy.
        10_000.0 * rejection <= self.stream.below(10_000) as f64
    }

    fn over(&mut self, outcome: Option<Outcome>, _: Time, now: Time) {
        self.forget(now);
        let newest = self.history.back_mut().expect("there is a piece for this instant");
        let success = u64::from(outcome.is_some_and(Outcome::is_ok));
        newest.attempts += 1;
        newest.successes += success;
        self.attempts += 1;
        self.successes += success;
    }

    fn boxed_clone(&self) -> Box<dyn Admission> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const ADMISSION: AdmissionSpec = AdmissionSpec {
    name: "success-rate",
    summary: "turns away with a probability that grows as the share of successes falls",
    fails: "one member that fails everything makes it turn away what others could serve",
    source: "Envoy: admission_control filter; Beyer et al., SRE, chapter 21 (adaptive throttling)",
    parameters: &[
        Parameter {
            name: "window",
            kind: ParameterKind::Duration,
            default: 30.0,
            range: (1.0, 3_600.0),
            doc: "rule success-rate: how far back finished attempts count",
        },
        Parameter {
            name: "threshold",
            kind: ParameterKind::Ratio,
            default: 0.95,
            range: (0.01, 1.0),
            doc: "rule success-rate: with fewer successes it begins to turn away",
        },
        Parameter {
            name: "aggression",
            kind: ParameterKind::Number,
            default: 1.0,
            range: (1.0, 1_000.0),
            doc: "rule success-rate: the probability is raised to 1 over this",
        },
        Parameter {
            name: "rps-threshold",
            kind: ParameterKind::Rate,
            default: 0.0,
            range: (0.0, 1e9),
            doc: "rule success-rate: with less traffic at an instance it turns nobody away",
        },
        Parameter {
            name: "max-rejection",
            kind: ParameterKind::Ratio,
            default: 0.8,
            range: (0.0, 1.0),
            doc: "rule success-rate: no larger share is turned away",
        },
    ],
    build: |arguments, stream| {
        let policy = SuccessRate {
            window: Span::from_secs_f64(arguments[0]),
            threshold: arguments[1],
            aggression: arguments[2],
            rps_threshold: arguments[3],
            max_rejection: arguments[4],
        };
        let history = VecDeque::new();
        Box::new(Controller { policy, stream, history, attempts: 0, successes: 0 })
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    const DEFAULTS: [f64; 5] = [30.0, 0.95, 1.0, 0.0, 0.8];

    fn controller(arguments: [f64; 5]) -> Box<dyn Admission> {
        (ADMISSION.build)(&arguments, Stream::new(Seed::new(1), Purpose::Test, 0))
    }

    fn policy(threshold: f64, aggression: f64) -> SuccessRate {
        SuccessRate {
            window: Span::from_secs(30),
            threshold,
            aggression,
            rps_threshold: 0.0,
            max_rejection: 0.8,
        }
    }

    #[test]
    fn the_formula_by_hand() {
        let close = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-12, "{got}");
        // (99 - 38 / 0.95) / 100 = 0.59; with aggression 2 its root.
        close(policy(0.95, 1.0).rejection(99, 38), 0.59);
        close(policy(0.95, 2.0).rejection(99, 38), 0.59_f64.sqrt());
        // Just at the threshold, above it, and with nothing known.
        close(policy(0.95, 1.0).rejection(100, 95), 0.0);
        close(policy(0.95, 1.0).rejection(100, 100), 0.0);
        close(policy(0.95, 3.0).rejection(0, 0), 0.0);
        // All fail: 9 / 10, but no more than 80%.
        close(policy(0.95, 1.0).rejection(9, 0), 0.8);
        close(policy(0.5, 1.0).rejection(9, 2), 0.5);
    }

    /// How many of 10000 are turned away after `attempts`, of which `successes` were.
    fn turned_away(arguments: [f64; 5], attempts: u64, successes: u64, at: Time) -> u32 {
        let mut controller = controller(arguments);
        for number in 0..attempts {
            let outcome = if number < successes { Outcome::Ok } else { Outcome::Http500 };
            controller.over(Some(outcome), Time::ZERO, Time::ZERO);
        }
        (0..10_000).map(|_| u32::from(!controller.admits(0, at))).sum()
    }

    #[test]
    fn as_many_are_turned_away_as_the_formula_says() {
        // Five standard deviations of 10000 draws at 0.59: 246.
        let at = |seconds: u64| Time::from_ns(seconds * 1_000_000_000);
        assert!(turned_away(DEFAULTS, 99, 38, at(1)).abs_diff(5_900) < 246);
        assert_eq!(turned_away(DEFAULTS, 100, 100, at(1)), 0);
        // A window later it is forgotten.
        assert!(turned_away(DEFAULTS, 99, 38, Time::from_ns(29_999_999_999)) > 5_000);
        assert_eq!(turned_away(DEFAULTS, 99, 38, at(30)), 0);
        // 99 in 9 whole seconds are 11 per second, in 10 they are 9.9.
        let busy = [30.0, 0.95, 1.0, 10.0, 0.8];
        assert!(turned_away(busy, 99, 38, Time::from_ns(9_999_999_999)) > 5_000);
        assert_eq!(turned_away(busy, 99, 38, at(10)), 0);
    }

    #[test]
    fn a_client_that_leaves_counts_as_a_failure() {
        let mut controller = controller(DEFAULTS);
        (0..99).for_each(|_| controller.over(None, Time::ZERO, Time::ZERO));
        assert!((0..100).any(|_| !controller.admits(0, Time::ZERO)));
    }
}
