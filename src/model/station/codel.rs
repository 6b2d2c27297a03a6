//! `codel`: Controlled Delay of RFC 8289, for requests instead of packets.
//!
//! While the least delay over an `interval` stays above `target`, the one whose turn it is is
//! dropped now and then: `interval` after the first, then after `interval / sqrt(n)`. One request is
//! one packet of the largest size, so a queue of one is never too long.

use super::discipline::{Discipline, DisciplineSpec, InOrder, Service, Turn, Waiter, in_order};
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};

/// The names are those of the RFC's pseudo-code (section 5).
#[derive(Clone, Debug)]
struct CoDel {
    line: InOrder,
    target: Span,
    interval: Span,
    /// When the delay will have been above the target for an interval; `None`: it is not above it.
    first_above_time: Option<Time>,
    drop_next: Time,
    count: u32,
    lastcount: u32,
    dropping: bool,
}

impl CoDel {
    fn control_law(&self, from: Time) -> Time {
        from + self.interval.scaled(1.0 / libm::sqrt(f64::from(self.count)))
    }

    /// Takes the oldest out. Whether it may be dropped: the delay has been too long for long enough.
    fn dequeue(&mut self, now: Time) -> Option<(Waiter, bool)> {
        let Some(waiter) = self.line.oldest() else {
            self.first_above_time = None;
            return None;
        };
        let is_short = now.since(waiter.since) < self.target || self.line.waiters.len() <= 1;
        let ok_to_drop = !is_short && self.first_above_time.is_some_and(|at| at <= now);
        if is_short {
            self.first_above_time = None;
        } else if self.first_above_time.is_none() {
            self.first_above_time = Some(now + self.interval);
        }
        Some((waiter, ok_to_drop))
    }
}

impl Discipline for CoDel {
    fn join(&mut self, waiter: Waiter, now: Time) {
        // Whoever was last may have left by itself: an empty queue has no delay (section 5.5).
        if self.line.waiters.is_empty() {
            self.first_above_time = None;
            self.dropping = false;
        }
        self.line.join(waiter, now);
    }

    /// One step of the RFC's loop: whoever is dropped is followed by another call.
    fn take(&mut self, now: Time) -> Option<Turn> {
        let Some((waiter, ok_to_drop)) = self.dequeue(now) else {
            self.dropping = false;
            return None;
        };
        if !ok_to_drop {
            self.dropping = false;
            return Some(Turn::Serve(waiter));
        }
        if self.dropping {
            if now < self.drop_next {
                return Some(Turn::Serve(waiter));
            }
            self.count += 1;
            self.drop_next = self.control_law(self.drop_next);
            return Some(Turn::Drop(waiter));
        }
        self.dropping = true;
        // Close to the last time, it goes on at the rate that controlled the queue then.
        let delta = self.count - self.lastcount;
        let is_recent =
            now.since(self.drop_next).as_ns() < self.interval.as_ns().saturating_mul(16);
        self.count = if delta > 1 && is_recent { delta } else { 1 };
        self.drop_next = self.control_law(now);
        self.lastcount = self.count;
        Some(Turn::Drop(waiter))
    }

    in_order!(line);
}

/// The entry in the table.
pub(super) const DISCIPLINE: DisciplineSpec = DisciplineSpec {
    name: "codel",
    summary: "first come, first served; while delays stay above `target` for an `interval`, drops at a growing rate",
    fails: "demand that does not yield to drops grows the queue faster than the square root of time drops it",
    source: "Nichols & Jacobson, RFC 8289 (2018)",
    service: Service::Kept,
    drops: true,
    parameters: &[
        Parameter {
            name: "target",
            kind: ParameterKind::Duration,
            default: 0.005,
            range: (0.0, 3_600.0),
            doc: "a delay that is acceptable as a standing one",
        },
        Parameter {
            name: "interval",
            kind: ParameterKind::Duration,
            default: 0.1,
            range: (1e-6, 3_600.0),
            doc: "how long delays must stay above the target before the first drop",
        },
    ],
    build: |arguments, _| Box::new(fresh(arguments[0], arguments[1])),
};

fn fresh(target: f64, interval: f64) -> CoDel {
    CoDel {
        line: InOrder::default(),
        target: Span::from_secs_f64(target),
        interval: Span::from_secs_f64(interval),
        first_above_time: None,
        drop_next: Time::ZERO,
        count: 0,
        lastcount: 0,
        dropping: false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{turn, waiter};
    use super::*;

    const MS: u64 = 1_000_000;

    /// One is served every 10 ms out of a queue that has stood since long: the times in ms at which
    /// somebody is dropped. By hand: above target from 1000 on, so the first may go at 1100, the
    /// next 100 later, then 100/sqrt 2, 100/sqrt 3, ... later: 1200, 1270.7, 1328.4, 1378.4, 1423.2,
    /// each at the next dequeue.
    #[test]
    fn drops_come_at_intervals_that_shrink_with_the_root_of_their_number() {
        let mut line = fresh(0.005, 0.1);
        for number in 0..1000 {
            line.join(waiter(number, 0), Time::ZERO);
        }
        let mut drops = Vec::new();
        for at in (1000..1450).step_by(10) {
            while turn(&mut line, at * MS).is_some_and(|(_, served)| !served) {
                drops.push(at);
            }
        }
        assert_eq!(drops, [1100, 1200, 1280, 1330, 1380, 1430]);
    }

    #[test]
    fn a_short_delay_or_a_queue_of_one_ends_the_drops() {
        let mut line = fresh(0.005, 0.1);
        for number in 0..20 {
            line.join(waiter(number, 0), Time::ZERO);
        }
        assert_eq!(turn(&mut line, 1000 * MS), Some((0, true)));
        assert_eq!(turn(&mut line, 1100 * MS), Some((1, false)));
        assert_eq!(turn(&mut line, 1100 * MS), Some((2, true)));
        assert!(line.dropping);
        for number in 3..18 {
            assert_eq!(turn(&mut line, 1101 * MS), Some((number, true)));
        }
        assert_eq!(turn(&mut line, 1300 * MS), Some((18, true)), "one is left: no longer too many");
        assert!(!line.dropping);
        assert_eq!(turn(&mut line, 1300 * MS), Some((19, true)));
        assert_eq!(turn(&mut line, 1300 * MS), None);
    }

    /// Everybody leaves without a turn, and a burst comes much later: of it nobody has waited yet for longer
    /// than the interval.
    #[test]
    fn a_line_that_empties_by_itself_begins_anew() {
        let mut line = fresh(0.005, 0.1);
        for number in 0..20 {
            line.join(waiter(number, 0), Time::ZERO);
        }
        assert_eq!(turn(&mut line, 1000 * MS), Some((0, true)));
        assert_eq!(turn(&mut line, 1100 * MS), Some((1, false)));
        for number in 2..20 {
            line.remove(waiter(number, 0).attempt);
        }
        let later = 100_000 * MS;
        for number in 20..29 {
            line.join(waiter(number, later), Time::from_ns(later));
        }
        for number in 20..29 {
            let at = later + (u64::from(number) - 19) * 10 * MS;
            assert_eq!(turn(&mut line, at), Some((number, true)));
        }
    }
}
