//! The shared database: connections that all backends draw from, each through a pool of its own.
//!
//! An attempt's worker holds it while it waits for a connection and while its query runs, so an
//! exhausted pool fills the backends' queues: that is why it is the first suspect in an outage.

mod faults;
mod pools;

use super::event::{COMPLETIONS, Event, TIMERS};
use super::outcome::Outcome;
use super::probe::{DatabaseGauge, Probe};
use super::request::{Attempt, Place, Sender};
use super::setup::{BackendId, DatabaseSetup, PopulationId};
use super::station::Station;
use super::station::discipline::Turn;
use super::station::reading::Reading;
use super::world::World;
use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::engine::slab::Handle;
use crate::engine::time::Time;
use faults::Faults;
use pools::Pools;
use std::collections::BTreeSet;

/// The database at run time.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) station: Station,
    /// The backends' pools, if those have a limit.
    pools: Option<Pools>,
    faults: Faults,
    /// Queries that run on although nobody waits for them: their attempts were dropped.
    orphans: BTreeSet<Handle>,
    queries: u64,
    /// Which queries fail.
    fail_key: u64,
}

impl Database {
    pub(super) fn new(setup: &DatabaseSetup, backends: usize, seed: Seed) -> Self {
        Self {
            station: Station::new(setup.connections),
            pools: setup.pool.map(|size| Pools::new(size, backends)),
            faults: Faults::default(),
            orphans: BTreeSet::new(),
            queries: 0,
            fail_key: key(seed, Purpose::QueryFails, 0),
        }
    }

    /// Readings now.
    pub(super) fn read(&mut self, now: Time) -> DatabaseGauge {
        let Reading { busy_ns, waiting_ns, waiting_peak, .. } = self.station.read(now);
        DatabaseGauge { queries: self.queries, busy_ns, waiting_ns, waiting_peak }
    }

    /// Whether this query fails by chance: the same for the same try under every configuration.
    fn fails_by_chance(&self, attempt: &Attempt, share: f64) -> bool {
        let PopulationId(population) = attempt.population;
        let whose = match attempt.sender {
            Sender::Client => u64::from(population),
            Sender::Check => u64::from(u16::MAX) + 1,
        };
        let tries = (u64::from(attempt.number) << 32) | u64::from(attempt.retries);
        let mark = keyed(keyed(keyed(self.fail_key, whose), attempt.index), tries);
        share > 0.0 && unit(mark) < share
    }
}

impl World {
    fn database(&mut self) -> &mut Database {
        self.database.as_mut().expect("only called with a database")
    }

    fn database_setup(&self) -> &DatabaseSetup {
        self.setup.database.as_ref().expect("only called with a database")
    }

    /// An attempt wants a connection.
    pub(super) fn query(&mut self, handle: Handle, id: BackendId, probe: &mut impl Probe) {
        if self.database().faults.refuses() {
            let error = self.database_setup().error;
            self.on_query_answered(handle, id, error, probe);
            return;
        }
        self.place(handle, Place::Unconnected);
        if !self.wait_or_connect(handle, id) {
            let error = self.database_setup().error;
            self.on_query_answered(handle, id, error, probe);
        } else if let Some(timeout) = self.database_setup().pool_timeout
            && self.attempts.get(handle).is_some_and(|a| a.place == Place::Unconnected)
        {
            self.queue.push(self.now + timeout, TIMERS, Event::DatabasePoolTimeout(handle));
        }
    }

    /// An attempt goes as far as it gets. Returns whether there is room for it.
    fn wait_or_connect(&mut self, handle: Handle, id: BackendId) -> bool {
        let most = self.database_setup().queue;
        let database = self.database();
        let free = database.station.has_free_worker();
        let waiting = database.station.waiting();
        let may_go_on = match &mut database.pools {
            Some(pools) => {
                if !pools.take(handle, id) {
                    return pools.wait(handle, id, most);
                }
                true
            }
            None => free || most.is_none_or(|most| waiting < most),
        };
        if may_go_on {
            self.connect_to_database(handle);
        }
        may_go_on
    }

    /// Takes one of the database's connections, or waits for one.
    fn connect_to_database(&mut self, handle: Handle) {
        let now = self.now;
        let database = self.database();
        database.station.enter(now);
        if database.station.has_free_worker() {
            self.start_query(handle);
        } else {
            database.station.wait(now, handle, 0);
        }
    }

    fn start_query(&mut self, handle: Handle) {
        let attempt = *self.attempts.get(handle).expect("only the living get a connection");
        let mark = match attempt.sender {
            Sender::Client => self.populations[attempt.population.index()]
                .database_mark(attempt.index, attempt.number),
            Sender::Check => keyed(self.check_key, !attempt.index),
        };
        let now = self.now;
        let setup = self.setup.database.as_ref().expect("only called with a database");
        let database = self.database.as_mut().expect("only called with a database");
        let (work, outcome) = match database.faults.fails() {
            Some((outcome, after)) => (after, outcome),
            None if database.fails_by_chance(&attempt, setup.failing) => {
                (setup.query.at(mark), setup.error)
            }
            None => (setup.query.at(mark), Outcome::Ok),
        };
        database.queries += 1;
        database.station.start(now, handle, work);
        if let Some(timeout) = setup.query_timeout {
            self.queue.push(now + timeout, TIMERS, Event::QueryTimeout(handle));
        }
        self.place(handle, Place::Querying(outcome));
        self.schedule_query();
    }

    fn schedule_query(&mut self) {
        let now = self.now;
        if let Some((at, epoch)) = self.database().station.reschedule(now) {
            let source = self.source_of_database();
            self.queue.set(source, at, COMPLETIONS, epoch);
        }
    }

    pub(super) fn on_database_completion(&mut self, epoch: u32, probe: &mut impl Probe) {
        let now = self.now;
        let database = self.database();
        if !database.station.is_current(epoch) {
            return;
        }
        let handle = database.station.finish(now);
        database.station.leave_worker(now);
        database.orphans.remove(&handle);
        self.connection_freed(handle);
        // A backend's crash takes its attempts with it, but not their queries.
        if let Some(attempt) = self.attempts.get(handle)
            && let (Some(id), Place::Querying(outcome)) = (attempt.backend, attempt.place)
        {
            self.on_query_answered(handle, id, outcome, probe);
        }
    }

    /// A query has taken too long, whether anybody waits for it or not.
    pub(super) fn on_query_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        let now = self.now;
        let is_querying = |a: &&Attempt| matches!(a.place, Place::Querying(_));
        let waits_at = self.attempts.get(handle).filter(is_querying).and_then(|a| a.backend);
        if waits_at.is_none() && !self.database().orphans.remove(&handle) {
            return;
        }
        self.database().station.withdraw(now, handle);
        self.connection_freed(handle);
        if let Some(id) = waits_at {
            let error = self.database_setup().error;
            self.on_query_answered(handle, id, error, probe);
        }
    }

    /// Nobody waits for an attempt's query any more, which runs on.
    pub(super) fn orphan_query(&mut self, handle: Handle) {
        self.database().orphans.insert(handle);
    }

    /// An attempt has waited too long for a connection.
    pub(super) fn on_database_pool_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get(handle) else { return };
        let (Some(id), Place::Unconnected) = (attempt.backend, attempt.place) else { return };
        self.leave_connection_line(handle, id);
        let error = self.database_setup().error;
        self.on_query_answered(handle, id, error, probe);
    }

    /// An attempt without a connection waits for none any more.
    pub(super) fn leave_connection_line(&mut self, handle: Handle, id: BackendId) {
        let now = self.now;
        let database = self.database();
        if database.pools.as_mut().is_some_and(|pools| pools.leave(handle, id)) {
            return;
        }
        database.station.withdraw(now, handle);
        self.return_connection(handle);
    }

    /// The connection that an attempt had is another's now.
    fn connection_freed(&mut self, handle: Handle) {
        let now = self.now;
        while self.database().station.has_free_worker()
            && let Some(turn) = self.database().station.next_waiting(now)
        {
            let (Turn::Serve(next) | Turn::Drop(next)) = turn;
            let next = next.attempt;
            if self.attempts.get(next).is_some() {
                self.start_query(next);
            } else {
                self.database().station.leave_line(now);
                self.return_connection(next);
            }
        }
        self.return_connection(handle);
        self.schedule_query();
    }

    /// The place in its backend's pool that an attempt had is another's now.
    fn return_connection(&mut self, handle: Handle) {
        let Some(pools) = &mut self.database().pools else { return };
        let Some(id) = pools.release(handle) else { return };
        while let Some(next) = self.database().pools.as_mut().and_then(|pools| pools.next(id)) {
            if self.attempts.get(next).is_some() {
                self.connect_to_database(next);
            } else if let Some(pools) = &mut self.database().pools {
                pools.release(next);
            }
        }
    }

    /// A backend's process is gone, and its pool with it. Queries of these attempts, which were in
    /// it, run on; those without a connection wait no more.
    pub(super) fn lose_pool(&mut self, id: BackendId, lost: &[Handle]) {
        let Some(database) = &mut self.database else { return };
        if let Some(pools) = &mut database.pools {
            pools.reset(id);
        }
        for &handle in lost {
            let place = self.attempts.get(handle).map(|attempt| attempt.place);
            if matches!(place, Some(Place::Querying(_))) {
                database.orphans.insert(handle);
            }
            if place != Some(Place::Unconnected) {
                continue;
            }
            // Whoever had none of the pool's was in its line, which is gone.
            if database.pools.as_ref().is_none_or(|pools| pools.holds(handle)) {
                database.station.withdraw(self.now, handle);
            }
            if let Some(pools) = &mut database.pools {
                pools.release(handle);
            }
        }
    }
}
