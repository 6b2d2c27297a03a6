//! `[[alert]]` and its condition: `latency.p95 > 2s for 1m`.

use super::super::diagnostic::Diagnostic;
use super::super::fields::Field;
use super::super::reader::TableReader;
use super::super::suggest;
use super::super::tree::Node;
use super::super::units::{self, UnitError};
use super::super::values::{self, Read};
use super::names::Names;
use super::{Context, all};
use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::model::setup::{AlertRule, BackendId, Signal};
use crate::observe::metric::quantile;
use std::ops::Range;

/// Something that an alert can watch.
#[derive(Debug)]
pub struct SignalSpec {
    /// Its name; NAME stands for a backend or an outcome, NN for a percentile.
    pub name: &'static str,
    /// How its threshold is written.
    pub threshold: Threshold,
    /// What it is.
    pub doc: &'static str,
}

/// How a threshold is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// `95%`.
    Ratio,
    /// `2s`.
    Duration,
    /// `450/s`.
    Rate,
    /// `1.5`.
    Number,
}

const fn signal(name: &'static str, threshold: Threshold, doc: &'static str) -> SignalSpec {
    SignalSpec { name, threshold, doc }
}

/// Every signal.
pub static SIGNALS: &[SignalSpec] = &[
    signal("success_ratio", Threshold::Ratio, "share of finished attempts that succeeded"),
    signal("error_ratio", Threshold::Ratio, "share of finished attempts that failed"),
    signal("outcomes.NAME_ratio", Threshold::Ratio, "share of finished attempts with an outcome"),
    signal(
        "latency.pNN",
        Threshold::Duration,
        "percentile of the time attempts took, failures too",
    ),
    signal("latency.mean", Threshold::Duration, "mean time attempts took, failures too"),
    signal("attempt_rate", Threshold::Rate, "finished attempts per time"),
    signal("share.NAME", Threshold::Ratio, "a backend's share of the attempts"),
    signal("share.max", Threshold::Ratio, "the largest share of a backend"),
    signal("balance.max_over_mean", Threshold::Number, "largest share over mean share"),
    signal("burn_rate", Threshold::Number, "error ratio over the error budget of the objective"),
];

const FORM: &str =
    "write a signal, `>` or `<`, a threshold, and how long: \"latency.p95 > 2s for 1m\"";

/// Every alert.
pub(super) fn alerts(context: &Context<'_>, top: &TableReader<'_>) -> Option<Vec<AlertRule>> {
    all(top.tables("alert").iter().map(|table| {
        let name = table.text("name");
        let window = table.duration("window");
        let condition = table.get("when", |node, field| condition(context, node, field));
        let (signal, above, threshold, hold) = condition?;
        Some(AlertRule { name: name?, signal, above, threshold, window: window?, hold })
    }))
}

/// A word of a condition and where it stands.
type Word<'a> = (&'a str, Range<usize>);

fn words(text: &str, from: usize) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = from;
    while let Some(start) = text[at..].find(|c: char| !c.is_whitespace()).map(|skip| at + skip) {
        at = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
        words.push((&text[start..at], start..at));
    }
    words
}

fn condition(context: &Context<'_>, node: &Node, field: &Field) -> Read<(Signal, bool, f64, Span)> {
    let text = values::text(node, field)?;
    let fail = |at: Range<usize>, message: &str| {
        Err(Diagnostic::new(message, &node.place.inside(text, at), "").help(FORM))
    };
    let Some(operator) = text.find(['<', '>']) else {
        return fail(0..text.len(), "this condition compares nothing");
    };
    let signal_words = words(&text[..operator], 0);
    let [(name, at)] = &signal_words[..] else {
        return fail(0..operator, "one signal must stand before the comparison");
    };
    let (signal, spec) = find_signal(context, node, text, name, at)?;
    if text[operator + 1..].starts_with('=') {
        return fail(operator..operator + 2, "only `>` and `<` compare");
    }
    let rest = words(text, operator + 1);
    let Some((value, at)) = rest.first() else {
        return fail(operator..operator + 1, "a threshold must follow");
    };
    let threshold = threshold(spec, value).map_err(|error| {
        let inner = at.start + error.at.start..at.start + error.at.end;
        let message = format!("`{value}` is no threshold of `{}`", spec.name);
        Diagnostic::new(message, &node.place.inside(text, inner), error.message)
            .help_if(error.fix.map(|fix| format!("did you mean `{fix}`?")))
            .help_if(Some(format!("it is written like `{}`", spec.threshold.example())))
    })?;
    let hold = match &rest[1..] {
        [] => Span::ZERO,
        [("for", _), (value, at)] => match units::duration(value) {
            Ok(hold) => hold,
            Err(error) => return fail(at.clone(), &error.message),
        },
        [("for", at)] => return fail(at.clone(), "a duration must follow `for`"),
        [(_, at), ..] => return fail(at.start..text.len(), "only `for` and a duration may follow"),
    };
    Ok((signal, text[operator..].starts_with('>'), threshold, hold))
}

impl Threshold {
    fn example(self) -> &'static str {
        match self {
            Self::Ratio => "95%",
            Self::Duration => "2s",
            Self::Rate => "450/s",
            Self::Number => "1.5",
        }
    }
}

fn threshold(spec: &SignalSpec, value: &str) -> Result<f64, UnitError> {
    match spec.threshold {
        Threshold::Duration => units::duration(value).map(|span| span.as_ns() as f64),
        Threshold::Rate => units::rate(value),
        Threshold::Number => units::number(value),
        Threshold::Ratio => units::ratio(value).and_then(|ratio| {
            if ratio <= 1.0 {
                return Ok(ratio);
            }
            let message = "a share is at most 100%".to_owned();
            let fix = (!value.contains('%')).then(|| format!("{value}%"));
            Err(UnitError { at: 0..value.len(), message, fix })
        }),
    }
}

/// The signal of that name, which stands at `at` in the condition.
fn find_signal(
    context: &Context<'_>,
    node: &Node,
    text: &str,
    name: &str,
    at: &Range<usize>,
) -> Read<(Signal, &'static SignalSpec)> {
    let place = node.place.inside(text, at.clone());
    let spec = |name: &str| {
        let spec = SIGNALS.iter().find(|spec| spec.name == name);
        spec.expect("every signal that is read is in the table")
    };
    let signal = match name {
        "success_ratio" => (Signal::SuccessRatio, spec(name)),
        "error_ratio" => (Signal::ErrorRatio, spec(name)),
        "latency.mean" => (Signal::LatencyMean, spec(name)),
        "attempt_rate" => (Signal::AttemptRate, spec(name)),
        "share.max" => (Signal::ShareMax, spec(name)),
        "balance.max_over_mean" => (Signal::MaxOverMean, spec(name)),
        "burn_rate" => {
            let Some(success) = context.objective.and_then(|objective| objective.success) else {
                return Err(Diagnostic::new("`burn_rate` needs an error budget", &place, "")
                    .help("add [objective] with success = \"99.9%\""));
            };
            (Signal::BurnRate { budget: 1.0 - success }, spec(name))
        }
        _ => {
            if let Some(percentile) = name.strip_prefix("latency.p").and_then(quantile) {
                (Signal::LatencyQuantile(percentile), spec("latency.pNN"))
            } else if let Some(backend) = name.strip_prefix("share.") {
                let index = Names::position(&context.names.backends, "backend", &place, backend)?;
                (Signal::Share(BackendId(index)), spec("share.NAME"))
            } else if let Some(outcome) = outcome_of(name) {
                if outcome.is_unsent() {
                    let message = format!("monitoring never sees `{}`", outcome.name());
                    return Err(Diagnostic::new(message, &place, "these requests were not sent")
                        .help("an expectation can bound outcomes.NAME_ratio"));
                }
                (Signal::OutcomeRatio(outcome), spec("outcomes.NAME_ratio"))
            } else {
                let names = SIGNALS.iter().map(|spec| spec.name);
                return Err(values::unknown(&place, "signal", name)
                    .help(suggest::help(name, names, "signals")));
            }
        }
    };
    Ok(signal)
}

fn outcome_of(name: &str) -> Option<Outcome> {
    Outcome::from_name(name.strip_prefix("outcomes.")?.strip_suffix("_ratio")?)
}
