//! Counts of requests by birth: the pieces that every interval and every slice is a sum of.
//!
//! Requests are born in order of time, so there is a current piece; it is at hand, and nearly every
//! request is over before the next one begins. The run is cut at the ends of segments and, where slices
//! are kept apart, of slices.

use crate::engine::histogram::Histogram;
use crate::engine::time::{Span, Time};
use crate::model::outcome::Outcome;

/// What became of the requests born in one piece of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    pub(super) requests: u64,
    pub(super) outcomes: [u64; Outcome::COUNT],
    pub(super) slow: u64,
    /// Attempts of finished requests.
    pub(super) attempts: u64,
    /// Latency of successes.
    pub(super) latency: Histogram,
}

/// All pieces, in order.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// The one in which requests are born now.
    current: Piece,
    /// Where that begins.
    from: Time,
    /// Where the next one begins.
    until: Time,
    /// Those before.
    past: Vec<Piece>,
    /// Where pieces begin, the first at the start of the run.
    starts: Vec<Time>,
    /// How many slices of what length; the last one may be longer.
    slices: (usize, Span),
}

impl Pieces {
    /// `starts`: where segments begin. `slices` equal slices of the run are kept apart as well.
    pub(super) fn new(starts: &[Time], duration: Span, slices: usize) -> Self {
        let length = (duration.as_ns() / (slices as u64).max(1)).max(1);
        let mut starts = starts.to_vec();
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
            slices: (slices, Span::from_ns(length)),
        }
    }

    /// Requests born from here on are of another piece: [`Self::turn`] first.
    pub(super) fn until(&self) -> Time {
        self.until
    }

    /// Requests are born at `now` from here on.
    pub(super) fn turn(&mut self, now: Time) {
        while self.until <= now {
            let next = Piece { latency: self.current.latency.emptied(), ..Piece::default() };
            self.past.push(std::mem::replace(&mut self.current, next));
            let index = self.past.len();
            self.from = self.starts[index];
            self.until = self.starts.get(index + 1).copied().unwrap_or(Time::FOREVER);
        }
    }

    /// A request is born.
    #[inline]
    pub(super) fn born(&mut self) {
        self.current.requests += 1;
    }

    /// The piece of a request's birth.
    #[inline]
    pub(super) fn of(&mut self, born: Time) -> &mut Piece {
        if born >= self.from { &mut self.current } else { self.earlier(born) }
    }

    fn earlier(&mut self, born: Time) -> &mut Piece {
        let last = self.past.len() - 1;
        if self.starts[last] <= born {
            return &mut self.past[last];
        }
        let index = self.starts.partition_point(|&start| start <= born) - 1;
        &mut self.past[index]
    }

    /// The run is over.
    pub(super) fn close(&mut self) {
        self.past.push(std::mem::take(&mut self.current));
    }

    /// The pieces of an interval whose ends are cuts, once all are closed; none of those in which
    /// nothing was ever born.
    pub(super) fn within(&self, from: Time, to: Time) -> &[Piece] {
        let place =
            |at: Time| self.starts.partition_point(|&start| start < at).min(self.past.len());
        &self.past[place(from)..place(to).max(place(from))]
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
