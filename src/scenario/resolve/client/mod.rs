//! `[[clients]]`.

mod arrivals;
mod connections;
mod hedge;
mod keys;
mod policies;
mod profile;
mod retries;
mod session;
mod trace;

use super::super::diagnostic::Diagnostic;
use super::super::reader::TableReader;
use super::super::source::Source;
use super::super::units;
use super::super::values;
use super::records::Value;
use super::{Context, all};
use crate::engine::time::{Span, Time};
use crate::model::setup::{Arrivals, Population};
use arrivals::arrivals;
use connections::connections;
use hedge::hedge;
use keys::keys;
use policies::policies;
use profile::{Course, profile};
use retries::retries;
use session::{classes, session};
use std::sync::Arc;
use trace::{Recorded, trace};

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
    all(tables.iter().map(|table| population(context, table, load)))
}

fn population(
    context: &Context<'_>,
    table: &TableReader<'_>,
    load: Option<f64>,
) -> Option<Population> {
    let name = table.text("name");
    let users = table.count32("users");
    let classes = classes(table);
    let mut recorded = None;
    let arrivals = arrivals(table, || {
        // Mistakes in the rest of the file do not hide those in the trace.
        let known = classes.as_deref().unwrap_or_default();
        let found = table
            .has("trace")
            .then(|| trace(context, table, known, load.unwrap_or(1.0)))
            .flatten()?;
        let arrivals = found.arrivals.clone();
        recorded = Some(found);
        Some(arrivals)
    });
    let closed = matches!(arrivals, Some(Arrivals::Closed { .. }));
    // The network looks the name up; that it is one is seen here.
    if table.has("zone") {
        table.text("zone")?;
    }
    let course = table.part("profile", |table| profile(context, table));
    let rate = rate(table, course.as_ref().ok().and_then(Option::as_ref));
    let session = table.part("session", session);
    let keys = table.part("keys", |table| keys(context, table));
    let timeout = table.duration_or("timeout");
    let connect_timeout = table.duration_or("connect-timeout");
    let total_timeout = table.duration_or("total-timeout");
    let slow = table.duration("slow");
    let retries = table.part_or_defaults("retries", retries);
    let (named, named_keys) = match recorded {
        Some(Recorded { users, keys, .. }) => (users, keys),
        None => (None, None),
    };
    let users = named.or(users);
    let hedge = table.part("hedge", hedge);
    let redraw = table.flag("redraw");
    let connections = table.part("connections", connections);
    let policies = policies(table);
    Some(Population {
        name: name?,
        stream: None,
        users: if closed { scaled(users?, load?) } else { users? },
        arrivals: arrivals?,
        rate: rate? * load?,
        profile: course.ok()?.map(|course| course.profile),
        session: session.ok()?,
        classes: classes?,
        keys: named_keys.or(keys.ok()?),
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

/// Requests per second, or 1 if the profile has them.
fn rate(table: &TableReader<'_>, course: Option<&Course>) -> Option<f64> {
    let recorded = course.is_some_and(|course| course.has_rate);
    match (table.has("rate"), recorded) {
        (true, true) => {
            let message = "`rate` has no meaning beside a profile with its own";
            let place = table.key_place("rate");
            table.report.push(
                Diagnostic::new(message, place, "remove it")
                    .and(table.key_place("profile"), "its file has a column `rate`"),
            );
            None
        }
        (true, false) => table.rate("rate"),
        (false, true) => Some(1.0),
        (false, false) => {
            if course.is_some() && profile::has_file(table) {
                let message = "the profile's file has factors of a `rate` that is missing";
                let place = table.key_place("profile");
                table.report.push(Diagnostic::new(message, place, "add `rate`"));
            }
            Some(0.0)
        }
    }
}

/// A closed loop's load is its number of users: at least one.
fn scaled(users: u32, load: f64) -> u32 {
    (f64::from(users) * load).round().clamp(1.0, 1e7) as u32
}

/// The file that a key names.
fn file(context: &Context<'_>, table: &TableReader<'_>, key: &str) -> Option<Arc<Source>> {
    table.get(key, |node, field| {
        let name = values::text(node, field)?;
        context.files.get(node, name)
    })
}

/// A time of a file: in seconds from the start, or as moments are written.
fn time(context: &Context<'_>, value: &Value<'_>) -> Result<Time, Diagnostic> {
    if let Ok(seconds) = units::number(value.text) {
        if seconds < 0.0 {
            return Err(value.wrong("a time cannot be before the start of the run", ""));
        }
        return Ok(Span::from_secs_f64(seconds).after_start());
    }
    context
        .clock
        .without_end()
        .moment(value.text)
        .map_err(|error| value.wrong(error.message, "").help_if(error.help))
}
