//! By what rule a run is judged to have recovered.

use crate::engine::time::{Span, Time};

/// Against what, and over which windows, users are called worse off, well again, or down for good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecoveryRule {
    /// What is ordinary.
    pub baseline: Baseline,
    /// How far above the baseline the share of affected users may lie, 0 to 1.
    pub tolerance: f64,
    /// If a larger share than this is affected ordinarily, that is no state to compare with.
    pub healthy: f64,
    /// How long users must be well after the last harm; `None`: half as long as they were worse
    /// off, and at most five user windows.
    pub hold: Option<Span>,
    /// How long harm must outlast its trigger and the last repair to be called metastable; `None`:
    /// one user window.
    pub persistence: Option<Span>,
}

/// What share of affected users is ordinary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Baseline {
    /// That before the first timeline entry; if no whole user window lies before it, that of the
    /// best window of the run.
    BeforeFirstEntry,
    /// That of an interval.
    During(Time, Time),
    /// This one, 0 to 1.
    Share(f64),
}

impl Default for RecoveryRule {
    fn default() -> Self {
        Self {
            baseline: Baseline::BeforeFirstEntry,
            tolerance: 0.05,
            healthy: 0.5,
            hold: None,
            persistence: None,
        }
    }
}
