//! What an observer reads of a station, and what the station owes at every reading.

use super::Station;
use crate::engine::time::Time;

/// What an observer reads of a station.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Reading {
    /// Occupied workers, integrated over time: worker-nanoseconds.
    pub(in crate::model) busy_ns: u128,
    /// Waiting attempts, integrated over time: attempt-nanoseconds.
    pub(in crate::model) waiting_ns: u128,
    /// Waiting now.
    pub(in crate::model) waiting: u32,
    /// Most waiting at once since the last reading.
    pub(in crate::model) waiting_peak: u32,
}

impl Station {
    /// Readings now. Most waiting is since the last of them.
    ///
    /// # Panics
    /// If an attempt was lost, or Little's law fails: that is a bug in misroute.
    pub(in crate::model) fn read(&mut self, now: Time) -> Reading {
        self.settle(now);
        let (occupancy, waiting) = (&self.occupancy, self.waiting());
        let inside = u64::from(self.inside());
        assert_eq!(
            occupancy.passage.entered,
            occupancy.passage.left + inside,
            "a station lost an attempt"
        );
        assert!(occupancy.obeys_littles_law(now), "Little's law fails at {now}");
        Reading {
            busy_ns: occupancy.busy_ns,
            waiting_ns: occupancy.waiting_ns,
            waiting,
            waiting_peak: std::mem::replace(&mut self.waiting_peak, waiting),
        }
    }
}
