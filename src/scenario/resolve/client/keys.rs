//! `keys` of clients.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::super::values;
use crate::model::setup::Keys;
use std::net::Ipv4Addr;

/// What a hash sees of requests.
pub(super) fn keys(table: &TableReader<'_>) -> Option<Keys> {
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
