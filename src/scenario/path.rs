//! Paths to values: `clients.web.rate`, `backends.api-{1..2}.weight`, `timeline.rollback.at`.
//!
//! Dots separate; lists are addressed by the names of their elements, several at once with `*` and
//! braces; a name that contains a dot is put in quotes. One grammar serves `--set`, `set`, `unset`,
//! assumptions and sweeps.

use super::diagnostic::{Diagnostic, Place};
use super::fields::{
    Field, Kind, SCENARIO, TableSpec, families, parameters_of, parameters_of_family, settings_of,
};
use super::pattern::{Pattern, is_pattern};
use super::source::Source;
use super::suggest;
use super::tree::Node;
use super::values::Read;
use std::ops::Range;
use std::sync::Arc;

/// A path as it was written.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// The whole of it, without quotes around it.
    pub(super) text: String,
    pub(super) place: Place,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
struct Segment {
    text: String,
    /// In quotes: a name, never a pattern.
    literal: bool,
    place: Place,
}

/// One value that a path leads to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) steps: Vec<Step>,
    /// The declaration of the key; `None` for an element of a list.
    pub(super) field: Option<Field>,
}

/// How to get from a node to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Along a key of a table.
    Key(&'static str),
    /// Along a key of a table of paths: `set`.
    Edit(String),
    /// Along an index of a list.
    Item(usize),
    /// To an element that is not there yet, with its name.
    NewItem(String),
}

impl Step {
    /// The key of a table that it goes along.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Edit(key) => Some(key),
            Self::Item(_) | Self::NewItem(_) => None,
        }
    }
}

impl Path {
    /// Reads a path that stands at `place`, perhaps in quotes.
    pub(super) fn parse(text: &str, place: &Place) -> Read<Self> {
        let mut segments = Vec::new();
        for (range, literal) in split(text).map_err(|(at, message)| {
            Diagnostic::new(message, &place.inside(text, at), "")
                .help("write keys and names with dots between them, such as clients.web.rate")
        })? {
            let place = place.inside(text, range.clone());
            segments.push(Segment { text: text[range].to_owned(), literal, place });
        }
        Ok(Self { text: text.to_owned(), place: place.clone(), segments })
    }

    /// A path that no file contains.
    pub(super) fn from_text(text: &str, source_name: &str) -> Read<Self> {
        let source = Arc::new(Source::from_text(source_name, text));
        Self::parse(text, &Place::new(&source, 0..text.len()))
    }

    /// This path and one more key or name.
    pub(super) fn join(&self, name: &str, place: &Place) -> Self {
        let mut joined = self.clone();
        joined.text = if name.contains('.') {
            format!("{}.\"{name}\"", self.text)
        } else {
            format!("{}.{name}", self.text)
        };
        joined.segments.push(Segment {
            text: name.to_owned(),
            literal: false,
            place: place.clone(),
        });
        joined
    }

    /// The place of one key or name.
    fn part_place(&self, index: usize) -> &Place {
        self.segments.get(index).map_or(&self.place, |segment| &segment.place)
    }

    /// Everything in the tree that the path leads to: at least one target. With `create`, the last
    /// name may be that of an element which is not in its list yet.
    pub(super) fn resolve(&self, root: &Node, create: bool) -> Read<Vec<Target>> {
        let (steps, targets) = (Vec::new(), Vec::new());
        let mut walk = Walk { path: self, root, create, steps, targets };
        walk.table(Some(root), &SCENARIO, 0)?;
        Ok(walk.targets)
    }
}

/// The bytes of a path's part, and whether it is in quotes.
type Part = (Range<usize>, bool);

/// The parts of a path, or what is wrong where.
fn split(text: &str) -> Result<Vec<Part>, (Range<usize>, &'static str)> {
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let (range, literal) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let Some(length) = rest[1..].find(quote) else {
                    return Err((at..text.len(), "this quote is never closed"));
                };
                (at + 1..at + 1 + length, true)
            }
            _ => (at..at + end_of_part(rest), false),
        };
        if range.is_empty() {
            return Err((range, "a path cannot have an empty part"));
        }
        at = range.end + usize::from(literal);
        parts.push((range, literal));
        match text[at..].chars().next() {
            None => return Ok(parts),
            Some('.') => at += 1,
            Some(_) => return Err((at..text.len(), "a dot must follow the quote")),
        }
    }
}

/// Where a part ends: at a dot, but not at those of `{1..5}`.
fn end_of_part(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// A walk along a path.
struct Walk<'a> {
    path: &'a Path,
    root: &'a Node,
    create: bool,
    steps: Vec<Step>,
    targets: Vec<Target>,
}

impl Walk<'_> {
    /// Continues in a table, which may be absent.
    fn table(&mut self, node: Option<&Node>, spec: &'static TableSpec, at: usize) -> Read<()> {
        self.keys(node, &spec.fields(node), spec.title, at)
    }

    fn keys(&mut self, node: Option<&Node>, fields: &[Field], title: &str, at: usize) -> Read<()> {
        let segment = &self.path.segments[at];
        if let Some(node) = node.filter(|node| node.as_table().is_none()) {
            let before = self.path.part_place(at.saturating_sub(1));
            let message = format!("`{}` leads into something that is not a table", self.path.text);
            return Err(Diagnostic::new(message, before, "this one")
                .and(&node.place, format!("this is {}", node.kind())));
        }
        let Some(field) = fields.iter().find(|field| field.key == segment.text) else {
            let keys = fields.iter().map(|field| field.key);
            let message = format!("there is no key `{}`", segment.text);
            return Err(Diagnostic::new(message, &segment.place, format!("not a key of {title}"))
                .help(suggest::help(&segment.text, keys, "keys")));
        };
        let child = node.and_then(Node::as_table).and_then(|table| table.get(field.key));
        self.steps.push(Step::Key(field.key));
        let result = self.field(child, field, at);
        self.steps.pop();
        result
    }

    fn field(&mut self, child: Option<&Node>, field: &Field, at: usize) -> Read<()> {
        let next = at + 1;
        if next == self.path.segments.len() {
            self.targets.push(Target { steps: self.steps.clone(), field: Some(*field) });
            return Ok(());
        }
        match field.kind {
            Kind::Table(spec) => self.table(child, spec, next),
            Kind::List(spec) => self.list(child, spec, field.key, next),
            Kind::Distribution => self.keys(child, &families(), "a distribution", next),
            Kind::Family(family) => {
                self.keys(child, &parameters_of_family(family), family.name, next)
            }
            Kind::Parameters(algorithm) => {
                self.keys(child, &parameters_of(algorithm), algorithm.name, next)
            }
            Kind::Settings(spec) => self.keys(child, &settings_of(spec), spec.name, next),
            Kind::Edits if next + 1 == self.path.segments.len() => self.edit(next),
            Kind::Edits => {
                let segment = &self.path.segments[next];
                let message = format!("`{}` holds whole paths", field.key);
                Err(Diagnostic::new(message, &segment.place, "this is a part of one")
                    .help("put the path in quotes: set.'backends.api-1.weight'"))
            }
            _ => {
                let message = format!("`{}` has no parts", field.key);
                let segment = &self.path.segments[next];
                Err(Diagnostic::new(message, &segment.place, "nothing can follow"))
            }
        }
    }

    /// A value in a table of paths: it is declared where its path leads.
    fn edit(&mut self, at: usize) -> Read<()> {
        let segment = &self.path.segments[at];
        let inner = Path::parse(&segment.text, &segment.place)?;
        let field = inner.resolve(self.root, false)?.first().and_then(|target| target.field);
        let mut steps = self.steps.clone();
        steps.push(Step::Edit(segment.text.clone()));
        self.targets.push(Target { steps, field });
        Ok(())
    }

    fn list(
        &mut self,
        child: Option<&Node>,
        spec: &'static TableSpec,
        key: &str,
        at: usize,
    ) -> Read<()> {
        let segment = &self.path.segments[at];
        let items = child.and_then(Node::as_array).unwrap_or(&[]);
        let last = at + 1 == self.path.segments.len();
        let pattern = pattern(segment)?;
        let mut found = false;
        for (index, item) in items.iter().enumerate() {
            let Some(name) = item.text("name") else { continue };
            let matches = match &pattern {
                Some(pattern) => pattern.matches(name),
                None => name == segment.text,
            };
            if !matches {
                continue;
            }
            found = true;
            self.steps.push(Step::Item(index));
            if last {
                self.targets.push(Target { steps: self.steps.clone(), field: None });
            } else {
                self.table(Some(item), spec, at + 1)?;
            }
            self.steps.pop();
        }
        if !found && last && self.create && pattern.is_none() {
            self.steps.push(Step::NewItem(segment.text.clone()));
            self.targets.push(Target { steps: self.steps.clone(), field: None });
            self.steps.pop();
            found = true;
        }
        if found {
            return Ok(());
        }
        let names = items.iter().filter_map(|item| item.text("name"));
        let message = match pattern {
            Some(_) => format!("`{}` matches nothing in `{key}`", segment.text),
            None => format!("there is no `{}` in `{key}`", segment.text),
        };
        Err(Diagnostic::new(message, &segment.place, "").help(suggest::help(
            &segment.text,
            names,
            "names",
        )))
    }
}

/// A name as a pattern, if it is one.
fn pattern(segment: &Segment) -> Read<Option<Pattern>> {
    if segment.literal || !is_pattern(&segment.text) {
        return Ok(None);
    }
    Pattern::parse(&segment.text).map(Some).map_err(|error| {
        Diagnostic::new(error.message, &segment.place.inside(&segment.text, error.at), "")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_separate_unless_they_are_quoted_or_in_braces() {
        let parts = |text: &str| -> Vec<String> {
            let path = Path::from_text(text, "--set").unwrap();
            path.segments.into_iter().map(|segment| segment.text).collect()
        };
        assert_eq!(parts("clients.web.rate"), ["clients", "web", "rate"]);
        assert_eq!(parts("backends.api-{1..2}.weight"), ["backends", "api-{1..2}", "weight"]);
        assert_eq!(parts("alert.\"p99 > 1.5s\".when"), ["alert", "p99 > 1.5s", "when"]);
        assert_eq!(parts("name"), ["name"]);
        for bad in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a.\"\""] {
            assert!(Path::from_text(bad, "--set").is_err(), "{bad}");
        }
    }
}
