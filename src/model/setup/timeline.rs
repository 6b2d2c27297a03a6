//! What is done to the system, and when.

use super::{AlertId, BackendId, EntryId, LinkEnd, LinkFault, PopulationId};
use super::{Change, Rollout};
use crate::engine::time::{Span, Time};
use crate::model::outcome::Outcome;

/// Something that is done to the system.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// Unique name; drawn in plots.
    pub name: String,
    /// When.
    pub trigger: Trigger,
    /// What.
    pub action: Action,
    /// After this long the entry's faults are taken back.
    pub lasts: Option<Span>,
}

/// When a timeline entry happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trigger {
    /// At a time.
    At(Time),
    /// So long after an alert first fires: an automatic responder, or a person on call.
    AfterAlert(AlertId, Span),
}

/// What can be done to the system. A drill's operator does the same things.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Changes of the newest balancer configuration, in force until they are taken back.
    Configure {
        /// What it changes.
        changes: Vec<Change>,
        /// When each instance takes it up.
        rollout: Rollout,
    },
    /// A `Configure` entry's changes are taken back, and all that came after them.
    Rollback {
        /// Whose; `None`: the last one's that is still in force.
        of: Option<EntryId>,
        /// When each instance takes it up.
        rollout: Rollout,
    },
    /// New processes take over with the newest configuration, and know nothing.
    Reload(Rollout),
    /// A fault begins. Crashing a backend also loses the work in it.
    Begin {
        /// On which backends.
        targets: Vec<BackendId>,
        /// What is wrong with them.
        fault: Fault,
    },
    /// Faults of one kind end on these backends.
    End {
        /// On which backends.
        targets: Vec<BackendId>,
        /// Of which kind.
        kind: FaultKind,
        /// Only the fault that this entry began.
        of: Option<EntryId>,
    },
    /// A fault of links begins.
    BeginLink(LinkFault),
    /// Faults of links end.
    EndLink {
        /// Of which kind.
        kind: LinkEnd,
        /// Only the fault that this entry began.
        of: Option<EntryId>,
    },
    /// Processes are stopped and started anew: work in them is lost, a crash, a hang or an
    /// unresponsive state is over once they are up.
    Restart {
        /// Which backends, all at once.
        targets: Vec<BackendId>,
    },
    /// One backend after another is drained, restarted, and taken back when it is up.
    RollingRestart {
        /// In this order.
        targets: Vec<BackendId>,
        /// How long each takes no new traffic before it is restarted.
        drain: Span,
        /// Pause between one being up and the next being drained.
        pause: Span,
    },
    /// All instances stop sending new attempts to these backends.
    Drain(Vec<BackendId>),
    /// The reverse of `Drain`.
    Undrain(Vec<BackendId>),
    /// A population's rate is multiplied, until `Calm`.
    Surge {
        /// Which population; `None`: all.
        population: Option<PopulationId>,
        /// By how much; not negative.
        factor: f64,
    },
    /// A surge that comes and goes by itself.
    FlashCrowd {
        /// Which population; `None`: all.
        population: Option<PopulationId>,
        /// How it comes and goes.
        crowd: FlashCrowd,
    },
    /// Surges end.
    Calm {
        /// Which population; `None`: all.
        population: Option<PopulationId>,
    },
    /// A fault of the database begins: down, hanging, slow, or failing.
    DatabaseBegin(Fault),
    /// Faults of the database of one kind end.
    DatabaseEnd {
        /// Of which kind.
        kind: FaultKind,
        /// Only the fault that this entry began.
        of: Option<EntryId>,
    },
    /// The database is stopped and started anew: queries are lost, a crash or a hang is over.
    DatabaseRestart,
    /// The database stops for so long; queries in it go on afterwards.
    DatabasePause(Span),
    /// Something people did that touches nothing here; shown in plots.
    Note,
}

/// A rate's factor goes evenly from 1 up to a height, stays there, and goes back to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlashCrowd {
    /// The height; not negative.
    pub factor: f64,
    /// How long it takes to get there.
    pub rise: Span,
    /// How long it stays.
    pub hold: Span,
    /// How long it takes to be over.
    pub decay: Span,
}

impl Action {
    /// Whether it can only be meant to put something right.
    pub fn is_repair(&self) -> bool {
        match self {
            Self::Rollback { .. }
            | Self::Reload(_)
            | Self::End { .. }
            | Self::EndLink { .. }
            | Self::Restart { .. }
            | Self::RollingRestart { .. }
            | Self::Undrain(_)
            | Self::Calm { .. }
            | Self::DatabaseEnd { .. }
            | Self::DatabaseRestart => true,
            Self::Configure { .. }
            | Self::Begin { .. }
            | Self::BeginLink(_)
            | Self::Drain(_)
            | Self::Surge { .. }
            | Self::FlashCrowd { .. }
            | Self::DatabaseBegin(_)
            | Self::DatabasePause(_)
            | Self::Note => false,
        }
    }

    /// Whether it puts something right if something is wrong by then: a new configuration, or
    /// taking somebody out.
    pub fn may_repair(&self) -> bool {
        self.is_repair() || matches!(self, Self::Configure { .. } | Self::Drain(_))
    }
}

/// What can be wrong with a backend. Faults on one backend form a list that is folded into its
/// condition, so overlapping ones compose and end cleanly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The process is dead and its port closed: connections are refused, work in it is lost.
    Down,
    /// Port closed: connections are refused, work inside goes on.
    Refuse,
    /// Packets are lost: a connection is neither accepted nor refused.
    Unreachable,
    /// Accepts, never answers; work stands still.
    Hang,
    /// Work takes so many times as long; factors multiply.
    Slow(f64),
    /// Answers every attempt with an error, without using a worker.
    Fail {
        /// The error.
        outcome: Outcome,
        /// After this long.
        after: Span,
    },
}

/// A fault without its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// [`Fault::Down`].
    Down,
    /// [`Fault::Refuse`].
    Refuse,
    /// [`Fault::Unreachable`].
    Unreachable,
    /// [`Fault::Hang`].
    Hang,
    /// [`Fault::Slow`].
    Slow,
    /// [`Fault::Fail`].
    Fail,
}

impl Fault {
    /// Which kind this is.
    pub fn kind(self) -> FaultKind {
        match self {
            Self::Down => FaultKind::Down,
            Self::Refuse => FaultKind::Refuse,
            Self::Unreachable => FaultKind::Unreachable,
            Self::Hang => FaultKind::Hang,
            Self::Slow(_) => FaultKind::Slow,
            Self::Fail { .. } => FaultKind::Fail,
        }
    }
}
