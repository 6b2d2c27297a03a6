//! Who was affected, and who was unable: per user window, and over segments.

use super::result::UserRow;
use crate::engine::time::{Span, Time};
use crate::model::setup::{PopulationId, Setup};
use std::collections::VecDeque;

const ACTIVE: u8 = 1;
const AFFECTED: u8 = 2;
const SERVED: u8 = 4;
const FAILED: u8 = 8;

/// Numbers every user of every population.
#[derive(Clone, Debug)]
pub(super) struct People {
    first: Vec<usize>,
    count: usize,
}

impl People {
    pub(super) fn new(setup: &Setup) -> Self {
        let mut count = 0;
        let first = setup
            .populations
            .iter()
            .map(|population| {
                let first = count;
                count += population.users as usize;
                first
            })
            .collect();
        Self { first, count }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    #[inline]
    pub(super) fn person(&self, population: PopulationId, user: u32) -> usize {
        self.first[population.index()] + user as usize
    }
}

/// What each person went through, as flags.
#[derive(Clone, Debug, Default)]
pub(super) struct Experience {
    flags: Vec<u8>,
}

impl Experience {
    pub(super) fn new(people: usize) -> Self {
        Self { flags: vec![0; people] }
    }

    #[inline]
    fn mark(&mut self, person: usize, flags: u8) {
        self.flags[person] |= flags;
    }

    /// Adds what people went through at another time.
    pub(super) fn merge(&mut self, other: &Self) {
        self.flags.iter_mut().zip(&other.flags).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// The same, and the other one is forgotten.
    fn take(&mut self, other: &mut Self) {
        for (mine, theirs) in self.flags.iter_mut().zip(&mut other.flags) {
            *mine |= std::mem::take(theirs);
        }
    }

    /// How many people were active, affected, unable.
    pub(super) fn count(&self) -> UserRow {
        let mut row = UserRow::default();
        // Few enough to be counted in bytes, sixteen at once.
        for flags in self.flags.chunks(128) {
            let (mut active, mut affected, mut unable) = (0_u8, 0_u8, 0_u8);
            for &flags in flags {
                active += u8::from(flags & ACTIVE != 0);
                affected += u8::from(flags & AFFECTED != 0);
                // Failed at least once, never served.
                unable += u8::from(flags & (SERVED | FAILED) == FAILED);
            }
            row.active += u64::from(active);
            row.affected += u64::from(affected);
            row.unable += u64::from(unable);
        }
        row
    }
}

/// A user window that still has requests in flight, or is not over.
#[derive(Clone, Debug)]
pub(super) struct UserWindow {
    index: usize,
    /// The segment in which it lies; `None`: it has parts of several.
    segment: Option<usize>,
    in_flight: u64,
    experience: Experience,
}

impl UserWindow {
    /// A request of this person is born.
    #[inline]
    pub(super) fn born(&mut self, person: usize) {
        self.in_flight += 1;
        self.experience.mark(person, ACTIVE);
    }

    /// One succeeded in time.
    #[inline]
    pub(super) fn finished_well(&mut self, person: usize) {
        self.finished(person, SERVED);
    }

    #[inline]
    fn finished(&mut self, person: usize, flags: u8) {
        self.in_flight -= 1;
        self.experience.mark(person, flags);
    }
}

/// Counts of people by the birth of their requests: per window, and what they went through per segment.
///
/// A window adds to its segment when it is closed; one that a segment's end cuts does so at once.
#[derive(Clone, Debug)]
pub(super) struct UserWindows {
    length: Span,
    /// The end of the run.
    end: Time,
    people: usize,
    rows: Vec<UserRow>,
    /// The window in which requests are born now.
    pub(super) current: UserWindow,
    /// Earlier windows of which something is in flight, in order: few, unless nobody ever answers and
    /// no client gives up.
    open: VecDeque<UserWindow>,
    /// Memory of closed windows, to be used again.
    spare: Vec<Experience>,
    /// Where segments begin.
    segments: Vec<Time>,
    /// What people went through, segment by segment.
    experiences: Vec<Experience>,
}

impl UserWindows {
    /// `segments`: where they begin, the first at the start of the run.
    pub(super) fn new(setup: &Setup, people: usize, segments: &[Time]) -> Self {
        let length = setup.observation.user_window;
        let n = setup.duration.as_ns().div_ceil(length.as_ns().max(1));
        let experience = Experience::new(people);
        let current = UserWindow { index: 0, segment: None, in_flight: 0, experience };
        let mut windows = Self {
            length,
            end: setup.duration.after_start(),
            people,
            rows: vec![UserRow::default(); n as usize],
            current,
            open: VecDeque::new(),
            spare: Vec::new(),
            segments: segments.to_vec(),
            experiences: segments.iter().map(|_| Experience::new(people)).collect(),
        };
        windows.begin(0);
        windows
    }

    pub(super) fn length(&self) -> Span {
        self.length
    }

    pub(super) fn rows(&self) -> &[UserRow] {
        &self.rows
    }

    fn index(&self, born: Time) -> usize {
        (born.as_ns() / self.length.as_ns()) as usize
    }

    fn segment(&self, born: Time) -> usize {
        self.segments.partition_point(|&start| start <= born) - 1
    }

    /// Where a window begins.
    fn start(&self, index: usize) -> Time {
        Time::from_ns(self.length.as_ns().saturating_mul(index as u64))
    }

    /// The current window, which has nothing yet, is that of this number.
    fn begin(&mut self, index: usize) {
        let (start, end) = (self.start(index), self.start(index + 1));
        let segment = self.segment(start);
        let is_whole = self.segments.get(segment + 1).is_none_or(|&next| end <= next);
        self.current.index = index;
        self.current.segment = is_whole.then_some(segment);
    }

    /// Requests born in this interval are of the current window, and go straight there; there is none
    /// while that has parts of several segments.
    pub(super) fn straight(&self) -> Option<(Time, Time)> {
        let index = self.current.index;
        self.current.segment.map(|_| (self.start(index), self.start(index + 1)))
    }

    /// A request is born, perhaps in another window than the last.
    pub(super) fn born(&mut self, now: Time, person: usize) {
        let index = self.index(now);
        if index > self.current.index {
            let experience = self.spare.pop().unwrap_or_else(|| Experience::new(self.people));
            let next = UserWindow { index, segment: None, in_flight: 0, experience };
            self.open.push_back(std::mem::replace(&mut self.current, next));
            self.close_finished();
            self.begin(index);
        }
        self.current.born(person);
        if self.current.segment.is_none() {
            let segment = self.segment(now);
            self.experiences[segment].mark(person, ACTIVE);
        }
    }

    /// A request is over: `served` if it succeeded, `well` if it did so in time.
    pub(super) fn finished(&mut self, born: Time, person: usize, served: bool, well: bool) {
        let flags = if served { SERVED } else { FAILED } | if well { 0 } else { AFFECTED };
        let index = self.index(born);
        let window = if index == self.current.index {
            &mut self.current
        } else {
            // Most are of the last one.
            let place = match self.open.back() {
                Some(last) if last.index == index => Ok(self.open.len() - 1),
                _ => self.open.binary_search_by_key(&index, |window| window.index),
            };
            &mut self.open[place.expect("a window with requests in flight is open")]
        };
        window.finished(person, flags);
        let (is_cut, is_empty) = (window.segment.is_none(), window.in_flight == 0);
        if is_cut {
            let segment = self.segment(born);
            self.experiences[segment].mark(person, flags);
        }
        if is_empty {
            self.close_finished();
        }
    }

    fn close_finished(&mut self) {
        while self.open.front().is_some_and(|window| window.in_flight == 0) {
            let window = self.open.pop_front().expect("just looked at it");
            self.close(window);
        }
    }

    fn close(&mut self, mut window: UserWindow) {
        self.rows[window.index] = window.experience.count();
        match window.segment {
            Some(segment) => self.experiences[segment].take(&mut window.experience),
            None => window.experience.flags.fill(0),
        }
        self.spare.push(window.experience);
    }

    /// The run is over, and a request has waited too long for its answer: that counts as failed.
    pub(super) fn overdue(&mut self, born: Time, person: usize) {
        self.finished(born, person, false, false);
    }

    /// The run is over: what is still in flight stays without an outcome.
    pub(super) fn close_all(&mut self) {
        let (index, experience) = (0, Experience::default());
        let none = UserWindow { index, segment: None, in_flight: 0, experience };
        self.open.push_back(std::mem::replace(&mut self.current, none));
        for window in std::mem::take(&mut self.open) {
            self.close(window);
        }
        self.spare = Vec::new();
    }

    /// What people went through in the segments of an interval, once all windows are closed.
    pub(super) fn experience(&self, from: Time, to: Time) -> Experience {
        let place = |at: Time| self.segments.partition_point(|&start| start < at);
        let mut sum = Experience::new(self.people);
        for experience in &self.experiences[place(from)..place(to).max(place(from))] {
            sum.merge(experience);
        }
        sum
    }

    /// The windows that lie wholly within an interval: those whose shares are the interval's own.
    /// The last window of a run may be cut short by its end.
    pub(super) fn within(&self, from: Time, to: Time) -> &[UserRow] {
        let length = self.length.as_ns();
        let last = if to == self.end { self.rows.len() } else { (to.as_ns() / length) as usize };
        self.rows.get(from.as_ns().div_ceil(length) as usize..last).unwrap_or(&[])
    }

    /// The windows that begin in an interval: neighbouring intervals share none and miss none.
    pub(super) fn beginning_in(&self, from: Time, to: Time) -> &[UserRow] {
        let index = |at: Time| at.as_ns().div_ceil(self.length.as_ns()) as usize;
        self.rows.get(index(from)..index(to).min(self.rows.len())).unwrap_or(&[])
    }
}
