//! Counts of requests by birth: the pieces that every segment and every slice is a sum of.
//!
//! Requests are born in order of time, so there is a current piece; it is at hand, and nearly every
//! request is over before the next one begins. The run is cut at the ends of segments and, where slices
//! are kept apart, of slices.

use crate::engine::histogram::{Histogram, Measured};
use crate::engine::time::{Span, Time};
use crate::model::outcome::Outcome;

/// What became of the requests born in one piece of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    pub(super) requests: u64,
    /// Successes once the piece is part of a sum.
    pub(super) outcomes: [u64; Outcome::COUNT],
    pub(super) slow: u64,
    /// Attempts of finished requests.
    pub(super) attempts: u64,
    /// Latency of successes.
    pub(super) latency: Histogram,
}

impl Piece {
    /// A request succeeded: its latency counts it.
    #[inline]
    pub(super) fn succeeded(&mut self, latency: Measured, attempts: u32) {
        self.latency.record_measured(latency);
        self.attempts += u64::from(attempts);
    }

    /// One failed.
    pub(super) fn failed(&mut self, outcome: Outcome, attempts: u32) {
        self.outcomes[outcome.index()] += 1;
        self.attempts += u64::from(attempts);
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.outcomes.iter_mut().zip(other.outcomes).for_each(|(sum, n)| *sum += n);
        self.slow += other.slow;
        self.attempts += other.attempts;
        self.latency.merge(&other.latency);
        self.outcomes[Outcome::Ok.index()] = self.latency.count();
    }
}

/// All pieces, in order.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// The one in which requests are born now.
    pub(super) current: Piece,
    /// Where that begins.
    from: Time,
    /// Where the next one begins.
    until: Time,
    /// Those before.
    past: Vec<Piece>,
    /// Where pieces begin, the first at the start of the run.
    starts: Vec<Time>,
    /// Where segments begin, and, once the run is over, what their pieces add up to.
    segments: Vec<(Time, Piece)>,
    /// How many slices of what length; the last one may be longer.
    slices: (usize, Span),
}

impl Pieces {
    /// `segments`: where they begin. `slices` equal slices of the run are kept apart as well.
    pub(super) fn new(segments: &[Time], duration: Span, slices: usize) -> Self {
        let length = (duration.as_ns() / (slices as u64).max(1)).max(1);
        let mut starts = segments.to_vec();
        starts.extend((1..slices as u64).map(|number| Time::from_ns(number * length)));
        starts.sort_unstable();
        starts.dedup();
        let until = starts.get(1).copied().unwrap_or(Time::FOREVER);
        Self {
            current: Piece::default(),
            from: Time::ZERO,
            until,
            past: Vec::new(),
            starts,
            segments: segments.iter().map(|&start| (start, Piece::default())).collect(),
            slices: (slices, Span::from_ns(length)),
        }
    }

    /// Requests born from here on are of the current piece,
    pub(super) fn from(&self) -> Time {
        self.from
    }

    /// and before that.
    pub(super) fn until(&self) -> Time {
        self.until
    }

    /// Requests are born now, perhaps in another piece than the last.
    pub(super) fn go_on(&mut self, now: Time) {
        while self.until <= now {
            let next = Piece { latency: self.current.latency.emptied(), ..Piece::default() };
            self.past.push(std::mem::replace(&mut self.current, next));
            let index = self.past.len();
            self.from = self.starts[index];
            self.until = self.starts.get(index + 1).copied().unwrap_or(Time::FOREVER);
        }
    }

    /// The piece of a request's birth.
    pub(super) fn of(&mut self, born: Time) -> &mut Piece {
        if born >= self.from { &mut self.current } else { self.earlier(born) }
    }

    fn earlier(&mut self, born: Time) -> &mut Piece {
        /// Pieces that are looked at one by one before all are searched.
        const NEAR: usize = 8;
        let mut latest = (0..self.past.len()).zip(&self.starts).rev().take(NEAR);
        let near = latest.find(|&(_, &start)| start <= born).map(|(index, _)| index);
        let index = near.unwrap_or_else(|| self.starts.partition_point(|&start| start <= born) - 1);
        &mut self.past[index]
    }

    /// The run is over.
    pub(super) fn close(&mut self) {
        self.past.push(std::mem::take(&mut self.current));
        for (&start, piece) in self.starts.iter().zip(&self.past) {
            let segment = self.segments.partition_point(|&(begins, _)| begins <= start) - 1;
            self.segments[segment].1.add(piece);
        }
    }

    /// What became of the requests born in an interval whose ends are cuts, once the run is over.
    pub(super) fn within(&self, from: Time, to: Time) -> Piece {
        let mut sum = Piece::default();
        let is_within = |(start, _): &&(Time, Piece)| from <= *start && *start < to;
        self.segments.iter().filter(is_within).for_each(|(_, segment)| sum.add(segment));
        sum
    }

    /// Latencies of successes slice by slice.
    pub(super) fn into_slices(self) -> Vec<Histogram> {
        let (count, length) = self.slices;
        let mut slices = vec![Histogram::default(); count];
        for (start, piece) in self.starts.iter().zip(self.past) {
            let Some(last) = count.checked_sub(1) else { break };
            let slice = &mut slices[((start.as_ns() / length.as_ns()) as usize).min(last)];
            if slice.count() == 0 {
                *slice = piece.latency;
            } else {
                slice.merge(&piece.latency);
            }
        }
        slices
    }
}
