//! What a sweep varies: a path and its values.
//!
//! `load=50%..150%:11` are eleven values at equal distances, both ends included;
//! `clients.web.timeout=10ms..1s:log:5` are five at equal factors; anything else is a list,
//! `balancer.algorithm=round-robin,least-connections`. Commas inside brackets, braces or quotes
//! separate nothing.

mod quantity;
mod range;

use super::Scenario;
use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::fields::{Field, Kind};
use super::overrides::{Edit, Override};
use super::path::Path;
use super::source::Source;
use super::tree::{self, Node, Value};
use super::values::Read;
use quantity::{Dimension, Quantity};
use range::Range;
use std::ops;
use std::sync::Arc;

const EXAMPLE: &str = "write path=values: load=50%..150%:11, or clients.web.timeout=10ms..1s:log:5, \
    or balancer.algorithm=round-robin,least-connections";

/// A path and the values that it is given one after another.
#[derive(Clone, Debug)]
pub struct Axis {
    path: Path,
    values: Values,
    /// Where the values stand.
    place: Place,
}

#[derive(Clone, Debug)]
enum Values {
    List(Vec<String>),
    Range(Range),
}

impl Axis {
    /// Reads `path=values`.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let source = Arc::new(Source::from_text("--vary", text));
        let whole = Place::new(&source, 0..text.len());
        let fail = |message: &str| {
            let diagnostic = Diagnostic::new(message, &whole, "").help(EXAMPLE);
            Err(Diagnostics::from(diagnostic))
        };
        // No key has an `=` in its name, but names in quotes may.
        let Some(at) = top_level(text, '=').first().copied() else {
            return fail("an axis needs `=`");
        };
        let (path, values) = (&text[..at], &text[at + 1..]);
        if path.trim().is_empty() || values.trim().is_empty() {
            return fail(if path.trim().is_empty() {
                "an axis needs a path"
            } else {
                "an axis needs values"
            });
        }
        let path = trimmed(text, 0..at);
        let values = trimmed(text, at + 1..text.len());
        let path = Path::parse(&text[path.clone()], &Place::new(&source, path))?;
        let place = Place::new(&source, values.clone());
        Ok(Self { path, values: read(&text[values], &place)?, place })
    }

    /// An entry of a file's `vary`: a text as above, or a list of values, or one value.
    pub(super) fn from_edit(edit: &Edit) -> Read<Self> {
        let Some(node) = &edit.node else {
            return Err(Diagnostic::new("an axis needs values", &edit.path.place, ""));
        };
        let values = match &node.value {
            Value::String(text) => read(text, &node.place)?,
            Value::Array(items) if items.is_empty() => {
                return Err(Diagnostic::new("an axis needs values", &node.place, "none"));
            }
            Value::Array(items) => Values::List(items.iter().map(Node::written).collect()),
            _ => Values::List(vec![node.written()]),
        };
        Ok(Self { path: edit.path.clone(), values, place: node.place.clone() })
    }

    /// The path, as it was written.
    pub fn path(&self) -> &str {
        &self.path.text
    }

    /// How many values there are; at least one.
    pub fn count(&self) -> u32 {
        match &self.values {
            Values::List(values) => values.len() as u32,
            Values::Range(range) => range.len(),
        }
    }

    /// The value at a position from 0, as `--set` takes it.
    pub fn value(&self, index: u32) -> String {
        match &self.values {
            Values::List(values) => values[index as usize].clone(),
            Values::Range(range) => range.value(index),
        }
    }

    /// The value at a share of the way from the first to the last, in [0, 1): of a range any value,
    /// of a list the one whose part it is.
    pub fn at(&self, share: f64) -> String {
        match &self.values {
            Values::List(values) => {
                let index = (share * values.len() as f64) as usize;
                values[index.min(values.len() - 1)].clone()
            }
            Values::Range(range) => range.at(share),
        }
    }

    /// Whether its values are at equal factors.
    pub fn is_logarithmic(&self) -> bool {
        matches!(&self.values, Values::Range(range) if range.logarithmic)
    }

    /// Whether any value between its ends would do.
    pub fn is_range(&self) -> bool {
        matches!(self.values, Values::Range(_))
    }

    /// Checks that the path leads somewhere in a scenario, to something that can have such values.
    pub fn check(&mut self, scenario: &Scenario) -> Result<(), Diagnostics> {
        Ok(self.check_in(&scenario.tree)?)
    }

    pub(super) fn check_in(&mut self, root: &Node) -> Read<()> {
        let targets = self.path.resolve(root, true)?;
        let Some(field) = targets.first().and_then(|target| target.field) else { return Ok(()) };
        let Values::Range(range) = &mut self.values else { return Ok(()) };
        let done = match field.kind {
            Kind::Count | Kind::CountOr(_) => range.count_things().map_err(|why| {
                let message = format!("`{}` is a whole number", self.path.text);
                Diagnostic::new(message, &self.place, why)
            }),
            kind if has_range(kind) => Ok(()),
            _ => {
                let message = format!("`{}` is not a quantity", self.path.text);
                Err(Diagnostic::new(message, &self.place, "it has no range")
                    .help("write its values with commas between them"))
            }
        };
        done.map_err(|diagnostic| diagnostic.help(meaning(&field)))
    }

    /// The change of a scenario that gives the path a value.
    pub fn change(&self, value: &str) -> Result<Override, Diagnostics> {
        let text = format!("{}={value}", self.path.text);
        let at = self.path.text.len();
        let source = Arc::new(Source::from_text("--vary", text));
        let path = Path::parse(&self.path.text, &Place::new(&source, 0..at))?;
        let node = tree::parse_value(&source, at + 1)?;
        Ok(Override::SetNode(Edit { path, node: Some(node) }))
    }

    /// What is wrong with two axes that meet.
    pub fn twice(&self, again: &Self) -> Diagnostic {
        let message = format!("`{}` is varied twice", again.path.text);
        Diagnostic::new(message, &again.path.place, "here again")
            .and(&self.path.place, "the first time")
    }

    /// Whether both lead to something that is the same in a scenario.
    pub fn meets(&self, other: &Self, scenario: &Scenario) -> bool {
        self.meets_in(other, &scenario.tree)
    }

    pub(super) fn meets_in(&self, other: &Self, root: &Node) -> bool {
        let targets = |axis: &Self| axis.path.resolve(root, true).unwrap_or_default();
        let theirs = targets(other);
        targets(self).iter().any(|mine| theirs.iter().any(|their| their.steps == mine.steps))
    }
}

/// Values as numbers in one unit, if all of them are quantities of one kind: fractions, so many per
/// second, milliseconds, bytes.
pub fn numbers(values: &[String]) -> Option<Vec<f64>> {
    let quantities: Option<Vec<Quantity>> =
        values.iter().map(|value| Quantity::parse(value.trim_matches('"'))).collect();
    let quantities = quantities?;
    // A plain number may be a share: 0.5 is 50%.
    let kind = |quantity: &Quantity| match quantity.unit.dimension {
        Dimension::Share => Dimension::Number,
        dimension => dimension,
    };
    let first = kind(quantities.first()?);
    let alike = quantities.iter().all(|quantity| kind(quantity) == first);
    alike.then(|| quantities.into_iter().map(Quantity::as_number).collect())
}

/// Whether values of a kind lie on a line.
fn has_range(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Number
            | Kind::Ratio
            | Kind::Rate
            | Kind::Size
            | Kind::Duration
            | Kind::DurationOr(_)
            | Kind::Distribution
            | Kind::Moment
            | Kind::Bound
    )
}

fn meaning(field: &Field) -> String {
    format!("`{}`: {}", field.key, field.doc)
}

/// The values in a text: a range, or a list.
fn read(text: &str, place: &Place) -> Read<Values> {
    let commas = top_level(text, ',');
    let mut parts = Vec::new();
    let mut from = 0;
    for to in commas.into_iter().chain([text.len()]) {
        parts.push(trimmed(text, from..to));
        from = to + 1;
    }
    let mut values: Vec<String> = Vec::new();
    for part in &parts {
        let value = &text[part.clone()];
        let at = || place.inside(text, part.clone());
        if value.is_empty() {
            let gap = place.inside(text, part.start.saturating_sub(1)..part.end + 1);
            return Err(Diagnostic::new("a value is missing", &gap, "nothing beside this comma"));
        }
        if let Some(dots) = dots_of_range(value) {
            if parts.len() > 1 {
                return Err(Diagnostic::new("a range stands alone", &at(), "in a list")
                    .help("write all values with commas between them, or vary by one range"));
            }
            return range(value, dots, &at()).map(Values::Range);
        }
        if values.iter().any(|other| other == value) {
            return Err(Diagnostic::new(format!("`{value}` is there twice"), &at(), ""));
        }
        values.push(value.to_owned());
    }
    Ok(Values::List(values))
}

/// Where the dots of a range are; a list has none, and `../file` is no range.
fn dots_of_range(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let dots = top_level(text, '.').into_iter().find(|at| text[*at..].starts_with(".."))?;
    (first.is_ascii_digit() || first == '-').then_some(dots)
}

/// `FROM..TO:N` or `FROM..TO:log:N`.
fn range(text: &str, dots: usize, place: &Place) -> Read<Range> {
    let fail = |at: ops::Range<usize>, message: &str, label: &str| {
        Err(Diagnostic::new(message, &place.inside(text, at), label))
    };
    let after = dots + 2;
    let Some(colon) = text[after..].find(':').map(|at| after + at) else {
        let help = format!("write {text}:11 for 11 values, both ends included");
        return fail(0..text.len(), "how many values?", "a range does not say it")
            .map_err(|diagnostic| diagnostic.help(help));
    };
    let rest = &text[colon + 1..];
    let (logarithmic, number) = match rest.split_once(':') {
        Some(("log", number)) => (true, number),
        Some((word, _)) => {
            let at = colon + 1..colon + 1 + word.len();
            return fail(at, "a range is FROM..TO:N or FROM..TO:log:N", "only `log` can be here");
        }
        None => (false, rest),
    };
    let at = text.len() - number.len()..text.len();
    let count = match number.parse::<u64>() {
        Ok(count @ 0..=1) => {
            return fail(at, &format!("a range has at least two values, not {count}"), "")
                .map_err(|diagnostic| diagnostic.help("one value alone needs no range"));
        }
        Ok(count) if count <= u64::from(Range::MOST) => count as u32,
        Ok(_) => return fail(at, "that are too many values", "at most 10000000"),
        Err(_) => return fail(at, "the number of values must be a whole number", ""),
    };
    let texts = [text[..dots].trim(), text[after..colon].trim()];
    let ranges = [0..dots, after..colon];
    let mut quantities = Vec::new();
    for (part, at) in texts.into_iter().zip(ranges) {
        match Quantity::parse(part) {
            Some(quantity) => quantities.push(quantity),
            None => {
                return fail(at, &format!("`{part}` is not a quantity"), "").map_err(
                    |diagnostic| {
                        diagnostic.help("quantities are such as 50%, 450/s, 250ms, 512MiB or 0.5")
                    },
                );
            }
        }
    }
    let [from, to] = quantities[..] else { unreachable!("both ends were read") };
    Range::new(texts, [from, to], count, logarithmic)
        .or_else(|why| fail(0..colon, &why, "this range"))
}

/// The bytes of a part without the spaces around it.
fn trimmed(text: &str, range: ops::Range<usize>) -> ops::Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

/// Where a character stands outside of brackets, braces and quotes.
fn top_level(text: &str, wanted: char) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) => quote = Some(open).filter(|open| *open != c),
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{' | '(') => depth += 1,
            (None, ']' | '}' | ')') => depth = depth.saturating_sub(1),
            (None, _) if c == wanted && depth == 0 => found.push(at),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
