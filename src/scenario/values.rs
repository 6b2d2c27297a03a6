//! One value at a time: from a node to a number, a length of time, a word, or a diagnostic.

use super::diagnostic::{Diagnostic, Place};
use super::fields::Field;
use super::suggest;
use super::tree::{Node, Value};
use super::units::{self, UnitError};
use crate::engine::time::Span;

/// A value, or what is wrong with it.
pub(super) type Read<T> = Result<T, Diagnostic>;

/// The value is of another kind altogether.
pub(super) fn wrong_kind(node: &Node, field: &Field, expected: &str) -> Diagnostic {
    let message = format!("`{}` must be {expected}", field.key);
    Diagnostic::new(message, &node.place, format!("this is {}", node.kind()))
}

/// A quantity in the wrong units.
fn wrong_unit(
    node: &Node,
    text: &str,
    error: UnitError,
    field: &Field,
    expected: &str,
) -> Diagnostic {
    let place = node.place.inside(text, error.at);
    Diagnostic::new(format!("`{}` must be {expected}", field.key), &place, error.message)
        .help_if(error.fix.map(|fix| format!("did you mean `{fix}`?")))
}

pub(super) const DURATION: &str = "a duration such as \"250ms\" or \"1h30m\"";
pub(super) const RATE: &str = "a rate such as \"450/s\"";
pub(super) const RATIO: &str = "a share such as \"30%\"";
pub(super) const SIZE: &str = "an amount of memory such as \"512MiB\"";
pub(super) const COUNT: &str = "a whole number";
pub(super) const NUMBER: &str = "a number";

pub(super) fn text<'a>(node: &'a Node, field: &Field) -> Read<&'a str> {
    node.as_str().ok_or_else(|| wrong_kind(node, field, "a text in quotes"))
}

pub(super) fn flag(node: &Node, field: &Field) -> Read<bool> {
    match &node.value {
        Value::Boolean(flag) => Ok(*flag),
        Value::String(text) if text == "true" || text == "false" => {
            Err(wrong_kind(node, field, "true or false").help("write it without quotes"))
        }
        _ => Err(wrong_kind(node, field, "true or false")),
    }
}

/// Checks the declared range; `show` writes a bound as the file would.
fn in_range(
    node: &Node,
    field: &Field,
    value: f64,
    show: impl Fn(f64) -> String,
) -> Result<(), Diagnostic> {
    let Some((low, high)) = field.range else { return Ok(()) };
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let bound = if value < low {
        format!("at least {}", show(low))
    } else {
        format!("at most {}", show(high))
    };
    let message = format!("`{}` must be {bound}", field.key);
    let range = format!("from {} to {}", show(low), show(high));
    Err(Diagnostic::new(message, &node.place, range))
}

pub(super) fn count(node: &Node, field: &Field) -> Read<u64> {
    let Value::Integer(number) = node.value else {
        let mut wrong = wrong_kind(node, field, COUNT);
        if let Some(text) = node.as_str()
            && text.parse::<u64>().is_ok()
        {
            wrong = wrong.help(format!("write {text} without quotes"));
        }
        return Err(wrong);
    };
    in_range(node, field, number as f64, |bound| bound.to_string())?;
    u64::try_from(number).map_err(|_| {
        Diagnostic::new(format!("`{}` cannot be negative", field.key), &node.place, "")
    })
}

/// A count, or `None` for the word that means there is no limit.
pub(super) fn count_or(node: &Node, field: &Field, word: &str) -> Read<Option<u64>> {
    match node.as_str() {
        Some(text) if text == word => Ok(None),
        Some(text) if text.parse::<u64>().is_err() => {
            Err(wrong_kind(node, field, &format!("{COUNT} or \"{word}\"")))
        }
        _ => count(node, field).map(Some),
    }
}

pub(super) fn number(node: &Node, field: &Field) -> Read<f64> {
    let value = match &node.value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        _ => return Err(wrong_kind(node, field, NUMBER)),
    };
    in_range(node, field, value, |bound| bound.to_string())?;
    Ok(value)
}

pub(super) fn ratio(node: &Node, field: &Field) -> Read<f64> {
    let value = match &node.value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        Value::String(text) => {
            units::ratio(text).map_err(|error| wrong_unit(node, text, error, field, RATIO))?
        }
        _ => return Err(wrong_kind(node, field, RATIO)),
    };
    in_range(node, field, value, units::show_ratio)?;
    Ok(value)
}

pub(super) fn rate(node: &Node, field: &Field) -> Read<f64> {
    let value = match &node.value {
        Value::String(text) => {
            units::rate(text).map_err(|error| wrong_unit(node, text, error, field, RATE))?
        }
        Value::Integer(_) | Value::Float(_) => {
            let fix = format!("did you mean \"{}/s\"?", node.value);
            return Err(wrong_kind(node, field, RATE).help(fix));
        }
        _ => return Err(wrong_kind(node, field, RATE)),
    };
    in_range(node, field, value, units::show_rate)?;
    Ok(value)
}

pub(super) fn size(node: &Node, field: &Field) -> Read<u64> {
    let bytes = match &node.value {
        Value::String(text) => {
            units::size(text).map_err(|error| wrong_unit(node, text, error, field, SIZE))?
        }
        Value::Integer(number) => {
            let fix = format!("did you mean \"{number}MiB\"?");
            return Err(wrong_kind(node, field, SIZE).help(fix));
        }
        _ => return Err(wrong_kind(node, field, SIZE)),
    };
    in_range(node, field, bytes as f64, |bound| units::show_size(bound as u64))?;
    Ok(bytes)
}

pub(super) fn duration(node: &Node, field: &Field) -> Read<Span> {
    duration_as(node, field, DURATION)
}

/// A duration, or `None` for the word that stands for something else.
pub(super) fn duration_or(node: &Node, field: &Field, word: &str) -> Read<Option<Span>> {
    if node.as_str() == Some(word) {
        return Ok(None);
    }
    duration_as(node, field, &format!("{DURATION}, or \"{word}\"")).map(Some)
}

fn duration_as(node: &Node, field: &Field, expected: &str) -> Read<Span> {
    let span = match &node.value {
        Value::String(text) => {
            units::duration(text).map_err(|error| wrong_unit(node, text, error, field, expected))?
        }
        Value::Integer(number) => {
            let fix = format!("a duration needs a unit: \"{number}s\" or \"{number}ms\"");
            return Err(wrong_kind(node, field, expected).help(fix));
        }
        _ => return Err(wrong_kind(node, field, expected)),
    };
    in_range(node, field, span.as_secs_f64(), |seconds| Span::from_secs_f64(seconds).to_string())?;
    Ok(span)
}

/// The elements of a list; a single text counts as a list of one.
pub(super) fn list<'a>(node: &'a Node, field: &Field, expected: &str) -> Read<Vec<&'a Node>> {
    match &node.value {
        Value::Array(items) => Ok(items.iter().collect()),
        _ => Err(wrong_kind(node, field, &format!("a list of {expected}"))
            .help(format!("write [{}]", node.value))),
    }
}

/// The position of a word among a few.
pub(super) fn choice(node: &Node, field: &Field, words: &[&str]) -> Read<usize> {
    let text = text(node, field)?;
    words.iter().position(|word| *word == text).ok_or_else(|| {
        unknown(&node.place, field.key, text).help(suggest::help(
            text,
            words.iter().copied(),
            "one of",
        ))
    })
}

/// A name that nothing has.
pub(super) fn unknown(place: &Place, what: &str, text: &str) -> Diagnostic {
    Diagnostic::new(format!("unknown {what} `{text}`"), place, "")
}
