//! Several replications of one scenario: a page for a terminal, a document, and a table of all runs.

use super::clock::Clock;
use super::estimates::{Shown, shown};
use super::text::Style;
use super::{Status, clock, table, words};
use crate::experiment::column::Column;
use crate::experiment::replicate::Replicated;
use crate::experiment::replications::ReplicationsResult;
use crate::experiment::verdicts::{Certainty, Judged};
use crate::observe::result::Verdict;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;

/// Width of the words that begin the rows at the top.
const LABEL: usize = 10;

/// What the replications showed, and how to have them again.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "misroute replications")]
struct Document<'a> {
    #[serde(flatten)]
    result: &'a ReplicationsResult,
    /// The command that gives the same again.
    command: &'a str,
}

/// The document, indented, with a line break at its end.
pub fn json(result: &ReplicationsResult, command: &str) -> String {
    let document = Document { result, command };
    let text =
        serde_json::to_string_pretty(&document).expect("a plain structure has no other keys");
    text + "\n"
}

/// The JSON Schema of the document.
pub fn schema() -> serde_json::Value {
    schema_for!(Document<'static>).to_value()
}

/// One row per replication: its number, verdict and digest, what its quantiles rest on, and its
/// figures, empty where it has none.
pub fn csv(columns: &[Column], replicated: &Replicated) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = columns.iter().map(|column| column.name.as_str());
    let first = ["replication", "verdict", "digest", "successes"];
    let mut rows = vec![first.into_iter().chain(names).map(str::to_owned).collect::<Vec<_>>()];
    for (sample, view) in replicated.samples.iter().zip(replicated.views()) {
        let mut row = vec![
            sample.replication.to_string(),
            words_of(sample.verdict).to_owned(),
            sample.digest.clone(),
            view.successes.to_string(),
        ];
        let values = view.values.iter();
        row.extend(values.map(|value| value.map_or_else(String::new, |value| value.to_string())));
        rows.push(row);
    }
    for row in rows {
        writer.write_record(row).expect("every row has all columns, and memory takes them");
    }
    let bytes = writer.into_inner().expect("memory takes every write");
    String::from_utf8(bytes).expect("texts in, texts out")
}

fn words_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unharmed => "unharmed",
        Verdict::Recovered => "recovered",
        Verdict::Degraded => "degraded",
        Verdict::Metastable => "metastable",
    }
}

/// What the replications showed, for a terminal.
pub fn text(result: &ReplicationsResult, command: &str, style: Style) -> String {
    let mut lines = Vec::new();
    header(result, style, &mut lines);
    answer(result, style, &mut lines);
    lines.push(String::new());
    figures(result, style, &mut lines);
    expectations(result, style, &mut lines);
    if !result.warnings.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("Before you believe this"));
        for warning in &result.warnings {
            let mut mark = style.judged(Status::NoData, "!");
            for line in words::wrap(&warning.to_string(), style.columns() - 4) {
                lines.push(format!("  {mark} {line}"));
                " ".clone_into(&mut mark);
            }
        }
    }
    lines.push(String::new());
    row("again", command, style, &mut lines);
    lines.join("\n") + "\n"
}

fn row(label: &str, text: &str, style: Style, lines: &mut Vec<String>) {
    lines.push(format!("{}{text}", style.dim(&format!("{label:<LABEL$}"))));
}

fn header(result: &ReplicationsResult, style: Style, lines: &mut Vec<String>) {
    let title = result.title.as_ref().map_or_else(String::new, |title| format!(": {title}"));
    let title = format!("{}{title}", result.scenario.name);
    lines.push(style.bold(&words::clip(&title, style.columns())));
    let ReplicationsResult { seed, digest, version, .. } = result;
    let length = clock::plain_length(result.duration_s);
    let runs = words::plural(u64::from(result.replications), "replication");
    let line = format!("{runs} of {length} · seed {seed} · digest {digest} · misroute {version}");
    lines.push(style.dim(&words::clip(&line, style.columns())));
    lines.push(String::new());
}

fn answer(result: &ReplicationsResult, style: Style, lines: &mut Vec<String>) {
    let verdicts: Vec<String> = result
        .verdicts
        .iter()
        .map(|share| {
            let of = format!("{} of {}", share.count, result.replications);
            let interval = whole_percents(share.share.low, share.share.high);
            format!("{} in {of}{interval}", words_of(share.verdict).to_uppercase())
        })
        .collect();
    row("verdict", &verdicts.join(" · "), style, lines);
    let left_out = match result.warm_up_s {
        s if s > 0.0 => format!("the first {} of each run", clock::plain_length(s)),
        _ => "nothing".to_owned(),
    };
    row("left out", &format!("{left_out}, as warm-up"), style, lines);
    if let Some(precision) = &result.precision {
        let reached = if precision.reached { "reached" } else { "NOT reached" };
        let status = if precision.reached { Status::Pass } else { Status::Fail };
        let wanted = format!("{} of {}", percent(precision.relative), precision.figures.join(", "));
        row("precision", &format!("{wanted}: {}", style.judged(status, reached)), style, lines);
    }
    if !result.objective.is_empty() {
        let told = result.objective.iter().map(|goal| {
            let met = match goal.status {
                Certainty::Pass => "met",
                Certainty::Fail => "missed",
                Certainty::Undecided => "undecided",
                Certainty::NoData => "no data",
            };
            let met = style.judged(status(goal.status), met);
            format!(
                "{} {} ({}): {met}",
                goal.name,
                observed(goal, &clock(result)).mean,
                goal.bounds
            )
        });
        row("objective", &told.collect::<Vec<_>>().join(" · "), style, lines);
    }
    if !result.expect.is_empty() {
        let count = |status| result.expect.iter().filter(|line| line.status == status).count();
        let held = count(Certainty::Pass);
        let mut parts = vec![format!("{held} of {} expectations hold", result.expect.len())];
        let others = [
            (Certainty::Fail, "failed"),
            (Certainty::Undecided, "undecided"),
            (Certainty::NoData, "without data"),
        ];
        for (certainty, word) in others {
            parts.extend(Some(count(certainty)).filter(|n| *n > 0).map(|n| format!("{n} {word}")));
        }
        let status = if held == result.expect.len() {
            Status::Pass
        } else if count(Certainty::Fail) > 0 {
            Status::Fail
        } else {
            Status::NoData
        };
        row("expected", &style.judged(status, &parts.join(", ")), style, lines);
    }
}

fn figures(result: &ReplicationsResult, style: Style, lines: &mut Vec<String>) {
    let columns = [
        table::words("figure"),
        table::numbers("mean"),
        table::numbers("95% interval"),
        table::numbers("±"),
        table::numbers("runs"),
    ];
    let clock = clock(result);
    let rows: Vec<Vec<String>> = result
        .figures
        .iter()
        .map(|figure| {
            let dash = || "–".to_owned();
            let shown = figure.estimate.as_ref().map(|e| shown(figure.unit, false, e, &clock));
            let shown = shown.unwrap_or(Shown { mean: dash(), interval: None, relative: None });
            vec![
                figure.name.clone(),
                shown.mean,
                shown.interval.unwrap_or_else(dash),
                shown.relative.unwrap_or_else(dash),
                (result.replications - figure.missing).to_string(),
            ]
        })
        .collect();
    for (index, line) in table::plain(&columns, &rows).into_iter().enumerate() {
        lines.push(if index == 0 { style.dim(&line) } else { line });
    }
}

fn expectations(result: &ReplicationsResult, style: Style, lines: &mut Vec<String>) {
    let (judged, clock) = (&result.expect, clock(result));
    if judged.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.bold("Expectations: stated against simulated"));
    let observed: Vec<String> = judged.iter().map(|line| observed(line, &clock).joined()).collect();
    let widest = |texts: &mut dyn Iterator<Item = &str>, most: usize| {
        texts.map(|text| text.chars().count()).max().unwrap_or(0).min(most)
    };
    let columns = style.columns();
    let seen = widest(&mut observed.iter().map(String::as_str), columns * 32 / 100);
    let bounds = widest(&mut judged.iter().map(|line| line.bounds.as_str()), columns / 4);
    let taken = "  ✓   simulated   stated ".chars().count() + seen + bounds;
    let names = judged.iter().map(|line| line.name.as_str());
    let name_width = widest(&mut { names }, columns.saturating_sub(taken));
    for (line, observed) in judged.iter().zip(&observed) {
        let mark = match line.status {
            Certainty::Pass => "✓",
            Certainty::Fail => "✗",
            Certainty::Undecided => "~",
            Certainty::NoData => "?",
        };
        let mark = style.judged(status(line.status), mark);
        let name = words::clip(&line.name, name_width);
        let (observed, bounds) = (words::clip(observed, seen), words::clip(&line.bounds, bounds));
        lines.push(format!(
            "  {mark} {name:<name_width$}  simulated {observed:<seen$}  stated {bounds}"
        ));
    }
}

fn clock(result: &ReplicationsResult) -> Clock {
    Clock::new(result.start.as_deref(), result.duration_s)
}

fn observed(judged: &Judged, clock: &Clock) -> Shown {
    match &judged.estimate {
        Some(estimate) => shown(judged.unit, judged.is_difference, estimate, clock),
        None => Shown { mean: "nothing".to_owned(), interval: None, relative: None },
    }
}

fn status(certainty: Certainty) -> Status {
    match certainty {
        Certainty::Pass => Status::Pass,
        Certainty::Fail => Status::Fail,
        Certainty::Undecided | Certainty::NoData => Status::NoData,
    }
}

fn percent(share: f64) -> String {
    crate::scenario::units::show_ratio(share)
}

/// ` (40% to 89%)`, or nothing.
fn whole_percents(low: Option<f64>, high: Option<f64>) -> String {
    let both = low.zip(high);
    both.map_or_else(String::new, |(low, high)| {
        format!(" ({:.0}% to {:.0}%)", low * 100.0, high * 100.0)
    })
}
