//! `adaptive-lifo`: in order of arrival, but newest first while a queue stands.

use super::discipline::{Discipline, DisciplineSpec, InOrder, Service, Turn, Waiter, in_order};
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};

#[derive(Clone, Debug)]
struct AdaptiveLifo {
    line: InOrder,
    interval: Span,
}

impl Discipline for AdaptiveLifo {
    fn join(&mut self, waiter: Waiter, now: Time) {
        self.line.join(waiter, now);
    }

    fn take(&mut self, now: Time) -> Option<Turn> {
        let stands = self.line.has_stood(now, self.interval);
        let next = if stands { self.line.newest() } else { self.line.oldest() };
        next.map(Turn::Serve)
    }

    in_order!(line);
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "adaptive-lifo",
    summary: "first come, first served, but last come, first served while a queue stands",
    fails: "whoever came before the queue stood waits until it is empty, unless age bounds it",
    source: "Maurer, Fail at Scale, ACM Queue 13(8), 2015",
    service: Service::Kept,
    drops: false,
    parameters: &[Parameter {
        name: "interval",
        kind: ParameterKind::Duration,
        default: 0.1,
        range: (0.0, 3_600.0),
        doc: "a queue stands once it has not been empty for longer than this",
    }],
    build: |arguments, _| {
        let interval = Span::from_secs_f64(arguments[0]);
        Box::new(AdaptiveLifo { line: InOrder::default(), interval })
    },
};

#[cfg(test)]
mod tests {
    use super::super::tests::{served, waiter};
    use super::*;

    #[test]
    fn a_queue_that_stands_is_served_from_its_end() {
        let mut line = AdaptiveLifo { line: InOrder::default(), interval: Span::from_ns(100) };
        for (number, at) in [(1, 0), (2, 10), (3, 20), (4, 30)] {
            line.join(waiter(number, at), Time::from_ns(at));
        }
        assert_eq!(served(&mut line, 100), Some(1), "it has stood for 100, not for longer");
        assert_eq!(served(&mut line, 101), Some(4));
        assert_eq!(served(&mut line, 102), Some(3));
        assert_eq!(served(&mut line, 103), Some(2));
        // It was empty: a new queue has to stand anew.
        line.join(waiter(5, 150), Time::from_ns(150));
        line.join(waiter(6, 160), Time::from_ns(160));
        assert_eq!(served(&mut line, 200), Some(5));
    }
}
