//! A backend while nothing but requests happens: workers at normal speed, and a line first in, first out.

use crate::engine::dist::Distribution;
use crate::engine::time::{Span, Time};
use crate::model::backend::Backend;
use crate::model::probing::smoothed;
use crate::model::station::Occupancy;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nobody: the end of a line.
pub(super) const NOBODY: u32 = u32::MAX;

/// An attempt that is being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Service {
    /// When it is done.
    pub(super) done: Time,
    /// The how manieth it was to begin.
    pub(super) order: u64,
    /// Its slot.
    pub(super) attempt: u32,
}

/// A backend's workers and line.
#[derive(Clone, Debug)]
pub(super) struct Post {
    /// The one that is done first, if anybody is served.
    first: Option<Service>,
    others: BinaryHeap<Reverse<Service>>,
    /// The line: the slots of who has come first, and last.
    pub(super) head: u32,
    pub(super) tail: u32,
    pub(super) in_line: u32,
    pub(super) in_service: u32,
    pub(super) workers: u32,
    /// How many may wait.
    pub(super) most: u32,
    /// Most waiting since the last sample.
    pub(super) peak: u32,
    /// What its completions in the event list carry.
    pub(super) epoch: u32,
    /// Whether it takes in whoever comes.
    pub(super) is_open: bool,
    /// How many services have begun.
    pub(super) started: u64,
    pub(super) occupancy: Occupancy,
    pub(super) settled: Time,
    /// Its backend's counts: attempts that reached it, and those that it served for somebody and for
    /// nobody.
    pub(super) reached: u64,
    pub(super) succeeded: u64,
    pub(super) wasted: u64,
    /// Its backend's smoothed time in system.
    pub(super) latency: Span,
    pub(super) service: Distribution,
}

impl Post {
    /// An empty one of this backend.
    pub(super) fn new(backend: &Backend) -> Self {
        Self {
            first: None,
            others: BinaryHeap::new(),
            head: NOBODY,
            tail: NOBODY,
            in_line: 0,
            in_service: 0,
            workers: 0,
            most: backend.queue.unwrap_or(u32::MAX),
            peak: 0,
            epoch: 0,
            is_open: false,
            started: 0,
            occupancy: Occupancy::default(),
            settled: Time::ZERO,
            reached: 0,
            succeeded: 0,
            wasted: 0,
            latency: backend.latency,
            service: backend.service.clone(),
        }
    }

    /// Brings the integrals up to `now`.
    #[inline]
    pub(super) fn settle(&mut self, now: Time) {
        let elapsed = u128::from(now.since(self.settled).as_ns());
        self.settled = now;
        self.occupancy.busy_ns += elapsed * u128::from(self.in_service);
        self.occupancy.waiting_ns += elapsed * u128::from(self.in_line);
    }

    /// A worker takes an attempt up. Returns whether it is the one that is done first.
    #[inline]
    pub(super) fn serve(&mut self, attempt: u32, done: Time) -> bool {
        self.in_service += 1;
        self.started += 1;
        self.put(Service { done, order: self.started, attempt })
    }

    /// Notes an attempt that is being served. Returns whether it is the one that is done first.
    #[inline]
    pub(super) fn put(&mut self, service: Service) -> bool {
        let Some(first) = self.first else {
            self.first = Some(service);
            return true;
        };
        self.put_beside(first, service)
    }

    fn put_beside(&mut self, first: Service, service: Service) -> bool {
        let is_first = service < first;
        let (first, other) = if is_first { (service, first) } else { (first, service) };
        self.first = Some(first);
        self.others.push(Reverse(other));
        is_first
    }

    /// The one that is done first.
    #[inline]
    pub(super) fn first(&self) -> Option<Service> {
        self.first
    }

    /// Takes out the one that is done first; its worker is free.
    #[inline]
    pub(super) fn finish(&mut self) -> Option<Service> {
        let service = self.first.take()?;
        if !self.others.is_empty() {
            self.first = self.others.pop().map(|Reverse(service)| service);
        }
        self.in_service -= 1;
        Some(service)
    }

    /// Whether whoever comes is taken in.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.is_open && (self.in_service < self.workers || self.in_line < self.most)
    }

    /// Takes an attempt that it has served into its backend's estimate of the latency.
    #[inline]
    pub(super) fn note_latency(&mut self, latency: Span) {
        self.latency = smoothed(self.latency, latency);
    }

    /// Everybody being served, in no order, taken out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Service> + '_ {
        let others = self.others.drain().map(|Reverse(service)| service);
        self.first.take().into_iter().chain(others)
    }
}
