//! What an observer of the world is told.

use super::outcome::Outcome;
use super::setup::{AlertId, BackendId, CauseId, EntryId, InstanceId, PopulationId};
use crate::engine::time::Time;

/// An observer. Every method does nothing unless it is overridden; none can change the world.
pub trait Probe {
    /// A request is born.
    #[inline]
    fn request_born(&mut self, now: Time, population: PopulationId, user: u32) {
        let _ = (now, population, user);
    }

    /// A request has its outcome.
    #[inline]
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let _ = (now, request);
    }

    /// Something changed that is not a request.
    fn changed(&mut self, now: Time, change: WorldChange) {
        let _ = (now, change);
    }

    /// A window or a declared interval ends. Called before anything else at that instant.
    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        let _ = (now, gauges);
    }
}

/// An observer that sees nothing, at no cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blind;

impl Probe for Blind {}

/// A request that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinishedRequest {
    /// Whose it was.
    pub population: PopulationId,
    /// Which user's, from 0 within the population.
    pub user: u32,
    /// When it was born.
    pub born: Time,
    /// How it ended: as its last attempt.
    pub outcome: Outcome,
    /// How many attempts it took.
    pub attempts: u32,
    /// Answered, but later than its population's limit.
    pub slow: bool,
}

/// A change of the world that is worth telling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WorldChange {
    /// A timeline entry was carried out.
    Entry(EntryId),
    /// An entry's effect ended by itself.
    EntryEnded(EntryId),
    /// An instance took up a configuration version, from 0.
    Adopted(InstanceId, u32),
    /// A backend's condition changed.
    Backend(BackendId, BackendState),
    /// All instances stop sending new attempts to a backend, or (`false`) begin again.
    Draining(BackendId, bool),
    /// A member is up, or (`false`) down, in the view of one balancer process.
    Member(InstanceId, BackendId, bool),
    /// The autoscaler wants another number of members.
    Scaled {
        /// As many as there were.
        from: u32,
        /// As many as there will be.
        to: u32,
    },
    /// A cause of failures struck, or (`false`) is over.
    Cause(CauseId, bool),
    /// An alert fired or (`false`) resolved.
    Alert(AlertId, bool),
}

/// A backend's condition in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendState {
    /// Serves at normal speed.
    Up,
    /// Serves, more slowly.
    Slow,
    /// Answers errors.
    Failing,
    /// Accepts, never answers.
    Unresponsive,
    /// Restarting: port closed.
    Starting,
    /// Port closed.
    Down,
}

impl BackendState {
    /// Whether a client gets no answer from it, not even an error.
    pub fn is_unresponsive(self) -> bool {
        matches!(self, Self::Unresponsive | Self::Starting | Self::Down)
    }

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Slow => "slow",
            Self::Failing => "failing",
            Self::Unresponsive => "unresponsive",
            Self::Starting => "starting",
            Self::Down => "down",
        }
    }
}

/// Readings of the world at one instant. Counters and integrals are since the start of the run.
#[derive(Debug)]
pub struct Gauges<'a> {
    /// Per backend, in order.
    pub backends: &'a [BackendGauge],
    /// The database.
    pub database: Option<DatabaseGauge>,
    /// Requests born.
    pub requests: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Requests in flight.
    pub in_flight: u64,
}

/// Readings of one backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackendGauge {
    /// Attempts that reached it.
    pub reached: u64,
    /// Answered with success to a client that was still there.
    pub succeeded: u64,
    /// Turned away because the queue was full, or after having waited too long in it.
    pub rejected: u64,
    /// Served although the client had left.
    pub wasted: u64,
    /// Occupied worker-nanoseconds.
    pub busy_ns: u128,
    /// Waiting attempt-nanoseconds.
    pub waiting_ns: u128,
    /// Nanoseconds in a state that gives no answer.
    pub unresponsive_ns: u128,
    /// Waiting now.
    pub waiting: u32,
    /// Most waiting at once since the last sample.
    pub waiting_peak: u32,
    /// Changes of its condition.
    pub state_changes: u64,
}

/// Readings of the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseGauge {
    /// Queries begun.
    pub queries: u64,
    /// Occupied connection-nanoseconds.
    pub busy_ns: u128,
    /// Attempt-nanoseconds spent waiting for a connection.
    pub waiting_ns: u128,
    /// Most waiting at once since the last sample.
    pub waiting_peak: u32,
}
