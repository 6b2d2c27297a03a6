//! The verdict: were users worse off, and are they well again?
//!
//! Judged on the share of affected users per user window, by the [`RecoveryRule`] of the scenario.
//! Users are worse off in a window whose share exceeds the baseline by more than the tolerance. They
//! are well again after the last such window, if good windows follow for the hold: half as long as
//! they were worse off, and at most [`HOLD`] windows, unless the rule says how long. Otherwise they are
//! *degraded* while a cause is in force, and *metastable* once harm has outlasted a trigger and the last
//! repair by the persistence: one user window, unless the rule says how long. What was done later does
//! not change that.
//!
//! With [`HOLD`] good windows in between, and no fewer than the hold, harm is harm of its own: the one
//! that has not ended is judged, else the worst, that with the most affected users over its windows.

use super::result::{Recovery, Series, UserRow, Verdict};
use crate::engine::time::{Span, Time};
use crate::model::setup::{Baseline, RecoveryRule};
use crate::model::world::Disturbed;

use std::ops::Range;

/// How many good windows after the last bad one are enough, however long users were worse off.
pub const HOLD: usize = 5;

/// What is known of causes and repairs at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Causes<'a> {
    /// The first timeline entry, or the end.
    pub(super) first_action: Time,
    /// Whether something done to the system is still in force.
    pub(super) disturbed: bool,
    /// When anything was, in order.
    pub(super) disturbances: &'a [Disturbed],
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
    let harms = harms(series, is_bad, rule);
    let Some((last_harm, rest)) = harms.split_last() else {
        let peak = amplification_peak(series);
        return Recovery { amplification_peak: peak, ..Recovery::of(Verdict::Unharmed) };
    };
    let good_after = |harm: &Range<usize>| {
        // Short harm is known to be over sooner: a run need not be long to say so.
        let usual = HOLD.min(harm.len().div_ceil(2));
        let hold = rule.hold.map_or(usual, |hold| windows(hold, length));
        // A window in which nobody asked for anything tells nothing.
        series.users[harm.end..].iter().filter(|row| row.active > 0).count() >= hold
    };
    let is_over = good_after(last_harm);
    let badness = |harm: &Range<usize>| series.users[harm.clone()].iter().map(share).sum::<f64>();
    let worse = |a, b| if badness(b) > badness(a) { b } else { a };
    let harm = if is_over { rest.iter().rfold(last_harm, worse) } else { last_harm };
    let (harmed_at, end) = (harm.start as f64 * length, end.as_secs_f64());
    let recovered_at = is_over.then(|| (harm.end as f64 * length).min(end));
    let until = recovered_at.unwrap_or(end);
    let repaired_at = causes.repaired_before(until, harmed_at);
    let (verdict, trigger_gone_at) = match recovered_at {
        Some(at) => (Verdict::Recovered, causes.gone_before(at, harmed_at)),
        // A cause that was there before the run began is not known to be gone.
        None if !was_healthy => (Verdict::Degraded, causes.gone_at_end()),
        None => {
            let persistence = rule.persistence.map_or(length, Span::as_secs_f64);
            let is_long = |from: f64, to: f64| to - from >= persistence;
            let was_bad_all_along = |from: f64, to: f64| {
                let begins = |n: &usize| (from..to).contains(&(*n as f64 * length));
                let rows = (harm.start..series.users.len()).filter(begins);
                let mut rows = rows.map(|n| &series.users[n]).filter(|r| r.active > 0).peekable();
                rows.peek().is_some() && rows.all(is_bad)
            };
            let outlasted = causes.calms(end).find(|&(from, to)| {
                let repaired = causes.repaired_before(to, harmed_at).unwrap_or(0.0);
                if to >= end {
                    return is_long(from.max(repaired), end);
                }
                let from = from.max(repaired).max(harmed_at);
                is_long(from, to) && was_bad_all_along(from, to)
            });
            match outlasted {
                // Nothing at all may ever have been in force.
                Some((from, _)) => (Verdict::Metastable, (from > 0.0).then_some(from)),
                None => (Verdict::Degraded, causes.gone_at_end()),
            }
        }
    };
    let since = |from: Option<f64>| Some((recovered_at? - from?).max(0.0));
    Recovery {
        verdict,
        harms: harms.len() as u32,
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

/// Each time users were worse off: from its first bad window to behind its last.
fn harms(
    series: &Series,
    is_bad: impl Fn(&UserRow) -> bool,
    rule: &RecoveryRule,
) -> Vec<Range<usize>> {
    let apart = HOLD.max(rule.hold.map_or(0, |hold| windows(hold, series.user_window_s)));
    let mut harms: Vec<Range<usize>> = Vec::new();
    let mut good = 0;
    for (n, row) in series.users.iter().enumerate() {
        if !is_bad(row) {
            good += usize::from(row.active > 0);
            continue;
        }
        match harms.last_mut() {
            Some(harm) if good < apart => harm.end = n + 1,
            _ => harms.push(n..n + 1),
        }
        good = 0;
    }
    harms
}

impl Causes<'_> {
    /// When nothing was in force, up to the end of the run, seconds since the start.
    fn calms(&self, end: f64) -> impl Iterator<Item = (f64, f64)> {
        let begins = self.disturbances.iter().map(|&(begin, _)| begin.as_secs_f64());
        let last = (!self.disturbed).then_some(end);
        let ends = self.disturbances.iter().map(|&(_, over)| over.map(Time::as_secs_f64));
        let froms = std::iter::once(Some(0.0)).chain(ends);
        froms.zip(begins.chain(last)).filter_map(|(from, to)| Some((from?, to)))
    }

    /// When the last of it was over, if it is.
    fn gone_at_end(&self) -> Option<f64> {
        let last = self.disturbances.last().filter(|_| !self.disturbed);
        last.and_then(|&(_, over)| over).map(Time::as_secs_f64)
    }

    /// When the last of what began before users were well again was over: before that, if any was
    /// over since they were harmed.
    fn gone_before(&self, recovered_at: f64, harmed_at: f64) -> Option<f64> {
        let begun = |&&(begin, _): &&Disturbed| begin.as_secs_f64() < recovered_at;
        let mut begun = self.disturbances.iter().filter(begun).rev().map(|&(_, over)| over);
        let last = begun.next()?.map(Time::as_secs_f64);
        if last.is_some_and(|at| at <= recovered_at) {
            return last;
        }
        let earlier = begun.flatten().map(Time::as_secs_f64).next();
        earlier.filter(|&at| at >= harmed_at).or(last)
    }

    /// When the last thing was done that puts something right, or may once there is harm.
    fn repaired_before(&self, until: f64, harmed_at: f64) -> Option<f64> {
        let is_one = |&&(at, surely): &&(Time, bool)| {
            at.as_secs_f64() <= until && (surely || at.as_secs_f64() >= harmed_at)
        };
        self.repairs.iter().rfind(is_one).map(|&(at, _)| at.as_secs_f64())
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
            disturbances: &[(at(2.0), gone.map(at))],
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
            disturbances: &[(at(2.0), Some(at(4.0)))],
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
                disturbances: &[(first_action, Some(at(2.0)))],
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

    /// Minutes 2 to 4 and, harmless, 7 to 8 or from 7 on: recovery at minute 6 is two after the trigger.
    #[test]
    fn what_is_done_after_the_recovery_does_not_matter() {
        for (over, disturbed) in [(Some(at(8.0)), false), (None, true)] {
            let harmed = [1, 1, 90, 90, 90, 40, 1, 1, 1, 1];
            let disturbances = [(at(2.0), Some(at(4.0))), (at(7.0), over)];
            let causes = Causes {
                first_action: at(2.0),
                disturbed,
                disturbances: &disturbances,
                repairs: &[],
            };
            let recovery = judge(&series(&harmed), &RULE, &causes, at(10.0));
            assert_eq!(recovery.trigger_gone_at, Some(4.0 * MINUTE));
            assert_eq!(recovery.after_trigger_s, Some(2.0 * MINUTE));
        }
        // One that was in force when users got well was over after no time at all.
        assert_eq!(judged(&[1, 1, 90, 1, 1, 1], &RULE, Some(5.0)).after_trigger_s, Some(0.0));
    }

    /// The trigger is gone at minute 4, and something else begins at minute 7.5: harm has lasted by then. At
    /// minute 4.5 it had not; and with a good window before the second trigger that one may be the cause.
    #[test]
    fn a_later_disturbance_does_not_hide_that_harm_outlasted_its_trigger() {
        let verdict = |harmed: &[u32], again: f64| {
            let causes = Causes {
                first_action: at(2.0),
                disturbed: true,
                disturbances: &[(at(2.0), Some(at(4.0))), (at(again), None)],
                repairs: &[],
            };
            judge(&series(harmed), &RULE, &causes, at(harmed.len() as f64)).verdict
        };
        assert_eq!(verdict(&[1, 1, 90, 90, 90, 90, 90, 90], 7.5), Verdict::Metastable);
        assert_eq!(verdict(&[1, 1, 90, 90, 90, 90, 90, 90], 4.5), Verdict::Degraded);
        assert_eq!(verdict(&[1, 1, 90, 90, 90, 1, 1, 90], 7.0), Verdict::Degraded);
    }

    #[test]
    fn harm_after_five_good_windows_is_another_one() {
        let twice = [1, 1, 9, 1, 1, 1, 1, 1, 90, 90, 1, 1];
        let recovery = judged(&twice, &RULE, Some(3.0));
        assert_eq!((recovery.harms, recovery.harmed_at), (2, Some(8.0 * MINUTE)));
        assert_eq!(recovery.after_s, Some(2.0 * MINUTE));
        // With four in between it is one that had an interruption.
        let once = [1, 1, 9, 1, 1, 1, 1, 90, 90, 1, 1, 1, 1, 1];
        let recovery = judged(&once, &RULE, Some(3.0));
        assert_eq!((recovery.harms, recovery.after_s), (1, Some(7.0 * MINUTE)));
        // What has not ended is what matters, however small.
        let open = [1, 1, 90, 90, 1, 1, 1, 1, 1, 1, 9, 9, 9];
        let recovery = judged(&open, &RULE, Some(4.0));
        assert_eq!((recovery.harmed_at, recovery.recovered_at), (Some(10.0 * MINUTE), None));
    }
}
