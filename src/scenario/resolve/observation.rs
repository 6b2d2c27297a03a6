//! How finely a run is observed.

use super::super::Expect;
use super::super::reader::TableReader;
use super::Context;
use super::expect::interval;
use crate::engine::time::{Span, Time};
use crate::model::setup::{Baseline, Observation, RecoveryRule};

/// A run keeps at most so many windows: memory must not grow with its length.
pub(super) const MOST_WINDOWS: u64 = 1_200;

/// Runs up to this long have windows of a second.
const SHORT: Span = Span::from_secs(20 * 60);

/// Window lengths that read well on an axis, within a decade of seconds or milliseconds, and then
/// in minutes, hours and days.
const NICE_MS: [u64; 33] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    20_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_200_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    14_400_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    432_000_000,
    864_000_000,
];

pub(super) fn observation(context: &Context<'_>, top: &TableReader<'_>) -> Option<Observation> {
    let window = top.duration("window");
    let user_window = top.duration("user-window");
    if window.is_none() && top.has("window") {
        return None;
    }
    let recovery = top.part_or_defaults("recovery", |table| recovery(context, table))?;
    let duration = context.clock.duration?;
    let usual = Span::from_secs(if duration <= SHORT { 1 } else { 10 });
    Some(Observation {
        window: widened(window.unwrap_or(usual), duration),
        user_window: widened(user_window?, duration),
        intervals: Vec::new(),
        recovery,
    })
}

/// `[recovery]`.
fn recovery(context: &Context<'_>, table: &TableReader<'_>) -> Option<RecoveryRule> {
    let during = table.has("baseline").then(|| interval(context, table, "baseline"));
    let ordinary = table.has("ordinary").then(|| table.ratio("ordinary"));
    let (tolerance, healthy) = (table.ratio("tolerance"), table.ratio("healthy"));
    let (hold, persistence) = (table.duration("hold"), table.duration("persistence"));
    let baseline = match (during, ordinary) {
        (Some(_), Some(_)) => {
            let message = "`baseline` and `ordinary` both say what is ordinary";
            table.fail("ordinary", message, "keep one of them");
            return None;
        }
        (Some(during), None) => during.map(|(from, to)| Baseline::During(from, to)),
        (None, Some(share)) => share.map(Baseline::Share),
        (None, None) => Some(Baseline::BeforeFirstEntry),
    };
    Some(RecoveryRule {
        baseline: baseline?,
        tolerance: tolerance?,
        healthy: healthy?,
        hold,
        persistence,
    })
}

/// `window`, or the next nice length that keeps the number of windows small; never longer than the
/// run.
fn widened(window: Span, duration: Span) -> Span {
    if duration.as_ns().div_ceil(window.as_ns().max(1)) <= MOST_WINDOWS {
        return window.min(duration);
    }
    let least = duration.as_ns().div_ceil(MOST_WINDOWS);
    let nice = NICE_MS.iter().map(|&ms| Span::from_ms(ms)).find(|nice| nice.as_ns() >= least);
    nice.unwrap_or(Span::from_ns(least)).min(duration)
}

/// The intervals that expectations ask about, each once, in the order of the file.
pub(super) fn intervals(expects: &[Expect]) -> Vec<(Time, Time)> {
    let mut intervals = Vec::new();
    for interval in expects.iter().flat_map(|expect| [expect.between, expect.baseline]).flatten() {
        if !intervals.contains(&interval) {
            intervals.push(interval);
        }
    }
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_widen_to_nice_lengths() {
        let hours = |h: u64| Span::from_secs(h * 3_600);
        let second = Span::from_secs(1);
        assert_eq!(widened(second, Span::from_secs(1_200)), second);
        assert_eq!(widened(second, Span::from_secs(1_201)), Span::from_secs(2));
        assert_eq!(widened(Span::from_secs(10), hours(3)), Span::from_secs(10));
        assert_eq!(widened(Span::from_secs(10), hours(24)), Span::from_secs(120));
        assert_eq!(widened(Span::from_secs(60), Span::from_secs(30)), Span::from_secs(30));
        for hours in 1..=8_784 {
            let duration = Span::from_secs(hours * 3_600);
            let window = widened(Span::from_ms(1), duration);
            assert!(duration.as_ns().div_ceil(window.as_ns()) <= MOST_WINDOWS);
        }
    }
}
