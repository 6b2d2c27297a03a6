//! `[[assumption]]`: values that nobody wrote down, and what else they might be.

use super::super::Assumption;
use super::super::diagnostic::Diagnostic;
use super::super::fields::{Field, Kind};
use super::super::overrides::find;
use super::super::path::{Path, Target};
use super::super::reader::{TableReader, default_node};
use super::super::tree::Node;
use super::super::units;
use super::super::values::{self, Read};
use super::expect::{moment, pair};
use super::{Context, Mode, all};
use crate::engine::time::Span;

/// How many values stand for a range.
const CANDIDATES: u32 = 5;

/// Every assumption.
pub(super) fn assumptions(context: &Context<'_>, top: &TableReader<'_>) -> Vec<Assumption> {
    all(top.tables("assumption").iter().map(|table| assumption(context, table))).unwrap_or_default()
}

fn assumption(context: &Context<'_>, table: &TableReader<'_>) -> Option<Assumption> {
    let reason = table.text("reason");
    let path = table.has("path").then(|| path(context, table)).flatten();
    let key = match (table.has("range"), table.has("values")) {
        (true, false) => "range",
        (false, true) => "values",
        _ => {
            let message = "an assumption has either a `range` or `values`";
            table.report.push(Diagnostic::new(message, table.place, "write one of them"));
            return None;
        }
    };
    let (path, field, nodes) = path?;
    let subject = Subject { context, field, nodes: &nodes };
    let values = table.get(key, |node, own| match key {
        "range" => subject.range(node, own),
        _ => subject.list(node, own),
    });
    let mut written: Vec<String> = nodes.iter().map(Node::written).collect();
    written.dedup();
    Some(Assumption { path, value: written.join(", "), values: values?, reason: reason? })
}

/// The values where an assumption's path leads, as written; `None` if it leads nowhere any more.
pub(in crate::scenario) fn value_at(root: &Node, path: &str) -> Option<String> {
    let targets = Path::from_text(path, "assumption").ok()?.resolve(root, false).ok()?;
    let mut written = Vec::new();
    for target in &targets {
        let field = target.field?;
        let node = find(root, &target.steps).cloned();
        written.push(node.or_else(|| default_node(&field, &root.place))?.written());
    }
    written.dedup();
    Some(written.join(", "))
}

/// What the path leads to: its declaration and the values there, defaults included.
fn path(context: &Context<'_>, table: &TableReader<'_>) -> Option<(String, Field, Vec<Node>)> {
    table.get("path", |node, field| {
        let text = values::text(node, field)?;
        let path = Path::parse(text, &node.place)?;
        let targets = path.resolve(context.root, false)?;
        let value = |target: &Target| -> Read<(Field, Node)> {
            let field = target.field.ok_or_else(|| not_a_value(&path))?;
            let written = find(context.root, &target.steps).cloned();
            match written.or_else(|| default_node(&field, &node.place)) {
                Some(node) => Ok((field, node)),
                None => Err(Diagnostic::new(
                    format!("`{text}` has no value"),
                    &node.place,
                    "neither in the file nor by default",
                )
                .help("write the value that is assumed")),
            }
        };
        let found: Vec<(Field, Node)> = targets.iter().map(value).collect::<Result<_, _>>()?;
        let field = found.first().ok_or_else(|| not_a_value(&path))?.0;
        Ok((text.to_owned(), field, found.into_iter().map(|(_, node)| node).collect()))
    })
}

fn not_a_value(path: &Path) -> Diagnostic {
    Diagnostic::new(format!("`{}` is a table, not a value", path.text), &path.place, "")
        .help(format!("write {}.KEY", path.text))
}

/// What is assumed.
struct Subject<'a> {
    context: &'a Context<'a>,
    field: Field,
    nodes: &'a [Node],
}

impl Subject<'_> {
    /// The value as a number, if it is a quantity.
    fn quantity(&self, node: &Node) -> Option<Read<f64>> {
        let field = &self.field;
        Some(match field.kind {
            Kind::Count | Kind::CountOr(_) => values::count(node, field).map(|count| count as f64),
            Kind::Number => values::number(node, field),
            Kind::Ratio => values::ratio(node, field),
            Kind::Rate => values::rate(node, field),
            Kind::Size => values::size(node, field).map(|bytes| bytes as f64),
            Kind::Duration | Kind::DurationOr(_) | Kind::Distribution => {
                values::duration(node, field).map(|span| span.as_ns() as f64)
            }
            Kind::Moment => moment(self.context, node, field).map(|time| time.as_ns() as f64),
            _ => return None,
        })
    }

    /// A number as the file would write it.
    fn show(&self, value: f64) -> String {
        match self.field.kind {
            Kind::Count | Kind::CountOr(_) => format!("{}", (value + 0.5).floor()),
            Kind::Ratio => units::show_ratio(rounded(value)),
            Kind::Rate => units::show_rate(rounded(value)),
            Kind::Size => units::show_size(rounded(value).round() as u64),
            Kind::Number => rounded(value).to_string(),
            Kind::Moment => {
                let moment = Span::from_secs_f64((value / 1e9).round());
                let clock = self.context.clock;
                if clock.start().is_some() {
                    clock.show(moment.after_start())
                } else {
                    moment.to_string()
                }
            }
            _ => Span::from_ns_f64(rounded(value)).to_string(),
        }
    }

    fn range(&self, node: &Node, own: &Field) -> Read<Vec<String>> {
        let [low, high] = pair(node, own, "[low, high]")?;
        let (Some(from), Some(to)) = (self.quantity(low), self.quantity(high)) else {
            let message = format!("`{}` is not a quantity", self.field.key);
            return Err(Diagnostic::new(message, &node.place, "it has no range")
                .help("write values = [...] with all that are plausible"));
        };
        let (from, to) = (from?, to?);
        if from > to {
            return Err(Diagnostic::new("`range` is reversed", &node.place, "low, then high")
                .help(format!("write [{}, {}]", high.value, low.value)));
        }
        if self.context.mode == Mode::Written {
            for written in self.nodes {
                let inside = match self.quantity(written) {
                    Some(Ok(value)) => (from..=to).contains(&value),
                    // Reported where it stands, or no number (`unlimited`).
                    _ => written.as_str().is_none(),
                };
                if !inside {
                    let message = "the file's own value lies outside this range";
                    return Err(Diagnostic::new(message, &node.place, "")
                        .and(&written.place, format!("the value: {}", written.written())));
                }
            }
        }
        Ok(self.candidates(low, high, from, to))
    }

    /// Both ends as written, and values at equal distances between them.
    fn candidates(&self, low: &Node, high: &Node, from: f64, to: f64) -> Vec<String> {
        let mut values = vec![low.written()];
        for step in 1..CANDIDATES - 1 {
            let share = f64::from(step) / f64::from(CANDIDATES - 1);
            values.push(self.show(from + (to - from) * share));
        }
        values.push(high.written());
        values.dedup();
        values
    }

    fn list(&self, node: &Node, own: &Field) -> Read<Vec<String>> {
        let items = values::list(node, own, "plausible values")?;
        if items.is_empty() {
            return Err(Diagnostic::new("`values` is empty", &node.place, "name at least one"));
        }
        for item in &items {
            match self.quantity(item) {
                // A word in the place of a quantity ("unlimited") is checked when it is used.
                Some(Err(wrong)) if item.as_str().is_none_or(|text| !self.is_word(text)) => {
                    return Err(wrong);
                }
                _ => {}
            }
        }
        Ok(items.into_iter().map(Node::written).collect())
    }

    fn is_word(&self, text: &str) -> bool {
        matches!(self.field.kind, Kind::CountOr(word) | Kind::DurationOr(word) if word == text)
    }
}

/// To four digits: nobody assumes more.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_between_are_short() {
        assert_eq!(rounded(412.500_000_1).to_string(), "412.5");
        assert_eq!(rounded(0.0).to_string(), "0");
        assert_eq!(units::show_ratio(rounded(0.123_456)), "12.35%");
    }
}
