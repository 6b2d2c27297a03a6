//! Workers and the line in front of them: what a backend and a database have in common.
//!
//! A station keeps one next completion with an epoch. Work is measured on a *progress* clock that
//! advances at the station's speed, so a change of speed rescales all that is left at once: slow,
//! paused, warm-up, shared workers and contention are one mechanism. Who is next is the line's
//! [`discipline`].

mod adaptive_lifo;
mod codel;
mod contention;
mod controlled_delay;
pub mod discipline;
mod fifo;
mod jobs;
mod lifo;
mod lifo_preemptive;
mod occupancy;
mod plain;
mod priority;
mod processor_sharing;
mod random_order;
pub(in crate::model) mod reading;
#[cfg(test)]
mod tests;

pub use contention::{Contention, Slowdown};
pub(super) use occupancy::{Occupancy, Passage, Presence};
pub(super) use plain::Custody;

use crate::engine::random::{Purpose, Seed, Stream};
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use discipline::{DisciplineConfig, Line, Service, Turn, Waiter};
use jobs::{Job, Jobs};

/// No station works at more than this many times its normal speed, so that a run of a year stays
/// far from the end of the progress clock.
const FASTEST: f64 = 100.0;

/// `workers` servers behind one line.
#[derive(Clone, Debug)]
pub(super) struct Station {
    workers: u32,
    /// Most attempts in service at once: the workers, unless they are shared.
    slots: u32,
    /// Attempts in service: being computed, or holding their place while they wait elsewhere.
    in_service: u32,
    /// Attempts being computed, by the progress at which they are done; ties first in, first out.
    jobs: Jobs,
    line: Line,
    in_line: u32,
    /// Work that was begun and put back in line: how much is left, and the how manieth it was.
    interrupted: Vec<(Handle, Span, u64)>,
    service: Service,
    contention: Option<Contention>,
    /// Whether it is workers and a line, and nothing else.
    is_plain: bool,
    /// Whether the speed depends on how many attempts are computed.
    is_paced: bool,
    /// Work-nanoseconds done per nanosecond by a worker that is neither shared nor slowed down by
    /// the others; 0 when paused.
    base_speed: f64,
    /// Work-nanoseconds done per nanosecond for each attempt.
    speed: f64,
    progress: u64,
    /// What is done beyond `progress`, below 1 ns: where the speed changes with every attempt,
    /// rounding would add up.
    fraction: f64,
    progress_at: Time,
    started: u64,
    epoch: u32,
    scheduled: Option<u64>,
    occupancy: Occupancy,
    occupancy_at: Time,
    waiting_peak: u32,
}

impl Station {
    /// An idle station with a plain line. `workers` at least 1.
    pub(super) fn new(workers: u32) -> Self {
        let stream = Stream::new(Seed::new(0), Purpose::Discipline, 0);
        Self::with(workers, &DisciplineConfig::fifo(), None, stream)
    }

    /// An idle station. `workers` at least 1; `stream` is for the discipline's draws.
    pub(super) fn with(
        workers: u32,
        discipline: &DisciplineConfig,
        contention: Option<&Contention>,
        stream: Stream,
    ) -> Self {
        let service = discipline.spec.service;
        Self {
            workers,
            slots: discipline.slots(workers),
            in_service: 0,
            jobs: Jobs::default(),
            line: Line::new(discipline, stream),
            in_line: 0,
            interrupted: Vec::new(),
            service,
            contention: contention.cloned(),
            is_plain: service == Service::Kept && contention.is_none(),
            is_paced: service == Service::Shared || contention.is_some_and(|c| !c.at_start),
            base_speed: 1.0,
            speed: 1.0,
            progress: 0,
            fraction: 0.0,
            progress_at: Time::ZERO,
            started: 0,
            epoch: 0,
            scheduled: None,
            occupancy: Occupancy::default(),
            occupancy_at: Time::ZERO,
            waiting_peak: 0,
        }
    }

    /// How many attempts occupy workers or want a part of them: where these are shared, whoever waits
    /// for a database does neither.
    #[inline]
    fn active(&self) -> u32 {
        if self.is_plain {
            return self.in_service;
        }
        match self.service {
            Service::Shared => self.jobs.len() as u32,
            Service::Kept | Service::Preempted => self.in_service,
        }
    }

    /// How many attempts share the workers and are at the database.
    fn elsewhere(&self) -> u32 {
        self.in_service - self.active()
    }

    /// How many attempts are inside: in line, in service, or elsewhere while they hold a place here.
    #[inline]
    pub(super) fn inside(&self) -> u32 {
        self.in_line + self.in_service
    }

    /// Whether attempts come back to its workers without having been in line.
    pub(super) fn takes_back(&self) -> bool {
        self.service == Service::Shared
    }

    /// How many workers are occupied.
    #[inline]
    pub(super) fn busy(&self) -> u32 {
        self.active().min(self.workers)
    }

    /// How many attempts wait for a worker, or for their part of one.
    #[inline]
    pub(super) fn waiting(&self) -> u32 {
        self.in_line + (self.active() - self.busy())
    }

    /// Whether an attempt that comes now would be served at once.
    #[inline]
    pub(super) fn has_free_worker(&self) -> bool {
        self.in_service < self.slots && self.active() < self.workers
    }

    /// Integrals up to `now`.
    pub(super) fn occupancy(&mut self, now: Time) -> Occupancy {
        self.settle(now);
        self.occupancy
    }

    /// Brings the integrals up to `now`.
    #[inline]
    fn settle(&mut self, now: Time) {
        let elapsed = now.since(self.occupancy_at).as_ns();
        // Most of what happens at one instant is one step of several.
        if elapsed == 0 {
            return;
        }
        self.occupancy_at = now;
        if self.is_plain {
            let elapsed = u128::from(elapsed);
            self.occupancy.busy_ns += elapsed * u128::from(self.in_service);
            self.occupancy.waiting_ns += elapsed * u128::from(self.in_line);
        } else {
            self.settle_shared(elapsed);
        }
    }

    /// The same of workers who may be shared, or wait elsewhere.
    #[cold]
    fn settle_shared(&mut self, elapsed: u64) {
        let elapsed = u128::from(elapsed);
        self.occupancy.busy_ns += elapsed * u128::from(self.busy());
        self.occupancy.waiting_ns += elapsed * u128::from(self.waiting());
        self.occupancy.elsewhere_ns += elapsed * u128::from(self.elsewhere());
    }

    /// An attempt comes in. It must be put to work or in line next.
    #[inline]
    pub(super) fn enter(&mut self, now: Time) {
        self.settle(now);
        self.occupancy.passage.enter(now);
    }

    /// Whether an attempt that has entered while no worker is free can be started all the same: it
    /// shares them, or takes one from somebody, who is put back in line.
    pub(super) fn makes_room(&mut self, now: Time) -> bool {
        match self.service {
            Service::Kept => false,
            Service::Shared => self.in_service < self.slots,
            Service::Preempted => self.interrupt(now),
        }
    }

    /// Puts whoever has been served longest back in line; those who hold a worker while they wait
    /// elsewhere keep it. Returns whether there was anybody.
    fn interrupt(&mut self, now: Time) -> bool {
        let Some(first) = self.jobs.iter().min_by_key(|job| job.order) else { return false };
        let Job { done_at, order, attempt } = first;
        self.advance(now);
        self.remove_job(attempt);
        self.in_service -= 1;
        let left = Span::from_ns(done_at.saturating_sub(self.progress));
        self.interrupted.push((attempt, left, order));
        self.join(now, Waiter { attempt, since: now, priority: 0, begun: true });
        true
    }

    /// Puts an attempt that has entered in line.
    #[inline]
    pub(super) fn wait(&mut self, now: Time, attempt: Handle, priority: u8) {
        self.join(now, Waiter { attempt, since: now, priority, begun: false });
        self.note_peak();
    }

    #[inline]
    fn join(&mut self, now: Time, waiter: Waiter) {
        self.line.join(waiter, now);
        self.in_line += 1;
    }

    #[inline]
    fn note_peak(&mut self) {
        self.waiting_peak = self.waiting_peak.max(self.waiting());
    }

    /// The next one in line, taken out of it.
    #[inline]
    pub(super) fn next_waiting(&mut self, now: Time) -> Option<Turn> {
        self.settle(now);
        if self.in_line == 0 {
            return None;
        }
        let turn = self.line.take(now)?;
        self.in_line -= 1;
        Some(turn)
    }

    /// The next one in line, taken out of it, where whoever has come first is next, whatever happened
    /// since.
    #[inline]
    pub(super) fn next_come(&mut self, now: Time) -> Option<Handle> {
        self.settle(now);
        let next = self.line.first_come()?;
        self.in_line -= 1;
        Some(next)
    }

    /// Since when an attempt has been in line, unless it has been served before. O(length of the
    /// line).
    pub(super) fn waits_since(&self, attempt: Handle) -> Option<Time> {
        let waiter = self.line.rule().find(attempt).filter(|waiter| !waiter.begun);
        waiter.map(|waiter| waiter.since)
    }

    /// Everybody in line.
    pub(super) fn waiters(&self) -> Vec<Handle> {
        self.line.rule().everybody().into_iter().map(|waiter| waiter.attempt).collect()
    }

    /// A free worker takes up `work`.
    #[inline]
    pub(super) fn start(&mut self, now: Time, attempt: Handle, work: Span) {
        debug_assert!(self.in_service < self.slots, "more work than workers");
        if self.runs_plainly() {
            self.settle(now);
            self.in_service += 1;
            self.started += 1;
            let done_at = self.progress_now(now).0.saturating_add(work.as_ns());
            self.jobs.push(Job { done_at, order: self.started, attempt });
        } else {
            self.start_slowly(now, attempt, work);
        }
    }

    /// The same where progress is not time.
    #[cold]
    fn start_slowly(&mut self, now: Time, attempt: Handle, work: Span) {
        self.advance(now);
        self.in_service += 1;
        self.started += 1;
        let work = if self.is_plain { work } else { self.at_start(work) };
        self.push_job(attempt, work, self.started);
        if !self.is_plain {
            self.note_peak();
        }
        self.pace(now);
    }

    /// What an attempt that has just been taken up asks for among the others.
    #[cold]
    fn at_start(&self, work: Span) -> Span {
        match &self.contention {
            Some(contention) if contention.at_start => {
                work.scaled(contention.factor(self.jobs.len() as u32 + 1))
            }
            _ => work,
        }
    }

    /// Whether workers do a nanosecond of work in a nanosecond, whoever else is there: then progress is
    /// time, but for a constant, and need not be brought up to now.
    #[inline]
    fn runs_plainly(&self) -> bool {
        self.is_plain && self.speed.to_bits() == 1.0_f64.to_bits()
    }

    /// A free worker goes on with work that was interrupted.
    pub(super) fn go_on(&mut self, now: Time, attempt: Handle) {
        let (left, order) = self.forget_interrupted(attempt).expect("its work was begun");
        self.advance(now);
        self.in_service += 1;
        self.push_job(attempt, left, order);
        self.pace(now);
    }

    /// The last that was interrupted is the first to go on.
    fn forget_interrupted(&mut self, attempt: Handle) -> Option<(Span, u64)> {
        let position = self.interrupted.iter().rposition(|&(other, ..)| other == attempt)?;
        let (_, left, order) = self.interrupted.remove(position);
        Some((left, order))
    }

    /// A worker that held this attempt while it was elsewhere has to finish it here.
    pub(super) fn resume(&mut self, now: Time, attempt: Handle) {
        self.advance(now);
        self.started += 1;
        self.push_job(attempt, Span::ZERO, self.started);
        self.note_peak();
        self.pace(now);
    }

    #[inline]
    fn push_job(&mut self, attempt: Handle, work: Span, order: u64) {
        // The fraction counts by half a nanosecond, so that it favours nobody.
        let begins_at = self.progress.saturating_add(u64::from(self.fraction >= 0.5));
        let done_at = begins_at.saturating_add(work.as_ns());
        self.jobs.push(Job { done_at, order, attempt });
    }

    /// Takes out the attempt whose work is done. Its worker stays occupied until
    /// [`Station::leave_worker`].
    #[inline]
    pub(super) fn finish(&mut self, now: Time) -> Handle {
        if self.service == Service::Shared {
            self.settle(now);
        }
        let Job { done_at, attempt, .. } =
            self.jobs.pop().expect("a completion was scheduled for a job");
        self.scheduled = None;
        if !self.runs_plainly() {
            self.finish_slowly(now, done_at);
        }
        attempt
    }

    /// The rest of that where progress is not time.
    #[cold]
    fn finish_slowly(&mut self, now: Time, done_at: u64) {
        // Rounding of a scaled completion must not leave progress behind the job that is done.
        let (progress, fraction) = self.progress_now(now);
        self.fraction = if progress < done_at { 0.0 } else { fraction };
        self.progress = progress.max(done_at);
        self.progress_at = now;
        self.pace(now);
    }

    /// An attempt leaves together with its worker.
    #[inline]
    pub(super) fn leave_worker(&mut self, now: Time) {
        self.settle(now);
        self.in_service -= 1;
        self.count_departure(now);
    }

    /// An attempt that waited, and was taken out of the line, leaves without service.
    pub(super) fn leave_line(&mut self, now: Time) {
        self.count_departure(now);
    }

    /// An attempt is dropped where it is: in line, in service, or elsewhere while it holds a worker.
    /// Returns whether a worker is free by that.
    pub(super) fn withdraw(&mut self, now: Time, attempt: Handle) -> bool {
        self.advance(now);
        if self.in_line > 0 && self.line.rule_mut().remove(attempt).is_some() {
            self.in_line -= 1;
            self.forget_interrupted(attempt);
            self.count_departure(now);
            return false;
        }
        self.remove_job(attempt);
        self.in_service -= 1;
        self.count_departure(now);
        self.pace(now);
        true
    }

    /// Nobody computes this attempt any more; the next completion may have been its.
    fn remove_job(&mut self, attempt: Handle) {
        let removed = self.jobs.remove(attempt).map(|job| job.order);
        if removed.is_some() && removed == self.scheduled {
            self.scheduled = None;
            self.epoch = self.epoch.wrapping_add(1);
        }
    }

    /// Everything inside is lost.
    pub(super) fn clear(&mut self, now: Time) {
        self.advance(now);
        let inside = self.occupancy.passage.entered - self.occupancy.passage.left;
        (0..inside).for_each(|_| self.occupancy.passage.leave(now));
        self.jobs.clear();
        self.line.rule_mut().clear();
        self.interrupted.clear();
        self.in_line = 0;
        self.in_service = 0;
        self.scheduled = None;
        self.epoch = self.epoch.wrapping_add(1);
        self.pace(now);
    }

    /// Changes the speed to that of work which takes so many times as long; if it `stands_still`, it
    /// takes for ever.
    pub(super) fn slow_down(&mut self, now: Time, slowdown: f64, stands_still: bool) {
        // Factors multiply: enough of them below 1 would outrun the clock of work done.
        self.base_speed = if stands_still { 0.0 } else { (1.0 / slowdown).min(FASTEST) };
        self.set_speed(now, self.base_speed * self.share());
    }

    /// Adapts the speed to the number of attempts that are computed.
    #[inline]
    fn pace(&mut self, now: Time) {
        if self.is_paced {
            self.set_speed(now, self.base_speed * self.share());
        }
    }

    /// The part of a worker's full speed that each attempt gets.
    fn share(&self) -> f64 {
        if !self.is_paced || self.jobs.is_empty() {
            return 1.0;
        }
        let computed = self.jobs.len() as u32;
        let part = match self.service {
            Service::Shared if self.workers < computed => {
                f64::from(self.workers) / f64::from(computed)
            }
            _ => 1.0,
        };
        match &self.contention {
            Some(contention) if !contention.at_start => part / contention.factor(computed),
            _ => part,
        }
    }

    /// Changes the speed: 1 is normal, 0 stands still.
    fn set_speed(&mut self, now: Time, speed: f64) {
        if speed.to_bits() != self.speed.to_bits() {
            self.advance(now);
            self.speed = speed;
            self.scheduled = None;
            self.epoch = self.epoch.wrapping_add(1);
        }
    }

    /// The next completion, if it must be scheduled anew: its time, and the epoch that it carries.
    #[inline]
    pub(super) fn reschedule(&mut self, now: Time) -> Option<(Time, u32)> {
        let Job { done_at, order: started, .. } = self.jobs.first()?;
        if self.scheduled == Some(started) || self.speed <= 0.0 {
            return None;
        }
        self.scheduled = Some(started);
        self.epoch = self.epoch.wrapping_add(1);
        let (progress, fraction) = self.progress_now(now);
        Some((now + self.time_for(done_at.saturating_sub(progress), fraction), self.epoch))
    }

    /// Whether a completion of this epoch is the one that counts.
    #[inline]
    pub(super) fn is_current(&self, epoch: u32) -> bool {
        self.epoch == epoch && self.scheduled.is_some()
    }

    #[inline]
    fn count_departure(&mut self, now: Time) {
        self.occupancy.passage.leave(now);
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        self.settle(now);
        (self.progress, self.fraction) = self.progress_now(now);
        self.progress_at = now;
    }

    #[inline]
    fn progress_now(&self, now: Time) -> (u64, f64) {
        let elapsed = now.since(self.progress_at);
        if self.speed.to_bits() == 1.0_f64.to_bits() {
            return (self.progress.saturating_add(elapsed.as_ns()), self.fraction);
        }
        if !self.is_paced {
            return (self.progress.saturating_add(elapsed.scaled(self.speed).as_ns()), 0.0);
        }
        let done = elapsed.as_ns() as f64 * self.speed + self.fraction;
        let whole = done as u64;
        (self.progress.saturating_add(whole), done - whole as f64)
    }

    fn time_for(&self, work: u64, done: f64) -> Span {
        if self.speed.to_bits() == 1.0_f64.to_bits() {
            Span::from_ns(work)
        } else {
            Span::from_ns_f64((work as f64 - done).max(0.0) / self.speed)
        }
    }
}
