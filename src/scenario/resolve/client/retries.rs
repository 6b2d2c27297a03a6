//! `retries` of clients.

use super::super::super::reader::TableReader;
use super::super::outcomes;
use crate::model::outcome::OutcomeSet;
use crate::model::setup::{Backoff, Jitter, RetryPolicy};

/// What a client does when an attempt fails.
pub(super) fn retries(table: &TableReader<'_>) -> Option<RetryPolicy> {
    let max = table.count32("max");
    let backoff = table.choice("backoff");
    let base = table.duration("base");
    let cap = table.duration("cap");
    let jitter = table.choice("jitter");
    let on = if table.has("on") { outcomes(table) } else { Some(OutcomeSet::failures()) };
    Some(RetryPolicy {
        max: max?,
        backoff: if backoff? == "fixed" { Backoff::Fixed } else { Backoff::Exponential },
        base: base?,
        cap: cap?,
        jitter: match jitter? {
            "none" => Jitter::None,
            "equal" => Jitter::Equal,
            "spread" => Jitter::Spread,
            _ => Jitter::Full,
        },
        on: on?,
    })
}
