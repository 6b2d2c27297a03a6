//! Limits for a terminal: a sentence each.

use super::{LimitsReport, sentence};
use crate::experiment::limits::{Limit, Status};
use crate::report::text::Style;
use crate::report::words;

/// Width of the names on the left.
const LABEL: usize = 16;

/// What an engineer reads in ten seconds.
pub fn text(report: &LimitsReport<'_>, style: Style) -> String {
    let found = report.limits;
    let title = report.title.map_or_else(String::new, |title| format!(" · {title}"));
    let (load, rate) = (found.load * 100.0, words::rate(found.offered_rps));
    let mut lines = vec![
        format!("{}{title}", style.bold(report.name)),
        format!("load {load:.0}% is {rate} requests/s over {} members", found.members),
        String::new(),
    ];
    for limit in found.limits.iter().filter(|limit| !is_repetition(limit, &found.limits)) {
        row(&mut lines, style, &limit.name, &sentence(found, report.terms, limit));
    }
    lines.push(String::new());
    for note in notes(report) {
        row(&mut lines, style, "note", &note);
    }
    let again = style.dim(&format!("{:<LABEL$}", "again"));
    lines.push(format!("{again}{}\n", report.command));
    lines.join("\n")
}

/// A label, and beside it what is to be said, in as many lines as it takes.
fn row(lines: &mut Vec<String>, style: Style, label: &str, said: &str) {
    for (index, line) in words::wrap(said, style.columns() - LABEL).iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        lines.push(format!("{}{line}", style.dim(&format!("{label:<LABEL$}"))));
    }
}

/// What cannot be asked without losses cannot be asked with them either, for the same reason.
fn is_repetition(limit: &Limit, limits: &[Limit]) -> bool {
    limit.status == Status::Inapplicable
        && limits.iter().any(|other| {
            other.name.len() < limit.name.len()
                && limit.name.starts_with(&other.name)
                && other.note == limit.note
        })
}

fn notes(report: &LimitsReport<'_>) -> Vec<String> {
    let (found, terms) = (report.limits, report.terms);
    let runs: u32 = found.limits.iter().map(|limit| limit.runs).sum();
    let mut notes = vec![format!(
        "{runs} runs of {:.0} s; each look at a value decides at 99% confidence; goodput \
         follows if it is at least {:.1}% of the offered load",
        found.duration_s,
        terms.follow * 100.0
    )];
    if found.without_timeline {
        notes.push(
            "of the scenario without its timeline: --keep-timeline asks about the incident".into(),
        );
    }
    let wide = found.limits.iter().filter(|limit| {
        let (Some(low), Some(high)) = (limit.low, limit.high) else { return false };
        let wanted = match limit.name.as_str() {
            "tipping" => terms.tolerance.max(0.05),
            "edge" => terms.tolerance.max(0.02),
            _ => terms.tolerance,
        };
        high - low > wanted * high * 1.000_001
    });
    let wide: Vec<&str> = wide.map(|limit| limit.name.as_str()).collect();
    if !wide.is_empty() {
        notes.push(format!(
            "wider than asked for, because {} runs at a value did not decide it: {}; a longer \
             `duration` or --max-replications narrows it",
            terms.most,
            wide.join(", ")
        ));
    }
    notes
}
