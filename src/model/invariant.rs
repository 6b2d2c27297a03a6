//! Conservation, checked at every sample: a run that loses a request must not print a number.

use super::balancer::lines::Line;
use super::outcome::Outcome;
use super::request::{Attempt, Place, Sender};
use super::setup::BackendId;
use super::world::World;

impl World {
    /// Offered = succeeded + failed + in flight. What backends and stations owe is asserted where they are
    /// read: `Backend::read`, `Station::read`.
    ///
    /// # Panics
    /// If not: that is a bug in misroute.
    pub(super) fn assert_conservation(&self) {
        let finished: u64 = self.counts.finished.iter().sum();
        let in_flight = self.in_flight();
        assert_eq!(
            self.counts.requests,
            finished + in_flight,
            "requests born must be finished or in flight at {}",
            self.now
        );
    }

    /// What every balancer process and every backend believes to have is what there is: tries in
    /// flight member by member, attempts held, tried again and waiting in each line, attempts
    /// inside each backend; and no line is longer than it may be. O(attempts).
    ///
    /// # Panics
    /// If not: that is a bug in misroute.
    pub fn assert_bookkeeping(&self) {
        let backends = self.backends.len();
        let mut inside = vec![0_u32; backends];
        let mut books = vec![Book::new(backends); self.instances.len()];
        let alone = self.attempts.iter().filter(|(_, attempt)| attempt.alone).count();
        assert_eq!(self.alone, alone as u64, "attempts without a request drifted at {}", self.now);
        for (_, attempt) in self.attempts.iter() {
            if attempt.place.is_inside() {
                let backend = attempt.backend.expect("who is inside a backend was sent there");
                inside[backend.index()] += 1;
            }
            if attempt.sender == Sender::Client && attempt.held {
                books[attempt.instance.index()].enter(attempt);
            }
        }
        // A connection tied to a member counts there while nobody uses it, too.
        for (_, connection) in self.connections.open.iter() {
            if let Some(member) = connection.member
                && connection.idle_since.is_some()
            {
                books[connection.process.index()].tries[member.index()] += 1;
            }
        }
        self.assert_connections();
        let now = self.now;
        for (instance, book) in self.instances.iter().zip(&books) {
            assert_eq!(instance.held, book.held, "attempts held drifted at {now}");
            assert_eq!(instance.retrying, book.retrying, "retries drifted at {now}");
            assert_eq!(instance.lines.pool_len(), book.pool, "the pool's line drifted at {now}");
            for member in (0..backends as u16).map(BackendId) {
                let tries = instance.tries_at(member);
                assert_eq!(tries, book.tries[member.index()], "in-flight counts drifted at {now}");
                let line = instance.lines.member_len(member);
                assert_eq!(line, book.lines[member.index()], "a member's line drifted at {now}");
            }
        }
        for ((backend, setup), inside) in self.backends.iter().zip(&self.setup.backends).zip(inside)
        {
            let station = &backend.station;
            assert_eq!(station.inside(), inside, "attempts in stations drifted at {now}");
            assert!(station.busy() <= setup.workers, "more work than workers at {now}");
            // Those who come back from the database share the workers again, however many do.
            let is_bounded = self.database.is_none() || !station.takes_back();
            let most = setup.queue.filter(|_| is_bounded).unwrap_or(u32::MAX);
            assert!(station.waiting() <= most, "a queue is longer than it may be at {now}");
        }
        let ok = self.counts.finished[Outcome::Ok.index()];
        let served: u64 = self.backends.iter().map(|b| b.gauge.succeeded).sum();
        assert_eq!(ok, served, "successes counted at clients and at backends differ");
    }
}

impl World {
    /// Nobody waits in vain: to be accepted by a process that accepts, for a pool without a usable member,
    /// or for a member with nothing to do. O(backlog + members).
    ///
    /// # Panics
    /// If somebody does: that is a bug in misroute.
    pub fn assert_progress(&self) {
        let now = self.now;
        for instance in &self.instances {
            let lines = &instance.lines;
            let held_back = lines.backlog().any(|waiting| self.attempts.get(waiting).is_some());
            // A kept connection whose request crosses the network counts neither as idle nor as held.
            let is_open = instance.accepts() && self.network.is_none();
            assert!(!held_back || !is_open, "a backlog before an open door at {now}");
            let pool = lines.pool_len();
            assert!(
                pool == 0 || instance.usable() > 0,
                "{pool} wait for a pool of nobody at {now}"
            );
            for member in (0..self.backends.len() as u16).map(BackendId) {
                let (line, busy) = (lines.member_len(member), instance.tries_at(member));
                assert!(line == 0 || busy > 0, "{line} wait for an idle member at {now}");
            }
        }
    }
}

/// What a balancer process has, counted from the attempts themselves.
#[derive(Clone)]
struct Book {
    held: u32,
    retrying: u32,
    pool: u32,
    /// Per member.
    tries: Vec<u32>,
    /// Per member.
    lines: Vec<u32>,
}

impl Book {
    fn new(members: usize) -> Self {
        let none = vec![0; members];
        Self { held: 0, retrying: 0, pool: 0, tries: none.clone(), lines: none }
    }

    /// Notes an attempt that the process has not answered yet.
    fn enter(&mut self, attempt: &Attempt) {
        // A connection that it has not accepted is not its own yet.
        if !matches!(attempt.place, Place::Backlog | Place::Coming(_)) {
            self.held += 1;
            self.retrying += u32::from(attempt.retries > 0);
        }
        match attempt.place {
            Place::Line(Line::Pool) => self.pool += 1,
            Place::Line(Line::Member(member)) => self.lines[member.index()] += 1,
            _ => {}
        }
        if let Some(member) = attempt.backend {
            self.tries[member.index()] += 1;
        }
    }
}
