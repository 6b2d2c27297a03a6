//! `[[clients]]`.

mod arrivals;
mod connections;
mod hedge;
mod keys;
mod policies;
mod retries;

use super::super::reader::TableReader;
use super::{Context, all};
use crate::model::setup::{Arrivals, Population};
use arrivals::arrivals;
use connections::connections;
use hedge::hedge;
use keys::keys;
use policies::policies;
use retries::retries;

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
    // The network looks the name up; that it is one is seen here.
    if table.has("zone") {
        table.text("zone")?;
    }
    let keys = table.part("keys", keys);
    let timeout = table.duration_or("timeout");
    let connect_timeout = table.duration_or("connect-timeout");
    let total_timeout = table.duration_or("total-timeout");
    let slow = table.duration("slow");
    let retries = table.part_or_defaults("retries", retries);
    let hedge = table.part("hedge", hedge);
    let redraw = table.flag("redraw");
    let connections = table.part("connections", connections);
    let policies = policies(table);
    Some(Population {
        name: name?,
        users: if closed { scaled(users?, load?) } else { users? },
        arrivals: arrivals?,
        rate: rate? * load?,
        keys: keys.ok()?,
        timeout,
        connect_timeout,
        total_timeout,
        slow,
        retries: retries?,
        hedge: hedge.ok()?,
        redraw: redraw?,
        connections: connections.ok()?,
        policies: policies.ok()?,
    })
}

/// A closed loop's load is its number of users: at least one.
fn scaled(users: u32, load: f64) -> u32 {
    (f64::from(users) * load).round().clamp(1.0, 1e7) as u32
}
