//! A plain station's attempts in somebody else's custody: who is served until when, and who is in line.

use super::discipline::{Line, Waiter};
use super::jobs::Job;
use super::{Occupancy, Station};
use crate::engine::slab::Handle;
use crate::engine::time::Time;

/// What is known of a station but for its attempts.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Custody {
    pub(in crate::model) in_service: u32,
    pub(in crate::model) in_line: u32,
    /// Most attempts waiting at once since the last sample.
    pub(in crate::model) peak: u32,
    /// How many services have begun.
    pub(in crate::model) started: u64,
    pub(in crate::model) occupancy: Occupancy,
}

impl Station {
    /// Whether it is workers at normal speed and a line first in, first out, with the completion of
    /// whoever is done first in the event list.
    pub(in crate::model) fn can_be_handed_over(&self) -> bool {
        let is_scheduled = self.jobs.is_empty() || self.scheduled.is_some();
        self.runs_plainly()
            && matches!(self.line, Line::Plain(_))
            && is_scheduled
            && self.in_service as usize == self.jobs.len()
    }

    /// Whether that is so, and all its attempts are of a kind.
    pub(in crate::model) fn holds_only(&self, mut is_one: impl FnMut(Handle) -> bool) -> bool {
        let Line::Plain(line) = &self.line else { return false };
        self.can_be_handed_over()
            && self.jobs.iter().all(|job| is_one(job.attempt))
            && line.waiters().all(|waiter| is_one(waiter.attempt))
    }

    /// Gives up its attempts in service, with the time at which each is done and the order in which they
    /// began.
    pub(in crate::model) fn hand_over_jobs(
        &mut self,
        now: Time,
        mut serve: impl FnMut(Handle, Time, u64),
    ) {
        let (progress, _) = self.progress_now(now);
        for job in self.jobs.iter() {
            let left = job.done_at.saturating_sub(progress);
            serve(job.attempt, now + crate::engine::time::Span::from_ns(left), job.order);
        }
        self.jobs.clear();
    }

    /// Gives up the next one in line.
    pub(in crate::model) fn hand_over_waiter(&mut self) -> Option<Handle> {
        self.line.first_come()
    }

    /// What its next completion in the event list carries.
    pub(in crate::model) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// How many it serves at once.
    pub(in crate::model) fn workers(&self) -> u32 {
        self.workers
    }

    /// As [`Occupancy::elsewhere_ns`].
    pub(in crate::model) fn elsewhere_ns(&self) -> u128 {
        self.occupancy.elsewhere_ns
    }

    /// What is known of it but for its attempts, up to now.
    pub(in crate::model) fn custody(&mut self, now: Time) -> Custody {
        Custody {
            in_service: self.in_service,
            in_line: self.in_line,
            peak: self.waiting_peak,
            started: self.started,
            occupancy: self.occupancy(now),
        }
    }

    /// Notes what has become of it since.
    pub(in crate::model) fn note_custody(&mut self, now: Time, custody: &Custody) {
        self.in_service = custody.in_service;
        self.in_line = custody.in_line;
        self.waiting_peak = custody.peak;
        self.started = custody.started;
        self.occupancy = custody.occupancy;
        self.occupancy_at = now;
    }

    /// Takes an attempt back that is in service.
    pub(in crate::model) fn take_back_job(
        &mut self,
        now: Time,
        attempt: Handle,
        done: Time,
        order: u64,
    ) {
        let (progress, _) = self.progress_now(now);
        let done_at = progress.saturating_add(done.since(now).as_ns());
        self.jobs.push(Job { done_at, order, attempt });
        self.scheduled = self.jobs.first().map(|job| job.order);
    }

    /// Takes an attempt back that is in line, behind all others there.
    pub(in crate::model) fn take_back_waiter(&mut self, now: Time, attempt: Handle, since: Time) {
        self.line.join(Waiter { attempt, since, priority: 0, begun: false }, now);
    }
}
