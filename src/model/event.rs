//! Everything that can happen, and what comes first at one instant.

use super::autoscale::ScaleStep;
use super::checks::Due;
use super::network::Crossing;
use super::setup::{AlertId, BackendId, CauseId, EntryId, InstanceId, PopulationId};
use crate::engine::queue::Class;
use crate::engine::slab::Handle;

/// An event in the list: small, `Copy`, matched exhaustively; data lives in slabs. Arrivals of
/// populations and completions of stations have places of their own there, and no event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    /// A window or an interval ends: probes receive a sample.
    Sample,
    /// Monitoring closes a slice of a rule's window, and evaluates the rule.
    AlertTick(AlertId),
    /// A timeline entry is carried out.
    Entry(EntryId),
    /// A timeline entry's `lasts` is over.
    EntryEnds(EntryId),
    /// A cause of failures strikes, or (`false`) is over.
    Cause { cause: CauseId, begins: bool },
    /// A backend's process pauses, or (`false`) goes on.
    Pause { backend: BackendId, begins: bool },
    /// The autoscaler's next step.
    Scale(ScaleStep),
    /// An instance takes up a configuration version.
    Adopt { instance: InstanceId, version: u32 },
    /// A backend's own timer, unless its life has ended since.
    BackendTimer { backend: BackendId, life: u32, what: BackendTimer },
    /// An attempt has waited too long for a connection to the database.
    DatabasePoolTimeout(Handle),
    /// A query has taken too long.
    QueryTimeout(Handle),
    /// A database pause is over.
    DatabaseResumes,
    /// A rolling restart's next step.
    Rolling { plan: u16, step: RollingStep },
    /// The balancer tries a refused connection again.
    ConnectRetry(Handle),
    /// A failing backend answers, unless that was another try.
    FailingReply { attempt: Handle, turn: u16 },
    /// An attempt has waited long enough in a backend's line.
    PatienceOver(Handle),
    /// A process' timer for one of its members, unless its configuration has changed since.
    Member { instance: InstanceId, member: BackendId, epoch: u16, due: Due },
    /// Passive ejection looks at all members of a process.
    Sweep { instance: InstanceId, epoch: u32 },
    /// A health check has waited long enough.
    CheckTimeout(Handle),
    /// A connection was not made in time, unless the attempt is on another way by now.
    ConnectTimeout { attempt: Handle, leg: u16 },
    /// The balancer's wait before another try is over.
    TryAgain(Handle),
    /// An attempt has waited long enough for a free slot, unless that was another wait.
    QueueTimeout { attempt: Handle, turn: u16 },
    /// A member has taken too long to answer, unless that was another try.
    ServerTimeout { attempt: Handle, turn: u16 },
    /// The balancer has waited long enough for this attempt.
    BalancerTimeout(Handle),
    /// A probed backend answers.
    ProbeAnswer { instance: InstanceId, thread: u16, backend: BackendId },
    /// Something has crossed the network.
    Crossed(Crossing),
    /// The client has waited long enough for this attempt.
    AttemptTimeout(Handle),
    /// The balancer has not accepted this attempt's connection in time.
    AcceptTimeout(Handle),
    /// A request's backoff is over.
    RetryDue(Handle),
    /// A request's newest attempt has gone unanswered for long, unless one was sent since.
    HedgeDue { request: Handle, attempts: u32 },
    /// The client has waited long enough for this request.
    RequestTimeout(Handle),
    /// A request has waited long enough for a connection, unless an attempt was sent since.
    PoolTimeout { request: Handle, attempts: u32 },
    /// A user's requests that wait for connections have a turn.
    PoolTurn { population: PopulationId, user: u32 },
    /// A connection has been idle for long, unless it was used since.
    ConnectionIdle(Handle),
    /// A connection is as old as it gets.
    ConnectionAged(Handle),
    /// An open-loop user who had given up is back, and asks at once.
    Returned { population: PopulationId, user: u32 },
    /// A user has thought, and sends the request of this identity.
    Thought { population: PopulationId, index: u64 },
}

/// What a backend's timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BackendTimer {
    /// It accepts connections from now on.
    Started,
    /// It gets a bit warmer.
    Warmer,
    /// Its unresponsive state ends by itself.
    Responsive,
    /// Its memory may have reached its limit.
    Memory,
    /// It dies by itself.
    Dies,
    /// Its supervisor starts it again.
    Supervised,
}

/// The steps of a rolling restart, per backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RollingStep {
    /// Take the next backend out.
    Drain,
    /// Restart it.
    Restart,
    /// It is up: take it back.
    Done,
}

// Order at one instant; within a class, first in, first out.

/// Windows close before anything else happens at their end.
pub(super) const WINDOWS: Class = Class(0);
/// The timeline, rollouts and responders.
pub(super) const TIMELINE: Class = Class(1);
/// Work that is done.
pub(super) const COMPLETIONS: Class = Class(2);
/// Timers: an answer at the very instant of its timeout still counts.
pub(super) const TIMERS: Class = Class(3);
/// New requests see everything that has happened at their instant.
pub(super) const ARRIVALS: Class = Class(4);

const _: () = assert!(size_of::<Event>() <= 16, "events are copied often: keep them small");
