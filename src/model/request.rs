//! Requests and attempts: what the slabs hold.

use super::balancer::Tried;
use super::balancer::lines::Line;
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
    /// How many of them were hedges.
    pub(super) hedges: u16,
}

/// One attempt of a client, and the try at a member that it is in; lives until nobody works on it
/// any more, which may be long after its client left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) sender: Sender,
    /// Whose it is; `None` once the client has its answer or has left, and while it is `alone`.
    pub(super) request: Option<Handle>,
    /// It is its request's first attempt, and all that is known of it: there is no [`Request`] until
    /// somebody asks for one ([`super::world::World::claim`]).
    pub(super) alone: bool,
    /// Whether its request is done without it, but its client has not closed its connection: it waits
    /// for the answer as long as it would have, only to have the connection free and to learn from it.
    pub(super) spare: bool,
    pub(super) population: PopulationId,
    pub(super) user: u32,
    pub(super) index: u64,
    /// The how manieth attempt of its request it is, from 1; 65,535 stands for all beyond.
    pub(super) number: u16,
    /// The balancer process that has it.
    pub(super) instance: InstanceId,
    /// And that process' thread.
    pub(super) thread: u16,
    /// Whether the balancer still works on it.
    pub(super) held: bool,
    /// The member it was sent to, once one is picked.
    pub(super) backend: Option<BackendId>,
    /// Members that have failed it.
    pub(super) tried: Tried,
    /// When the client was to send it, and was let by what it has learned.
    pub(super) allowed: Time,
    /// When the client sent it: later, if it waited for a connection.
    pub(super) asked: Time,
    /// When the balancer got it.
    pub(super) sent: Time,
    /// When it was sent to this member, or got in line. Once the balancer has left: when the member
    /// hears of that.
    pub(super) since: Time,
    /// How long after that the member got it, in microseconds.
    pub(super) lag: u32,
    /// Which of its ways through the network it is on: what belongs to an earlier one is stale.
    pub(super) leg: u16,
    /// Tries after the first so far.
    pub(super) retries: u16,
    /// How many connections and waits in line it has begun, modulo 65,536: a timer of an earlier one
    /// is stale.
    pub(super) turn: u16,
    pub(super) place: Place,
}

impl Attempt {
    /// An attempt that reaches a member, if one was picked for it, when it is sent. It is its request's
    /// first, unless that is `known`: then the how manieth it is.
    #[inline]
    pub(super) fn sent(
        now: Time,
        (population, user, index): (PopulationId, u32, u64),
        (instance, thread): (InstanceId, u16),
        member: Option<BackendId>,
        known: Option<(Handle, u32)>,
    ) -> Self {
        Self {
            sender: Sender::Client,
            request: known.map(|(request, _)| request),
            alone: known.is_none(),
            spare: false,
            population,
            user,
            index,
            number: known.map_or(1, |(_, number)| number.min(u32::from(u16::MAX)) as u16),
            instance,
            thread,
            held: true,
            backend: member,
            tried: Tried::default(),
            asked: now,
            sent: now,
            allowed: now,
            since: now,
            lag: 0,
            leg: 0,
            retries: 0,
            turn: u16::from(member.is_some()),
            place: if member.is_some() { Place::Station } else { Place::Balancer },
        }
    }

    /// Whether a client waits for its answer.
    #[inline]
    pub(super) fn is_awaited(&self) -> bool {
        self.alone || self.request.is_some()
    }

    /// Its request, of which nothing else is known while it is alone.
    #[inline]
    pub(super) fn sole_request(&self) -> Request {
        let Self { population, user, index, allowed, .. } = *self;
        Request { population, user, index, born: allowed, attempts: 1, hedges: 0 }
    }
}

/// Who sends something to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    /// A client, through a balancer.
    Client,
    /// A balancer that wants to know whether the backend is well.
    Check,
}

const _: () = assert!(size_of::<Request>() <= 32, "one per request in flight");
const _: () = assert!(size_of::<Attempt>() <= 104, "one per attempt in flight");

/// Where an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A connection that the balancer has not accepted yet.
    Backlog,
    /// At the balancer: not yet sent, connecting, or waiting to try again.
    Balancer,
    /// At the balancer, in line for a free slot.
    Line(Line),
    /// Inside a backend's station: waiting, in service, or at the database with its worker.
    Station,
    /// With its worker, waiting for a connection to the database.
    Unconnected,
    /// With its worker, at the database, which will answer this.
    Querying(Outcome),
    /// Still with its worker, back from the database with this while the process stands still.
    Replying(Outcome),
    /// Accepted by a backend that will answer with this error soon.
    Failing(Outcome),
    /// In vain at a backend that stands still, behind a full queue.
    Unheard,
    /// Nobody works on it any more.
    Left,
    /// On the way from the client to the balancer: a connection's nth message, of which the last is
    /// the request itself.
    Coming(u8),
    /// The same on the way to a member.
    Going(u8),
    /// On the way back from a member that did not accept the connection.
    Refused,
    /// On the way back from a member that has answered.
    Returning(Outcome),
    /// On the way back from a member that died.
    Reset,
    /// On the way back to the client.
    Answering(Outcome),
}

impl Place {
    /// Whether it has reached a backend.
    pub(super) fn is_at_backend(self) -> bool {
        !matches!(self, Self::Backlog | Self::Balancer | Self::Line(_)) && !self.is_underway()
    }

    /// Whether it crosses the network.
    pub(super) fn is_underway(self) -> bool {
        matches!(
            self,
            Self::Coming(_)
                | Self::Going(_)
                | Self::Refused
                | Self::Returning(_)
                | Self::Reset
                | Self::Answering(_)
        )
    }

    /// Whether a backend works on it, or will.
    pub(super) fn is_inside(self) -> bool {
        matches!(self, Self::Station | Self::Unconnected | Self::Querying(_) | Self::Replying(_))
    }
}
