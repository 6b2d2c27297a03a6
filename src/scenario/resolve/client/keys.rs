//! `keys` of clients.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::super::values;
use super::super::Context;
use super::super::records::Records;
use crate::model::setup::{Keys, RecordedKey};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The address of the first key that is none itself: 127.1.0.1.
const FIRST_ADDRESS: u32 = 0x7F01_0001;

/// What a hash sees of requests.
pub(super) fn keys(context: &Context<'_>, table: &TableReader<'_>) -> Option<Keys> {
    if table.has("file") {
        for key in ["count", "zipf", "text", "address"].into_iter().filter(|key| table.has(key)) {
            let message = format!("`{key}` has no meaning beside `file`");
            table.report.push(
                Diagnostic::new(message, table.key_place(key), "remove it")
                    .and(table.key_place("file"), "the keys are in it"),
            );
        }
        let source = super::file(context, table, "file")?;
        return recorded(context, &Records::read(context.report, &source, &["key", "weight"])?);
    }
    if !table.has("count") {
        let message = "keys need `count` or `file`";
        let help = format!("`count`: {}", table.field("count").doc);
        table.report.push(Diagnostic::new(message, table.place, "").help(help));
    }
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
    Some(Keys::Ranked { count: count?, zipf: zipf?, text: text?, address: address? })
}

/// A key of a file. One that is an IPv4 address is its own; others have addresses in a row.
pub(super) fn recorded_key(text: &str, rank: u32, weight: f64) -> RecordedKey {
    let own = text.parse::<Ipv4Addr>().map(u32::from);
    let address = own.unwrap_or(FIRST_ADDRESS.wrapping_add(rank));
    RecordedKey { text: text.into(), address, weight }
}

fn recorded(context: &Context<'_>, records: &Records) -> Option<Keys> {
    let mut first = BTreeMap::new();
    let mut rank = 0;
    let keys = records.map(context.report, |row| {
        let key = row.first("key")?;
        if let Some(other) = first.insert(key.text.to_owned(), key.place.clone()) {
            let message = format!("there are two `{}`", key.text);
            return Err(key.wrong(message, "the second").and(&other, "the first"));
        }
        let weight = match row.value(1, "weight")? {
            Some(weight) => weight.number("a weight", 0.0, 1e12)?,
            None => 1.0,
        };
        rank += 1;
        Ok(recorded_key(key.text, rank - 1, weight))
    })?;
    if keys.iter().all(|key| key.weight <= 0.0) {
        let message = format!("no key of {} has a weight", records.source().name);
        let place = super::super::super::diagnostic::Place::new(records.source(), 0..0);
        context.report.push(Diagnostic::new(message, &place, "some must be above 0"));
        return None;
    }
    let keys: Arc<[RecordedKey]> = keys.into();
    Some(Keys::Recorded(keys))
}
