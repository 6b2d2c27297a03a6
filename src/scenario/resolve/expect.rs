//! `[objective]` and `[[expect]]`.

use super::super::clock::Clock;
use super::super::diagnostic::Diagnostic;
use super::super::fields::Field;
use super::super::reader::TableReader;
use super::super::suggest;
use super::super::tree::{Node, Value};
use super::super::units;
use super::super::values::{self, Read};
use super::super::{Bounds, Expect, Objective};
use super::{Context, all};
use crate::engine::time::{Span, Time};
use crate::observe::metric::{MetricRef, Names, Unit, VERDICTS};

/// What good service means, if the file says so.
pub(super) fn objective(top: &TableReader<'_>) -> Option<Objective> {
    let table = top.table("objective")?;
    Some(Objective { success: table.ratio("success"), p99: table.duration("p99") })
}

/// Every expectation.
pub(super) fn expects(context: &Context<'_>, top: &TableReader<'_>) -> Vec<Expect> {
    all(top.tables("expect").iter().map(|table| expect(context, table))).unwrap_or_default()
}

fn expect(context: &Context<'_>, table: &TableReader<'_>) -> Option<Expect> {
    let name = table.text("name");
    let fact = table.text("fact");
    let between = interval(context, table, "between");
    let baseline = interval(context, table, "baseline");
    let metric = table.has("metric").then(|| metric(context, table)).flatten();
    let bounds = bounds(context, table, metric.as_ref());
    let metric = metric?;
    for key in ["between", "baseline"] {
        if metric.metric.whole_run && table.has(key) {
            let message = format!("`{}` is of the whole run: it has no `{key}`", metric.text);
            table.report.push(Diagnostic::new(message, table.key_place(key), "remove this"));
        }
    }
    Some(Expect { name: name?, fact, between, baseline, metric, bounds: bounds? })
}

/// A moment, written as an offset or a time of day.
pub(super) fn moment(context: &Context<'_>, node: &Node, field: &Field) -> Read<Time> {
    moment_of(context.clock, node, field)
}

/// A moment by this clock.
pub(super) fn moment_of(clock: &Clock, node: &Node, field: &Field) -> Read<Time> {
    let text = match &node.value {
        Value::String(text) => text.clone(),
        Value::Datetime(datetime) => datetime.to_string(),
        _ => {
            return Err(values::wrong_kind(node, field, "a moment such as \"1h30m\" or \"14:05\""));
        }
    };
    clock
        .moment(&text)
        .map_err(|error| Diagnostic::new(error.message, &node.place, "").help_if(error.help))
}

pub(super) fn interval(
    context: &Context<'_>,
    table: &TableReader<'_>,
    key: &str,
) -> Option<(Time, Time)> {
    table.get(key, |node, field| {
        let [from, to] = pair(node, field, "two moments such as [\"14:10\", \"15:15\"]")?;
        let (start, end) = (moment(context, from, field)?, moment(context, to, field)?);
        if start < end {
            return Ok((start, end));
        }
        let reversed = if start > end { "ends before it begins" } else { "has no length" };
        Err(Diagnostic::new(format!("`{key}` {reversed}"), &node.place, "from, then to")
            .help_if((start > end).then(|| format!("write [{}, {}]", to.value, from.value))))
    })
}

/// The two elements of a list.
pub(super) fn pair<'a>(node: &'a Node, field: &Field, expected: &str) -> Read<[&'a Node; 2]> {
    match node.as_array() {
        Some([first, second]) => Ok([first, second]),
        _ => Err(values::wrong_kind(node, field, expected)),
    }
}

fn metric(context: &Context<'_>, table: &TableReader<'_>) -> Option<MetricRef> {
    let names = Names {
        backends: &context.names.backends,
        alerts: &context.names.alerts,
        database: context.names.database,
    };
    table.get("metric", |node, field| {
        let text = values::text(node, field)?;
        MetricRef::parse(text, &names).map_err(|error| {
            let wrong = text.get(error.at.clone()).unwrap_or(text);
            let candidates = error.candidates.iter().map(String::as_str);
            let help = suggest::help(wrong, candidates, "possible");
            Diagnostic::new(error.message, &node.place.inside(text, error.at), "")
                .help_if((!error.candidates.is_empty()).then_some(help))
        })
    })
}

/// Exactly one of the four ways to bound a metric.
fn bounds(
    context: &Context<'_>,
    table: &TableReader<'_>,
    metric: Option<&MetricRef>,
) -> Option<Bounds> {
    const WAYS: [&str; 4] = ["within", "at-least", "at-most", "is"];
    let given: Vec<&str> = WAYS.into_iter().filter(|key| table.has(key)).collect();
    let key = match given[..] {
        [key] => key,
        [] => {
            let message = "an expectation needs a bound";
            table.report.push(
                Diagnostic::new(message, table.place, "this one has none")
                    .help("add one of within = [low, high], at-least, at-most, is"),
            );
            return None;
        }
        [first, second, ..] => {
            table.report.push(
                Diagnostic::new(
                    "an expectation has one bound",
                    table.key_place(second),
                    "a second",
                )
                .and(table.key_place(first), "the first")
                .help("write within = [low, high] for two"),
            );
            return None;
        }
    };
    let metric = metric?;
    if (metric.metric.unit == Unit::Text) != (key == "is") {
        let message = if key == "is" {
            format!("`{}` is a number: bound it by `within`, `at-least` or `at-most`", metric.text)
        } else {
            format!("`{}` is a word: write is = \"recovered\"", metric.text)
        };
        table.report.push(Diagnostic::new(message, table.key_place(key), ""));
        return None;
    }
    let signed = table.has("baseline");
    let bound =
        |node: &Node, field: &Field| bound(context, metric.metric.unit, signed, node, field);
    table.get(key, |node, field| match key {
        "is" => {
            let text = values::text(node, field)?;
            if VERDICTS.contains(&text) {
                return Ok(Bounds::Is(text.to_owned()));
            }
            Err(values::unknown(&node.place, "verdict", text)
                .help(suggest::help(text, VERDICTS, "verdicts")))
        }
        "at-least" => Ok(Bounds::Within { low: Some(bound(node, field)?), high: None }),
        "at-most" => Ok(Bounds::Within { low: None, high: Some(bound(node, field)?) }),
        _ => {
            let [low, high] = pair(node, field, "[low, high]")?;
            let (from, to) = (bound(low, field)?, bound(high, field)?);
            if from > to {
                return Err(Diagnostic::new("`within` is reversed", &node.place, "low, then high")
                    .help(format!("write [{}, {}]", high.value, low.value)));
            }
            Ok(Bounds::Within { low: Some(from), high: Some(to) })
        }
    })
}

/// A bound in the metric's unit; a difference may be negative.
fn bound(context: &Context<'_>, unit: Unit, signed: bool, node: &Node, field: &Field) -> Read<f64> {
    if unit == Unit::Instant {
        return moment(context, node, field).map(Time::as_secs_f64);
    }
    let plain = match &node.value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    let (expected, dimensionless) = match unit {
        Unit::Ratio => ("a share such as \"65%\"", true),
        Unit::Milliseconds => ("a duration such as \"10s\"", false),
        Unit::Rate => ("a rate such as \"450/s\"", false),
        _ => ("a number", true),
    };
    let read = match (plain, &node.value) {
        (Some(number), _) if dimensionless => number,
        (None, Value::String(text)) => {
            let (sign, text) = text
                .strip_prefix('-')
                .filter(|_| signed)
                .map_or((1.0, text.as_str()), |rest| (-1.0, rest));
            let read = match unit {
                Unit::Ratio => units::ratio(text),
                Unit::Milliseconds => units::duration(text).map(Span::as_ms_f64),
                Unit::Rate => units::rate(text),
                _ => return Err(values::wrong_kind(node, field, expected)),
            };
            sign * read.map_err(|error| {
                let message = format!("`{}` must be {expected}", field.key);
                Diagnostic::new(message, &node.place, error.message)
                    .help_if(error.fix.map(|fix| format!("did you mean `{fix}`?")))
            })?
        }
        _ => return Err(values::wrong_kind(node, field, expected)),
    };
    if read < 0.0 && !signed {
        let message = format!("`{}` cannot be negative here", field.key);
        return Err(Diagnostic::new(
            message,
            &node.place,
            "only a difference from a `baseline` can",
        ));
    }
    if unit == Unit::Ratio && read.abs() > 1.0 {
        let fix = plain.map(|number| format!("did you mean \"{number}%\"?"));
        let message = format!("`{}` of a share is at most 100%", field.key);
        return Err(Diagnostic::new(message, &node.place, "").help_if(fix));
    }
    Ok(read)
}
