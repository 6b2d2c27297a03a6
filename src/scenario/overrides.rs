//! Changes of a scenario: `--set` on the command line, `set` and `unset` in the file.

use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::fields::{Field, Kind};
use super::path::{Path, Step, Target};
use super::source::Source;
use super::tree::{self, Node, Table};
use super::values::{self, Read};
use std::sync::Arc;

/// One change of a scenario, applied after name patterns are written out and before anything is
/// read. Changes apply in order.
#[derive(Clone, Debug)]
pub enum Override {
    /// `--set path=value`.
    Set {
        /// Where: `clients.web.rate`, `backends.*.workers`.
        path: String,
        /// What: a TOML value, or bare text.
        value: String,
    },
    /// A change that a file spells out, with its places.
    SetNode(Edit),
    /// The key or list element goes, and its default comes back.
    Unset {
        /// Where.
        path: String,
    },
}

/// A change that a file spells out; `set` has a value, `unset` none.
#[derive(Clone, Debug)]
pub struct Edit {
    pub(super) path: Path,
    pub(super) node: Option<Node>,
}

impl Override {
    /// Reads `path=value`.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let whole = || {
            let source = Arc::new(Source::from_text("--set", text));
            Place::new(&source, 0..text.len())
        };
        let help = "write path=value, such as clients.web.rate=550/s";
        match text.split_once('=') {
            None => Err(Diagnostic::new("an override needs `=`", &whole(), "").help(help).into()),
            Some((path, value)) if path.trim().is_empty() || value.trim().is_empty() => {
                let missing = if path.trim().is_empty() { "path" } else { "value" };
                let message = format!("an override needs a {missing}");
                Err(Diagnostic::new(message, &whole(), "").help(help).into())
            }
            Some((path, value)) => {
                Ok(Self::Set { path: path.trim().to_owned(), value: value.trim().to_owned() })
            }
        }
    }

    /// The path it changes, as it was written.
    pub fn path(&self) -> &str {
        match self {
            Self::Set { path, .. } | Self::Unset { path } => path,
            Self::SetNode(edit) => &edit.path.text,
        }
    }

    /// The new value as `--set` takes it; `None` if it is removed.
    pub fn value(&self) -> Option<String> {
        match self {
            Self::Set { value, .. } => Some(value.clone()),
            Self::SetNode(edit) => edit.node.as_ref().map(Node::written),
            Self::Unset { .. } => None,
        }
    }

    pub(super) fn edit(&self) -> Read<Edit> {
        match self {
            Self::SetNode(edit) => Ok(edit.clone()),
            Self::Unset { path } => Ok(Edit { path: Path::from_text(path, "unset")?, node: None }),
            Self::Set { path, value } => {
                let source = Arc::new(Source::from_text("--set", format!("{path}={value}")));
                let place = Place::new(&source, 0..path.len());
                let node = tree::parse_value(&source, path.len() + 1)?;
                Ok(Edit { path: Path::parse(path, &place)?, node: Some(node) })
            }
        }
    }
}

impl Edit {
    /// Changes the tree, and says what it changed.
    pub(super) fn apply(&self, root: &mut Node) -> Read<Vec<Target>> {
        let targets = self.path.resolve(root, self.node.is_some())?;
        for target in &targets {
            self.check(target)?;
        }
        // From the back, so that the positions of list elements stay true when some go.
        for target in targets.iter().rev() {
            match &self.node {
                Some(node) => set(root, &target.steps, &self.path.place, node),
                None => unset(root, &target.steps),
            }
        }
        Ok(targets)
    }

    fn check(&self, target: &Target) -> Read<()> {
        match (&target.field, &self.node) {
            (Some(Field { kind: Kind::List(_), key, .. }), Some(_)) => {
                let message = format!("`{key}` is a list: change its elements one by one");
                let help = format!("write {key}.NAME, or {key}.NAME.KEY");
                Err(Diagnostic::new(message, &self.path.place, "").help(help))
            }
            (None, Some(node)) if node.as_table().is_none() => {
                let message = format!("`{}` is a table, not a value", self.path.text);
                Err(Diagnostic::new(message, &node.place, format!("this is {}", node.kind()))
                    .help(format!("write {}.KEY to change one of its keys", self.path.text)))
            }
            _ => Ok(()),
        }
    }
}

/// Sets the value at the end of the steps; tables on the way are created.
fn set(node: &mut Node, steps: &[Step], place: &Place, value: &Node) {
    let Some((step, rest)) = steps.split_first() else {
        let name = node.as_table().and_then(|table| table.entry("name")).cloned();
        *node = value.clone();
        // An element of a list keeps the name by which it was addressed.
        if let (Some(name), Some(table)) = (name, node.as_table_mut())
            && table.entry("name").is_none()
        {
            table.entries.insert(0, name);
        }
        return;
    };
    match step {
        Step::Key(_) | Step::Edit(_) if rest.is_empty() => {
            if let (Some(table), Some(key)) = (node.as_table_mut(), step.key()) {
                table.set(key, place, value.clone());
            }
        }
        // A path in quotes is the last step.
        Step::Edit(_) => {}
        Step::Key(key) => {
            let list = !matches!(rest[0], Step::Key(_) | Step::Edit(_));
            let Some(table) = node.as_table_mut() else { return };
            if table.get(key).is_none() {
                table.set(key, place, empty(list, place));
            }
            if let Some(child) = table.get_mut(key) {
                set(child, rest, place, value);
            }
        }
        Step::Item(index) => {
            if let Some(item) = node.as_array_mut().and_then(|items| items.get_mut(*index)) {
                set(item, rest, place, value);
            }
        }
        Step::NewItem(name) => {
            let mut item = Node::table(place);
            if let Some(table) = item.as_table_mut() {
                table.set("name", place, Node::string(name, place));
            }
            set(&mut item, rest, place, value);
            if let Some(items) = node.as_array_mut() {
                items.push(item);
            }
        }
    }
}

fn empty(list: bool, place: &Place) -> Node {
    let value =
        if list { tree::Value::Array(Vec::new()) } else { tree::Value::Table(Table::default()) };
    Node { value, place: place.clone() }
}

/// Removes what is at the end of the steps.
fn unset(node: &mut Node, steps: &[Step]) {
    match steps {
        [step @ (Step::Key(_) | Step::Edit(_))] => {
            if let (Some(table), Some(key)) = (node.as_table_mut(), step.key()) {
                table.remove(key);
            }
        }
        [Step::Key(key), rest @ ..] => {
            if let Some(child) = node.as_table_mut().and_then(|table| table.get_mut(key)) {
                unset(child, rest);
            }
        }
        [Step::Item(index)] => {
            if let Some(items) = node.as_array_mut().filter(|items| *index < items.len()) {
                items.remove(*index);
            }
        }
        [Step::Item(index), rest @ ..] => {
            if let Some(item) = node.as_array_mut().and_then(|items| items.get_mut(*index)) {
                unset(item, rest);
            }
        }
        _ => {}
    }
}

/// The value at the end of the steps, if there is one.
pub(super) fn find<'a>(node: &'a Node, steps: &[Step]) -> Option<&'a Node> {
    steps.iter().try_fold(node, |node, step| match step {
        Step::Item(index) => node.as_array()?.get(*index),
        _ => node.as_table()?.get(step.key()?),
    })
}

/// The changes in a `set` table: `{ "a.b" = 1 }`, or the same with dotted keys.
pub(super) fn edits(node: &Node, field: &Field) -> Read<Vec<Edit>> {
    let Some(table) = node.as_table() else {
        let example = "a table of paths, such as { \"clients.web.rate\" = \"550/s\" }";
        return Err(values::wrong_kind(node, field, example));
    };
    let mut list = Vec::new();
    for entry in &table.entries {
        let path = Path::parse(&entry.key, &entry.key_place)?;
        flatten(path, &entry.node, &entry.key_place, &mut list);
    }
    Ok(list)
}

/// TOML makes tables of dotted keys; such a table, which nobody wrote, has its key's place.
fn flatten(path: Path, node: &Node, key_place: &Place, list: &mut Vec<Edit>) {
    match node.as_table() {
        Some(table) if node.place.range() == key_place.range() => {
            for entry in &table.entries {
                let joined = path.join(&entry.key, &entry.key_place);
                flatten(joined, &entry.node, &entry.key_place, list);
            }
        }
        _ => list.push(Edit { path, node: Some(node.clone()) }),
    }
}

/// The removals in an `unset` list.
pub(super) fn removals(node: &Node, field: &Field) -> Read<Vec<Edit>> {
    let items = values::list(node, field, "paths such as \"alert.latency\"")?;
    items
        .into_iter()
        .map(|item| {
            let text = values::text(item, field)?;
            Ok(Edit { path: Path::parse(text, &item.place)?, node: None })
        })
        .collect()
}
