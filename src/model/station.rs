//! Workers and the line in front of them: what a backend and a database have in common.
//!
//! A station keeps one next completion with an epoch. Work is measured on a *progress* clock that
//! advances at the station's speed, so a change of speed rescales all that is left at once: slow,
//! paused and warm-up are one mechanism.

use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// No station works at more than this many times its normal speed, so that a run of a year stays
/// far from the end of the progress clock.
const FASTEST: f64 = 100.0;

/// Occupancy, as exact integrals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Occupancy {
    /// Occupied workers, integrated over time: worker-nanoseconds.
    pub(super) busy_ns: u128,
    /// Waiting attempts, integrated over time: attempt-nanoseconds.
    pub(super) waiting_ns: u128,
    /// Attempts that ever entered.
    pub(super) entered: u64,
    /// Attempts that ever left, in whatever way.
    pub(super) left: u64,
    /// Sum of the times of entry, nanoseconds since the start.
    entered_at_ns: u128,
    /// Sum of the times of leaving, nanoseconds since the start.
    left_at_ns: u128,
}

impl Occupancy {
    /// Little's law as an identity of integrals: time in the station, summed over attempts, is the
    /// number in the station, integrated over time.
    pub(super) fn obeys_littles_law(&self, now: Time) -> bool {
        let inside = u128::from(self.entered - self.left) * u128::from(now.as_ns());
        self.left_at_ns + inside - self.entered_at_ns == self.busy_ns + self.waiting_ns
    }
}

/// `workers` servers behind one line.
#[derive(Clone, Debug)]
pub(super) struct Station {
    workers: u32,
    /// Workers occupied: computing, or holding an attempt that waits elsewhere.
    busy: u32,
    /// Attempts being computed, by the progress at which they are done; ties first in, first out.
    jobs: BinaryHeap<Reverse<(u64, u64, Handle)>>,
    waiting: VecDeque<Handle>,
    /// Work-nanoseconds done per nanosecond; 0 when paused.
    speed: f64,
    progress: u64,
    progress_at: Time,
    started: u64,
    epoch: u32,
    scheduled: Option<u64>,
    occupancy: Occupancy,
    occupancy_at: Time,
    waiting_peak: u32,
}

impl Station {
    /// An idle station. `workers` at least 1.
    pub(super) fn new(workers: u32) -> Self {
        Self {
            workers,
            busy: 0,
            jobs: BinaryHeap::new(),
            waiting: VecDeque::new(),
            speed: 1.0,
            progress: 0,
            progress_at: Time::ZERO,
            started: 0,
            epoch: 0,
            scheduled: None,
            occupancy: Occupancy::default(),
            occupancy_at: Time::ZERO,
            waiting_peak: 0,
        }
    }

    /// How many workers are occupied.
    pub(super) fn busy(&self) -> u32 {
        self.busy
    }

    /// How many attempts wait for a worker.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.len() as u32
    }

    /// Most attempts waiting at once since the last [`Station::reset_peak`].
    pub(super) fn waiting_peak(&self) -> u32 {
        self.waiting_peak
    }

    /// Starts a new observation of the peak.
    pub(super) fn reset_peak(&mut self) {
        self.waiting_peak = self.waiting();
    }

    /// Whether an attempt that comes now would be served at once.
    pub(super) fn has_free_worker(&self) -> bool {
        self.busy < self.workers
    }

    /// Integrals up to `now`.
    pub(super) fn occupancy(&mut self, now: Time) -> Occupancy {
        let elapsed = u128::from(now.since(self.occupancy_at).as_ns());
        self.occupancy.busy_ns += elapsed * u128::from(self.busy);
        self.occupancy.waiting_ns += elapsed * self.waiting.len() as u128;
        self.occupancy_at = now;
        self.occupancy
    }

    /// An attempt comes in. It must be put to work or in line next.
    pub(super) fn enter(&mut self, now: Time) {
        self.occupancy(now);
        self.occupancy.entered += 1;
        self.occupancy.entered_at_ns += u128::from(now.as_ns());
    }

    /// Puts an attempt that has entered in line.
    pub(super) fn wait(&mut self, attempt: Handle) {
        self.waiting.push_back(attempt);
        self.waiting_peak = self.waiting_peak.max(self.waiting());
    }

    /// The attempt that waits longest, taken out of the line.
    pub(super) fn next_waiting(&mut self, now: Time) -> Option<Handle> {
        self.occupancy(now);
        self.waiting.pop_front()
    }

    /// A free worker takes up `work`.
    pub(super) fn start(&mut self, now: Time, attempt: Handle, work: Span) {
        debug_assert!(self.has_free_worker(), "more work than workers");
        self.advance(now);
        self.busy += 1;
        self.push_job(attempt, work);
    }

    /// A worker that held this attempt while it was elsewhere has to finish it here.
    pub(super) fn resume(&mut self, now: Time, attempt: Handle) {
        self.advance(now);
        self.push_job(attempt, Span::ZERO);
    }

    fn push_job(&mut self, attempt: Handle, work: Span) {
        self.started += 1;
        let done_at = self.progress.saturating_add(work.as_ns());
        self.jobs.push(Reverse((done_at, self.started, attempt)));
    }

    /// Takes out the attempt whose work is done. Its worker stays occupied until
    /// [`Station::leave_worker`].
    pub(super) fn finish(&mut self, now: Time) -> Handle {
        let Reverse((done_at, _, attempt)) =
            self.jobs.pop().expect("a completion was scheduled for a job");
        // Rounding of a scaled completion must not leave progress behind the job that is done.
        self.progress = self.progress_now(now).max(done_at);
        self.progress_at = now;
        self.scheduled = None;
        attempt
    }

    /// An attempt leaves together with its worker.
    pub(super) fn leave_worker(&mut self, now: Time) {
        self.occupancy(now);
        self.busy -= 1;
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
        if let Some(position) = self.waiting.iter().position(|&waiting| waiting == attempt) {
            self.waiting.remove(position);
            self.count_departure(now);
            return false;
        }
        let mut dropped = None;
        self.jobs.retain(|&Reverse((_, started, job))| {
            let stays = job != attempt;
            if !stays {
                dropped = Some(started);
            }
            stays
        });
        if dropped.is_some() && dropped == self.scheduled {
            self.scheduled = None;
            self.epoch = self.epoch.wrapping_add(1);
        }
        self.busy -= 1;
        self.count_departure(now);
        true
    }

    /// Everything inside is lost.
    pub(super) fn clear(&mut self, now: Time) {
        self.occupancy(now);
        let inside = self.occupancy.entered - self.occupancy.left;
        self.occupancy.left += inside;
        self.occupancy.left_at_ns += u128::from(inside) * u128::from(now.as_ns());
        self.jobs.clear();
        self.waiting.clear();
        self.busy = 0;
        self.scheduled = None;
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Changes the speed to that of work which takes so many times as long; if it `stands_still`, it
    /// takes for ever.
    pub(super) fn slow_down(&mut self, now: Time, slowdown: f64, stands_still: bool) {
        // Factors multiply: enough of them below 1 would outrun the clock of work done.
        self.set_speed(now, if stands_still { 0.0 } else { (1.0 / slowdown).min(FASTEST) });
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
        let &Reverse((done_at, started, _)) = self.jobs.peek()?;
        if self.scheduled == Some(started) || self.speed <= 0.0 {
            return None;
        }
        self.scheduled = Some(started);
        self.epoch = self.epoch.wrapping_add(1);
        let left = done_at.saturating_sub(self.progress_now(now));
        Some((now + self.time_for(left), self.epoch))
    }

    /// Whether a completion of this epoch is the one that counts.
    pub(super) fn is_current(&self, epoch: u32) -> bool {
        self.epoch == epoch && self.scheduled.is_some()
    }

    fn count_departure(&mut self, now: Time) {
        self.occupancy.left += 1;
        self.occupancy.left_at_ns += u128::from(now.as_ns());
    }

    fn advance(&mut self, now: Time) {
        self.occupancy(now);
        self.progress = self.progress_now(now);
        self.progress_at = now;
    }

    fn progress_now(&self, now: Time) -> u64 {
        let elapsed = now.since(self.progress_at);
        let done = if self.speed.to_bits() == 1.0_f64.to_bits() {
            elapsed
        } else {
            elapsed.scaled(self.speed)
        };
        self.progress.saturating_add(done.as_ns())
    }

    fn time_for(&self, work: u64) -> Span {
        if self.speed.to_bits() == 1.0_f64.to_bits() {
            Span::from_ns(work)
        } else {
            Span::from_ns_f64(work as f64 / self.speed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::slab::Slab;

    fn at(ns: u64) -> Time {
        Time::from_ns(ns)
    }

    #[test]
    fn a_change_of_speed_rescales_what_is_left() {
        let mut slab = Slab::default();
        let mut station = Station::new(1);
        let job = slab.insert(());
        station.enter(at(0));
        station.start(at(0), job, Span::from_ns(100));
        assert_eq!(station.reschedule(at(0)).unwrap().0, at(100));
        station.set_speed(at(40), 0.5); // 60 left, at half speed
        assert_eq!(station.reschedule(at(40)).unwrap().0, at(160));
        station.set_speed(at(60), 0.0); // 50 left, paused
        assert_eq!(station.reschedule(at(60)), None);
        station.set_speed(at(1_000), 1.0);
        let (time, epoch) = station.reschedule(at(1_000)).unwrap();
        assert_eq!(time, at(1_050));
        assert!(station.is_current(epoch));
        assert_eq!(station.finish(at(1_050)), job);
        station.leave_worker(at(1_050));
        assert_eq!(station.occupancy(at(2_000)).busy_ns, 1_050);
        assert!(station.occupancy(at(2_000)).obeys_littles_law(at(2_000)));
    }

    #[test]
    fn what_is_withdrawn_leaves_no_trace() {
        let mut slab = Slab::default();
        let mut station = Station::new(1);
        let [served, first, second] = [(); 3].map(|()| slab.insert(()));
        for (time, job) in [(0, served), (10, first), (20, second)] {
            station.enter(at(time));
            if station.has_free_worker() {
                station.start(at(time), job, Span::from_ns(100));
            } else {
                station.wait(job);
            }
        }
        let (_, epoch) = station.reschedule(at(20)).unwrap();
        assert!(!station.withdraw(at(30), first));
        assert!(station.is_current(epoch), "nothing has changed for who is served");
        assert!(station.withdraw(at(40), served));
        assert!(!station.is_current(epoch));
        assert_eq!(station.reschedule(at(40)), None);
        assert_eq!(station.next_waiting(at(40)), Some(second));
        station.start(at(40), second, Span::from_ns(100));
        assert_eq!(station.reschedule(at(40)).unwrap().0, at(140));
        assert_eq!(station.finish(at(140)), second);
        station.leave_worker(at(140));
        let occupancy = station.occupancy(at(200));
        // In line: 20 and 20; in service: 40 and 100.
        assert_eq!((occupancy.waiting_ns, occupancy.busy_ns), (40, 140));
        assert!(occupancy.obeys_littles_law(at(200)));
    }

    #[test]
    fn an_earlier_job_replaces_the_scheduled_completion() {
        let mut slab = Slab::default();
        let mut station = Station::new(2);
        let (long, short) = (slab.insert(()), slab.insert(()));
        station.enter(at(0));
        station.start(at(0), long, Span::from_ns(100));
        let (_, first) = station.reschedule(at(0)).unwrap();
        station.enter(at(10));
        station.start(at(10), short, Span::from_ns(5));
        let (time, second) = station.reschedule(at(10)).unwrap();
        assert_eq!(time, at(15));
        assert!(!station.is_current(first));
        assert!(station.is_current(second));
        assert_eq!(station.finish(at(15)), short);
    }
}
