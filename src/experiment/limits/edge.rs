//! The lower edge of the metastable region: the load below which no surge tips the system over.
//!
//! At each load a surge to twice the knee makes whoever comes wait for three times as long as
//! clients do: every retry there may be is in flight when it ends. What still recovers from that has
//! one state only (Bronson et al., HotOS 2021, section 2.1: a timeout and r retries at once have the
//! edge at 1 / (1 + r) of the capacity). A backlog melts ever more slowly towards the edge, so it is
//! found too low if users are given little time.

use super::search::{Bounds, search};
use super::trial::{Criterion, Trial};
use super::{Inquiry, Limit, Loss, Measure, Status, knee, tipping};
use crate::engine::time::Span;
use crate::scenario::Diagnostics;

/// The surge, in knees.
const HEIGHT: f64 = 2.0;
/// Its length, in timeouts.
const LENGTH: f64 = 3.0;
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
    let asked;
    let knee = match earlier.iter().find(|limit| limit.name == "knee") {
        Some(known) => known,
        None => {
            asked = knee::ask(inquiry, "knee", Loss::Nobody, &[])?;
            &asked
        }
    };
    let Some(knee) = knee.value().filter(|_| knee.status == Status::Found) else {
        let why = "without a knee there is no surge to twice the knee";
        return Ok(Limit::inapplicable(name, Measure::Load, why));
    };
    let within = tipping::within(inquiry);
    let lasts = Span::from_secs_f64(LENGTH * tipping::timeout(inquiry));
    let most = WHOLE * knee;
    let tolerance = inquiry.terms.tolerance.max(COARSEST);
    let bounds = Bounds { start: most, least: knee / 64.0, most, step: 1.5, tolerance };
    let mut wrong = None;
    let found = search(&bounds, |load| {
        match Trial::pulse(inquiry, load, (HEIGHT * knee / load, lasts), within) {
            Ok(trial) => trial.judge(inquiry.terms, load, &[Criterion::Recovers]),
            Err(error) => knee::failed(&mut wrong, error, load),
        }
    });
    if let Some(error) = wrong {
        return Err(error);
    }
    let note = format!("by surges to twice the knee for {lasts}, with {within} to be well again");
    Ok(Limit { note: Some(note), ..Limit::of(name, Measure::Load, found) })
}
