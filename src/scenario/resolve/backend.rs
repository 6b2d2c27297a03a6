//! `[[backends]]` and distributions.

use super::super::diagnostic::Diagnostic;
use super::super::fields::{BACKENDS, Kind, families, parameters_of_family};
use super::super::reader::{Report, TableReader};
use super::super::tree::{Node, Value};
use super::super::values;
use super::layers::Places;
use super::station;
use super::{all, own_faults};
use crate::engine::digest::Digest;
use crate::engine::dist::{Distribution, Family, ParameterValue, Parameters};
use crate::model::outcome::Outcome;
use crate::model::setup::{Abandoned, BackendSetup, Member, OwnFaults};

/// Every backend.
pub(super) fn backends(top: &TableReader<'_>) -> Option<Vec<BackendSetup>> {
    let tables = top.tables("backends");
    if tables.is_empty() && top.report.is_empty() {
        top.fail("backends", "a scenario needs at least one backend", "this list is empty");
    }
    all(tables.iter().map(backend))
}

fn backend(table: &TableReader<'_>) -> Option<BackendSetup> {
    let name = table.text("name");
    let workers = table.count32("workers");
    let queue = table.limit("queue");
    let service = distribution(table, "service");
    let full = table.choice("full").and_then(Outcome::from_name);
    let discipline = station::discipline(table);
    let age = station::age(table, discipline.as_ref());
    let contention = table.part("contention", station::contention);
    let abandoned = table.choice("abandoned");
    let overload = table.part("overload", |table| Some(own_faults::overload(table, queue)));
    let start_time = table.duration("start-time");
    let cold_start = table.part("cold-start", own_faults::cold_start);
    let own_faults = own_faults::own_faults(table);
    let up_at_start = table.flag("up");
    let overload = overload.ok()?.unwrap_or_default();
    Some(BackendSetup {
        name: name?,
        stream: None,
        workers: workers?,
        queue: queue.ok()?,
        service: service?,
        discipline: discipline?,
        queue_age: age.as_ref()?.queue_age,
        patience: age?.patience,
        late: if table.has("late") { Outcome::from_name(table.choice("late")?)? } else { full? },
        contention: contention.ok()?,
        full: full?,
        abandoned: match abandoned? {
            "skip" => Abandoned::Skip,
            "cancel" => Abandoned::Cancel,
            _ => Abandoned::Finish,
        },
        overload: overload.overload,
        start_time: start_time?,
        cold_start: cold_start.ok()?,
        own_faults: OwnFaults { crash_at: overload.crash_at, ..own_faults? },
        up_at_start: up_at_start?,
    })
}

/// The backends as the balancer's configuration lists them.
pub(super) fn member_nodes(root: &Node) -> Vec<&Node> {
    root.items("backends").iter().collect()
}

/// The balancer's view of a backend.
pub(super) fn member(
    report: &Report,
    node: &Node,
    zones: &Places,
    groups: &Places,
) -> Option<Member> {
    let table = TableReader::open_part(report, node, BACKENDS.fields)?;
    let weight = table.count32("weight");
    let in_pool = table.flag("in-pool");
    let backup = table.flag("backup");
    let max_connections = table.limit("max-connections");
    let priority = table.count("priority").and_then(|count| u8::try_from(count).ok());
    let (zone, group) = (zones.of_member(&table), groups.of_member(&table));
    let name = node.text("name").unwrap_or_default();
    let min_connections =
        if table.has("min-connections") { Some(table.count32("min-connections")?) } else { None };
    let address = if table.has("address") { table.text("address")? } else { name.to_owned() };
    let mut hash = Digest::default();
    hash.text(name);
    Some(Member {
        in_pool: in_pool?,
        backup: backup?,
        weight: weight?,
        max_connections: max_connections.ok()?,
        min_connections,
        zone: zone?,
        priority: priority?,
        group: group?,
        name_hash: hash.value(),
        address: address.into(),
    })
}

/// A distribution: a table of one family with its parameters, or a duration that is always taken.
pub(super) fn distribution(table: &TableReader<'_>, key: &str) -> Option<Distribution> {
    let node = table.node(key)?;
    let report = table.report;
    if !matches!(node.value, Value::Table(_)) {
        return table.get(key, values::duration).map(Distribution::constant);
    }
    let laws = TableReader::open(report, node, "a distribution", families())?;
    let mut given = families().into_iter().filter(|family| laws.has(family.key));
    let (Some(family), None) = (given.next(), given.next()) else {
        let known = node.as_table().is_some_and(|table| !table.entries.is_empty());
        // A misspelt family has been reported already.
        if laws_are_known(node) || !known {
            let example = "one family, such as { exponential = { mean = \"80ms\" } }";
            report.push(Diagnostic::new(
                "a distribution has exactly one family",
                &node.place,
                example,
            ));
        }
        return None;
    };
    let Kind::Family(law) = family.kind else { return None };
    let law_node = laws.node(law.name)?;
    build(report, law, law_node)
}

fn laws_are_known(node: &Node) -> bool {
    let known = |key: &str| Family::named(key).is_some();
    node.as_table().is_some_and(|table| table.entries.iter().all(|entry| known(&entry.key)))
}

fn build(report: &Report, family: &'static Family, node: &Node) -> Option<Distribution> {
    let fields = parameters_of_family(family);
    let title = format!("`{}`", family.name);
    let table = TableReader::open(report, node, &title, fields.clone())?;
    let mut given = Parameters::new();
    let mut sound = true;
    for field in &fields {
        if !table.has(field.key) {
            continue;
        }
        match parameter(&table, field.key, field.kind) {
            Some(value) => given.push(field.key, value),
            None => sound = false,
        }
    }
    let entries = node.as_table().map_or(0, |table| table.entries.len());
    if !sound || given.iter().count() < entries {
        return None;
    }
    match (family.build)(&given) {
        Ok(distribution) => Some(distribution),
        Err(error) => {
            let at = error.parameter.and_then(|name| table.node(name)).unwrap_or(node);
            report.push(
                Diagnostic::new(error.message, &at.place, "")
                    .help(format!("for example: {}", family.example)),
            );
            None
        }
    }
}

fn parameter(table: &TableReader<'_>, key: &str, kind: Kind) -> Option<ParameterValue> {
    match kind {
        Kind::Duration => table.duration(key).map(ParameterValue::from),
        Kind::Ratio => table.ratio(key).map(ParameterValue::from),
        Kind::Count => table.count(key).map(|count| ParameterValue::from(count as f64)),
        Kind::Number => table.number(key).map(ParameterValue::from),
        Kind::Durations(_) => table.get(key, |node, field| {
            let items = values::list(node, field, "durations such as \"80ms\"")?;
            let ns = |item| values::duration(item, field).map(|span| span.as_ns() as f64);
            items.into_iter().map(ns).collect::<Result<Vec<f64>, _>>().map(ParameterValue::from)
        }),
        Kind::Numbers => table.get(key, |node, field| {
            let items = values::list(node, field, "numbers")?;
            let numbers = items.into_iter().map(|item| values::number(item, field));
            numbers.collect::<Result<Vec<f64>, _>>().map(ParameterValue::from)
        }),
        _ => None,
    }
}
