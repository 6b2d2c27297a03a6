//! What multiplies a population's rate for a while.

use crate::engine::time::{Span, Time};
use crate::model::setup::{EntryId, FlashCrowd};

/// A surge in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Surge {
    /// The entry that began it.
    pub(super) source: Option<EntryId>,
    /// What it multiplies the rate by, at its height.
    pub(super) factor: f64,
    /// How it comes and goes; `None`: at once.
    pub(super) ramp: Option<Ramp>,
}

/// A flash crowd's course: from 1 to the factor, there for a while, and back to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ramp {
    pub(super) from: Time,
    pub(super) rise: Span,
    pub(super) hold: Span,
    pub(super) decay: Span,
}

impl Ramp {
    pub(super) fn new(from: Time, crowd: &FlashCrowd) -> Self {
        Self { from, rise: crowd.rise, hold: crowd.hold, decay: crowd.decay }
    }

    /// Where its course bends: when it is up, when it begins to fall, when it is over.
    fn bends(&self) -> [f64; 3] {
        let up = self.from + self.rise;
        let falls = up + self.hold;
        [up, falls, falls + self.decay].map(|time| time.as_ns() as f64)
    }
}

impl Surge {
    /// The factor at a time, in nanoseconds, not before it began.
    pub(super) fn at(&self, time: f64) -> f64 {
        let Some(ramp) = &self.ramp else { return self.factor };
        let [up, falls, over] = ramp.bends();
        let share = if time < up {
            (time - ramp.from.as_ns() as f64) / (up - ramp.from.as_ns() as f64)
        } else if time < falls {
            1.0
        } else if time < over {
            (over - time) / (over - falls)
        } else {
            0.0
        };
        1.0 + (self.factor - 1.0) * share
    }

    /// Until when the factor moves as it does at `time`, and whether it stays as it is until then.
    pub(super) fn until(&self, time: f64) -> (f64, bool) {
        let Some(ramp) = &self.ramp else { return (f64::INFINITY, true) };
        let [up, falls, over] = ramp.bends();
        if time < up {
            (up, false)
        } else if time < falls {
            (falls, true)
        } else if time < over {
            (over, false)
        } else {
            (f64::INFINITY, true)
        }
    }

    /// Whether it multiplies nothing any more.
    pub(super) fn is_over(&self, now: Time) -> bool {
        self.ramp.is_some_and(|ramp| ramp.bends()[2] <= now.as_ns() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flash_crowd_rises_stays_and_falls() {
        let (from, s) = (Span::from_secs(10).after_start(), Span::from_secs);
        let ramp = Ramp { from, rise: s(4), hold: s(6), decay: s(20) };
        let surge = Surge { source: None, factor: 5.0, ramp: Some(ramp) };
        // Up from 10 s to 14 s, down from 20 s to 40 s.
        let expected =
            [(10.0, 1.0), (12.0, 3.0), (14.0, 5.0), (17.0, 5.0), (30.0, 3.0), (40.0, 1.0)];
        for (seconds, factor) in expected {
            let found = surge.at(seconds * 1e9);
            assert!((found - factor).abs() < 1e-12, "{found} after {seconds} s");
        }
        assert_eq!(surge.until(11e9), (14e9, false));
        assert_eq!(surge.until(14e9), (20e9, true));
        assert_eq!(surge.until(20e9), (40e9, false));
        assert!(!surge.is_over(s(39).after_start()) && surge.is_over(s(40).after_start()));
        // No time to rise or to fall: steps.
        let steps = Ramp { rise: Span::ZERO, decay: Span::ZERO, ..ramp };
        let surge = Surge { ramp: Some(steps), ..surge };
        for (time, factor) in [(10e9, 5.0), (15.9e9, 5.0), (16e9, 1.0)] {
            assert!((surge.at(time) - factor).abs() < 1e-12);
        }
    }
}
