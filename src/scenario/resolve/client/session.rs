//! `session` and `classes` of clients.

use super::super::super::diagnostic::{Diagnostic, Place};
use super::super::super::reader::TableReader;
use super::super::super::values;
use super::super::all;
use super::super::backend::distribution;
use super::arrivals::count_law;
use crate::model::setup::{Class, Session};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Several requests of one user in a row.
pub(super) fn session(table: &TableReader<'_>) -> Option<Session> {
    let count = count_law(table);
    let think = table.has("think").then(|| distribution(table, "think")).flatten();
    let (law, mean) = count?;
    Some(Session { law, mean, think: think? })
}

/// The kinds of a population's requests.
pub(super) fn classes(clients: &TableReader<'_>) -> Option<Arc<[Class]>> {
    let tables = clients.tables("classes");
    let mut first: BTreeMap<String, &Place> = BTreeMap::new();
    let classes = all(tables.iter().map(|table| class(table, &mut first)))?;
    if !classes.is_empty() && classes.iter().all(|class| class.share <= 0.0) {
        clients.fail("classes", "no class has a share", "every request is of some class");
        return None;
    }
    if classes.len() > usize::from(u16::MAX) {
        clients.fail("classes", "too many classes", "at most 65535");
        return None;
    }
    Some(classes.into())
}

fn class<'a>(table: &TableReader<'a>, first: &mut BTreeMap<String, &'a Place>) -> Option<Class> {
    let name = table.has("name").then(|| name(table)).flatten();
    let share = table.number("share");
    let priority = table.count32("priority");
    let work = table.number("work");
    let name = name?;
    let place = table.node("name").map_or(table.place, |node| &node.place);
    if let Some(other) = first.insert(name.clone(), place) {
        let message = format!("there are two `{name}` in `classes`");
        table.report.push(
            Diagnostic::new(message, place, "this name is taken")
                .and(other, "by this one")
                .help("give one of them another name"),
        );
        return None;
    }
    Some(Class { name, share: share?, priority: priority? as u8, work: work? })
}

fn name(table: &TableReader<'_>) -> Option<String> {
    table.get("name", |node, field| {
        let text = values::text(node, field)?;
        let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || !text.chars().all(is_sound) {
            let message = format!("`{text}` is not a name");
            return Err(Diagnostic::new(message, &node.place, "letters, digits, - and _"));
        }
        Ok(text.to_owned())
    })
}
