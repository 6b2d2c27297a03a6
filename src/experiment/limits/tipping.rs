//! The tipping point: for a surge of given height, the shortest after which users do not recover.
//!
//! Each run has two user windows of ordinary time, the surge, and then `Terms::within` to be well
//! again by the scenario's own rule; a length tips the system if most runs end otherwise.

use super::search::Bounds;
use super::trial::{Criterion, Trial};
use super::{Inquiry, Limit, Measure};
use crate::engine::time::Span;
use crate::model::setup::{Arrivals, Population};
use crate::scenario::Diagnostics;

/// Verdicts are coarser than figures: lengths are not searched for more closely.
const COARSEST: f64 = 0.05;
/// No pulse is shorter, seconds.
const SHORTEST: f64 = 0.1;
/// Where clients wait for ever.
const TIMEOUT: f64 = 10.0;

pub(super) fn ask(inquiry: &Inquiry<'_>, name: &'static str) -> Result<Limit, Diagnostics> {
    if let Some(why) = without_surges(inquiry) {
        return Ok(Limit::inapplicable(name, Measure::Seconds, why));
    }
    let within = within(inquiry);
    let bounds = Bounds {
        start: 5.0 * timeout(inquiry),
        least: SHORTEST.min(within.as_secs_f64()),
        most: within.as_secs_f64(),
        step: 1.5,
        tolerance: inquiry.terms.tolerance.max(COARSEST),
    };
    let found = inquiry.search(&bounds, &[Criterion::Recovers], |seconds| {
        let pulse = (inquiry.terms.pulse, Span::from_secs_f64(seconds));
        Trial::pulse(inquiry, inquiry.load, pulse, within)
    })?;
    let note = format!("users have {within} to be well again");
    Ok(Limit { note: Some(note), ..Limit::of(name, Measure::Seconds, found) })
}

/// Why there can be no surge, if there can be none.
pub(super) fn without_surges(inquiry: &Inquiry<'_>) -> Option<String> {
    let has_rate = |population: &Population| {
        !matches!(population.arrivals, Arrivals::Closed { .. } | Arrivals::Trace(_))
    };
    if !inquiry.scenario.setup.populations.iter().any(has_rate) {
        return Some("surges multiply rates, which closed loops and traces have not".to_owned());
    }
    inquiry.without_load()
}

/// The longest time that a client waits for an answer, seconds.
pub(super) fn timeout(inquiry: &Inquiry<'_>) -> f64 {
    let waits = inquiry.scenario.setup.populations.iter().filter_map(|population| {
        population.timeout.into_iter().chain(population.total_timeout).min()
    });
    waits.max().map_or(TIMEOUT, Span::as_secs_f64)
}

/// How long users have to be well again.
pub(super) fn within(inquiry: &Inquiry<'_>) -> Span {
    let window = inquiry.scenario.setup.observation.user_window.as_secs_f64();
    let usual = (5.0 * window).max(60.0 * timeout(inquiry));
    inquiry.terms.within.unwrap_or_else(|| Span::from_secs_f64(usual))
}
