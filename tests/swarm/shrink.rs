//! A failing scenario made small: elements of lists, keys and values are taken away or simplified as
//! long as it fails (delta debugging: Zeller & Hildebrandt, IEEE TSE 2002).

use super::document::{Path, Step, Table, Value, at, remove};
use misroute::engine::time::Span;
use misroute::scenario::units;

/// How often a scenario may be tried.
const MOST: usize = 3_000;

/// The smallest scenario found that still fails. `fails` is only asked about changed ones.
pub(super) fn shrink(document: &Table, fails: &dyn Fn(&Table) -> bool) -> Table {
    let mut best = document.clone();
    let mut left = MOST;
    loop {
        let before = best.clone();
        for candidates in [without_halves, without_parts, simpler_values] {
            pass(&mut best, candidates, fails, &mut left);
        }
        if best == before || left == 0 {
            return best;
        }
    }
}

/// A change that might make a document smaller.
type Change = (Path, Option<Value>);

/// Tries changes as long as one of them succeeds.
fn pass(
    best: &mut Table,
    candidates: fn(&Table) -> Vec<Change>,
    fails: &dyn Fn(&Table) -> bool,
    left: &mut usize,
) {
    let mut position = 0;
    loop {
        // Anew after each success: paths move.
        let changes = candidates(best);
        let Some((path, value)) = changes.get(position) else { return };
        let mut smaller = best.clone();
        match value {
            Some(value) => {
                if let Some(old) = at(&mut smaller, path) {
                    old.clone_from(value);
                }
            }
            None => remove(&mut smaller, path),
        }
        if *left == 0 {
            return;
        }
        *left -= 1;
        if smaller != *best && fails(&smaller) {
            *best = smaller;
        } else {
            position += 1;
        }
    }
}

/// Everything in the document, outermost first.
fn parts(document: &Table) -> Vec<(Path, Value)> {
    fn visit(path: &Path, value: &Value, found: &mut Vec<(Path, Value)>) {
        found.push((path.clone(), value.clone()));
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    visit(&[&path[..], &[Step::Key(key.clone())]].concat(), value, found);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    visit(&[&path[..], &[Step::Item(index)]].concat(), value, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (key, value) in document {
        visit(&vec![Step::Key(key.clone())], value, &mut found);
    }
    found.sort_by_key(|(path, _)| path.len());
    found
}

/// Lists with only one half of their elements.
fn without_halves(document: &Table) -> Vec<Change> {
    let mut changes = Vec::new();
    for (path, value) in parts(document) {
        if let Value::Array(items) = value
            && items.len() >= 2
        {
            let (first, second) = items.split_at(items.len() / 2);
            changes.push((path.clone(), Some(first.to_vec().into())));
            changes.push((path, Some(second.to_vec().into())));
        }
    }
    changes
}

/// Without one key or one element.
fn without_parts(document: &Table) -> Vec<Change> {
    parts(document).into_iter().map(|(path, _)| (path, None)).collect()
}

/// With one value that is simpler.
fn simpler_values(document: &Table) -> Vec<Change> {
    let simpler = |(path, value): (Path, Value)| {
        let values = candidates(&value).into_iter();
        let values = values.filter(move |other| weight(other) < weight(&value));
        values.map(move |other| (path.clone(), Some(other))).collect::<Vec<_>>()
    };
    parts(document).into_iter().flat_map(simpler).collect()
}

/// What might stand in a value's place.
fn candidates(value: &Value) -> Vec<Value> {
    match value {
        Value::Boolean(true) => vec![false.into()],
        Value::Integer(n) => vec![0.into(), 1.into(), 2.into(), (n / 2).into()],
        Value::Float(x) => vec![1.0.into(), 2.0.into(), (x / 2.0).floor().into()],
        Value::Table(_) => vec!["10ms".into()],
        Value::Array(items) => items.first().cloned().into_iter().collect(),
        Value::String(text) => {
            if let Ok(span) = units::duration(text) {
                let half = format!("{}s", span.as_secs_f64().div_euclid(2.0));
                return ["0s", "1s", "10s", "10ms", half.as_str()].map(Value::from).to_vec();
            }
            let rate: Option<f64> = text.strip_suffix("/s").and_then(|rate| rate.parse().ok());
            let Some(rate) = rate else { return Vec::new() };
            let half = format!("{}/s", (rate / 2.0).floor());
            ["1/s", "10/s", half.as_str()].map(Value::from).to_vec()
        }
        _ => Vec::new(),
    }
}

/// How much there is to read; of equally long values, how large they are.
fn weight(value: &Value) -> (usize, u64) {
    let text = value.to_string();
    let size = match value {
        Value::Integer(n) => n.unsigned_abs(),
        Value::Float(x) => x.abs() as u64,
        Value::String(text) => units::duration(text).map_or(u64::MAX, Span::as_ns),
        _ => 0,
    };
    (text.len(), size)
}
