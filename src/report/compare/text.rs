//! A comparison on a terminal.

use super::notes;
use super::numbers::row;
use crate::experiment::compare::{Comparison, Direction, Figure, ThresholdStatus};
use crate::report::table::{self, numbers, words};
use crate::report::text::Style;
use crate::report::{Status, wrap};
use anstyle::AnsiColor;

/// The answer first, then the figures and what they rest on.
pub fn text(comparison: &Comparison, style: Style) -> String {
    let columns = style.columns();
    let mut lines = vec![style.bold(&title(comparison))];
    let wrapped = |text: &str, indent: &str| -> Vec<String> {
        let room = columns - indent.chars().count();
        wrap(text, room).into_iter().map(|line| format!("{indent}{line}")).collect()
    };
    for change in &comparison.changes {
        lines.extend(wrapped(&notes::change(change), "  "));
    }
    lines.extend(wrapped(&notes::conditions(comparison), "").iter().map(|line| style.dim(line)));
    lines.push(String::new());
    lines.extend(wrapped(&notes::headline(comparison), ""));
    if let Some(said) = notes::thresholds(comparison) {
        lines.extend(wrapped(&said, ""));
    }
    for warning in notes::warnings(comparison) {
        let warning = wrapped(&format!("note: {warning}"), "");
        lines.extend(warning.iter().map(|line| style.colored(AnsiColor::Yellow, line)));
    }
    lines.push(String::new());
    lines.extend(figures(comparison, style));
    if let Some(note) = notes::correction(comparison) {
        lines.extend(wrapped(&note, "").iter().map(|line| style.dim(line)));
    }
    lines.push(String::new());
    let (before, after) = (&comparison.before, &comparison.after);
    lines.push(format!(
        "recovery: {} before; {} after",
        notes::verdicts(before),
        notes::verdicts(after)
    ));
    lines.extend(thresholds(comparison, style));
    lines.push(String::new());
    let digests = format!("digest {} before, {} after", before.digest, after.digest);
    lines.push(style.dim(&format!("{digests} · misroute {}", comparison.version)));
    lines.push(format!("{} {}", style.dim("again"), comparison.command));
    lines.join("\n") + "\n"
}

fn title(comparison: &Comparison) -> String {
    let (before, after) = (&comparison.before.scenario.name, &comparison.after.scenario.name);
    if before != after {
        return format!("{before} against {after}");
    }
    match comparison.changes.len() {
        0 => format!("{before} against itself"),
        n => format!("{before} against itself with {}", notes::plural(n as u32, "change")),
    }
}

fn figures(comparison: &Comparison, style: Style) -> Vec<String> {
    let columns = [
        words("figure"),
        numbers("before"),
        numbers("after"),
        words("difference (95%)"),
        numbers("relative"),
        words(""),
    ];
    let clock = notes::clock(comparison);
    let row = |figure: &Figure| {
        let numbers = row(figure, &clock);
        let ends = [vec![figure.name.clone()], numbers.to_vec(), vec![notes::meaning(figure)]];
        ends.concat()
    };
    let rows: Vec<Vec<String>> = comparison.figures.iter().map(row).collect();
    let mut lines = table::plain(&columns, &rows);
    lines[0] = style.dim(&lines[0]);
    for (line, figure) in lines[1..].iter_mut().zip(&comparison.figures) {
        *line = match figure.direction {
            Direction::Better => style.judged(Status::Pass, line),
            Direction::Worse => style.judged(Status::Fail, line),
            _ => style.dim(line),
        };
    }
    lines
}

fn thresholds(comparison: &Comparison, style: Style) -> Vec<String> {
    if comparison.thresholds.is_empty() {
        return Vec::new();
    }
    let clock = notes::clock(comparison);
    let columns = [words("fails if"), words("observed (95%)"), words("")];
    let rows: Vec<Vec<String>> = comparison
        .thresholds
        .iter()
        .map(|threshold| {
            let status = notes::status(threshold.status).to_owned();
            vec![threshold.threshold.clone(), notes::observed(threshold, &clock), status]
        })
        .collect();
    let mut lines = table::plain(&columns, &rows);
    lines[0] = style.dim(&lines[0]);
    for (line, threshold) in lines[1..].iter_mut().zip(&comparison.thresholds) {
        let status = match threshold.status {
            ThresholdStatus::Pass => Status::Pass,
            ThresholdStatus::Fail => Status::Fail,
            ThresholdStatus::Undecided => Status::NoData,
        };
        *line = style.judged(status, line);
    }
    lines.insert(0, String::new());
    lines
}
