//! `[[clients]]`.

use super::super::reader::TableReader;
use super::outcomes;
use super::{Context, all};
use crate::model::outcome::OutcomeSet;
use crate::model::setup::{Arrivals, Backoff, Jitter, Population, RetryPolicy};

/// Every population, its rate multiplied by the scenario's load.
pub(super) fn populations(
    context: &Context<'_>,
    top: &TableReader<'_>,
    load: Option<f64>,
) -> Option<Vec<Population>> {
    let tables = top.tables("clients");
    if tables.is_empty() && context.report.is_empty() {
        top.fail("clients", "a scenario needs at least one population", "this list is empty");
    }
    all(tables.iter().map(|table| population(table, load)))
}

fn population(table: &TableReader<'_>, load: Option<f64>) -> Option<Population> {
    let name = table.text("name");
    let users = table.count32("users");
    let arrivals = table.choice("arrivals");
    let rate = table.rate("rate");
    let timeout = table.duration_or("timeout");
    let slow = table.duration("slow");
    let retries = table.part_or_defaults("retries", policy);
    Some(Population {
        name: name?,
        users: users?,
        arrivals: if arrivals? == "constant" { Arrivals::Constant } else { Arrivals::Poisson },
        rate: rate? * load?,
        timeout,
        slow,
        retries: retries?,
    })
}

fn policy(table: &TableReader<'_>) -> Option<RetryPolicy> {
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
            _ => Jitter::Full,
        },
        on: on?,
    })
}
