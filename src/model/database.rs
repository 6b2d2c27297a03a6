//! The shared database: a pool of connections that all backends draw from.
//!
//! An attempt's worker holds it while it waits for a connection and while its query runs, so an
//! exhausted pool fills the backends' queues: that is why it is the first suspect in an outage.

use super::event::{COMPLETIONS, Event, TIMERS};
use super::probe::{DatabaseGauge, Probe};
use super::request::Sender;
use super::setup::{DatabaseSetup, EntryId};
use super::station::Station;
use super::station::discipline::Turn;
use super::world::World;
use crate::engine::random::keyed;
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};

/// The database at run time.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) station: Station,
    /// Slownesses in force, by the entry that began them; factors multiply.
    slow: Vec<(Option<EntryId>, f64)>,
    /// Pauses in force.
    pauses: u32,
    queries: u64,
}

impl Database {
    pub(super) fn new(setup: &DatabaseSetup) -> Self {
        Self { station: Station::new(setup.connections), slow: Vec::new(), pauses: 0, queries: 0 }
    }

    fn fold(&mut self, now: Time) {
        let slowdown: f64 = self.slow.iter().map(|&(_, factor)| factor).product();
        self.station.slow_down(now, slowdown, self.pauses > 0);
    }

    /// Whether a cause that someone began is still in force.
    pub(super) fn has_faults(&self) -> bool {
        !self.slow.is_empty() || self.pauses > 0
    }

    /// Readings now.
    pub(super) fn read(&mut self, now: Time) -> DatabaseGauge {
        let occupancy = self.station.occupancy(now);
        DatabaseGauge {
            queries: self.queries,
            busy_ns: occupancy.busy_ns,
            waiting_ns: occupancy.waiting_ns,
            waiting_peak: self.station.waiting_peak(),
        }
    }
}

impl World {
    /// An attempt wants a connection.
    pub(super) fn query(&mut self, handle: Handle) {
        let now = self.now;
        let database = self.database.as_mut().expect("only called with a database");
        database.station.enter(now);
        if database.station.has_free_worker() {
            self.start_query(handle);
        } else {
            database.station.wait(now, handle, 0);
        }
    }

    fn start_query(&mut self, handle: Handle) {
        let attempt = self.attempts.get(handle).expect("only the living get a connection");
        let mark = match attempt.sender {
            Sender::Client => self.populations[attempt.population.index()]
                .database_mark(attempt.index, attempt.number),
            Sender::Check => keyed(self.check_key, !attempt.index),
        };
        let setup = self.setup.database.as_ref().expect("only called with a database");
        let work = setup.query.at(mark);
        let database = self.database.as_mut().expect("only called with a database");
        database.queries += 1;
        database.station.start(self.now, handle, work);
        self.schedule_query();
    }

    fn schedule_query(&mut self) {
        let database = self.database.as_mut().expect("only called with a database");
        if let Some((at, epoch)) = database.station.reschedule(self.now) {
            self.queue.push(at, COMPLETIONS, Event::DatabaseCompletion { epoch });
        }
    }

    pub(super) fn on_database_completion(&mut self, epoch: u32, probe: &mut impl Probe) {
        let now = self.now;
        let database = self.database.as_mut().expect("only a database completes queries");
        if !database.station.is_current(epoch) {
            return;
        }
        let handle = database.station.finish(now);
        database.station.leave_worker(now);
        while let Some(turn) = self.database.as_mut().and_then(|d| d.station.next_waiting(now)) {
            let (Turn::Serve(next) | Turn::Drop(next)) = turn;
            let next = next.attempt;
            // A backend's crash takes its waiting attempts with it.
            if self.attempts.get(next).is_some() {
                self.start_query(next);
                break;
            }
            self.database.as_mut().expect("checked above").station.leave_line(now);
        }
        self.schedule_query();
        if let Some(backend) = self.attempts.get(handle).and_then(|attempt| attempt.backend) {
            self.on_query_answered(handle, backend, probe);
        }
    }

    /// Changes what is wrong with the database.
    fn refold_database(&mut self, change: impl FnOnce(&mut Database)) {
        if let Some(database) = &mut self.database {
            change(database);
            database.fold(self.now);
            self.schedule_query();
        }
    }

    pub(super) fn slow_database(&mut self, factor: f64, source: Option<EntryId>) {
        self.refold_database(|database| database.slow.push((source, factor)));
    }

    /// Ends the slowness that one entry began, or all of them.
    pub(super) fn restore_database(&mut self, of: Option<EntryId>) {
        self.refold_database(|database| {
            database.slow.retain(|&(source, _)| of.is_some() && source != of);
        });
    }

    pub(super) fn pause_database(&mut self, span: Span) {
        self.refold_database(|database| database.pauses += 1);
        self.queue.push(self.now + span, TIMERS, Event::DatabaseResumes);
    }

    pub(super) fn on_database_resumes(&mut self) {
        self.refold_database(|database| database.pauses -= 1);
    }
}
