//! `[database]`.

use super::super::reader::{Reported, TableReader};
use super::backend::distribution;
use crate::model::outcome::Outcome;
use crate::model::setup::DatabaseSetup;

/// `[database]`, if there is one.
pub(super) fn database(top: &TableReader<'_>) -> Result<Option<DatabaseSetup>, Reported> {
    top.part("database", |table| {
        let connections = table.count32("connections");
        let query = distribution(table, "query");
        let (pool, queue) = (table.limit("pool"), table.limit("queue"));
        // What is wrong with one of them has been reported.
        let pool_timeout = table.duration_or("pool-timeout");
        let query_timeout = table.duration_or("query-timeout");
        let failing = table.ratio("failing");
        let error = table.choice("error").and_then(Outcome::from_name);
        Some(DatabaseSetup {
            connections: connections?,
            query: query?,
            pool: pool.ok()?,
            queue: queue.ok()?,
            pool_timeout,
            query_timeout,
            failing: failing?,
            error: error?,
        })
    })
}
