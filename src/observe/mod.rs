//! What is seen of a run: counts, series, users, balance, recovery; in the end a
//! [`result::RunResult`], plain data that everything above reads.
//!
//! **Architecture invariant:** an observer cannot change the world, and a run's digest is the same
//! with and without one.

pub mod metric;
pub mod recorder;
pub mod recovery;
pub mod result;

mod figures;
mod people;
mod pieces;
mod segments;
mod successes;
