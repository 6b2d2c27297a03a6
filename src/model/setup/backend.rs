//! What serves requests.

use super::{ColdStart, OwnFaults};
use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::model::station::Contention;
use crate::model::station::discipline::DisciplineConfig;

/// A server.
#[derive(Clone, Debug)]
pub struct BackendSetup {
    /// Unique name.
    pub name: String,
    /// Which random numbers it draws, equal to no other backend's; `None`: those of its position in
    /// the list.
    pub stream: Option<u32>,
    /// Attempts in service at once. At least 1.
    pub workers: u32,
    /// Attempts that may wait for a worker, or for a part of shared ones; `None`: any number.
    pub queue: Option<u32>,
    /// The work an attempt asks for, at normal speed.
    pub service: Distribution,
    /// The answer when the queue is full.
    pub full: Outcome,
    /// Who is served next, and how workers are shared.
    pub discipline: DisciplineConfig,
    /// Whoever has waited for longer when its turn comes is turned away.
    pub queue_age: Option<Span>,
    /// How long each request waits in line before it is turned away, at that very moment.
    pub patience: Option<Distribution>,
    /// The answer to whoever has waited too long, for the backend or its discipline.
    pub late: Outcome,
    /// How concurrency slows it down.
    pub contention: Option<Contention>,
    /// What becomes of work whose client has left.
    pub abandoned: Abandoned,
    /// What overload does beyond filling the queue.
    pub overload: Option<Overload>,
    /// Time from a restart to accepting connections; until then they are refused.
    pub start_time: Span,
    /// Slowness after a restart.
    pub cold_start: Option<ColdStart>,
    /// What its process does to itself.
    pub own_faults: OwnFaults,
    /// Whether the server runs when the scenario begins.
    pub up_at_start: bool,
}

/// What a backend does with an attempt whose client has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// Serves it all the same: it cannot know.
    Finish,
    /// Drops it when it would enter service, at no cost.
    Skip,
    /// Drops it as soon as the balancer has closed the connection, waiting or in service; a
    /// process that hangs notices when it goes on.
    Cancel,
}

/// Overload that makes a backend stop answering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overload {
    /// Number of waiting attempts at which it stops answering.
    pub queue: u32,
    /// What ends the state.
    pub until: OverloadEnd,
}

/// What brings an unresponsive backend back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OverloadEnd {
    /// Only a restart, which loses the work in it.
    Restart,
    /// Time; it resumes where it stopped.
    After(Span),
}
