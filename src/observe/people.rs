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

/// What lies in one user window and in one segment: most windows as a whole, others in parts.
#[derive(Clone, Debug, Default)]
struct Part {
    window: usize,
    segment: usize,
    /// Where it begins.
    from: Time,
    is_whole: bool,
    in_flight: u64,
    experience: Experience,
}

impl Part {
    /// A request of this person is over.
    #[inline]
    fn finished(&mut self, person: usize, flags: u8) {
        self.in_flight -= 1;
        self.experience.mark(person, ACTIVE | flags);
    }
}

/// Counts of people by the birth of their requests: per window, and what they went through per segment.
///
/// A part adds to its segment, and to its window's row, when it is closed. Until then it need not be known
/// who is active: that is noted when a request is over, and of those that never are at the end.
#[derive(Clone, Debug)]
pub(super) struct UserWindows {
    length: Span,
    /// The end of the run.
    end: Time,
    people: usize,
    rows: Vec<UserRow>,
    /// The last part, if there is one, and that in which requests are born now: nearly all that are over
    /// were born in one of them, and in which one is hard to guess.
    recent: [Part; 2],
    has_last: bool,
    /// Where the current one ends.
    until: Time,
    /// Parts before these, in order, from the first on of which something is in flight: few, unless nobody
    /// ever answers and no client gives up.
    open: VecDeque<Part>,
    /// Memory of closed parts, to be used again.
    spare: Vec<Experience>,
    /// The window whose parts are being closed, and what people went through in those.
    unfinished: (usize, Experience),
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
        let experiences = segments.iter().map(|_| Experience::new(people));
        let mut windows = Self {
            length,
            end: setup.duration.after_start(),
            people,
            rows: vec![UserRow::default(); n as usize],
            recent: [Part::default(), Part::default()],
            has_last: false,
            until: Time::ZERO,
            open: VecDeque::new(),
            spare: Vec::new(),
            unfinished: (0, Experience::default()),
            experiences: experiences.collect(),
            segments: segments.to_vec(),
        };
        windows.begin(Time::ZERO);
        windows
    }

    pub(super) fn length(&self) -> Span {
        self.length
    }

    pub(super) fn rows(&self) -> &[UserRow] {
        &self.rows
    }

    /// The current part is a new one: that of requests born at `now`.
    fn begin(&mut self, now: Time) {
        let window = now.as_ns() / self.length.as_ns();
        let start = |window: u64| Time::from_ns(self.length.as_ns().saturating_mul(window));
        let segment = self.segments.partition_point(|&start| start <= now) - 1;
        let next = self.segments.get(segment + 1).copied().unwrap_or(Time::FOREVER);
        let (from, until) = (start(window), start(window + 1));
        let is_whole = self.segments[segment] <= from && until <= next;
        self.until = until.min(next);
        let experience = self.spare.pop().unwrap_or_else(|| Experience::new(self.people));
        self.recent[1] = Part {
            window: window as usize,
            segment,
            from: from.max(self.segments[segment]),
            is_whole,
            in_flight: 0,
            experience,
        };
    }

    /// Requests born before that are of the current part.
    pub(super) fn until(&self) -> Time {
        self.until
    }

    /// Requests are born now, perhaps in another part than the last.
    pub(super) fn go_on(&mut self, now: Time) {
        if now >= self.until {
            let current = std::mem::take(&mut self.recent[1]);
            let last = std::mem::replace(&mut self.recent[0], current);
            if std::mem::replace(&mut self.has_last, true) {
                self.open.push_back(last);
                self.close_finished();
            }
            self.begin(now);
        }
    }

    /// So many requests were born in the current part.
    #[inline]
    pub(super) fn born(&mut self, requests: u64) {
        self.recent[1].in_flight += requests;
    }

    /// Requests born from here on are of one of the recent parts.
    pub(super) fn recent(&self) -> Time {
        self.recent[0].from
    }

    /// A request of one of the recent parts has succeeded in time.
    #[inline]
    pub(super) fn finished_well(&mut self, born: Time, person: usize) {
        debug_assert!(born >= self.recent(), "born at {born}, before all that is recent");
        let part = usize::from(born >= self.recent[1].from);
        self.recent[part].finished(person, SERVED);
    }

    /// A request is over: `served` if it succeeded, `well` if it did so in time.
    pub(super) fn finished(&mut self, born: Time, person: usize, served: bool, well: bool) {
        let flags = if served { SERVED } else { FAILED } | if well { 0 } else { AFFECTED };
        self.finish(born, person, flags);
    }

    #[inline]
    fn finish(&mut self, born: Time, person: usize, flags: u8) {
        let [last, current] = &self.recent;
        if born < last.from {
            self.finish_open(born, person, flags);
        } else {
            let part = usize::from(born >= current.from);
            self.recent[part].finished(person, flags);
        }
    }

    /// The run is over, and a request is not.
    pub(super) fn unanswered(&mut self, born: Time, person: usize) {
        let part = if born < self.recent() {
            let place = self.place(born);
            &mut self.open[place]
        } else {
            &mut self.recent[usize::from(born >= self.recent[1].from)]
        };
        part.experience.mark(person, ACTIVE);
    }

    /// A request is over that was born in none of the recent parts.
    #[inline(never)]
    fn finish_open(&mut self, born: Time, person: usize, flags: u8) {
        let place = self.place(born);
        let part = &mut self.open[place];
        part.finished(person, flags);
        if part.in_flight == 0 {
            self.close_finished();
        }
    }

    /// The place of the part before the recent ones in which a request was born.
    fn place(&self, born: Time) -> usize {
        // Most are of the last one of these.
        match self.open.back() {
            Some(last) if last.from <= born => self.open.len() - 1,
            _ => self.open.partition_point(|part| part.from <= born) - 1,
        }
    }

    fn close_finished(&mut self) {
        while self.open.front().is_some_and(|part| part.in_flight == 0) {
            let part = self.open.pop_front().expect("just looked at it");
            self.close(part);
        }
    }

    fn close(&mut self, mut part: Part) {
        if part.is_whole {
            self.rows[part.window] = part.experience.count();
        } else {
            let (window, experience) = &mut self.unfinished;
            if *window != part.window || experience.flags.is_empty() {
                *window = part.window;
                *experience = Experience::new(self.people);
            }
            experience.merge(&part.experience);
            self.rows[part.window] = experience.count();
        }
        self.experiences[part.segment].take(&mut part.experience);
        self.spare.push(part.experience);
    }

    /// The run is over, and a request has waited too long for its answer: that counts as failed.
    pub(super) fn overdue(&mut self, born: Time, person: usize) {
        self.finished(born, person, false, false);
    }

    /// The run is over: what is still in flight stays without an outcome.
    pub(super) fn close_all(&mut self) {
        let [last, current] = std::mem::take(&mut self.recent);
        self.open.extend(self.has_last.then_some(last));
        self.open.push_back(current);
        for part in std::mem::take(&mut self.open) {
            self.close(part);
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
