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
    let mut text = style.bold(report.name);
    if let Some(title) = report.title {
        text += &format!(" · {title}");
    }
    let load = found.load * 100.0;
    let rate = words::rate(found.offered_rps);
    text += &format!("\nload {load:.0}% is {rate} requests/s over {} members\n\n", found.members);
    for limit in &found.limits {
        if is_repetition(limit, &found.limits) {
            continue;
        }
        let sentence = sentence(found, report.terms, limit);
        for (index, line) in words::wrap(&sentence, style.columns() - LABEL).iter().enumerate() {
            let label = if index == 0 { limit.name.as_str() } else { "" };
            text += &format!("{}{line}\n", style.dim(&format!("{label:<LABEL$}")));
        }
    }
    text.push('\n');
    for note in notes(report) {
        for (index, line) in words::wrap(&note, style.columns() - LABEL).iter().enumerate() {
            let label = if index == 0 { "note" } else { "" };
            text += &format!("{}{line}\n", style.dim(&format!("{label:<LABEL$}")));
        }
    }
    text + &format!("{}{}\n", style.dim(&format!("{:<LABEL$}", "again")), report.command)
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
        "{runs} runs of {:.0} s; each end of an interval is decided at 99% confidence; goodput \
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
