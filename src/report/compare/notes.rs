//! What a comparison comes to, in sentences.

use super::numbers;
use crate::experiment::compare::{
    Change, Comparison, Direction, Figure, Meaning, Side, ThresholdResult, ThresholdStatus,
};
use crate::observe::result::Verdict;
use crate::report::clock::{Clock, plain_length};
use crate::report::estimates::shown;

/// What matters most, in order, and what it is called in a sentence.
const PRIORITY: [(&str, &str); 9] = [
    ("users.affected_ratio", "the share of affected users"),
    ("requests.succeeded_ratio", "the share of successes"),
    ("latency.p99", "p99 latency"),
    ("requests.goodput_rps", "goodput"),
    ("latency.mean", "mean latency"),
    ("users.unable_ratio", "the share of unable users"),
    ("requests.amplification", "the number of attempts per request"),
    ("latency.p50", "median latency"),
    ("balance.max_over_mean", "the imbalance of backends"),
];
/// So many are named in the headline.
const NAMED: usize = 2;

/// The most important in one or two sentences.
pub(super) fn headline(comparison: &Comparison) -> String {
    if comparison.is_of_the_same() {
        return "The two scenarios are the same.".to_owned();
    }
    if comparison.is_equal() {
        return "The change changes nothing: all replications are equal on both sides.".to_owned();
    }
    let tested = comparison.tested;
    let real = comparison.figures.iter().filter(|figure| figure.remains).count();
    if real == 0 {
        return format!("No difference beyond noise in {} that vary.", plural(tested, "figure"));
    }
    let clock = clock(comparison);
    let named = PRIORITY.iter().filter_map(|(name, words)| {
        let figure = comparison.figure(name).filter(|figure| figure.remains)?;
        sentence(figure, words, &clock)
    });
    let named: Vec<String> = named.take(NAMED).collect();
    let count = format!("{real} of {} that vary differ for real.", plural(tested, "figure"));
    match named.as_slice() {
        [] => count,
        named => format!("{}. {count}", capitalized(&named.join(", and "))),
    }
}

/// `p99 latency falls from 824 ms to 530 ms (-36%)`; nothing of what nobody would see.
fn sentence(figure: &Figure, words: &str, clock: &Clock) -> Option<String> {
    let [before, after, step, _] = numbers::row(figure, clock);
    if before == after {
        return None;
    }
    let difference = figure.difference.map_or(0.0, |paired| paired.difference.mean);
    let moves = if difference > 0.0 { "rises" } else { "falls" };
    let by = match &figure.relative {
        Some(relative) => numbers::percent(relative.mean),
        None => step,
    };
    Some(format!("{words} {moves} from {before} to {after} ({by})"))
}

fn capitalized(text: &str) -> String {
    // `p99` is written so at the beginning of a sentence as well.
    if text.starts_with("p99") {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

pub(super) fn plural(n: u32, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// What thresholds come to; nothing without any.
pub(super) fn thresholds(comparison: &Comparison) -> Option<String> {
    let all = comparison.thresholds.len() as u32;
    let count = |status| {
        comparison.thresholds.iter().filter(|threshold| threshold.status == status).count() as u32
    };
    let (failed, undecided) = (count(ThresholdStatus::Fail), count(ThresholdStatus::Undecided));
    let of = plural(all, "threshold");
    let said = match (failed, undecided) {
        _ if all == 0 => return None,
        (0, 0) if all == 1 => "The threshold holds.".to_owned(),
        (0, 0) => format!("All {of} hold."),
        (failed, 0) => format!("{failed} of {of} fail{}.", if failed == 1 { "s" } else { "" }),
        (0, undecided) => format!(
            "{undecided} of {of} {} undecided: more replications would tell.",
            if undecided == 1 { "is" } else { "are" }
        ),
        (failed, undecided) => {
            let fails = if failed == 1 { "fails" } else { "fail" };
            format!("{failed} of {of} {fails}, {undecided} undecided.")
        }
    };
    Some(said)
}

/// `clients.web.rate: 400/s → 450/s`.
pub(super) fn change(change: &Change) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(absent)".to_owned());
    format!("{}: {} → {}", change.path, shown(&change.before), shown(&change.after))
}

/// What both sides have in common.
pub(super) fn conditions(comparison: &Comparison) -> String {
    let mut parts = vec![format!(
        "{} of {} on each side, seed {}",
        plural(comparison.replications, "replication"),
        plain_length(comparison.duration_s),
        comparison.seed
    )];
    if comparison.warm_up_s > 0.0 {
        parts.push(format!("the first {} left out", plain_length(comparison.warm_up_s)));
    }
    let demand = comparison.changes.iter().any(|change| change.demand);
    if !demand && comparison.reacting.is_empty() && !comparison.surges_on_alerts {
        parts.push("the same requests on both".to_owned());
    }
    parts.join(" · ")
}

/// What the reader must know before believing anything.
pub(super) fn warnings(comparison: &Comparison) -> Vec<String> {
    let mut warnings = Vec::new();
    let demand = comparison.changes.iter().filter(|change| change.demand);
    let demand: Vec<String> = demand.map(self::change).collect();
    if !demand.is_empty() {
        warnings.push(format!("demand differs: {}", demand.join("; ")));
    }
    let reacting = &comparison.reacting;
    if !reacting.is_empty() {
        let (are, what) =
            if reacting.len() == 1 { ("is", "a population") } else { ("are", "populations") };
        warnings.push(format!(
            "demand reacts to the system: {} {are} {what} of closed loops, sessions, or users who give \
             up, who ask for the same at other times",
            reacting.join(", ")
        ));
    }
    if comparison.surges_on_alerts {
        warnings.push("demand reacts to the system: surges begin or end with alerts".to_owned());
    }
    if !comparison.settled {
        warnings.push("the runs did not settle: a longer `duration` would be safer".to_owned());
    }
    if !comparison.precise {
        warnings.push("the wanted precision was not reached: --max-replications N".to_owned());
    }
    warnings.extend(comparison.few.iter().map(ToString::to_string));
    for figure in comparison.figures.iter().filter(|figure| figure.unpaired > 0) {
        warnings.push(format!(
            "{}: {} on one side only, left out of the difference",
            figure.name,
            plural(figure.unpaired, "replication")
        ));
    }
    warnings
}

/// What Holm's correction leaves, in one line.
pub(super) fn correction(comparison: &Comparison) -> Option<String> {
    let weak = comparison.figures.iter().filter(|f| f.meaning == Meaning::Real && !f.remains);
    let (tested, weak) = (comparison.tested, weak.count());
    if tested == 0 {
        return None;
    }
    let rest = match weak {
        0 => "all of them remain so when all are tested at once (Holm)".to_owned(),
        _ => "those marked * do not remain so when all are tested at once (Holm)".to_owned(),
    };
    Some(format!(
        "better, worse, higher, lower: the 95% interval leaves zero out; {} tested, {rest}",
        plural(tested, "figure")
    ))
}

/// What a difference means, in a word.
pub(super) fn meaning(figure: &Figure) -> String {
    let word = match (figure.meaning, figure.direction) {
        (Meaning::Equal, _) => "equal",
        (Meaning::Noise, _) => "noise",
        (Meaning::Unknown, _) => "–",
        (Meaning::Real, Direction::Better) => "better",
        (Meaning::Real, Direction::Worse) => "worse",
        (Meaning::Real, Direction::Higher | Direction::None) => "higher",
        (Meaning::Real, Direction::Lower) => "lower",
    };
    let weak = figure.meaning == Meaning::Real && !figure.remains;
    format!("{word}{}", if weak { " *" } else { "" })
}

/// How a side's replications ended: `8 recovered, 2 metastable`.
pub(super) fn verdicts(side: &Side) -> String {
    let word = |verdict: &Verdict| match verdict {
        Verdict::Unharmed => "unharmed",
        Verdict::Recovered => "recovered",
        Verdict::Degraded => "degraded",
        Verdict::Metastable => "metastable",
    };
    let parts = side.verdicts.iter().map(|(verdict, count)| format!("{count} {}", word(verdict)));
    parts.collect::<Vec<_>>().join(", ")
}

/// What a threshold was held against.
pub(super) fn observed(threshold: &ThresholdResult, clock: &Clock) -> String {
    let ThresholdResult { unit, of, observed, .. } = threshold;
    let words = observed.as_ref().map(|observed| match *of {
        "relative" => numbers::relative(observed),
        of => shown(*unit, of == "difference", observed, clock).joined(),
    });
    numbers::or_dash(words)
}

/// The clock of both sides: moments are differences from the start.
pub(super) fn clock(comparison: &Comparison) -> Clock {
    Clock::new(None, comparison.duration_s)
}

/// How it was judged, in a word.
pub(super) fn status(status: ThresholdStatus) -> &'static str {
    match status {
        ThresholdStatus::Pass => "pass",
        ThresholdStatus::Fail => "FAIL",
        ThresholdStatus::Undecided => "undecided",
    }
}
