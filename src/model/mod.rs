//! The world: clients, balancer instances, backends, a database, a timeline, alerts.
//!
//! One request: a population bears it (`client`) with attributes that are keyed hashes of its
//! identity; an instance picks a member (`dispatch`, [`balancer`]); the member queues, serves,
//! rejects or ignores it (`backend`); the answer, or the client's patience, ends the attempt; the
//! client tries again or is done. Everything that changes is told to a [`probe::Probe`].
//!
//! **Architecture invariant:** no serde, no path, no thread, no clock, no standard output here.

pub mod balancer;
pub mod outcome;
pub mod probe;
pub mod run;
pub mod setup;
pub mod world;

mod alert;
mod autoscale;
mod backend;
mod causes;
mod checks;
mod client;
mod database;
mod dispatch;
mod disturbance;
mod event;
mod express;
#[cfg(test)]
pub(crate) mod fixture;
mod invariant;
mod network;
mod probing;
mod request;
pub mod station;
mod straight;
#[cfg(test)]
mod tests;
mod timeline;
mod tries;
mod waiting;
