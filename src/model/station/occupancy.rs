//! How many were where for how long, as exact integrals.

use crate::engine::time::Time;

/// Occupancy, as exact integrals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct Occupancy {
    /// Occupied workers, integrated over time: worker-nanoseconds.
    pub(in crate::model) busy_ns: u128,
    /// Waiting attempts, those that wait for a part of shared workers included, integrated over
    /// time: attempt-nanoseconds.
    pub(in crate::model) waiting_ns: u128,
    /// Attempts that share the workers and wait elsewhere, at a database, integrated over time:
    /// attempt-nanoseconds.
    pub(in crate::model) elsewhere_ns: u128,
    /// Attempts that ever entered.
    pub(in crate::model) entered: u64,
    /// Attempts that ever left, in whatever way.
    pub(in crate::model) left: u64,
    /// Sum of the times of leaving less that of the times of entry, nanoseconds since the start, modulo
    /// 2^128.
    left_less_entered_ns: u128,
}

impl Occupancy {
    /// Little's law as an identity of integrals: time in the station, summed over attempts, is the
    /// number in the station, integrated over time.
    pub(in crate::model) fn obeys_littles_law(&self, now: Time) -> bool {
        let inside = u128::from(self.entered - self.left) * u128::from(now.as_ns());
        self.left_less_entered_ns.wrapping_add(inside)
            == self.busy_ns + self.waiting_ns + self.elsewhere_ns
    }

    /// One more has entered.
    #[inline]
    pub(in crate::model) fn enter(&mut self, now: Time) {
        self.entered += 1;
        let at = u128::from(now.as_ns());
        self.left_less_entered_ns = self.left_less_entered_ns.wrapping_sub(at);
    }

    /// One has left.
    #[inline]
    pub(in crate::model) fn leave(&mut self, now: Time) {
        self.left += 1;
        let at = u128::from(now.as_ns());
        self.left_less_entered_ns = self.left_less_entered_ns.wrapping_add(at);
    }
}
