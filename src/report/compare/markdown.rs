//! A comparison as a comment of a pull request.

use super::notes;
use super::numbers::row;
use crate::experiment::compare::{Comparison, Figure, Meaning};
use crate::report::clock::Clock;
use crate::report::table::{self, numbers, words};

/// The headline, what differs, thresholds, and what reproduces it.
pub fn markdown(comparison: &Comparison) -> String {
    let mut lines = Vec::new();
    let headline = notes::headline(comparison);
    let said = notes::thresholds(comparison).map_or_else(String::new, |said| format!(" {said}"));
    lines.push(format!("**{headline}**{said}"));
    lines.push(String::new());
    for change in &comparison.changes {
        lines.push(format!("- `{}`", notes::change(change).replace('`', "'")));
    }
    if !comparison.changes.is_empty() {
        lines.push(String::new());
    }
    for warning in notes::warnings(comparison) {
        lines.push(format!("> **Note:** {warning}"));
        lines.push(String::new());
    }
    let wanted = |figure: &&Figure| {
        let asked = comparison.thresholds.iter().any(|threshold| threshold.metric == figure.name);
        asked || figure.meaning == Meaning::Real
    };
    let shown: Vec<&Figure> = comparison.figures.iter().filter(wanted).collect();
    if !shown.is_empty() {
        lines.extend(figures(&shown, &notes::clock(comparison)));
        lines.push(String::new());
    }
    let rest = |meaning: Meaning, words: &str| {
        let names = comparison.figures.iter().filter(|f| f.meaning == meaning && !wanted(f));
        let names: Vec<String> = names.map(|figure| format!("`{}`", figure.name)).collect();
        (!names.is_empty()).then(|| format!("{words}: {}.", names.join(", ")))
    };
    let noise = rest(Meaning::Noise, "No difference beyond noise");
    let rest: Vec<String> = noise.into_iter().chain(rest(Meaning::Equal, "Equal")).collect();
    if !rest.is_empty() {
        lines.push(rest.join(" "));
        lines.push(String::new());
    }
    if comparison.before.verdicts != comparison.after.verdicts {
        let (before, after) = (&comparison.before, &comparison.after);
        let ended = [before, after].map(notes::verdicts);
        lines.push(format!("Recovery: {} before; {} after.", ended[0], ended[1]));
        lines.push(String::new());
    }
    lines.extend(thresholds(comparison));
    lines.extend(origin(comparison));
    lines.join("\n") + "\n"
}

fn figures(shown: &[&Figure], clock: &Clock) -> Vec<String> {
    let columns = [
        words("figure"),
        numbers("before"),
        numbers("after"),
        numbers("difference (95% interval)"),
        numbers("relative"),
        words("meaning"),
    ];
    let row = |figure: &&Figure| {
        let meaning = notes::meaning(figure).replace('*', "\\*");
        let name = format!("`{}`", figure.name);
        [vec![name], row(figure, clock).to_vec(), vec![meaning]].concat()
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    table::markdown(&columns, &rows)
}

fn thresholds(comparison: &Comparison) -> Vec<String> {
    if comparison.thresholds.is_empty() {
        return Vec::new();
    }
    let clock = notes::clock(comparison);
    let columns = [words("fails if"), words("observed (95% interval)"), words("")];
    let rows: Vec<Vec<String>> = comparison
        .thresholds
        .iter()
        .map(|threshold| {
            let status = format!("**{}**", notes::status(threshold.status));
            vec![format!("`{}`", threshold.threshold), notes::observed(threshold, &clock), status]
        })
        .collect();
    let mut lines = table::markdown(&columns, &rows);
    lines.push(String::new());
    lines
}

/// Where it comes from, and how anybody gets the same.
fn origin(comparison: &Comparison) -> Vec<String> {
    let conditions = notes::conditions(comparison);
    let Comparison { before, after, version, .. } = comparison;
    let mut lines = vec![format!("{conditions}.")];
    if let Some(note) = notes::correction(comparison) {
        lines.push(format!("{}.", note.replace('*', "\\*")));
    }
    let digests = format!("digests `{}` and `{}`", before.digest, after.digest);
    lines.push(format!("misroute {version}, {digests}; the same again:"));
    lines.extend([String::new(), "```sh".to_owned(), comparison.command.clone(), "```".to_owned()]);
    lines
}
