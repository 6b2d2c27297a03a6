//! Who is called what: patterns written out, names checked and looked up.

use super::super::clock::Clock;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::fields::{Field, Kind, SCENARIO};
use super::super::pattern::{MOST_NAMES, Pattern, expand, is_pattern};
use super::super::reader::{Report, TableReader};
use super::super::suggest;
use super::super::tree::{Node, Value};
use super::super::values::{self, Read};
use crate::engine::time::Time;
use crate::model::setup::BackendId;
use std::collections::BTreeMap;

/// The names in a file, by position. An element without a usable name has an empty one, so that
/// positions hold.
pub(super) struct Names {
    pub(super) clients: Vec<String>,
    pub(super) backends: Vec<String>,
    pub(super) alerts: Vec<String>,
    /// Timeline entries with their verbs.
    pub(super) entries: Vec<(String, String)>,
    pub(super) expects: Vec<String>,
    pub(super) database: bool,
}

/// Words with a meaning of their own where a name may stand.
const RESERVED: [(&str, &[&str]); 2] =
    [("clients", &["all"]), ("backends", &["all", "database", "max"])];

impl Names {
    /// Collects the names, and reports those that are no names or are taken.
    pub(super) fn new(root: &Node, report: &Report) -> Self {
        let list = |key: &str| -> Vec<String> {
            let name = |item: &Node| item.text("name").unwrap_or_default().to_owned();
            root.items(key).iter().map(name).collect()
        };
        for field in SCENARIO.fields {
            if let Kind::List(spec) = field.kind
                && let Some(name) = spec.fields.iter().find(|field| field.key == "name")
            {
                check_names(root, field.key, name, report);
            }
        }
        let verb = |item: &Node| item.text("do").unwrap_or_default().to_owned();
        let verbs = root.items("timeline").iter().map(verb);
        Self {
            clients: list("clients"),
            backends: list("backends"),
            alerts: list("alert"),
            entries: list("timeline").into_iter().zip(verbs).collect(),
            expects: list("expect"),
            database: root.as_table().is_some_and(|table| table.get("database").is_some()),
        }
    }

    /// The position of the entry with this name, if it has one of the verbs.
    pub(super) fn entry(&self, node: &Node, field: &Field, verb: &str) -> Read<u16> {
        let text = values::text(node, field)?;
        match self.entries.iter().position(|(name, _)| name == text) {
            Some(index) if self.entries[index].1 == verb => Ok(index as u16),
            Some(index) => {
                let found = &self.entries[index].1;
                let message = format!("`{}` must name an entry that does `{verb}`", field.key);
                Err(Diagnostic::new(message, &node.place, format!("this one does `{found}`")))
            }
            None => {
                let same = self.entries.iter().filter(|(_, other)| other == verb);
                let names = same.map(|(name, _)| name.as_str());
                Err(values::unknown(&node.place, "timeline entry", text).help(suggest::help(
                    text,
                    names,
                    &format!("entries that do `{verb}`"),
                )))
            }
        }
    }

    /// The position of a name in a list, or a diagnostic with the nearest.
    pub(super) fn position(list: &[String], what: &str, place: &Place, text: &str) -> Read<u16> {
        let position = list.iter().position(|name| name == text && !name.is_empty());
        position.map(|index| index as u16).ok_or_else(|| {
            let names = list.iter().map(String::as_str).filter(|name| !name.is_empty());
            values::unknown(place, what, text).help(suggest::help(text, names, &format!("{what}s")))
        })
    }

    /// The backends that a name, a pattern or `all` stands for, in the order of the file.
    pub(super) fn backends_like(&self, text: &str, place: &Place) -> Read<Vec<BackendId>> {
        if text == "all" {
            return Ok((0..self.backends.len() as u16).map(BackendId).collect());
        }
        if !is_pattern(text) {
            let index = Self::position(&self.backends, "backend", place, text)?;
            return Ok(vec![BackendId(index)]);
        }
        let pattern = Pattern::parse(text)
            .map_err(|error| Diagnostic::new(error.message, &place.inside(text, error.at), ""))?;
        let matches = (0_u16..).zip(&self.backends).filter(|(_, name)| pattern.matches(name));
        let found: Vec<BackendId> = matches.map(|(index, _)| BackendId(index)).collect();
        if found.is_empty() {
            let names = self.backends.iter().map(String::as_str);
            return Err(Diagnostic::new(format!("no backend matches `{text}`"), place, "")
                .help(suggest::help(text, names, "backends")));
        }
        Ok(found)
    }
}

/// Reports names that are none, and names given twice.
fn check_names(root: &Node, list: &str, field: &Field, report: &Report) {
    let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
    for item in root.items(list) {
        let Some(node) = item.as_table().and_then(|table| table.get("name")) else { continue };
        let Some(name) = report.check(values::text(node, field)) else { continue };
        if let Err(diagnostic) = check_name(list, field, node, name) {
            report.push(diagnostic);
            continue;
        }
        if let Some(other) = first.get(name) {
            let message = format!("there are two `{name}` in `{list}`");
            report.push(
                Diagnostic::new(message, &node.place, "this name is taken")
                    .and(other, "by this one")
                    .help("give one of them another name"),
            );
        } else {
            first.insert(name, &node.place);
        }
    }
}

fn check_name(list: &str, field: &Field, node: &Node, name: &str) -> Read<()> {
    let fail = |message: String| Err(Diagnostic::new(message, &node.place, ""));
    if matches!(field.kind, Kind::Name) {
        let bad = name.trim() != name || name.is_empty() || name.chars().any(char::is_control);
        return if bad {
            fail("a name is one line of text, without blanks around it".to_owned())
        } else {
            Ok(())
        };
    }
    if let Err(error) = expand(name) {
        return Err(Diagnostic::new(error.message, &node.place.inside(name, error.at), ""));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(allowed) {
        let wrong = fail(format!("`{name}` is not a name: use letters, digits, `-` and `_`"));
        let braces = name.replace(['[', '('], "{").replace([']', ')'], "}");
        let meant = matches!(field.kind, Kind::NamePattern) && expand(&braces).is_ok();
        return wrong.map_err(|wrong: Diagnostic| {
            wrong.help_if((meant && braces != name).then(|| format!("did you mean `{braces}`?")))
        });
    }
    let reserved =
        RESERVED.iter().find(|(key, _)| *key == list).map_or(&[][..], |(_, words)| words);
    if reserved.contains(&name) {
        return fail(format!("`{name}` has a meaning of its own here: use another name"));
    }
    Ok(())
}

/// Whether every list is short enough to be read; one that is not is reported.
pub(super) fn are_few(root: &Node, report: &Report) -> bool {
    let mut few = true;
    for field in SCENARIO.fields {
        if let Some(one_more) = root.items(field.key).get(MOST_NAMES) {
            let message = format!("more than {MOST_NAMES} elements in `{}`", field.key);
            report.push(Diagnostic::new(message, &one_more.place, "").help("write fewer"));
            few = false;
        }
    }
    few
}

/// The scenario's own name.
pub(super) fn kebab(top: &TableReader<'_>) -> Option<String> {
    let name = top.text("name")?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !name.is_empty()
        && name.len() <= 100
        && name.chars().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    if !good {
        top.fail("name", "`name` must be in kebab-case", "lowercase words joined by hyphens");
        return None;
    }
    Some(name)
}

/// Writes out the patterns in backends' names: `api-{1..5}` becomes five tables.
pub(in super::super) fn expand_names(root: &mut Node, report: &Report) {
    let list = root.as_table_mut().and_then(|table| table.get_mut("backends"));
    let Some(items) = list.and_then(Node::as_array_mut) else { return };
    let mut expanded = Vec::new();
    for item in items.iter() {
        let name = item.as_table().and_then(|table| table.get("name"));
        let pattern = name.and_then(|node| Some((node.as_str()?, &node.place)));
        // What is wrong with a pattern is said when the name is read.
        let names = pattern.and_then(|(text, place)| Some((expand(text).ok()?, place)));
        let Some((names, place)) = names.filter(|(names, _)| names.len() > 1) else {
            expanded.push(item.clone());
            continue;
        };
        if expanded.len() + names.len() > MOST_NAMES {
            let message = "more than 1000 backends";
            report.push(Diagnostic::new(message, place, "with this one").help("write fewer"));
            break;
        }
        for name in names {
            let mut copy = item.clone();
            if let Some(node) = copy.as_table_mut().and_then(|table| table.get_mut("name")) {
                node.value = Value::String(name);
            }
            expanded.push(copy);
        }
    }
    *items = expanded;
}

/// Puts timeline entries in order of time: overrides may have moved them. One without a time of
/// its own stays behind the entry that it follows.
pub(in super::super) fn sort_timeline(root: &mut Node, clock: &Clock) {
    let list = root.as_table_mut().and_then(|table| table.get_mut("timeline"));
    let Some(items) = list.and_then(Node::as_array_mut) else { return };
    let mut before = Time::ZERO;
    let mut keyed: Vec<(Time, Node)> = Vec::new();
    for item in items.drain(..) {
        let at = item.as_table().and_then(|table| table.get("at")).map(Node::written);
        before = at.and_then(|text| clock.moment(&text).ok()).unwrap_or(before);
        keyed.push((before, item));
    }
    keyed.sort_by_key(|(at, _)| *at);
    items.extend(keyed.into_iter().map(|(_, item)| item));
}
