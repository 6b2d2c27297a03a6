//! `trace` of clients: recorded requests.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::super::suggest;
use super::super::super::values;
use super::super::Context;
use super::super::records::Records;
use super::keys::recorded_key;
use crate::model::setup::{Arrivals, Class, Keys, RecordedKey, Trace, TraceRow};
use std::collections::BTreeMap;

/// More users than a population may have.
const MOST_USERS: usize = 10_000_000;

/// What a trace says of a population.
pub(super) struct Recorded {
    pub(super) arrivals: Arrivals,
    /// How many users it names, if it names any.
    pub(super) users: Option<u32>,
    /// The keys that it names, if it names any.
    pub(super) keys: Option<Keys>,
}

/// Things by their names, in order of their first appearance.
#[derive(Default)]
struct Interned<'a> {
    positions: BTreeMap<&'a str, u32>,
    names: Vec<&'a str>,
}

impl<'a> Interned<'a> {
    fn position(&mut self, name: &'a str) -> u32 {
        *self.positions.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.names.len() as u32 - 1
        })
    }
}

/// Reads a population's trace. Several of its columns take the place of the population's own keys.
pub(super) fn trace(
    context: &Context<'_>,
    clients: &TableReader<'_>,
    classes: &[Class],
    load: f64,
) -> Option<Recorded> {
    let table = clients.table("trace")?;
    let shift = table.duration("shift");
    let source = table.has("file").then(|| super::file(context, &table, "file")).flatten()?;
    let columns = ["time", "user", "key", "class", "demand"];
    let records = Records::read(context.report, &source, &columns)?;
    for (column, key) in [(1, "users"), (2, "keys")] {
        if records.has(column) && clients.has(key) {
            let message = format!("`{key}` has no meaning beside a trace with its own");
            let column = columns[column];
            clients.report.push(
                Diagnostic::new(message, clients.key_place(key), "remove it")
                    .help(format!("{} has a column `{column}`", source.name)),
            );
        }
    }
    let (mut users, mut keys) = (Interned::default(), Interned::default());
    let mut last = None;
    let rows = records.map(context.report, |row| {
        let time = row.first("time")?;
        let at = super::time(context, &time)?;
        if last.is_some_and(|last| at < last) {
            return Err(time
                .wrong("requests of a trace must be in order", "before the one above it")
                .help("sort the file by time"));
        }
        last = Some(at);
        let user = row.value(1, "user")?.map(|user| users.position(user.text));
        let key = row.value(2, "key")?.map(|key| keys.position(key.text));
        let class = match row.value(3, "class")? {
            Some(class) => Some(position(classes, &class)?),
            None => None,
        };
        let demand = match row.value(4, "demand")? {
            Some(demand) => demand.number("a demand", 1e-6, 1e6)?,
            None => 1.0,
        };
        Ok(TraceRow { at, user, key, class, demand })
    })?;
    if users.names.len() > MOST_USERS {
        let message = format!("{} has {} users", source.name, users.names.len());
        table.fail("file", message, &format!("at most {MOST_USERS}"));
        return None;
    }
    let trace = Trace { rows: rows.into(), scale: load, shift: shift? };
    let names = |(rank, name): (u32, &&str)| RecordedKey { ..recorded_key(name, rank, 1.0) };
    Some(Recorded {
        arrivals: Arrivals::Trace(trace),
        users: records.has(1).then_some(users.names.len() as u32),
        keys: records.has(2).then(|| Keys::Recorded((0..).zip(&keys.names).map(names).collect())),
    })
}

/// The position of a class.
fn position(
    classes: &[Class],
    value: &super::super::records::Value<'_>,
) -> Result<u16, Diagnostic> {
    let position = classes.iter().position(|class| class.name == value.text);
    position.map(|position| position as u16).ok_or_else(|| {
        let names = classes.iter().map(|class| class.name.as_str());
        values::unknown(&value.place, "class", value.text)
            .help(suggest::help(value.text, names, "classes"))
    })
}
