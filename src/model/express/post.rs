//! A backend while nothing but requests happens: workers at normal speed, and a line first in, first out.

use super::line::Line;
use crate::engine::dist::Exponential;
use crate::engine::time::{Span, Time};
use crate::model::backend::Backend;
use crate::model::probing::smoothed;
use crate::model::station::{Passage, Presence};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nobody.
const NOBODY: u32 = u32::MAX;

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
    first: Service,
    pub(super) line: Line,
    pub(super) in_service: u32,
    /// How many are served at once, and how many may wait: none while it takes in nobody.
    pub(super) workers: u32,
    pub(super) most: u32,
    /// Most waiting since the last sample.
    pub(super) peak: u32,
    /// What its completions in the event list carry.
    pub(super) epoch: u32,
    /// How many services have begun.
    pub(super) started: u64,
    /// Occupied workers, and the line.
    pub(super) busy: Presence,
    pub(super) waiting: Presence,
    pub(super) passage: Passage,
    /// Its backend's counts: attempts that it served for somebody and for nobody.
    pub(super) succeeded: u64,
    pub(super) wasted: u64,
    /// Its backend's smoothed time in system.
    pub(super) latency: Span,
    /// Its service distribution, if it is this one.
    pub(super) exponential: Option<Exponential>,
    /// When all of its attempts will be done, if one worker serves them all: of several that share a line no
    /// close bound is kept, and this is never.
    pub(super) free_at: Time,
    /// Those that are done later than the first.
    others: BinaryHeap<Reverse<Service>>,
    /// How many have reached its backend and not entered.
    pub(super) turned_away: u64,
}

const _: () = assert!(size_of::<Post>() <= 224, "looked at twice a request");

impl Post {
    /// An empty one of this backend.
    pub(super) fn new(backend: &Backend) -> Self {
        Self {
            first: Service { done: Time::FOREVER, order: 0, attempt: NOBODY },
            others: BinaryHeap::new(),
            line: Line::default(),
            in_service: 0,
            workers: 0,
            most: 0,
            peak: 0,
            epoch: 0,
            started: 0,
            busy: Presence::default(),
            waiting: Presence::default(),
            passage: Passage::default(),
            turned_away: 0,
            succeeded: 0,
            wasted: 0,
            latency: backend.latency,
            free_at: Time::ZERO,
            exponential: backend.service.as_exponential().cloned(),
        }
    }

    /// Whether whoever comes is served at once.
    #[inline]
    pub(super) fn has_free_worker(&self) -> bool {
        self.in_service < self.workers
    }

    /// Whether whoever comes is taken in.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.has_free_worker() || self.line.len < self.most
    }

    /// A worker takes an attempt up. Returns whether it is the one that is done first.
    #[inline]
    pub(super) fn serve(&mut self, attempt: u32, done: Time) -> bool {
        self.started += 1;
        self.in_service += 1;
        self.put(Service { done, order: self.started, attempt })
    }

    /// Notes an attempt that is being served. Returns whether it is the one that is done first.
    #[inline]
    pub(super) fn put(&mut self, service: Service) -> bool {
        if self.first.attempt == NOBODY {
            self.first = service;
            return true;
        }
        self.put_beside(service)
    }

    #[inline(never)]
    fn put_beside(&mut self, service: Service) -> bool {
        let is_first = service < self.first;
        let other = if is_first { std::mem::replace(&mut self.first, service) } else { service };
        self.others.push(Reverse(other));
        is_first
    }

    /// Notes that an attempt comes which is so much work. Returns how long it will take, or more than anybody
    /// can wait if no close bound is known.
    #[inline]
    pub(super) fn time_to(&mut self, now: Time, work: Span) -> Span {
        if self.has_free_worker() {
            // Whatever others do.
            self.free_at = self.free_at.max(now + work);
            return work;
        }
        self.free_at += work;
        self.free_at.after(now)
    }

    /// Whether somebody is served who is done now.
    pub(super) fn is_done(&self, now: Time) -> bool {
        self.in_service > 0 && self.first.attempt != NOBODY && self.first.done == now
    }

    /// The slot of who is done first; of nobody, if nobody is served.
    #[inline]
    pub(super) fn first(&self) -> u32 {
        self.first.attempt
    }

    /// Whoever is done first makes room for another one, done then. Returns when the next one is done.
    #[inline]
    pub(super) fn pass_on(&mut self, attempt: u32, done: Time) -> Time {
        self.started += 1;
        self.first = Service { done, order: self.started, attempt };
        if !self.others.is_empty() {
            self.put_in_order();
        }
        self.first.done
    }

    #[inline(never)]
    fn put_in_order(&mut self) {
        if let Some(mut other) = self.others.peek_mut()
            && other.0 < self.first
        {
            std::mem::swap(&mut other.0, &mut self.first);
        }
    }

    /// Whoever is done first leaves a worker idle. Returns when the next one is done, if anybody is served.
    #[inline]
    pub(super) fn finish(&mut self) -> Option<Time> {
        self.in_service -= 1;
        self.first.attempt = NOBODY;
        if self.others.is_empty() {
            return None;
        }
        self.promote();
        Some(self.first.done)
    }

    #[inline(never)]
    fn promote(&mut self) {
        if let Some(Reverse(next)) = self.others.pop() {
            self.first = next;
        }
    }

    /// Takes an attempt that it has served into its backend's estimate of the latency.
    #[inline]
    pub(super) fn note_latency(&mut self, latency: Span) {
        self.latency = smoothed(self.latency, latency);
    }

    /// Everybody being served, in no order, taken out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Service> + '_ {
        let first = Some(self.first).filter(|first| first.attempt != NOBODY);
        self.first.attempt = NOBODY;
        first.into_iter().chain(self.others.drain().map(|Reverse(service)| service))
    }
}
