//! A TOML document as a tree in which everything knows where it was written.

use super::diagnostic::{Diagnostic, Place};
use super::source::Source;
use crate::engine::digest::Digest;
use std::fmt;
use std::sync::Arc;
use toml::de::{DeArray, DeTable, DeValue, Error};
use toml::value::Datetime;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Datetime(Datetime),
    Array(Vec<Node>),
    Table(Table),
}

/// Keys with values, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) node: Node,
}

impl Table {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// Sets a key; an old value keeps its position.
    pub(super) fn set(&mut self, key: &str, key_place: &Place, node: Node) {
        match self.get_mut(key) {
            Some(old) => *old = node,
            None => {
                self.entries.push(Entry {
                    key: key.to_owned(),
                    key_place: key_place.clone(),
                    node,
                });
            }
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key != key);
    }
}

impl Node {
    pub(super) fn string(text: &str, place: &Place) -> Self {
        Self { value: Value::String(text.to_owned()), place: place.clone() }
    }

    pub(super) fn table(place: &Place) -> Self {
        Self { value: Value::Table(Table::default()), place: place.clone() }
    }

    pub(super) fn as_table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    pub(super) fn as_table_mut(&mut self) -> Option<&mut Table> {
        if let Value::Table(table) = &mut self.value { Some(table) } else { None }
    }

    pub(super) fn as_array(&self) -> Option<&[Node]> {
        if let Value::Array(items) = &self.value { Some(items) } else { None }
    }

    pub(super) fn as_array_mut(&mut self) -> Option<&mut Vec<Node>> {
        if let Value::Array(items) = &mut self.value { Some(items) } else { None }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The text under a key of a table.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.as_table()?.get(key)?.as_str()
    }

    /// The elements of the list under a key of a table; none if there is no such list.
    pub(super) fn items(&self, key: &str) -> &[Node] {
        self.as_table().and_then(|table| table.get(key)).and_then(Node::as_array).unwrap_or(&[])
    }

    /// What it is, for "expected ..., found ...".
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::String(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a decimal number",
            Value::Boolean(_) => "true or false",
            Value::Datetime(_) => "a date or time",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Its text without quotes, as `--set` takes it.
    pub(super) fn written(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }

    /// Folds the value into a digest: not its place, and not the order of keys.
    pub(super) fn fold(&self, digest: &mut Digest) {
        match &self.value {
            Value::String(text) => {
                digest.word(1);
                digest.text(text);
            }
            Value::Integer(number) => {
                digest.word(2);
                digest.word(*number as u64);
            }
            Value::Float(number) => {
                digest.word(3);
                digest.word(number.to_bits());
            }
            Value::Boolean(flag) => {
                digest.word(4);
                digest.word(u64::from(*flag));
            }
            Value::Datetime(datetime) => {
                digest.word(5);
                digest.text(&datetime.to_string());
            }
            Value::Array(items) => {
                digest.word(6);
                digest.word(items.len() as u64);
                for item in items {
                    item.fold(digest);
                }
            }
            Value::Table(table) => {
                digest.word(7);
                digest.word(table.entries.len() as u64);
                let mut entries: Vec<&Entry> = table.entries.iter().collect();
                entries.sort_by(|a, b| a.key.cmp(&b.key));
                for entry in entries {
                    digest.text(&entry.key);
                    entry.node.fold(digest);
                }
            }
        }
    }
}

/// As TOML on one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => quote(f, text),
            Self::Integer(number) => write!(f, "{number}"),
            // `{:?}` keeps the decimal point that makes it a float.
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Boolean(flag) => write!(f, "{flag}"),
            Self::Datetime(datetime) => write!(f, "{datetime}"),
            Self::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", item.value)?;
                }
                f.write_str("]")
            }
            Self::Table(table) => {
                f.write_str("{")?;
                for (index, entry) in table.entries.iter().enumerate() {
                    f.write_str(if index == 0 { " " } else { ", " })?;
                    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                    if !entry.key.is_empty() && entry.key.chars().all(bare) {
                        f.write_str(&entry.key)?;
                    } else {
                        quote(f, &entry.key)?;
                    }
                    write!(f, " = {}", entry.node.value)?;
                }
                f.write_str(if table.entries.is_empty() { "}" } else { " }" })
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{:04X}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// Parses a document, as far as it goes, and says everything that is wrong with its syntax.
pub(super) fn parse(source: &Arc<Source>) -> (Node, Vec<Diagnostic>) {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let root = Place::new(source, 0..0);
    let mut mistakes = Mistakes { source, list: Vec::new() };
    for error in &errors {
        mistakes.syntax(error);
    }
    let value = Value::Table(convert_table(table.get_ref(), &mut mistakes));
    (Node { value, place: root }, mistakes.list)
}

/// Parses the value of an override, which starts at `at` in its source: TOML, or else bare text.
pub(super) fn parse_value(source: &Arc<Source>, at: usize) -> Result<Node, Diagnostic> {
    let text = &source.text[at..];
    let place = Place::new(source, at..source.text.len());
    // Without the leading part all places would be off by its length.
    let padded = Arc::new(Source::from_text("", text));
    let (value, errors) = DeValue::parse_recoverable(text);
    let mut mistakes = Mistakes { source: &padded, list: Vec::new() };
    let Some(error) = errors.first() else {
        let mut node = convert(value.get_ref(), 0..text.len(), &mut mistakes);
        node.relocate(source, at);
        return match mistakes.list.pop() {
            Some(mistake) => Err(Diagnostic::new(mistake.message, &place, "")),
            None => Ok(node),
        };
    };
    if text.starts_with(['{', '[', '"', '\'']) {
        let range = error.span().unwrap_or(0..text.len());
        let at = Place::new(source, at + range.start..at + range.end);
        return Err(Diagnostic::new("the value is not valid TOML", &at, error.message()));
    }
    Ok(Node::string(text, &place))
}

impl Node {
    /// Moves every place by `offset` into another source.
    fn relocate(&mut self, source: &Arc<Source>, offset: usize) {
        let moved = |place: &Place| {
            let range = place.range();
            Place::new(source, range.start + offset..range.end + offset)
        };
        self.place = moved(&self.place);
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|item| item.relocate(source, offset)),
            Value::Table(table) => {
                for entry in &mut table.entries {
                    entry.key_place = moved(&entry.key_place);
                    entry.node.relocate(source, offset);
                }
            }
            _ => {}
        }
    }
}

/// The source of the places, and what is wrong in it.
struct Mistakes<'a> {
    source: &'a Arc<Source>,
    list: Vec<Diagnostic>,
}

impl Mistakes<'_> {
    fn syntax(&mut self, error: &Error) {
        let place = Place::new(self.source, error.span().unwrap_or(0..0));
        let diagnostic = if error.message().starts_with("string values must be quoted")
            && place.text().trim().is_empty()
        {
            Diagnostic::new("a value is missing", &place, "something must follow the `=`")
        } else if error.message().starts_with("string values must be quoted") {
            Diagnostic::new(NEEDS_QUOTES, &place, "this is not a TOML value")
                .help(format!("write \"{}\"", place.text().trim()))
        } else {
            Diagnostic::new("this is not valid TOML", &place, error.message())
        };
        self.list.push(diagnostic);
    }
}

fn convert_table(table: &DeTable<'_>, mistakes: &mut Mistakes<'_>) -> Table {
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in table {
        entries.push(Entry {
            key: key.get_ref().to_string(),
            key_place: Place::new(mistakes.source, key.span()),
            node: convert(value.get_ref(), value.span(), mistakes),
        });
    }
    // The parser sorts by key; people read in the order of the file.
    entries.sort_by_key(|entry| entry.key_place.range().start);
    Table { entries }
}

fn convert(value: &DeValue<'_>, span: std::ops::Range<usize>, mistakes: &mut Mistakes<'_>) -> Node {
    let place = Place::new(mistakes.source, span);
    let value = match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            if parsed.is_err() {
                let message = "this whole number is too large";
                mistakes.list.push(Diagnostic::new(message, &place, "at most 9223372036854775807"));
            }
            Value::Integer(parsed.unwrap_or_default())
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse::<f64>().unwrap_or(f64::NAN);
            if !number.is_finite() {
                let message = "a number must be finite";
                mistakes.list.push(Diagnostic::new(
                    message,
                    &place,
                    "infinite, too large, or no number",
                ));
            }
            Value::Float(number)
        }
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(datetime) => Value::Datetime(*datetime),
        DeValue::Array(items) => Value::Array(convert_items(items, mistakes)),
        DeValue::Table(table) => Value::Table(convert_table(table, mistakes)),
    };
    Node { value, place }
}

fn convert_items(items: &DeArray<'_>, mistakes: &mut Mistakes<'_>) -> Vec<Node> {
    items.iter().map(|item| convert(item.get_ref(), item.span(), mistakes)).collect()
}

/// The message for text without quotes.
const NEEDS_QUOTES: &str = "text needs quotes";

/// Whether the tree is whole in spite of a syntax error.
pub(super) fn is_recovered(diagnostic: &Diagnostic) -> bool {
    diagnostic.message == NEEDS_QUOTES
}
