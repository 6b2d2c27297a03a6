//! `[[clients]]`.

use super::super::diagnostic::Diagnostic;
use super::super::reader::TableReader;
use super::super::values;
use super::backend::distribution;
use super::outcomes;
use super::{Context, all};
use crate::model::outcome::OutcomeSet;
use crate::model::setup::{Arrivals, Backoff, Jitter, Keys, Population, RetryPolicy};
use std::net::Ipv4Addr;

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
    let arrivals = arrivals(table);
    let closed = matches!(arrivals, Some(Arrivals::Closed { .. }));
    let rate = if table.has("rate") { table.rate("rate") } else { Some(0.0) };
    let keys = table.part("keys", keys);
    let timeout = table.duration_or("timeout");
    let slow = table.duration("slow");
    let retries = table.part_or_defaults("retries", policy);
    Some(Population {
        name: name?,
        users: if closed { scaled(users?, load?) } else { users? },
        arrivals: arrivals?,
        rate: rate? * load?,
        keys: keys.ok()?,
        timeout,
        slow,
        retries: retries?,
    })
}

/// A closed loop's load is its number of users: at least one.
fn scaled(users: u32, load: f64) -> u32 {
    (f64::from(users) * load).round().clamp(1.0, 1e7) as u32
}

/// Which loop it is, with what belongs to it and nothing else.
fn arrivals(table: &TableReader<'_>) -> Option<Arrivals> {
    let kind = table.choice("arrivals")?;
    let (needed, foreign) = if kind == "closed" { ("think", "rate") } else { ("rate", "think") };
    if table.has(foreign) {
        let message = format!("`{foreign}` has no meaning with arrivals = \"{kind}\"");
        let place = table.key_place(foreign);
        let help = if foreign == "rate" {
            "users who wait for their answers come as often as they are served"
        } else {
            "only users of arrivals = \"closed\" think"
        };
        table.report.push(Diagnostic::new(message, place, "remove it").help(help));
    }
    if !table.has(needed) {
        let message = format!("arrivals = \"{kind}\" needs `{needed}`");
        let place = if table.has("arrivals") { table.key_place("arrivals") } else { table.place };
        let field = table.field(needed);
        let help = format!("`{needed}`: {}", field.doc);
        table.report.push(Diagnostic::new(message, place, "this key is missing").help(help));
    }
    match kind {
        "closed" => {
            let think = table.has("think").then(|| distribution(table, "think")).flatten()?;
            if think.mean_ns() <= 0.0 {
                let message = "users who never think would ask for ever at one instant";
                table.fail("think", message, "not zero");
                return None;
            }
            Some(Arrivals::Closed { think })
        }
        _ if !table.has("rate") || table.has("think") => None,
        "constant" => Some(Arrivals::Constant),
        _ => Some(Arrivals::Poisson),
    }
}

fn keys(table: &TableReader<'_>) -> Option<Keys> {
    let count = table.count32("count");
    let zipf = table.number("zipf");
    let text = table.text("text");
    let address = table.get("address", |node, field| {
        let text = values::text(node, field)?;
        text.parse::<Ipv4Addr>().map(u32::from).map_err(|_| {
            let message = "`address` must be an IPv4 address such as \"127.1.0.0\"";
            Diagnostic::new(message, &node.place, "")
        })
    });
    Some(Keys { count: count?, zipf: zipf?, text: text?, address: address? })
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
            "spread" => Jitter::Spread,
            _ => Jitter::Full,
        },
        on: on?,
    })
}
