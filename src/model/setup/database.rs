//! The database behind all backends.

use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::outcome::Outcome;

/// A database behind all backends: each attempt, once a worker has done its own part, takes one
/// connection for the length of a query, and keeps its worker meanwhile. Connections are had first
/// come, first served: first one of its backend's pool, if that has a limit, then one of the
/// database's own, which all pools share.
#[derive(Clone, Debug)]
pub struct DatabaseSetup {
    /// Connections that the database has, for all backends together. At least 1.
    pub connections: u32,
    /// How long a query holds a connection.
    pub query: Distribution,
    /// Connections that each backend may hold or wait for at the database; `None`: any number.
    pub pool: Option<u32>,
    /// Attempts that may wait for a connection: in each backend with a `pool`, else all together;
    /// `None`: any number.
    pub queue: Option<u32>,
    /// How long an attempt waits for a connection; `None`: for ever.
    pub pool_timeout: Option<Span>,
    /// How long a query may take before it is given up, and its connection is free; `None`: for ever.
    pub query_timeout: Option<Span>,
    /// Share of queries that fail, at their end.
    pub failing: f64,
    /// What an attempt is answered whose query failed, or which had no connection in time.
    pub error: Outcome,
}

impl DatabaseSetup {
    /// One that only ever runs out of connections.
    pub fn plain(connections: u32, query: Distribution) -> Self {
        Self {
            connections,
            query,
            pool: None,
            queue: None,
            pool_timeout: None,
            query_timeout: None,
            failing: 0.0,
            error: Outcome::Http500,
        }
    }
}
