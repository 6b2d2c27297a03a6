//! The line that says whether users were worse off, and are well again.

use super::clock::{self, Clock};
use super::text::Style;
use crate::observe::result::{Recovery, Verdict};
use anstyle::AnsiColor;

/// What it says, for a terminal or a file.
pub(super) fn line(recovery: &Recovery, clock: &Clock, style: Style) -> String {
    let since = recovery
        .harmed_at
        .map_or_else(String::new, |at| format!(": worse off from {}", clock.at(at)));
    let (color, verdict, rest) = match recovery.verdict {
        Verdict::Unharmed => {
            (AnsiColor::Green, "UNHARMED", ": users were never worse off than at the start".into())
        }
        Verdict::Recovered => {
            let until = recovery
                .recovered_at
                .map_or_else(String::new, |at| format!(", well again at {}", clock.at(at)));
            let after = recovery.after_s.map_or_else(String::new, |seconds| {
                format!(" after {}", clock::plain_length(seconds))
            });
            (AnsiColor::Green, "RECOVERED", format!("{after}{since}{until}"))
        }
        Verdict::Degraded => (
            AnsiColor::Yellow,
            "DEGRADED",
            format!("{since} to the end, with the cause still there"),
        ),
        Verdict::Metastable => {
            (AnsiColor::Red, "METASTABLE", format!("{since} to the end, with the cause gone"))
        }
    };
    let several = match recovery.harms {
        0 | 1 => String::new(),
        harms if recovery.recovered_at.is_some() => format!("; the worst of {harms} times"),
        harms => format!("; the last of {harms} times"),
    };
    format!("{}{rest}{several}", style.colored(color, verdict))
}

/// How long recovery took once its causes were gone.
pub(super) fn delays(recovery: &Recovery) -> Option<String> {
    let part = |seconds: Option<f64>, what: &str| {
        seconds.map(|s| format!("{} after {what}", clock::plain_length(s)))
    };
    let parts: Vec<String> = [
        part(recovery.after_trigger_s, "the trigger was gone"),
        part(recovery.after_repair_s, "the last repair"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
