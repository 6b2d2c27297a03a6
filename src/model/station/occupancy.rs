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
    /// Who came and went.
    pub(in crate::model) passage: Passage,
}

/// Attempts that ever entered, and that ever left, in whatever way, and those inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct Passage {
    pub(in crate::model) entered: u64,
    pub(in crate::model) left: u64,
    inside: Presence,
}

/// How many are somewhere, integrated over time: the sum of the times of leaving less that of the times of
/// entry, nanoseconds since the start, modulo 2^128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct Presence(u128);

impl Presence {
    /// That of `count` who are there now, and of whoever was before: `integral` so far.
    pub(in crate::model) fn since(integral: u128, count: u32, now: Time) -> Self {
        Self(integral.wrapping_sub(u128::from(count) * u128::from(now.as_ns())))
    }

    /// The integral up to now, while `count` are there.
    pub(in crate::model) fn integral(self, count: u64, now: Time) -> u128 {
        self.0.wrapping_add(u128::from(count) * u128::from(now.as_ns()))
    }

    /// One comes.
    #[inline]
    pub(in crate::model) fn enter(&mut self, now: Time) {
        self.0 = self.0.wrapping_sub(u128::from(now.as_ns()));
    }

    /// One goes.
    #[inline]
    pub(in crate::model) fn leave(&mut self, now: Time) {
        self.0 = self.0.wrapping_add(u128::from(now.as_ns()));
    }
}

impl Occupancy {
    /// Little's law as an identity of integrals: time in the station, summed over attempts, is the
    /// number in the station, integrated over time.
    pub(in crate::model) fn obeys_littles_law(&self, now: Time) -> bool {
        let Passage { entered, left, inside } = self.passage;
        inside.integral(entered - left, now) == self.busy_ns + self.waiting_ns + self.elsewhere_ns
    }
}

impl Passage {
    /// One more has entered.
    #[inline]
    pub(in crate::model) fn enter(&mut self, now: Time) {
        self.entered += 1;
        self.inside.enter(now);
    }

    /// One has left.
    #[inline]
    pub(in crate::model) fn leave(&mut self, now: Time) {
        self.left += 1;
        self.inside.leave(now);
    }
}
