//! Monitoring: signals over sliding windows, and the alerts that read them.
//!
//! Monitoring sees every attempt as it finishes at the balancer, a timeout at its timeout; so a
//! hung server raises the latency even though only quick answers are left. Each rule has a window
//! of its own, which slides in twelve steps, but every five seconds at least (Prometheus would call
//! that its evaluation interval): no rule depends on what else is watched.

use super::outcome::Outcome;
use super::setup::{AlertRule, Setup, Signal};
use crate::engine::histogram::Histogram;
use crate::engine::time::{Span, Time};
use std::collections::VecDeque;

/// Steps in which a short window slides.
const STEPS: u64 = 12;
/// No step is shorter than this,
const STEP_MIN: Span = Span::from_ms(100);
/// nor longer than this,
const STEP_MAX: Span = Span::from_secs(5);
/// unless the window would need more steps than this.
const STEPS_MOST: u64 = 720;

/// What finished, and who got attempts, in one step.
#[derive(Clone, Debug, Default)]
struct Slice {
    outcomes: [u64; Outcome::COUNT],
    latency: Histogram,
    /// Attempts that reached each backend.
    reached: Vec<u64>,
}

/// Whether an alert's condition holds, since when, and whether it fires.
#[derive(Clone, Copy, Debug, Default)]
struct AlertState {
    holds_since: Option<Time>,
    fires: bool,
    fired: u64,
}

/// A rule's sliding window and what it has led to.
#[derive(Clone, Debug)]
struct Watch {
    step: Span,
    /// Closed slices, oldest first; no more than the window needs.
    slices: VecDeque<Slice>,
    slices_max: usize,
    open: Slice,
    reached_before: Vec<u64>,
    needs_latency: bool,
    state: AlertState,
}

/// All rules' windows and states.
#[derive(Clone, Debug)]
pub(super) struct Monitor {
    watches: Vec<Watch>,
}

/// The step in which a rule's window slides.
fn step(rule: &AlertRule) -> Span {
    let window = rule.window.as_ns();
    let step = Span::from_ns(window / STEPS).clamp(STEP_MIN, STEP_MAX);
    step.max(Span::from_ns(window / STEPS_MOST))
}

/// How many slices a run's alerts read, all evaluations together: what monitoring costs.
pub(super) fn slices_read(setup: &Setup) -> f64 {
    let read = |rule: &AlertRule| {
        let step = step(rule);
        let evaluations = setup.duration.as_ns() / step.as_ns();
        evaluations as f64 * slices_in(rule.window.min(setup.duration), step) as f64
    };
    setup.alerts.iter().map(read).sum()
}

impl Monitor {
    pub(super) fn new(setup: &Setup) -> Self {
        let n = setup.backends.len();
        let watch = |rule: &AlertRule| Watch {
            step: step(rule),
            slices: VecDeque::new(),
            slices_max: slices_in(rule.window, step(rule)),
            open: Slice { reached: vec![0; n], ..Slice::default() },
            reached_before: vec![0; n],
            needs_latency: matches!(rule.signal, Signal::LatencyQuantile(_) | Signal::LatencyMean),
            state: AlertState::default(),
        };
        Self { watches: setup.alerts.iter().map(watch).collect() }
    }

    /// When a rule's open slice closes.
    pub(super) fn next_tick(&self, alert: usize, now: Time) -> Time {
        now + self.watches[alert].step
    }

    /// An attempt finished at the balancer.
    #[inline]
    pub(super) fn attempt_over(&mut self, outcome: Outcome, took: Span) {
        for watch in &mut self.watches {
            watch.open.outcomes[outcome.index()] += 1;
            if watch.needs_latency {
                watch.open.latency.record(took);
            }
        }
    }

    /// How often an alert has fired.
    pub(super) fn fired(&self, alert: usize) -> u64 {
        self.watches[alert].state.fired
    }

    /// Closes a rule's open slice, and evaluates the rule. `reached` reads how many attempts reached
    /// a backend so far. Returns `Some(true)` when the alert begins to fire, `Some(false)` when it
    /// resolves, `None` when nothing changes. A signal that rests on nothing is not beyond any
    /// threshold.
    pub(super) fn evaluate(
        &mut self,
        alert: usize,
        rule: &AlertRule,
        now: Time,
        reached: impl Fn(usize) -> u64,
    ) -> Option<bool> {
        let watch = &mut self.watches[alert];
        watch.close_slice(reached);
        let value = watch.value(rule);
        let state = &mut watch.state;
        let beyond = value.is_some_and(|value| {
            if rule.above { value > rule.threshold } else { value < rule.threshold }
        });
        if !beyond {
            state.holds_since = None;
            return std::mem::take(&mut state.fires).then_some(false);
        }
        let since = *state.holds_since.get_or_insert(now);
        if state.fires || now.since(since) < rule.hold {
            return None;
        }
        state.fires = true;
        state.fired += 1;
        Some(true)
    }
}

impl Watch {
    fn close_slice(&mut self, reached: impl Fn(usize) -> u64) {
        for (index, before) in self.reached_before.iter_mut().enumerate() {
            let total = reached(index);
            self.open.reached[index] = total - *before;
            *before = total;
        }
        // The oldest slice's memory becomes the next open one.
        let mut next = if self.slices.len() == self.slices_max {
            self.slices.pop_front().unwrap_or_default()
        } else {
            Slice { reached: vec![0; self.reached_before.len()], ..Slice::default() }
        };
        next.outcomes = [0; Outcome::COUNT];
        next.latency.clear();
        self.slices.push_back(std::mem::replace(&mut self.open, next));
    }

    /// A rule's signal over its window; `None` if the window holds nothing to judge by.
    fn value(&self, rule: &AlertRule) -> Option<f64> {
        let slices = || self.slices.iter();
        let finished = || -> [u64; Outcome::COUNT] {
            let mut sum = [0; Outcome::COUNT];
            for slice in slices() {
                sum.iter_mut().zip(slice.outcomes).for_each(|(a, b)| *a += b);
            }
            sum
        };
        let ratio_of = |wanted: fn(Outcome) -> bool| {
            let counts = finished();
            let matching = Outcome::ALL.into_iter().filter(|&outcome| wanted(outcome));
            ratio(matching.map(|outcome| counts[outcome.index()]).sum(), counts.iter().sum())
        };
        let latency = || {
            let mut merged = Histogram::default();
            slices().for_each(|slice| merged.merge(&slice.latency));
            merged
        };
        let reached = || {
            let mut sum = vec![0_u64; self.reached_before.len()];
            for slice in slices() {
                sum.iter_mut().zip(&slice.reached).for_each(|(a, b)| *a += b);
            }
            sum
        };
        let share_max = || {
            let sum = reached();
            ratio(sum.iter().copied().max()?, sum.iter().sum())
        };
        match rule.signal {
            Signal::SuccessRatio => ratio_of(Outcome::is_ok),
            Signal::ErrorRatio => ratio_of(|outcome| !outcome.is_ok()),
            Signal::BurnRate { budget } => {
                ratio_of(|outcome| !outcome.is_ok()).map(|errors| errors / budget)
            }
            Signal::OutcomeRatio(outcome) => {
                let counts = finished();
                ratio(counts[outcome.index()], counts.iter().sum())
            }
            Signal::LatencyQuantile(q) => latency().quantile_ns(q),
            Signal::LatencyMean => latency().mean_ns(),
            Signal::AttemptRate => {
                let covered = self.step.as_secs_f64() * slices().count() as f64;
                Some(finished().iter().sum::<u64>() as f64 / covered)
            }
            Signal::Share(id) => {
                let sum = reached();
                ratio(sum[id.index()], sum.iter().sum())
            }
            Signal::ShareMax => share_max(),
            Signal::MaxOverMean => {
                share_max().map(|share| share * self.reached_before.len() as f64)
            }
        }
    }
}

fn slices_in(window: Span, step: Span) -> usize {
    window.as_ns().div_ceil(step.as_ns()).max(1) as usize
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
