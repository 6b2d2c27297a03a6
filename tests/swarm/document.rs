//! A scenario file as a tree that can be cut and patched, and as text in which every value has a
//! line of its own, so that a diagnostic's line leads back to what it is about.

use misroute::scenario::actions;
use misroute::scenario::fields::{Field, Kind, SCENARIO, TableSpec};
use std::fmt::Write as _;
pub(super) use toml::{Table, Value};

/// A step into the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

pub(super) type Path = Vec<Step>;

/// The text, and what stands on each of its lines: a value, or the head of a table.
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) lines: Vec<Path>,
}

impl Rendered {
    fn line(&mut self, text: &str, path: &[Step]) {
        let _ = writeln!(self.text, "{text}");
        self.lines.push(path.to_vec());
    }

    /// The values of a table, one a line, those of its tables with dotted keys.
    fn values(&mut self, table: &Table, prefix: &str, path: &[Step]) {
        for (key, value) in table {
            let dotted = format!("{prefix}{}", quoted(key));
            let path = [path, &[Step::Key(key.clone())]].concat();
            match value {
                Value::Table(inner) if !inner.is_empty() => {
                    self.values(inner, &format!("{dotted}."), &path);
                }
                _ => self.line(&format!("{dotted} = {value}"), &path),
            }
        }
    }
}

fn quoted(key: &str) -> String {
    let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { key.to_owned() } else { format!("\"{key}\"") }
}

/// Writes a scenario.
pub(super) fn render(document: &Table) -> Rendered {
    let mut out = Rendered { text: String::new(), lines: Vec::new() };
    let is_plain = |value: &Value| !matches!(value, Value::Table(_)) && tables(value).is_none();
    let plain = document.iter().filter(|(_, value)| is_plain(value));
    let plain: Table = plain.map(|(key, value)| (key.clone(), value.clone())).collect();
    out.values(&plain, "", &[]);
    for (key, value) in document {
        let path = vec![Step::Key(key.clone())];
        if let Value::Table(table) = value {
            out.line(&format!("[{key}]"), &path);
            out.values(table, "", &path);
        }
        for (index, table) in tables(value).into_iter().flatten().enumerate() {
            let path = [&path[..], &[Step::Item(index)]].concat();
            out.line(&format!("[[{key}]]"), &path);
            out.values(table.as_table().unwrap(), "", &path);
        }
    }
    out
}

/// The elements of a list of tables.
pub(super) fn tables(value: &Value) -> Option<&[Value]> {
    let is_list = |items: &&Vec<Value>| !items.is_empty() && items.iter().all(Value::is_table);
    value.as_array().filter(is_list).map(Vec::as_slice)
}

/// What stands at a path.
pub(super) fn at<'a>(document: &'a mut Table, path: &[Step]) -> Option<&'a mut Value> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    let mut value = document.get_mut(first)?;
    for step in rest {
        value = match step {
            Step::Key(key) => value.as_table_mut()?.get_mut(key)?,
            Step::Item(index) => value.as_array_mut()?.get_mut(*index)?,
        };
    }
    Some(value)
}

/// The table at a path; the document itself at none.
pub(super) fn table_at<'a>(document: &'a mut Table, path: &[Step]) -> Option<&'a mut Table> {
    if path.is_empty() { Some(document) } else { at(document, path)?.as_table_mut() }
}

/// Takes out what stands at a path.
pub(super) fn remove(document: &mut Table, path: &[Step]) {
    let Some((last, parent)) = path.split_last() else { return };
    match last {
        Step::Key(key) => {
            if let Some(table) = table_at(document, parent) {
                table.remove(key);
            }
        }
        Step::Item(index) => {
            if let Some(list) = at(document, parent).and_then(Value::as_array_mut)
                && *index < list.len()
            {
                list.remove(*index);
            }
        }
    }
}

/// Where a path leads in the schema: the longest part of it that the tables describe, the keys
/// beside its end, and the id of the table it is in.
pub(super) struct Described {
    pub(super) path: Path,
    pub(super) fields: Vec<Field>,
    pub(super) table: Path,
    pub(super) id: String,
}

pub(super) fn describe(document: &mut Table, path: &[Step]) -> Described {
    let mut spec: &TableSpec = &SCENARIO;
    let mut found = Described {
        path: Vec::new(),
        fields: SCENARIO.fields.to_vec(),
        table: Vec::new(),
        id: String::new(),
    };
    for step in path {
        found.path.push(step.clone());
        let Step::Key(key) = step else {
            found.table.clone_from(&found.path);
            found.fields = fields(spec, table_at(document, &found.table));
            continue;
        };
        match found.fields.iter().find(|field| field.key == key).map(|field| field.kind) {
            Some(Kind::Table(inner)) => {
                spec = inner;
                found.table.clone_from(&found.path);
                found.fields = fields(spec, table_at(document, &found.table));
            }
            Some(Kind::List(inner)) => spec = inner,
            // A value, whatever is inside it.
            _ => break,
        }
        let _ = write!(found.id, "{key}.");
    }
    found
}

/// The keys of a table, with those of its verb.
fn fields(spec: &TableSpec, table: Option<&mut Table>) -> Vec<Field> {
    let verb = table.and_then(|table| table.get("do")?.as_str().and_then(actions::find));
    let of_verb = verb.into_iter().flat_map(actions::ActionSpec::all_fields);
    spec.fields.iter().copied().chain(of_verb).collect()
}
