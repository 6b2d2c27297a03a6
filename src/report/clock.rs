//! Times as a reader wants them: wall clock if the scenario has a start, otherwise offsets.

use crate::engine::time::Span;
use crate::observe::result::RunResult;
use jiff::{SignedDuration, Timestamp};

const DAY_S: f64 = 86_400.0;
/// Runs shorter than this show seconds.
const SECONDS_MATTER_S: f64 = 900.0;

/// Turns seconds since the start of a run into text.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Option<Timestamp>,
    duration_s: f64,
}

impl Clock {
    /// The clock of a run. A start that is no RFC 3339 time counts as none.
    pub(crate) fn of(result: &RunResult) -> Self {
        Self::new(result.start.as_deref(), result.duration_s)
    }

    /// The clock of runs of this length that begin then, if they have a wall clock.
    pub(crate) fn new(start: Option<&str>, duration_s: f64) -> Self {
        Self { start: start.and_then(|text| text.parse().ok()), duration_s }
    }

    /// Nanoseconds from the epoch to the start of the run; 0 without a wall clock. Ticks align to it.
    pub(crate) fn epoch_ns(&self) -> i128 {
        self.start.map_or(0, Timestamp::as_nanosecond)
    }

    fn instant(&self, at_s: f64) -> Option<Timestamp> {
        let offset = SignedDuration::from_nanos(Span::from_secs_f64(at_s).as_ns() as i64);
        self.start?.checked_add(offset).ok()
    }

    fn format(&self, at_s: f64, pattern: &str) -> Option<String> {
        Some(self.instant(at_s)?.strftime(pattern).to_string())
    }

    /// `14:05`, or `+1h5m` without a wall clock; seconds in short runs, the date in long ones.
    pub(crate) fn at(&self, at_s: f64) -> String {
        let pattern = if self.duration_s > DAY_S {
            "%m-%d %H:%M"
        } else if self.duration_s < SECONDS_MATTER_S {
            "%H:%M:%S"
        } else {
            "%H:%M"
        };
        self.format(at_s, pattern).unwrap_or_else(|| {
            let grain = if self.duration_s < 10.0 { 0.001 } else { 1.0 };
            format!("+{}", length(at_s, grain))
        })
    }

    /// The label of a tick when ticks are `step_s` apart.
    pub(crate) fn tick(&self, at_s: f64, step_s: f64) -> String {
        let pattern = if step_s >= DAY_S {
            "%m-%d"
        } else if self.duration_s > DAY_S {
            "%m-%d %H:%M"
        } else if step_s >= 60.0 {
            "%H:%M"
        } else if step_s >= 1.0 {
            "%H:%M:%S"
        } else {
            "%H:%M:%S%.3f"
        };
        self.format(at_s, pattern).unwrap_or_else(|| {
            if at_s == 0.0 { "0".into() } else { format!("+{}", length(at_s, step_s.min(1.0))) }
        })
    }

    /// RFC 3339, for files.
    pub(crate) fn rfc3339(&self, at_s: f64) -> Option<String> {
        Some(self.instant(at_s)?.to_string())
    }

    /// `2024-08-10`, the day on which the run starts.
    pub(crate) fn date(&self) -> Option<String> {
        self.format(0.0, "%Y-%m-%d")
    }
}

/// `1h45m`: a length of time to the nearest multiple of `grain_s` seconds.
pub(crate) fn length(seconds: f64, grain_s: f64) -> String {
    Span::from_secs_f64((seconds / grain_s).round() * grain_s).to_string()
}

/// `1h45m`, `12m`, `40s`: a length of time to the second, or to the millisecond below ten seconds.
pub(crate) fn plain_length(seconds: f64) -> String {
    length(seconds, if seconds < 10.0 { 0.001 } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(start: Option<&str>, duration_s: f64) -> Clock {
        Clock { start: start.map(|text| text.parse().unwrap()), duration_s }
    }

    #[test]
    fn wall_clocks_show_what_the_length_of_the_run_calls_for() {
        let start = Some("2024-08-10T13:50:00Z");
        assert_eq!(clock(start, 8_400.0).at(600.0), "14:00");
        assert_eq!(clock(start, 60.0).at(7.2), "13:50:07");
        assert_eq!(clock(start, 200_000.0).at(86_400.0), "08-11 13:50");
        assert_eq!(clock(start, 8_400.0).rfc3339(1.5).unwrap(), "2024-08-10T13:50:01.5Z");
    }

    #[test]
    fn without_a_start_times_are_offsets() {
        assert_eq!(clock(None, 8_400.0).at(5_400.0), "+1h30m");
        assert_eq!(clock(None, 60.0).tick(0.0, 10.0), "0");
        assert_eq!(clock(None, 60.0).tick(10.0, 10.0), "+10s");
        assert_eq!(clock(None, 60.0).rfc3339(1.0), None);
    }
}
