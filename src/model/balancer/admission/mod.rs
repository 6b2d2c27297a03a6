//! Admission: whether an instance takes an attempt on at all. One rule a file, and one line in
//! [`ADMISSIONS`]. Whoever is turned away is told 503 at once, and no member hears of it.

use super::Parameter;
use crate::engine::random::{Purpose, Seed, Stream};
use crate::engine::time::Time;
use crate::model::outcome::Outcome;

pub mod gradient;
pub mod rate;
pub mod success_rate;

/// A rule with its state. Each balancer process has one of its own.
pub(super) trait Admission: Send + Sync {
    /// Whether an attempt is taken on, while `held` others are.
    fn admits(&mut self, held: u32, now: Time) -> bool;

    /// An attempt that was taken on is over; `None`: its client has left.
    fn over(&mut self, outcome: Option<Outcome>, sent: Time, now: Time) {
        let _ = (outcome, sent, now);
    }

    /// A copy with the same state.
    fn boxed_clone(&self) -> Box<dyn Admission>;
}

/// An entry of the table.
#[derive(Debug)]
pub struct AdmissionSpec {
    /// Name in scenario files.
    pub name: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// One line: when it fails.
    pub fails: &'static str,
    /// Where it is described.
    pub source: &'static str,
    /// What may be set; no two rules share a name.
    pub parameters: &'static [Parameter],
    /// A fresh state from one value per parameter.
    build: fn(&[f64], Stream) -> Box<dyn Admission>,
}

/// Every rule, alphabetically.
pub const ADMISSIONS: &[&AdmissionSpec] =
    &[&gradient::ADMISSION, &rate::ADMISSION, &success_rate::ADMISSION];

/// A rule and its parameters.
#[derive(Clone, Debug)]
pub struct AdmissionConfig {
    /// The entry in the table.
    pub rule: &'static AdmissionSpec,
    /// One value per declared parameter, in order, within its declared range.
    pub arguments: Vec<f64>,
}

impl PartialEq for AdmissionConfig {
    fn eq(&self, other: &Self) -> bool {
        self.rule.name == other.rule.name && self.arguments == other.arguments
    }
}

/// The gate of a balancer process; an open one has no rule.
pub(super) struct Gate {
    rule: Option<Box<dyn Admission>>,
    /// What came before that is not its.
    since: Time,
}

impl Clone for Gate {
    fn clone(&self) -> Self {
        Self { rule: self.rule.as_ref().map(|rule| rule.boxed_clone()), since: self.since }
    }
}

impl Gate {
    /// `seed`: random bits of the process.
    pub(super) fn new(config: Option<&AdmissionConfig>, seed: u64, since: Time) -> Self {
        let stream = Stream::new(Seed::new(seed), Purpose::Admission, 0);
        let rule = config.map(|config| (config.rule.build)(&config.arguments, stream));
        Self { rule, since }
    }

    /// Whether an attempt is taken on, while `held` others are.
    #[inline]
    pub(super) fn admits(&mut self, held: u32, now: Time) -> bool {
        self.rule.as_mut().is_none_or(|rule| rule.admits(held, now))
    }

    /// An attempt that was taken on is over; `None`: its client has left.
    #[inline]
    pub(super) fn over(&mut self, outcome: Option<Outcome>, sent: Time, now: Time) {
        if let Some(rule) = self.rule.as_mut().filter(|_| sent >= self.since) {
            rule.over(outcome, sent, now);
        }
    }
}
