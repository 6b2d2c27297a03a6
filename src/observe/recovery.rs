//! The verdict: were users worse off, and are they well again?
//!
//! Judged on the share of affected users per user window. The baseline is the mean before the first
//! timeline entry; users are worse off in a window whose share exceeds the baseline by more than
//! [`TOLERANCE`]. They are well again after the last such window, if good windows follow for half as
//! long as they were worse off, or at least [`HOLD`] of them.

use super::result::{Recovery, Series, UserRow, Verdict};
use crate::engine::time::Time;

/// How far above the baseline the share of affected users may lie.
pub const TOLERANCE: f64 = 0.05;

/// If more users than this are affected from the start, that is no state to compare with.
pub const HEALTHY: f64 = 0.5;

/// How many good windows after the last bad one are enough, however long users were worse off.
pub const HOLD: usize = 5;

/// Judges a series. `disturbed`: whether something done to the system is still in force at the end.
pub(super) fn judge(series: &Series, first_action: Time, end: Time, disturbed: bool) -> Recovery {
    let length = series.user_window_s;
    let share = |row: &UserRow| {
        if row.active == 0 { 0.0 } else { row.affected as f64 / row.active as f64 }
    };
    let quiet = (first_action.as_secs_f64() / length) as usize;
    let before = &series.users[..quiet.min(series.users.len())];
    let start = before.iter().map(share).sum::<f64>() / before.len().max(1) as f64;
    // Else a system that is dead all along would count as unharmed.
    let was_healthy = start <= HEALTHY;
    let baseline = if was_healthy { start } else { 0.0 };
    let is_bad = |row: &UserRow| share(row) > baseline + TOLERANCE;
    let first = series.users.iter().position(is_bad);
    let last = series.users.iter().rposition(is_bad);
    let (Some(first), Some(last)) = (first, last) else {
        let verdict = Verdict::Unharmed;
        return Recovery { verdict, harmed_at: None, recovered_at: None, after_s: None };
    };
    let harmed_at = first as f64 * length;
    // Short harm is known to be over sooner: a run need not be long to say so.
    let hold = HOLD.min((last + 1 - first).div_ceil(2));
    // A window in which nobody asked for anything tells nothing.
    let good = series.users[last + 1..].iter().filter(|row| row.active > 0).count();
    if good >= hold {
        let recovered_at = ((last + 1) as f64 * length).min(end.as_secs_f64());
        return Recovery {
            verdict: Verdict::Recovered,
            harmed_at: Some(harmed_at),
            recovered_at: Some(recovered_at),
            after_s: Some(recovered_at - harmed_at),
        };
    }
    // A cause that was there before the run began is not known to be gone.
    let verdict = if disturbed || !was_healthy { Verdict::Degraded } else { Verdict::Metastable };
    Recovery { verdict, harmed_at: Some(harmed_at), recovered_at: None, after_s: None }
}
