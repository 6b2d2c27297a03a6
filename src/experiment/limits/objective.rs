//! The highest load that meets the scenario's `[objective]`.
//!
//! Its share of successes is of finished requests, and its latency of successes: a queue that grows
//! without end meets both while it lasts. So goodput must follow offered load as well.

use super::trial::{Criterion, SERVED};
use super::{Inquiry, Limit, Loss, Measure, knee};
use crate::scenario::Diagnostics;

pub(super) fn ask(
    inquiry: &Inquiry<'_>,
    name: &'static str,
    loss: Loss,
    earlier: &[Limit],
) -> Result<Limit, Diagnostics> {
    let Some(objective) = inquiry.scenario.objective else {
        let why = "the scenario says not what good service is: add [objective] with \
            success = \"99.9%\" or p99 = \"500ms\"";
        return Ok(Limit::inapplicable(name, Measure::Load, why));
    };
    let mut criteria = Vec::new();
    let least = objective.success.unwrap_or(inquiry.terms.follow);
    if !inquiry.is_closed() {
        criteria.push(Criterion::AtLeast(SERVED, inquiry.terms.follow.min(least)));
    }
    criteria.extend(
        objective.success.map(|least| Criterion::AtLeast("requests.succeeded_ratio", least)),
    );
    criteria.extend(objective.p99.map(|most| Criterion::Below("latency.p99", most.as_ms_f64())));
    knee::by_load(inquiry, name, loss, earlier, &criteria)
}
