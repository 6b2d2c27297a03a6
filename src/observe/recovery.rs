//! The verdict: were users worse off, and are they well again?
//!
//! Judged on the share of affected users per user window, by the [`RecoveryRule`] of the scenario.
//! Users are worse off in a window whose share exceeds the baseline by more than the tolerance. They
//! are well again after the last such window, if good windows follow for the hold: half as long as
//! they were worse off, and at most [`HOLD`] windows, unless the rule says how long. Otherwise they are
//! *degraded* while a cause is in force, and *metastable* once harm has outlasted the last trigger and
//! the last repair by the persistence: one user window, unless the rule says how long.

use super::result::{Recovery, Series, UserRow, Verdict};
use crate::engine::time::{Span, Time};
use crate::model::setup::{Baseline, RecoveryRule};

/// How many good windows after the last bad one are enough, however long users were worse off.
pub const HOLD: usize = 5;

/// What is known of causes and repairs at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Causes<'a> {
    /// The first timeline entry, or the end.
    pub(super) first_action: Time,
    /// Whether something done to the system is still in force.
    pub(super) disturbed: bool,
    /// When the last of it was over.
    pub(super) trigger_gone: Option<Time>,
    /// What was done that puts something right, or may: when, and whether surely.
    pub(super) repairs: &'a [(Time, bool)],
}

fn share(row: &UserRow) -> f64 {
    if row.active == 0 { 0.0 } else { row.affected as f64 / row.active as f64 }
}

/// The share of affected users that is ordinary.
fn ordinary(series: &Series, rule: &RecoveryRule, first_action: Time) -> f64 {
    let mean = |rows: &[UserRow]| {
        let asked = rows.iter().filter(|row| row.active > 0);
        asked.clone().map(share).sum::<f64>() / asked.count().max(1) as f64
    };
    let whole = |at: Time| {
        let windows = (at.as_secs_f64() / series.user_window_s) as usize;
        windows.min(series.users.len())
    };
    match rule.baseline {
        Baseline::Share(share) => share,
        Baseline::During(from, to) => {
            let from = whole(from);
            mean(&series.users[from..whole(to).clamp(from, series.users.len())])
        }
        Baseline::BeforeFirstEntry => match whole(first_action) {
            // Nobody has seen what is ordinary: at best it is what is best here.
            0 => {
                let asked = series.users.iter().filter(|row| row.active > 0);
                let best = asked.map(share).fold(1.0, f64::min);
                // If that is bad as well, things were well in the little time before.
                let was_well = best > rule.healthy && first_action > Time::ZERO;
                if was_well { 0.0 } else { best }
            }
            before => mean(&series.users[..before]),
        },
    }
}

/// Judges a series.
pub(super) fn judge(
    series: &Series,
    rule: &RecoveryRule,
    causes: &Causes<'_>,
    end: Time,
) -> Recovery {
    let length = series.user_window_s;
    let start = ordinary(series, rule, causes.first_action);
    // Else a system that is dead all along would count as unharmed.
    let was_healthy = start <= rule.healthy;
    let baseline = if was_healthy { start } else { 0.0 };
    let is_bad = |row: &UserRow| share(row) > baseline + rule.tolerance;
    let first = series.users.iter().position(is_bad);
    let last = series.users.iter().rposition(is_bad);
    let (Some(first), Some(last)) = (first, last) else {
        let peak = amplification_peak(series);
        return Recovery { amplification_peak: peak, ..Recovery::of(Verdict::Unharmed) };
    };
    let harmed_at = first as f64 * length;
    // Short harm is known to be over sooner: a run need not be long to say so.
    let usual = HOLD.min((last + 1 - first).div_ceil(2));
    let hold = rule.hold.map_or(usual, |hold| windows(hold, length));
    // A window in which nobody asked for anything tells nothing.
    let good = series.users[last + 1..].iter().filter(|row| row.active > 0).count();
    let recovered_at = (good >= hold).then(|| ((last + 1) as f64 * length).min(end.as_secs_f64()));
    let until = recovered_at.unwrap_or(end.as_secs_f64());
    let seconds = |at: Option<Time>| at.map(Time::as_secs_f64);
    let is_one = |&&(at, surely): &&(Time, bool)| {
        at.as_secs_f64() <= until && (surely || at.as_secs_f64() >= harmed_at)
    };
    let repaired_at = seconds(causes.repairs.iter().rfind(is_one).map(|&(at, _)| at));
    let trigger_gone_at = seconds(causes.trigger_gone);
    let since = |from: Option<f64>| Some((recovered_at? - from?).max(0.0));
    let verdict = match recovered_at {
        Some(_) => Verdict::Recovered,
        // A cause that was there before the run began is not known to be gone.
        None if causes.disturbed || !was_healthy => Verdict::Degraded,
        None => {
            let persistence = rule.persistence.map_or(length, Span::as_secs_f64);
            let gone = trigger_gone_at.into_iter().chain(repaired_at).fold(0.0, f64::max);
            let outlasts = end.as_secs_f64() - gone >= persistence;
            if outlasts { Verdict::Metastable } else { Verdict::Degraded }
        }
    };
    Recovery {
        verdict,
        harmed_at: Some(harmed_at),
        recovered_at,
        after_s: recovered_at.map(|at| at - harmed_at),
        trigger_gone_at,
        repaired_at,
        after_trigger_s: since(trigger_gone_at),
        after_repair_s: since(repaired_at),
        amplification: amplification(series, harmed_at, until),
        amplification_peak: amplification_peak(series),
    }
}

/// So many windows are at least as long.
fn windows(span: Span, length: f64) -> usize {
    libm::ceil(span.as_secs_f64() / length) as usize
}

/// Attempts sent per request born in the windows that begin in an interval.
fn amplification(series: &Series, from: f64, to: f64) -> Option<f64> {
    let rows = series.rows.iter().filter(|row| from <= row.at_s && row.at_s < to);
    let (attempts, offered) = rows.fold((0, 0), |(a, o), row| (a + row.attempts, o + row.offered));
    (offered > 0).then(|| attempts as f64 / offered as f64)
}

fn amplification_peak(series: &Series) -> Option<f64> {
    let rows = series.rows.iter().filter(|row| row.offered > 0);
    rows.map(|row| row.attempts as f64 / row.offered as f64).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::result::SeriesRow;

    const MINUTE: f64 = 60.0;

    fn at(minutes: f64) -> Time {
        Span::from_ns_f64(minutes * MINUTE * 1e9).after_start()
    }

    /// A window a minute, with so many of 100 users affected.
    fn series(affected: &[u32]) -> Series {
        let users = affected.iter().map(|&affected| UserRow {
            active: 100,
            affected: u64::from(affected) as _,
            ..UserRow::default()
        });
        let rows = affected.iter().enumerate().map(|(minute, &affected)| SeriesRow {
            at_s: minute as f64 * MINUTE,
            offered: 1000,
            attempts: if affected > 50 { 3000 } else { 1000 },
            ..SeriesRow::default()
        });
        Series {
            window_s: MINUTE,
            rows: rows.collect(),
            user_window_s: MINUTE,
            users: users.collect(),
        }
    }

    /// A fault from the third minute to the end of the fifth, or for good.
    fn judged(affected: &[u32], rule: &RecoveryRule, gone: Option<f64>) -> Recovery {
        let causes = Causes {
            first_action: at(2.0),
            disturbed: gone.is_none(),
            trigger_gone: gone.map(at),
            repairs: &[],
        };
        judge(&series(affected), rule, &causes, at(affected.len() as f64))
    }

    const RULE: RecoveryRule = RecoveryRule {
        baseline: Baseline::BeforeFirstEntry,
        tolerance: 0.05,
        healthy: 0.5,
        hold: None,
        persistence: None,
    };

    #[test]
    fn harm_that_ends_has_a_length_and_two_times_since() {
        let harmed = [1, 1, 90, 90, 90, 40, 1, 1, 1, 1];
        let recovery = judged(&harmed, &RULE, Some(5.0));
        assert_eq!(recovery.verdict, Verdict::Recovered);
        assert_eq!(recovery.harmed_at, Some(2.0 * MINUTE));
        assert_eq!(recovery.recovered_at, Some(6.0 * MINUTE));
        assert_eq!(recovery.after_s, Some(4.0 * MINUTE));
        assert_eq!(recovery.after_trigger_s, Some(MINUTE));
        assert_eq!(recovery.after_repair_s, None);
        // Three minutes of 3 attempts each, one of 1.
        assert_eq!(recovery.amplification, Some(2.5));
        assert_eq!(recovery.amplification_peak, Some(3.0));
    }

    #[test]
    fn a_repair_counts_from_when_it_was_done() {
        let harmed = [1, 1, 90, 90, 90, 90, 90, 1, 1, 1, 1];
        let repairs = [(at(1.0), false), (at(4.0), true), (at(6.5), false), (at(9.0), true)];
        let causes = Causes {
            first_action: at(2.0),
            disturbed: false,
            trigger_gone: Some(at(4.0)),
            repairs: &repairs,
        };
        let recovery = judge(&series(&harmed), &RULE, &causes, at(11.0));
        // A change of the configuration before any harm repaired nothing; what came after neither.
        assert_eq!(recovery.repaired_at, Some(6.5 * MINUTE));
        assert_eq!(recovery.after_trigger_s, Some(3.0 * MINUTE));
        assert_eq!(recovery.after_repair_s, Some(0.5 * MINUTE));
    }

    #[test]
    fn harm_that_stays_is_degraded_with_its_cause_and_metastable_without() {
        let harmed = [1, 1, 90, 90, 90, 90, 90, 90];
        assert_eq!(judged(&harmed, &RULE, None).verdict, Verdict::Degraded);
        assert_eq!(judged(&harmed, &RULE, Some(5.0)).verdict, Verdict::Metastable);
        // Half a minute without a cause tells nothing yet.
        assert_eq!(judged(&harmed, &RULE, Some(7.5)).verdict, Verdict::Degraded);
        let patient = RecoveryRule { persistence: Some(Span::from_secs(240)), ..RULE };
        assert_eq!(judged(&harmed, &patient, Some(5.0)).verdict, Verdict::Degraded);
        assert_eq!(judged(&harmed, &patient, Some(4.0)).verdict, Verdict::Metastable);
    }

    #[test]
    fn every_window_of_the_rule_counts() {
        let relapsing = [1, 1, 90, 1, 1, 1, 8, 1];
        let recovered = |rule: &RecoveryRule| judged(&relapsing, rule, Some(3.0)).recovered_at;
        // The relapse of 8 in 100 is harm, and one minute after it not enough.
        assert_eq!(recovered(&RULE), None);
        let tolerant = RecoveryRule { tolerance: 0.1, ..RULE };
        assert_eq!(recovered(&tolerant), Some(3.0 * MINUTE));
        let hasty = RecoveryRule { hold: Some(Span::from_secs(60)), ..RULE };
        assert_eq!(recovered(&hasty), Some(7.0 * MINUTE));
        let slow = RecoveryRule { tolerance: 0.1, hold: Some(Span::from_secs(360)), ..RULE };
        assert_eq!(recovered(&slow), None);
    }

    #[test]
    fn what_is_ordinary_can_be_said() {
        let uneasy = [20, 20, 24, 24, 24, 24];
        let verdict = |rule: &RecoveryRule| judged(&uneasy, rule, Some(5.0)).verdict;
        assert_eq!(verdict(&RULE), Verdict::Unharmed);
        let strict = RecoveryRule { baseline: Baseline::Share(0.0), ..RULE };
        assert_eq!(verdict(&strict), Verdict::Metastable);
        let late = RecoveryRule { baseline: Baseline::During(at(2.0), at(6.0)), ..RULE };
        assert_eq!(verdict(&late), Verdict::Unharmed);
        // With more than `healthy` affected from the start there is nothing to compare with.
        let sceptical = RecoveryRule { healthy: 0.1, ..RULE };
        assert_eq!(verdict(&sceptical), Verdict::Degraded);
    }

    #[test]
    fn a_run_that_begins_with_its_first_action_is_compared_with_its_best_window() {
        let judged = |affected: &[u32], first_action: Time| {
            let causes = Causes {
                first_action,
                disturbed: false,
                trigger_gone: Some(at(2.0)),
                repairs: &[],
            };
            judge(&series(affected), &RULE, &causes, at(affected.len() as f64)).verdict
        };
        let (start, soon) = (Time::ZERO, at(0.5));
        assert_eq!(judged(&[22, 20, 21, 23], start), Verdict::Unharmed, "ordinary slowness");
        assert_eq!(judged(&[90, 90, 2, 1, 1, 2], start), Verdict::Recovered);
        assert_eq!(judged(&[90, 90, 95, 99], start), Verdict::Degraded, "dead all along");
        assert_eq!(judged(&[70, 90, 95, 99], soon), Verdict::Metastable, "well for half a minute");
    }
}
