//! `controlled-delay`: Facebook's variant of CoDel, which needs no square roots.
//!
//! Whoever joins a queue that has not been empty for the last `interval` may wait for `target`,
//! anybody else for `interval`; whoever has waited longer is dropped when a worker is free, the
//! oldest first. With `order = "adaptive-lifo"`, those that are left are served newest first while
//! the queue stands: Facebook ran both together.

use super::discipline::{Discipline, DisciplineSpec, InOrder, Service, Turn, Waiter};
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
struct ControlledDelay {
    line: InOrder,
    /// Until when each of them may wait.
    deadlines: VecDeque<Time>,
    target: Span,
    interval: Span,
    newest_first: bool,
}

impl Discipline for ControlledDelay {
    fn join(&mut self, waiter: Waiter, now: Time) {
        let stands = self.line.has_stood(now, self.interval);
        let limit = if stands { self.target } else { self.interval };
        self.line.join(waiter, now);
        self.deadlines.push_back(now + limit);
    }

    fn take(&mut self, now: Time) -> Option<Turn> {
        let stands = self.line.has_stood(now, self.interval);
        if *self.deadlines.front()? < now {
            self.deadlines.pop_front();
            return self.line.oldest().map(Turn::Drop);
        }
        if !(stands && self.newest_first) {
            self.deadlines.pop_front();
            return self.line.oldest().map(Turn::Serve);
        }
        let deadline = self.deadlines.pop_back()?;
        let is_late = deadline < now;
        self.line.newest().map(if is_late { Turn::Drop } else { Turn::Serve })
    }

    fn remove(&mut self, attempt: Handle) -> Option<Waiter> {
        let waiters = &mut self.line.waiters;
        let position = waiters.iter().position(|waiter| waiter.attempt == attempt)?;
        self.deadlines.remove(position);
        waiters.remove(position)
    }

    fn find(&self, attempt: Handle) -> Option<Waiter> {
        self.line.find(attempt)
    }

    fn clear(&mut self) {
        self.line.clear();
        self.deadlines.clear();
    }

    fn everybody(&self) -> Vec<Waiter> {
        self.line.everybody()
    }

    fn boxed_clone(&self) -> Box<dyn Discipline> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "controlled-delay",
    summary: "whoever joins a queue that stands may wait for `target`, anybody else for `interval`; who has waited longer is dropped",
    fails: "a burst that would have been served within the clients' patience is turned away",
    source: "Maurer, Fail at Scale, ACM Queue 13(8), 2015",
    service: Service::Kept,
    drops: true,
    parameters: &[
        Parameter {
            name: "target",
            kind: ParameterKind::Duration,
            default: 0.005,
            range: (0.0, 3_600.0),
            doc: "how long whoever joins a queue that stands may wait",
        },
        Parameter {
            name: "interval",
            kind: ParameterKind::Duration,
            default: 0.1,
            range: (0.0, 3_600.0),
            doc: "a queue stands once it has not been empty for longer than this; how long anybody else may wait",
        },
        Parameter {
            name: "order",
            kind: ParameterKind::Choice(&["fifo", "adaptive-lifo"]),
            default: 0.0,
            range: (0.0, 1.0),
            doc: "who is next while the queue stands: the oldest, or the newest",
        },
    ],
    build: |arguments, _| {
        Box::new(ControlledDelay {
            line: InOrder::default(),
            deadlines: VecDeque::new(),
            target: Span::from_secs_f64(arguments[0]),
            interval: Span::from_secs_f64(arguments[1]),
            newest_first: arguments[2] > 0.5,
        })
    },
};

#[cfg(test)]
mod tests {
    use super::super::tests::{turn, waiter};
    use super::*;

    fn line(newest_first: bool) -> ControlledDelay {
        let (target, interval) = (Span::from_ns(5), Span::from_ns(100));
        let (line, deadlines) = (InOrder::default(), VecDeque::new());
        ControlledDelay { line, deadlines, target, interval, newest_first }
    }

    fn join(line: &mut ControlledDelay, number: u32, at: u64) {
        line.join(waiter(number, at), Time::from_ns(at));
    }

    #[test]
    fn the_limit_is_set_when_one_joins() {
        let mut line = line(false);
        join(&mut line, 1, 0); // may wait until 100
        join(&mut line, 2, 90); // until 190: the queue has stood for 90
        join(&mut line, 3, 150); // until 155
        join(&mut line, 4, 158); // until 163
        assert_eq!(turn(&mut line, 160), Some((1, false)));
        assert_eq!(turn(&mut line, 160), Some((2, true)));
        assert_eq!(turn(&mut line, 160), Some((3, false)));
        assert_eq!(turn(&mut line, 160), Some((4, true)));
        assert_eq!(turn(&mut line, 160), None);
    }

    #[test]
    fn the_oldest_are_dropped_and_then_the_newest_served() {
        let mut line = line(true);
        join(&mut line, 1, 0); // may wait until 100
        join(&mut line, 2, 99); // until 199
        join(&mut line, 3, 120); // until 125
        join(&mut line, 4, 121); // until 126
        assert_eq!(turn(&mut line, 122), Some((1, false)));
        assert_eq!(turn(&mut line, 122), Some((4, true)));
        assert_eq!(turn(&mut line, 130), Some((3, false)), "the newest, but too late");
        assert_eq!(turn(&mut line, 130), Some((2, true)));
    }
}
