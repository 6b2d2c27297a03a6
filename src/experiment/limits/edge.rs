//! The lower edge of the metastable region: the load below which no surge tips the system over.
//!
//! At each load a surge to twice the knee lasts for one and a half timeouts: by its end whoever comes
//! waits longer than clients do, and every retry there may be is on its way. What still recovers from that has
//! one state only (Bronson et al., HotOS 2021, section 2.1: a timeout and r retries at once have the
//! edge at 1 / (1 + r) of the capacity). A backlog melts ever more slowly towards the edge, so it is
//! found too low if users are given little time.

use super::search::Bounds;
use super::trial::{Criterion, Trial};
use super::{Inquiry, Limit, Loss, Measure, Status, knee, tipping};
use crate::engine::time::Span;
use crate::scenario::Diagnostics;

/// The surge, in knees.
const HEIGHT: f64 = 2.0;
/// Its length, in timeouts.
const LENGTH: f64 = 1.5;
/// What recovers at so much of the knee is not metastable.
const WHOLE: f64 = 0.95;
/// Verdicts are coarser than figures.
const COARSEST: f64 = 0.02;

pub(super) fn ask(
    inquiry: &Inquiry<'_>,
    name: &'static str,
    earlier: &[Limit],
) -> Result<Limit, Diagnostics> {
    if let Some(why) = tipping::without_surges(inquiry) {
        return Ok(Limit::inapplicable(name, Measure::Load, why));
    }
    let known = earlier.iter().find(|limit| limit.name == "knee").cloned();
    let knee = known.map_or_else(|| knee::ask(inquiry, "knee", Loss::Nobody, &[]), Ok)?;
    let Some(knee) = knee.value().filter(|_| knee.status == Status::Found) else {
        let why = "without a knee there is no surge to twice the knee";
        return Ok(Limit::inapplicable(name, Measure::Load, why));
    };
    let within = tipping::within(inquiry);
    let lasts = Span::from_secs_f64(LENGTH * tipping::timeout(inquiry));
    let most = WHOLE * knee;
    let tolerance = inquiry.terms.tolerance.max(COARSEST);
    let bounds = Bounds { start: most, least: knee / 64.0, most, step: 1.5, tolerance };
    let found = inquiry.search(&bounds, &[Criterion::Recovers], |load| {
        Trial::pulse(inquiry, load, (HEIGHT * knee / load, lasts), within)
    })?;
    let note = format!(
        "by surges to twice the knee for {:.1} s, with {within} to be well again",
        lasts.as_secs_f64()
    );
    Ok(Limit { note: Some(note), ..Limit::of(name, Measure::Load, found) })
}
