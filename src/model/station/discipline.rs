//! Disciplines: who in line is next, who is dropped, and whether workers are taken away or shared.
//! One discipline a file, and one line in [`DISCIPLINES`].

use super::{
    adaptive_lifo, codel, controlled_delay, fifo, lifo, lifo_preemptive, priority,
    processor_sharing, random_order,
};
use crate::engine::random::Stream;
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use crate::model::balancer::Parameter;
use std::collections::VecDeque;
use std::fmt::Debug;

/// Somebody in line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::model) struct Waiter {
    pub(in crate::model) attempt: Handle,
    /// Since when it is in line.
    pub(in crate::model) since: Time,
    /// How urgent it is: 0 is the most urgent.
    pub(super) priority: u8,
    /// Whether its work was begun, before it was put back in line.
    pub(in crate::model) begun: bool,
}

/// What becomes of whoever is taken out of the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::model) enum Turn {
    /// It is served.
    Serve(Waiter),
    /// It has waited too long, and is told so at once.
    Drop(Waiter),
}

/// A line with its rule and its state. Each station has one of its own.
pub(super) trait Discipline: Debug + Send + Sync {
    /// Somebody joins the line.
    fn join(&mut self, waiter: Waiter, now: Time);

    /// A worker is free: takes the next one out, or somebody who has waited too long.
    fn take(&mut self, now: Time) -> Option<Turn>;

    /// Takes one out who leaves by itself. O(length of the line).
    fn remove(&mut self, attempt: Handle) -> Option<Waiter>;

    /// Somebody in line. O(length of the line).
    fn find(&self, attempt: Handle) -> Option<Waiter>;

    /// Everybody leaves at once.
    fn clear(&mut self);

    /// Everybody in line, in an order that depends on the sample path alone.
    fn everybody(&self) -> Vec<Waiter>;

    /// A copy with the same state.
    fn boxed_clone(&self) -> Box<dyn Discipline>;
}

/// What a discipline does with the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Whoever has one keeps it until it is done.
    Kept,
    /// The newest takes one from whoever has had one longest; that work goes on later where it
    /// stopped.
    Preempted,
    /// All inside have equal parts of them, up to as many attempts as the first parameter says.
    Shared,
}

/// An entry of the table.
#[derive(Debug)]
pub struct DisciplineSpec {
    /// Name in scenario files.
    pub name: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// One line: when it fails.
    pub fails: &'static str,
    /// Where it is described, or who does it.
    pub source: &'static str,
    /// What it does with the workers.
    pub service: Service,
    /// Whether it drops whoever has waited too long.
    pub drops: bool,
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// An empty line from one value per parameter.
    pub(super) build: fn(&[f64], Stream) -> Box<dyn Discipline>,
}

/// Every discipline, alphabetically.
pub const DISCIPLINES: &[&DisciplineSpec] = &[
    &adaptive_lifo::DISCIPLINE,
    &codel::DISCIPLINE,
    &controlled_delay::DISCIPLINE,
    &fifo::DISCIPLINE,
    &lifo::DISCIPLINE,
    &lifo_preemptive::DISCIPLINE,
    &priority::DISCIPLINE,
    &processor_sharing::DISCIPLINE,
    &random_order::DISCIPLINE,
];

/// Their names, in order.
pub const DISCIPLINE_NAMES: [&str; DISCIPLINES.len()] = {
    let mut names = [""; DISCIPLINES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = DISCIPLINES[at].name;
        at += 1;
    }
    names
};

/// A discipline and its parameters.
#[derive(Clone, Debug)]
pub struct DisciplineConfig {
    /// The entry in the table.
    pub spec: &'static DisciplineSpec,
    /// One value per declared parameter, in order, within its declared range.
    pub arguments: Vec<f64>,
}

impl DisciplineConfig {
    /// First come, first served.
    pub fn fifo() -> Self {
        Self { spec: &fifo::DISCIPLINE, arguments: Vec::new() }
    }

    /// The discipline of that name with its defaults.
    pub fn named(name: &str) -> Option<Self> {
        let spec = *DISCIPLINES.iter().find(|spec| spec.name == name)?;
        let arguments = spec.parameters.iter().map(|parameter| parameter.default).collect();
        Some(Self { spec, arguments })
    }

    /// Whether anybody ever waits in line: sharing without a limit lets everybody in.
    pub fn has_line(&self) -> bool {
        self.spec.service != Service::Shared || self.slots(1) < processor_sharing::UNLIMITED
    }

    /// Most attempts in service at once at a station of so many workers.
    pub(super) fn slots(&self, workers: u32) -> u32 {
        match (self.spec.service, self.arguments.first()) {
            (Service::Shared, Some(&most)) => most as u32,
            _ => workers,
        }
    }
}

impl PartialEq for DisciplineConfig {
    fn eq(&self, other: &Self) -> bool {
        self.spec.name == other.spec.name && self.arguments == other.arguments
    }
}

/// The line of a station. First come, first served is what almost all have: it is not looked up.
#[derive(Debug)]
pub(super) enum Line {
    Plain(fifo::Fifo),
    Ruled(Box<dyn Discipline>),
}

impl Line {
    pub(super) fn new(config: &DisciplineConfig, stream: Stream) -> Self {
        if config.spec.name == fifo::DISCIPLINE.name {
            Self::Plain(fifo::Fifo::default())
        } else {
            Self::Ruled((config.spec.build)(&config.arguments, stream))
        }
    }

    #[inline]
    pub(super) fn join(&mut self, waiter: Waiter, now: Time) {
        match self {
            Self::Plain(line) => line.join(waiter, now),
            Self::Ruled(line) => line.join(waiter, now),
        }
    }

    #[inline]
    pub(super) fn take(&mut self, now: Time) -> Option<Turn> {
        match self {
            Self::Plain(line) => line.take(now),
            Self::Ruled(line) => line.take(now),
        }
    }

    /// Takes out whoever has come first, if that one is always next.
    #[inline]
    pub(super) fn first_come(&mut self) -> Option<Handle> {
        match self {
            Self::Plain(line) => line.first().map(|waiter| waiter.attempt),
            Self::Ruled(_) => None,
        }
    }

    /// What is asked of it less often.
    pub(super) fn rule(&self) -> &dyn Discipline {
        match self {
            Self::Plain(line) => line,
            Self::Ruled(line) => &**line,
        }
    }

    /// What is done to it less often.
    pub(super) fn rule_mut(&mut self) -> &mut dyn Discipline {
        match self {
            Self::Plain(line) => line,
            Self::Ruled(line) => &mut **line,
        }
    }
}

impl Clone for Line {
    fn clone(&self) -> Self {
        match self {
            Self::Plain(line) => Self::Plain(line.clone()),
            Self::Ruled(line) => Self::Ruled(line.boxed_clone()),
        }
    }
}

/// A line in order of joining, which knows since when somebody has been in it without a break.
#[derive(Clone, Debug, Default)]
pub(super) struct InOrder {
    pub(super) waiters: VecDeque<Waiter>,
    formed: Time,
}

impl InOrder {
    #[inline]
    pub(super) fn join(&mut self, waiter: Waiter, now: Time) {
        if self.waiters.is_empty() {
            self.formed = now;
        }
        self.waiters.push_back(waiter);
    }

    /// Whether the line has stood for longer than `span`.
    pub(super) fn has_stood(&self, now: Time, span: Span) -> bool {
        !self.waiters.is_empty() && self.formed + span < now
    }

    #[inline]
    pub(super) fn oldest(&mut self) -> Option<Waiter> {
        self.waiters.pop_front()
    }

    pub(super) fn newest(&mut self) -> Option<Waiter> {
        self.waiters.pop_back()
    }

    pub(super) fn remove(&mut self, attempt: Handle) -> Option<Waiter> {
        let position = self.waiters.iter().position(|waiter| waiter.attempt == attempt)?;
        self.waiters.remove(position)
    }

    pub(super) fn find(&self, attempt: Handle) -> Option<Waiter> {
        self.waiters.iter().find(|waiter| waiter.attempt == attempt).copied()
    }

    pub(super) fn clear(&mut self) {
        self.waiters.clear();
    }

    pub(super) fn everybody(&self) -> Vec<Waiter> {
        self.waiters.iter().copied().collect()
    }
}

/// The parts of [`Discipline`] that every line in order of joining has alike.
macro_rules! in_order {
    ($field:tt) => {
        fn remove(
            &mut self,
            attempt: crate::engine::slab::Handle,
        ) -> Option<crate::model::station::discipline::Waiter> {
            self.$field.remove(attempt)
        }

        fn find(
            &self,
            attempt: crate::engine::slab::Handle,
        ) -> Option<crate::model::station::discipline::Waiter> {
            self.$field.find(attempt)
        }

        fn clear(&mut self) {
            self.$field.clear();
        }

        fn everybody(&self) -> Vec<crate::model::station::discipline::Waiter> {
            self.$field.everybody()
        }

        fn boxed_clone(&self) -> Box<dyn crate::model::station::discipline::Discipline> {
            Box::new(self.clone())
        }
    };
}
pub(super) use in_order;
