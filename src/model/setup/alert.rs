//! Rules of monitoring.

use super::BackendId;
use crate::engine::time::Span;
use crate::model::outcome::Outcome;

/// A rule of monitoring: fires when a signal has been beyond its threshold for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// Unique name.
    pub name: String,
    /// What is watched, over a sliding window.
    pub signal: Signal,
    /// Whether it fires above (`true`) or below the threshold.
    pub above: bool,
    /// In the signal's unit: ratios as fractions, times in nanoseconds, rates per second.
    pub threshold: f64,
    /// Length of the sliding window.
    pub window: Span,
    /// How long the condition must hold before the alert fires.
    pub hold: Span,
}

/// What monitoring can see: attempts as they finish at the balancer, timeouts at their timeout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal {
    /// Share of finished attempts that succeeded.
    SuccessRatio,
    /// Share of finished attempts that failed.
    ErrorRatio,
    /// Share of finished attempts with one outcome.
    OutcomeRatio(Outcome),
    /// Quantile of the time attempts took, failures and timeouts included.
    LatencyQuantile(f64),
    /// Mean of the time attempts took, failures and timeouts included.
    LatencyMean,
    /// Finished attempts per second.
    AttemptRate,
    /// Share of the attempts sent to backends that one of them got.
    Share(BackendId),
    /// The largest share.
    ShareMax,
    /// Largest share over mean share.
    MaxOverMean,
    /// Error ratio over an error budget (a fraction of attempts), as in burn-rate alerts.
    BurnRate {
        /// Share of attempts that may fail.
        budget: f64,
    },
}
