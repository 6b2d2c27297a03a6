//! Moments of a run: offsets from its start, or times of day once the start is known.

use super::units;
use crate::engine::time::{Span, Time};
use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// When a run begins, if it says so, and how long it lasts.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    start: Option<Start>,
    /// `None` while the file's own duration is in doubt: nothing is then out of range.
    pub(super) duration: Option<Span>,
}

/// An instant, and the offset from UTC in which the file writes times of day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    instant: Timestamp,
    offset: Offset,
}

/// Why a text is no moment of the run, and what to do.
#[derive(Clone, Debug)]
pub(super) struct MomentError {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

fn fail<T>(message: impl Into<String>, help: Option<String>) -> Result<T, MomentError> {
    Err(MomentError { message: message.into(), help })
}

impl Start {
    /// Reads RFC 3339, or a date and time without an offset as UTC.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (datetime, offset) = datetime(text)?;
        let offset = offset.unwrap_or(Offset::UTC);
        Some(Self { instant: offset.to_timestamp(datetime).ok()?, offset })
    }
}

/// A full date and time, and its offset if it has one.
fn datetime(text: &str) -> Option<(DateTime, Option<Offset>)> {
    let pieces = Pieces::parse(text).ok()?;
    if pieces.time_zone_annotation().is_some() {
        return None;
    }
    Some((pieces.date().to_datetime(pieces.time()?), pieces.to_numeric_offset()))
}

/// A time of day such as `14:05` or `14:05:30`.
fn time_of_day(text: &str) -> Option<jiff::civil::Time> {
    let shaped = text.len() >= 5
        && text.as_bytes()[2] == b':'
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.');
    shaped.then(|| text.parse().ok()).flatten()
}

/// Time from the start; `None` if that is negative.
fn since_start(start: Start, at: DateTime, offset: Option<Offset>) -> Option<Time> {
    let instant = offset.unwrap_or(start.offset).to_timestamp(at).ok()?;
    let since: SignedDuration = instant.duration_since(start.instant);
    u64::try_from(since.as_nanos()).ok().map(Time::from_ns)
}

impl Clock {
    pub(super) fn new(start: Option<Start>, duration: Option<Span>) -> Self {
        Self { start, duration }
    }

    /// The same clock for moments that may lie after the end of the run.
    pub(super) fn without_end(&self) -> Self {
        Self { duration: None, ..self.clone() }
    }

    /// The instant of the start.
    pub(super) fn start(&self) -> Option<Timestamp> {
        self.start.map(|start| start.instant)
    }

    /// The moment that a text names: an offset (`1h30m`), a time of day, or a full date and time.
    /// It lies within the run, its end included.
    pub(super) fn moment(&self, text: &str) -> Result<Time, MomentError> {
        let time = match (time_of_day(text), datetime(text)) {
            (Some(time), _) => self.at_time_of_day(text, time)?,
            (None, Some((datetime, offset))) => self.at_datetime(text, datetime, offset)?,
            (None, None) => self.at_offset(text)?,
        };
        match self.duration {
            Some(duration) if time.offset() > duration => {
                let end = self.show(duration.after_start());
                let message = format!("`{text}` is after the end of the run ({end})");
                fail(message, Some("move it, or make `duration` longer".to_owned()))
            }
            _ => Ok(time),
        }
    }

    fn at_offset(&self, text: &str) -> Result<Time, MomentError> {
        match units::duration(text) {
            Ok(span) => Ok(span.after_start()),
            Err(error) => {
                let example =
                    if self.start.is_some() { "\"1h30m\" or \"14:05\"" } else { "\"1h30m\"" };
                let fix = error.fix.map(|fix| format!("did you mean `{fix}`?"));
                let message = format!("{}: a moment is written {example}", error.message);
                fail(message, fix)
            }
        }
    }

    fn at_time_of_day(&self, text: &str, time: jiff::civil::Time) -> Result<Time, MomentError> {
        let start = self.needs_start(text)?;
        let date = start.offset.to_datetime(start.instant).date();
        if let Some(time) = since_start(start, date.to_datetime(time), None) {
            return Ok(time);
        }
        let tomorrow: Option<Date> = date.tomorrow().ok();
        let next = tomorrow.and_then(|date| since_start(start, date.to_datetime(time), None));
        match (next, self.duration) {
            (Some(next), Some(duration)) if next.offset() <= duration => Ok(next),
            (Some(next), None) => Ok(next),
            _ => fail(
                format!("`{text}` is before the start of the run ({})", self.show(Time::ZERO)),
                Some("move it, or let `start` be earlier".to_owned()),
            ),
        }
    }

    fn at_datetime(
        &self,
        text: &str,
        datetime: DateTime,
        offset: Option<Offset>,
    ) -> Result<Time, MomentError> {
        let start = self.needs_start(text)?;
        match since_start(start, datetime, offset) {
            Some(time) => Ok(time),
            None => fail(
                format!("`{text}` is before the start of the run ({})", start.instant),
                Some("move it, or let `start` be earlier".to_owned()),
            ),
        }
    }

    fn needs_start(&self, text: &str) -> Result<Start, MomentError> {
        match self.start {
            Some(start) => Ok(start),
            None => fail(
                format!("`{text}` is a time of day, but the scenario has no `start`"),
                Some("add start = 2024-08-10T13:50:00Z at the top, or write an offset".to_owned()),
            ),
        }
    }

    /// `14:05` or `14:05:30` with a start, else `+1h30m`; to the second above a minute.
    pub(super) fn show(&self, time: Time) -> String {
        const MINUTE: Span = Span::from_secs(60);
        let Some(start) = self.start else {
            let unit = if time.offset() < MINUTE { 1_000_000 } else { 1_000_000_000 };
            return format!("+{}", Span::from_ns(time.as_ns() / unit * unit));
        };
        let since = SignedDuration::from_nanos(i64::try_from(time.as_ns()).unwrap_or(i64::MAX));
        let Ok(instant) = start.instant.checked_add(since) else { return format!("+{time}") };
        let clock = start.offset.to_datetime(instant).time();
        let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
        if second == 0 {
            format!("{hour:02}:{minute:02}")
        } else {
            format!("{hour:02}:{minute:02}:{second:02}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(start: &str, hours: u64) -> Clock {
        Clock::new(Start::parse(start), Some(Span::from_secs(hours * 3_600)))
    }

    #[test]
    fn times_of_day_count_from_the_start_and_roll_over_midnight() {
        let clock = clock("2024-08-10T23:50:00+02:00", 2);
        assert_eq!(clock.start().unwrap().to_string(), "2024-08-10T21:50:00Z");
        let seconds = |text: &str| clock.moment(text).unwrap().as_ns() / 1_000_000_000;
        assert_eq!(seconds("23:55"), 300);
        assert_eq!(seconds("00:10"), 1_200);
        assert_eq!(seconds("00:10:30"), 1_230);
        assert_eq!(seconds("2024-08-10T22:00Z"), 600);
        assert_eq!(seconds("2024-08-11T00:00"), 600);
        assert_eq!(seconds("1h30m"), 5_400);
        assert_eq!(clock.show(Time::from_ns(1_200_000_000_000)), "00:10");
        assert_eq!(clock.show(Time::from_ns(1_201_900_000_000)), "00:10:01");
        assert!(clock.moment("23:45").unwrap_err().message.contains("before the start"));
        assert!(clock.moment("03:00").unwrap_err().message.contains("before the start"));
        assert!(clock.moment("3h").unwrap_err().message.contains("after the end"));
        assert!(clock.moment("25:00").is_err());
        assert!(clock.moment("2024-08-10T21:00Z").is_err());
    }

    #[test]
    fn without_a_start_there_are_only_offsets() {
        let clock = Clock::new(None, Some(Span::from_secs(3_600)));
        assert!(clock.moment("14:05").unwrap_err().message.contains("no `start`"));
        assert_eq!(clock.moment("90s").unwrap(), Time::from_ns(90_000_000_000));
        assert_eq!(clock.show(Time::from_ns(5_400_123_456_789)), "+1h30m");
        assert_eq!(clock.show(Time::from_ns(1_500_456_789)), "+1s500ms");
        assert!(clock.moment("10").unwrap_err().help.unwrap().contains("10s"));
    }
}
