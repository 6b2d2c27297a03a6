//! Requests and attempts: what the slabs hold.

use super::balancer::Tried;
use super::outcome::Outcome;
use super::setup::{BackendId, InstanceId, PopulationId};
use crate::engine::slab::Handle;
use crate::engine::time::Time;

/// What a user wants; lives from its birth to its outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) population: PopulationId,
    pub(super) user: u32,
    /// Position among its population's requests: with the population, its identity.
    pub(super) index: u64,
    pub(super) born: Time,
    /// Attempts sent so far.
    pub(super) attempts: u32,
}

/// One try; lives until nobody works on it any more, which may be long after its client left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// Whose it is; `None` once the client or the balancer has given it up.
    pub(super) request: Option<Handle>,
    pub(super) population: PopulationId,
    pub(super) index: u64,
    pub(super) instance: InstanceId,
    /// The member it was sent to, once one is picked.
    pub(super) backend: Option<BackendId>,
    /// Members that refused it and must not get it again.
    pub(super) tried: Tried,
    pub(super) sent: Time,
    /// Connect retries that are left.
    pub(super) connect_retries: u32,
    pub(super) place: Place,
}

/// Where an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At the balancer: not yet sent, or waiting to connect again.
    Balancer,
    /// Inside a backend's station: waiting, in service, or at the database with its worker.
    Station,
    /// Still with its worker, back from the database while the process stands still.
    Replying,
    /// Accepted by a backend that will answer with this error soon.
    Failing(Outcome),
    /// In vain at a backend that stands still, behind a full queue.
    Unheard,
    /// Nobody works on it any more.
    Left,
}
