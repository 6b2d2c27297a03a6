//! The knee: the load up to which goodput follows offered load.
//!
//! Successes are compared with births, each when it happens, over the observed part of the run: of a
//! queue without bound this is the balance of what arrives and what is served, so its stability
//! limit is found although nothing is ever refused. A system that serves `mu` of `L` has the ratio
//! mu / L, so the knee lies 1 / follow - 1 above the stability limit: half a percent by default.

use super::search::Bounds;
use super::trial::{Criterion, SERVED, Trial, mean};
use super::{Goodput, Inquiry, Limit, Loss, Measure, Status, loss};
use crate::experiment::replicate::LEAST;
use crate::scenario::Diagnostics;

/// No load beyond so many times the present one is looked at, and none below its inverse.
const FURTHEST: f64 = 64.0;
/// Loads of the curve, in knees.
const CURVE: [f64; 8] = [0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5];

pub(super) fn ask(
    inquiry: &Inquiry<'_>,
    name: &'static str,
    loss: Loss,
    earlier: &[Limit],
) -> Result<Limit, Diagnostics> {
    if inquiry.is_closed() {
        let why = "a closed loop asks for no more than it is answered: there is no knee";
        return Ok(Limit::inapplicable(name, Measure::Load, why));
    }
    let criteria = [Criterion::AtLeast(SERVED, inquiry.terms.follow)];
    by_load(inquiry, name, loss, earlier, &criteria)
}

/// The highest load at which criteria hold, after a loss.
pub(super) fn by_load(
    inquiry: &Inquiry<'_>,
    name: &'static str,
    loss: Loss,
    earlier: &[Limit],
    criteria: &[Criterion],
) -> Result<Limit, Diagnostics> {
    if let Some(why) = inquiry.without_load() {
        return Ok(Limit::inapplicable(name, Measure::Load, why));
    }
    let whole = name.split_once("-n-").or(name.split_once("-zone")).map(|(whole, _)| whole);
    let known = earlier.iter().find(|limit| Some(limit.name.as_str()) == whole);
    let base = known.and_then(Limit::value).unwrap_or_else(|| guess(inquiry));
    let lost = match loss.worst(inquiry, base)? {
        Ok(lost) => lost,
        Err(why) => return Ok(Limit::inapplicable(name, Measure::Load, why)),
    };
    let bounds = bounds(inquiry, base * loss::left(inquiry, &lost), inquiry.terms.tolerance);
    let found = inquiry.search(&bounds, criteria, |load| Trial::at(inquiry, load, &lost))?;
    let names = lost.iter().map(|id| inquiry.scenario.setup.backends[id.index()].name.clone());
    Ok(Limit { lost: names.collect(), ..Limit::of(name, Measure::Load, found) })
}

/// Loads around a guess.
pub(super) fn bounds(inquiry: &Inquiry<'_>, start: f64, tolerance: f64) -> Bounds {
    let most = (inquiry.load * FURTHEST).clamp(start, 100.0);
    Bounds { start, least: inquiry.load.min(start) / FURTHEST, most, step: 1.1, tolerance }
}

/// The load at which the backends' workers would all be busy; only a place to begin at.
fn guess(inquiry: &Inquiry<'_>) -> f64 {
    let backends = inquiry.scenario.setup.backends.iter();
    let capacity: f64 = backends.map(loss::capacity).sum();
    let load = inquiry.load * capacity / inquiry.offered;
    load.clamp(inquiry.load / 16.0, inquiry.load * 16.0).min(100.0)
}

/// Goodput around the knee, if the knee is known.
pub(super) fn curve(inquiry: &Inquiry<'_>, limits: &[Limit]) -> Result<Vec<Goodput>, Diagnostics> {
    let knee = limits.iter().find(|limit| limit.name == "knee" && limit.status == Status::Found);
    let Some(knee) = knee.and_then(Limit::value) else { return Ok(Vec::new()) };
    let mut curve = Vec::new();
    for factor in CURVE {
        let load = (knee * factor).min(100.0);
        let (columns, replicated) = Trial::at(inquiry, load, &[])?.runs(inquiry.terms, LEAST);
        let offered = mean(&columns, &replicated, "requests.offered_rps");
        let served = mean(&columns, &replicated, SERVED);
        if let (Some(offered), Some(served)) = (offered, served) {
            let goodput = |share: f64| offered.mean * share;
            curve.push(Goodput {
                load,
                offered_rps: offered.mean,
                goodput_rps: goodput(served.mean),
                low: goodput(served.low.unwrap_or(served.mean)),
                high: goodput(served.high.unwrap_or(served.mean)),
            });
        }
    }
    Ok(curve)
}
