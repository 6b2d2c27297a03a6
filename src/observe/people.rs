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

/// What each person went through, as flags; the counts are kept as the flags change.
#[derive(Clone, Debug, Default)]
pub(super) struct Experience {
    flags: Vec<u8>,
}

impl Experience {
    pub(super) fn new(people: usize) -> Self {
        Self { flags: vec![0; people] }
    }

    /// A request of this person was born.
    #[inline]
    pub(super) fn born(&mut self, person: usize) -> u8 {
        self.mark(person, ACTIVE)
    }

    /// One was finished: `served` if it succeeded, `well` if it did so in time.
    #[inline]
    pub(super) fn finished(&mut self, person: usize, served: bool, well: bool) -> u8 {
        let mut flags = if served { SERVED } else { FAILED };
        if !well {
            flags |= AFFECTED;
        }
        self.mark(person, flags)
    }

    /// Sets flags; returns those that were set before.
    #[inline]
    fn mark(&mut self, person: usize, flags: u8) -> u8 {
        let before = self.flags[person];
        self.flags[person] = before | flags;
        before
    }

    /// Adds what people went through at another time.
    pub(super) fn merge(&mut self, other: &Self) {
        self.flags.iter_mut().zip(&other.flags).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// How many people were active, affected, unable.
    pub(super) fn count(&self) -> UserRow {
        let mut row = UserRow::default();
        for &flags in &self.flags {
            row.active += u64::from(flags & ACTIVE != 0);
            row.affected += u64::from(flags & AFFECTED != 0);
            row.unable += u64::from(flags & (SERVED | FAILED) == FAILED);
        }
        row
    }
}

/// A user window that still has requests in flight, or is not over.
#[derive(Clone, Debug)]
struct OpenUserWindow {
    experience: Experience,
    in_flight: u64,
}

/// Counts of people per window, by the birth of their requests.
#[derive(Clone, Debug)]
pub(super) struct UserWindows {
    length: Span,
    /// The end of the run.
    end: Time,
    people: usize,
    rows: Vec<UserRow>,
    /// The windows from `first_open` on. One is closed when it is over and nothing of it is in
    /// flight, so there are few, unless nobody ever answers and no client gives up.
    open: VecDeque<OpenUserWindow>,
    first_open: usize,
    /// Memory of closed windows, to be used again.
    spare: Vec<Experience>,
    over: usize,
}

impl UserWindows {
    pub(super) fn new(setup: &Setup, people: usize) -> Self {
        let length = setup.observation.user_window;
        let n = setup.duration.as_ns().div_ceil(length.as_ns().max(1));
        Self {
            length,
            end: setup.duration.after_start(),
            people,
            rows: vec![UserRow::default(); n as usize],
            open: VecDeque::new(),
            first_open: 0,
            spare: Vec::new(),
            over: 0,
        }
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

    #[inline]
    pub(super) fn born(&mut self, now: Time, person: usize) {
        let index = self.index(now);
        while self.first_open + self.open.len() <= index {
            let experience = self.spare.pop().unwrap_or_else(|| Experience::new(self.people));
            self.open.push_back(OpenUserWindow { experience, in_flight: 0 });
        }
        let window = &mut self.open[index - self.first_open];
        window.in_flight += 1;
        if window.experience.born(person) & ACTIVE == 0 {
            self.rows[index].active += 1;
        }
    }

    #[inline]
    pub(super) fn finished(&mut self, born: Time, person: usize, served: bool, well: bool) {
        let index = self.index(born);
        let window = &mut self.open[index - self.first_open];
        window.in_flight -= 1;
        let row = &mut self.rows[index];
        let before = window.experience.finished(person, served, well);
        if !well && before & AFFECTED == 0 {
            row.affected += 1;
        }
        // Unable: failed at least once, never served.
        if served && before & (SERVED | FAILED) == FAILED {
            row.unable -= 1;
        }
        if !served && before & (SERVED | FAILED) == 0 {
            row.unable += 1;
        }
        self.close_finished();
    }

    /// Time passes: windows that end by `now` get no more requests.
    pub(super) fn pass(&mut self, now: Time) {
        self.over = self.index(now);
        self.close_finished();
    }

    fn close_finished(&mut self) {
        while self.first_open < self.over
            && self.open.front().is_some_and(|window| window.in_flight == 0)
        {
            let mut window = self.open.pop_front().expect("just looked at it");
            window.experience.flags.fill(0);
            self.spare.push(window.experience);
            self.first_open += 1;
        }
        if self.open.is_empty() && self.first_open < self.over {
            self.first_open = self.over;
        }
    }

    /// The run is over, and a request has waited too long for its answer: that counts as failed.
    pub(super) fn overdue(&mut self, born: Time, person: usize) {
        self.finished(born, person, false, false);
    }

    /// The run is over: what is still in flight stays without an outcome.
    pub(super) fn close_all(&mut self) {
        self.open.clear();
        self.spare.clear();
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
