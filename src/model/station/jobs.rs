//! The attempts that a station computes, the one that is done first at hand.

use crate::engine::slab::Handle;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An attempt being computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Job {
    /// The progress at which it is done, in nanoseconds of work.
    pub(super) done_at: u64,
    /// The how manieth it was to begin: ties are first in, first out.
    pub(super) order: u64,
    pub(super) attempt: Handle,
}

/// Jobs by the progress at which they are done. Of one worker there is the first one alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    first: Option<Job>,
    others: BinaryHeap<Reverse<Job>>,
}

impl Jobs {
    /// Adds one. O(1) if there is no other, else O(log jobs).
    #[inline]
    pub(super) fn push(&mut self, job: Job) {
        match self.first {
            None => self.first = Some(job),
            Some(first) => self.push_beside(first, job),
        }
    }

    fn push_beside(&mut self, first: Job, job: Job) {
        let (first, other) = if job < first { (job, first) } else { (first, job) };
        self.first = Some(first);
        self.others.push(Reverse(other));
    }

    /// The one that is done first.
    #[inline]
    pub(super) fn first(&self) -> Option<Job> {
        self.first
    }

    /// Takes out the one that is done first.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Job> {
        let job = self.first.take();
        if !self.others.is_empty() {
            self.first = self.others.pop().map(|Reverse(job)| job);
        }
        job
    }

    /// Takes one out that is not done. O(jobs).
    pub(super) fn remove(&mut self, attempt: Handle) -> Option<Job> {
        let found = self.iter().find(|job| job.attempt == attempt)?;
        if self.first == Some(found) {
            return self.pop();
        }
        self.others.retain(|&Reverse(job)| job != found);
        Some(found)
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Job> {
        self.first.into_iter().chain(self.others.iter().map(|&Reverse(job)| job))
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn clear(&mut self) {
        self.first = None;
        self.others.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::slab::Slab;
    use proptest::prelude::*;

    proptest! {
        /// Against the slow twin: a sorted list.
        #[test]
        fn jobs_are_done_in_order(
            steps in prop::collection::vec((0_u64..9, 0_usize..6), 1..60),
        ) {
            let (mut jobs, mut twin) = (Jobs::default(), Vec::<Job>::new());
            let mut slab = Slab::default();
            for (order, (done_at, step)) in (0_u64..).zip(steps) {
                match step {
                    0..3 => {
                        let job = Job { done_at, order, attempt: slab.insert(()) };
                        jobs.push(job);
                        twin.push(job);
                    }
                    3 if !twin.is_empty() => {
                        let job = twin.swap_remove(done_at as usize % twin.len());
                        prop_assert_eq!(jobs.remove(job.attempt), Some(job));
                    }
                    _ => {
                        let least = twin.iter().copied().min();
                        twin.retain(|&job| Some(job) != least);
                        prop_assert_eq!(jobs.pop(), least);
                    }
                }
                prop_assert_eq!(jobs.first(), twin.iter().copied().min());
                prop_assert_eq!((jobs.len(), jobs.is_empty()), (twin.len(), twin.is_empty()));
            }
        }
    }
}
