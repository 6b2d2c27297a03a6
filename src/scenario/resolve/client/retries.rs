//! `retries` of clients.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::outcomes;
use super::policies::budgets;
use crate::model::outcome::OutcomeSet;
use crate::model::setup::{Backoff, Jitter, RetryPolicy};

/// What a client does when an attempt fails.
pub(super) fn retries(table: &TableReader<'_>) -> Option<RetryPolicy> {
    let max = table.count32("max");
    let backoff = table.choice("backoff");
    let base = table.duration("base");
    let cap = table.duration("cap");
    let jitter = table.choice("jitter");
    let on = if table.has("on") { outcomes(table, "on") } else { Some(OutcomeSet::failures()) };
    let budgets = budgets(table);
    if (backoff, jitter) == (Some("fixed"), Some("decorrelated")) {
        let message = "jitter = \"decorrelated\" has no meaning with backoff = \"fixed\"";
        let help = "each wait is up to three times the one before; remove `backoff`";
        let place = table.key_place("jitter");
        table.report.push(Diagnostic::new(message, place, "this grows by itself").help(help));
        return None;
    }
    Some(RetryPolicy {
        max: max?,
        backoff: if backoff? == "fixed" { Backoff::Fixed } else { Backoff::Exponential },
        base: base?,
        cap: cap?,
        jitter: match jitter? {
            "none" => Jitter::None,
            "equal" => Jitter::Equal,
            "spread" => Jitter::Spread,
            "decorrelated" => Jitter::Decorrelated,
            _ => Jitter::Full,
        },
        on: on?,
        budgets: budgets.ok()?,
    })
}
