//! `connect`, `retry`, `queue` and `limits` of the balancer.

use super::super::reader::TableReader;
use super::outcomes;
use crate::model::balancer::Dialect;
use crate::model::balancer::policy::{
    AnswerRetries, Avoid, ConnectPolicy, Limits, QueuePolicy, Redispatch, RetryBudget,
};
use crate::model::outcome::{Outcome, OutcomeSet};

/// `others`: how many members there are besides the one that is tried first.
pub(super) fn connect(
    table: &TableReader<'_>,
    others: u32,
    retry: Option<&AnswerRetries>,
) -> Option<ConnectPolicy> {
    let timeout = table.duration_or("timeout");
    let retries = if table.has("retries") {
        table.limit("retries").ok()?.unwrap_or(others)
    } else {
        retry.filter(|retry| retry.on.contains(Outcome::Refused)).map_or(0, |retry| retry.max)
    };
    let delay = table.duration("delay");
    let redispatch = match (table.flag("redispatch")?, table.has("redispatch-every")) {
        (false, _) => Redispatch::Never,
        (true, false) => Redispatch::Always,
        (true, true) => Redispatch::Haproxy { every: table.limit("redispatch-every").ok()? },
    };
    let avoid = match table.choice("avoid")? {
        "none" => Avoid::Nobody,
        "last" => Avoid::Last,
        _ => Avoid::All,
    };
    let refused_as = table.choice("refused-as").and_then(Outcome::from_name);
    let timed_out_as = table.choice("timed-out-as").and_then(Outcome::from_name);
    Some(ConnectPolicy {
        timeout,
        retries,
        delay: delay?.min(timeout.unwrap_or(delay?)),
        redispatch,
        avoid,
        refused_as: refused_as?,
        timed_out_as: timed_out_as?,
    })
}

pub(super) fn retry(
    table: &TableReader<'_>,
    others: u32,
    dialect: Dialect,
) -> Option<AnswerRetries> {
    let on = if table.has("on") { outcomes(table, "on") } else { Some(OutcomeSet::default()) };
    let max = table.limit("max").ok()?.unwrap_or(others);
    let (base, cap) = (table.duration("wait"), table.duration("wait-cap"));
    let within = table.duration_or("within");
    let (at_once, share) = (table.limit("at-once").ok()?, table.ratio("share")?);
    let budget = at_once.map(|least| RetryBudget { share, least });
    let elsewhere = dialect != Dialect::Haproxy;
    Some(AnswerRetries { max, on: on?, base: base?, cap: cap?, within, elsewhere, budget })
}

pub(super) fn queue(
    table: &TableReader<'_>,
    connect: Option<&ConnectPolicy>,
    dialect: Dialect,
) -> Option<QueuePolicy> {
    let timeout = if table.has("timeout") {
        table.duration_or("timeout")
    } else {
        // Not Envoy's: the route's timeout alone bounds how long its requests are pending.
        connect.filter(|_| dialect != Dialect::Envoy).and_then(|connect| connect.timeout)
    };
    let full_load = if table.has("full-load") { table.count32("full-load") } else { None };
    Some(QueuePolicy {
        waits: table.flag("waits")?,
        timeout,
        member: table.limit("member").ok()?,
        pool: table.limit("pool").ok()?,
        full_load,
        refills_on_change: table.flag("refills-on-change")?,
    })
}

pub(super) fn limits(table: &TableReader<'_>) -> Option<Limits> {
    let limit = |key| table.limit(key).ok();
    let (accepted, requests) = (limit("accepted"), limit("requests"));
    let (connections, pending) = (limit("connections"), limit("pending"));
    Some(Limits {
        accepted: accepted?,
        requests: requests?,
        connections: connections?,
        pending: pending?,
    })
}
