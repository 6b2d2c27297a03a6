//! Typed access to a table, along its declared fields.
//!
//! A getter answers `None` where nothing usable stands; what is wrong has then been reported. So
//! everything that is wrong is found in one pass, and nothing is reported twice.

use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::fields::{Field, Kind, Presence};
use super::suggest;
use super::tree::{Node, Table, Value};
use super::values::{self, Read};
use crate::engine::time::Span;
use std::borrow::Cow;
use std::cell::RefCell;

/// No more mistakes are collected: nobody reads them, and a hostile file could hold millions.
const MOST: usize = 500;

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Report {
    list: RefCell<Vec<Diagnostic>>,
}

impl Report {
    pub(super) fn push(&self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.list.borrow_mut().push(diagnostic);
        }
    }

    /// The value, if it is one; its mistake is reported.
    pub(super) fn check<T>(&self, read: Read<T>) -> Option<T> {
        read.map_err(|diagnostic| self.push(diagnostic)).ok()
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.borrow().len() >= MOST
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    pub(super) fn finish(self) -> Diagnostics {
        Diagnostics::new(self.list.into_inner())
    }
}

/// Something could not be read, and that has been reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported;

/// A table that is being read.
pub(super) struct TableReader<'a> {
    pub(super) report: &'a Report,
    table: &'a Table,
    /// The table itself, or its header.
    pub(super) place: &'a Place,
    fields: Vec<Field>,
}

impl<'a> TableReader<'a> {
    /// Opens a table: reports unknown keys, and required ones that are missing.
    pub(super) fn open(
        report: &'a Report,
        node: &'a Node,
        title: &str,
        fields: Vec<Field>,
    ) -> Option<Self> {
        let Some(table) = node.as_table() else {
            let found = format!("this is {}", node.kind());
            report.push(Diagnostic::new(format!("{title} must be a table"), &node.place, found));
            return None;
        };
        for entry in &table.entries {
            if report.is_full() {
                break;
            }
            if fields.iter().all(|field| field.key != entry.key) {
                let keys = fields.iter().map(|field| field.key);
                report.push(
                    Diagnostic::new(
                        format!("unknown key `{}`", entry.key),
                        &entry.key_place,
                        format!("not a key of {title}"),
                    )
                    .help(suggest::help(&entry.key, keys, "keys")),
                );
            }
        }
        let missing: Vec<&Field> = fields
            .iter()
            .filter(|field| {
                field.presence == Presence::Required && table.entry(field.key).is_none()
            })
            .collect();
        if !missing.is_empty() {
            report.push(missing_keys(title, &node.place, &missing));
        }
        Some(Self { report, table, place: &node.place, fields })
    }

    /// Opens a part of a table, of which other keys are read elsewhere.
    pub(super) fn open_part(report: &'a Report, node: &'a Node, fields: &[Field]) -> Option<Self> {
        let table = node.as_table()?;
        Some(Self { report, table, place: &node.place, fields: fields.to_vec() })
    }

    /// The declared field; a key that is not declared is a mistake in this program.
    pub(super) fn field(&self, key: &str) -> Field {
        let field = self.fields.iter().find(|field| field.key == key);
        *field.unwrap_or_else(|| panic!("`{key}` is not in the table of fields"))
    }

    /// Whether the file has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    /// What the file has at the key.
    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        debug_assert_eq!(self.field(key).key, key);
        self.table.get(key)
    }

    /// Where the key stands, or else the table.
    pub(super) fn key_place(&self, key: &str) -> &'a Place {
        self.table.entry(key).map_or(self.place, |entry| &entry.key_place)
    }

    /// Reports a mistake at the key's value, or at the table if it is not there.
    pub(super) fn fail(&self, key: &str, message: impl Into<String>, label: &str) {
        let place = self.node(key).map_or(self.place, |node| &node.place);
        self.report.push(Diagnostic::new(message, place, label));
    }

    /// Reads the key's value or its default.
    pub(super) fn get<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Node, &Field) -> Read<T>,
    ) -> Option<T> {
        let field = self.field(key);
        let node = match self.table.get(key) {
            Some(node) => Cow::Borrowed(node),
            None => Cow::Owned(default_node(&field, self.place)?),
        };
        self.report.check(read(&node, &field))
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key, |node, field| values::text(node, field).map(str::to_owned))
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.get(key, |node, field| {
            let items = values::list(node, field, "texts in quotes")?;
            items.into_iter().map(|item| values::text(item, field).map(str::to_owned)).collect()
        })
        .unwrap_or_default()
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key, values::flag)
    }

    pub(super) fn count(&self, key: &str) -> Option<u64> {
        self.get(key, values::count)
    }

    /// A count that the declared range keeps within 32 bits.
    pub(super) fn count32(&self, key: &str) -> Option<u32> {
        self.count(key).and_then(|count| u32::try_from(count).ok())
    }

    /// A limit; `None` if there is none.
    pub(super) fn limit(&self, key: &str) -> Result<Option<u32>, Reported> {
        let Kind::CountOr(word) = self.field(key).kind else {
            panic!("`{key}` is not declared as a limit")
        };
        let limit = self.get(key, |node, field| values::count_or(node, field, word));
        let limit = limit.ok_or(Reported)?;
        // The declared range keeps it within 32 bits.
        Ok(limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)))
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.get(key, values::number)
    }

    pub(super) fn ratio(&self, key: &str) -> Option<f64> {
        self.get(key, values::ratio)
    }

    pub(super) fn rate(&self, key: &str) -> Option<f64> {
        self.get(key, values::rate)
    }

    /// An amount of memory, bytes.
    pub(super) fn size(&self, key: &str) -> Option<u64> {
        self.get(key, values::size)
    }

    pub(super) fn duration(&self, key: &str) -> Option<Span> {
        self.get(key, values::duration)
    }

    /// A length of time; `None` for the word in its place.
    pub(super) fn duration_or(&self, key: &str) -> Option<Span> {
        let Kind::DurationOr(word) = self.field(key).kind else {
            panic!("`{key}` is not declared as a duration or a word")
        };
        self.get(key, |node, field| values::duration_or(node, field, word)).flatten()
    }

    /// One of a few words, by position.
    pub(super) fn choice(&self, key: &str) -> Option<&'static str> {
        let Kind::Choice(words) = self.field(key).kind else {
            panic!("`{key}` is not declared as a choice")
        };
        self.get(key, |node, field| values::choice(node, field, words)).map(|index| words[index])
    }

    /// A sub-table, if the file has it.
    pub(super) fn table(&self, key: &str) -> Option<TableReader<'a>> {
        let node = self.node(key)?;
        match self.field(key).kind {
            Kind::Table(spec) => {
                TableReader::open(self.report, node, spec.title, spec.fields(Some(node)))
            }
            _ => panic!("`{key}` is not declared as a table"),
        }
    }

    /// A sub-table through its own reader; `None` if the file does not have it.
    pub(super) fn part<T>(
        &self,
        key: &str,
        read: impl FnOnce(&TableReader<'a>) -> Option<T>,
    ) -> Result<Option<T>, Reported> {
        if !self.has(key) {
            return Ok(None);
        }
        self.table(key).as_ref().and_then(read).map(Some).ok_or(Reported)
    }

    /// A sub-table through its own reader; all of its defaults if the file does not have it.
    pub(super) fn part_or_defaults<T>(
        &self,
        key: &str,
        read: impl FnOnce(&TableReader<'_>) -> Option<T>,
    ) -> Option<T> {
        if self.has(key) {
            return self.table(key).as_ref().and_then(read);
        }
        let Kind::Table(spec) = self.field(key).kind else {
            panic!("`{key}` is not declared as a table")
        };
        let empty = Node::table(self.place);
        TableReader::open(self.report, &empty, spec.title, spec.fields(None))
            .as_ref()
            .and_then(read)
    }

    /// The tables of a list that the file has.
    pub(super) fn tables(&self, key: &str) -> Vec<TableReader<'a>> {
        let Kind::List(spec) = self.field(key).kind else {
            panic!("`{key}` is not declared as a list of tables")
        };
        let Some(node) = self.node(key) else { return Vec::new() };
        let Some(items) = node.as_array() else {
            let message = format!("`{key}` must be a list of tables");
            let help = format!("head each of them with {}", spec.title);
            let found = format!("this is {}", node.kind());
            self.report.push(Diagnostic::new(message, &node.place, found).help(help));
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| {
                TableReader::open(self.report, item, spec.title, spec.fields(Some(item)))
            })
            .collect()
    }
}

fn missing_keys(title: &str, place: &Place, missing: &[&Field]) -> Diagnostic {
    let names: Vec<String> = missing.iter().map(|field| format!("`{}`", field.key)).collect();
    let mut diagnostic = Diagnostic::new(
        format!("{title} needs {}", names.join(", ")),
        place,
        if missing.len() == 1 { "this key is missing" } else { "these keys are missing" },
    );
    for field in missing {
        diagnostic = diagnostic.help(format!("`{}`: {}", field.key, field.doc));
    }
    diagnostic
}

/// The declared default as if it had been written at `place`.
pub(super) fn default_node(field: &Field, place: &Place) -> Option<Node> {
    let value = match field.presence {
        Presence::Required | Presence::Optional => return None,
        Presence::Number(number) => match field.kind {
            Kind::Duration => Value::String(format!("{number}s")),
            Kind::Rate => Value::String(format!("{number}/s")),
            Kind::Number | Kind::Ratio => Value::Float(number),
            Kind::Choice(words) => Value::String(words[number as usize].to_owned()),
            _ => Value::Integer(number as i64),
        },
        Presence::Default(text) => match field.kind {
            Kind::Flag => Value::Boolean(text == "true"),
            Kind::Texts => Value::Array(Vec::new()),
            Kind::Number => {
                text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Float)
            }
            Kind::Count | Kind::CountOr(_) => {
                text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer)
            }
            _ => Value::String(text.to_owned()),
        },
    };
    Some(Node { value, place: place.clone() })
}
