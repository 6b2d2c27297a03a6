//! A backend: workers, a bounded queue, and everything that can be wrong with it.

mod crash;
mod memory;
mod pauses;
mod queueing;
mod serve;
mod warmth;

use crash::Deaths;
use memory::MemoryUse;
use pauses::PauseState;
use warmth::Cold;

use super::probe::{BackendGauge, BackendState};
use super::setup::{BackendSetup, CauseId, EntryId, Fault, FaultKind};
use super::station::Station;
use super::station::reading::Reading;
use crate::engine::dist::Distribution;
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};

/// A fault in force.
#[derive(Clone, Copy, Debug)]
struct ActiveFault {
    fault: Fault,
    source: Source,
}

/// Where a fault comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// It was there when the scenario began, or an autoscaler has no use for the backend.
    Design,
    /// Somebody began it: an entry, or (`None`) the operator of a drill.
    Done(Option<EntryId>),
    /// It struck at random.
    Cause(CauseId),
}

/// What a backend's faults amount to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Condition {
    /// Connections are refused.
    pub(super) refuses: bool,
    /// No process runs.
    pub(super) stopped: bool,
    /// Connections are neither accepted nor refused.
    pub(super) unreachable: bool,
    /// Work stands still.
    pub(super) hangs: bool,
    /// Work takes so many times as long.
    pub(super) slowdown: f64,
    /// Every attempt gets this error.
    pub(super) fails: Option<(super::outcome::Outcome, Span)>,
}

impl Condition {
    /// Nothing is wrong.
    pub(super) const NORMAL: Self = Self {
        refuses: false,
        stopped: false,
        unreachable: false,
        hangs: false,
        slowdown: 1.0,
        fails: None,
    };

    /// Whether whoever comes is taken in, if there is room.
    #[inline]
    pub(super) fn takes_in(&self) -> bool {
        !self.refuses && !self.unreachable && !self.hangs && self.fails.is_none()
    }

    fn and(mut self, fault: Fault) -> Self {
        match fault {
            Fault::Down => (self.refuses, self.stopped) = (true, true),
            Fault::Refuse => self.refuses = true,
            Fault::Unreachable => self.unreachable = true,
            Fault::Hang => self.hangs = true,
            Fault::Slow(factor) => self.slowdown *= factor,
            // Of several, the one that began first is the answer.
            Fault::Fail { outcome, after } => self.fails = self.fails.or(Some((outcome, after))),
        }
        self
    }
}

/// A server at run time.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    pub(super) station: Station,
    /// Whether attempts may come and go straight.
    pub(super) straight: bool,
    /// What work takes here, and how many may wait: at hand for those that go straight.
    pub(super) service: Distribution,
    pub(super) queue: Option<u32>,
    faults: Vec<ActiveFault>,
    /// Restarting: refuses until it has started.
    starting: bool,
    /// Overload has made it unresponsive.
    overloaded: bool,
    /// It has died by itself, and is not yet being started again.
    dead: bool,
    deaths: Deaths,
    /// It pauses.
    paused: bool,
    pauses: Option<PauseState>,
    memory: MemoryUse,
    /// How cold it is, while it is.
    cold: Option<Cold>,
    pub(super) condition: Condition,
    pub(super) state: BackendState,
    /// Counts restarts and crashes: a timer of an earlier life is dropped.
    pub(super) life: u32,
    pub(super) gauge: BackendGauge,
    /// Smoothed time in system of the attempts it has served; zero before the first.
    pub(super) latency: Span,
    state_since: Time,
}

impl Backend {
    /// `stream`: for the draws of its discipline.
    pub(super) fn new(setup: &BackendSetup, stream: Stream) -> Self {
        let contention = setup.contention.as_ref();
        let mut backend = Self {
            station: Station::with(setup.workers, &setup.discipline, contention, stream),
            straight: false,
            service: setup.service.clone(),
            queue: setup.queue,
            faults: Vec::new(),
            starting: false,
            overloaded: false,
            dead: false,
            deaths: Deaths::default(),
            paused: false,
            pauses: None,
            memory: MemoryUse::new(Time::ZERO),
            cold: None,
            condition: Condition::NORMAL,
            state: BackendState::Up,
            life: 0,
            gauge: BackendGauge::default(),
            latency: Span::ZERO,
            state_since: Time::ZERO,
        };
        if !setup.up_at_start {
            backend.faults.push(ActiveFault { fault: Fault::Down, source: Source::Design });
            backend.fold(setup, Time::ZERO);
            backend.gauge.state_changes = 0;
        }
        backend
    }

    /// Whether it takes attempts in as usual.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.straight && self.condition.takes_in()
    }

    /// Folds what is wrong into the condition. Returns the new state if it changed.
    pub(super) fn fold(&mut self, setup: &BackendSetup, now: Time) -> Option<BackendState> {
        let mut condition = self.faults.iter().fold(Condition::NORMAL, |c, f| c.and(f.fault));
        let is_gone = self.starting || self.dead;
        condition.refuses |= is_gone;
        condition.stopped |= is_gone;
        condition.hangs |= self.overloaded;
        if let Some(slowness) = self.slowness(setup) {
            condition.slowdown *= slowness;
        }
        // Pauses come and go too often to be a state of their own.
        let state = self.state_of(condition);
        condition.hangs |= self.paused;
        self.condition = condition;
        let stands_still = condition.hangs || condition.stopped;
        self.station.slow_down(now, condition.slowdown, stands_still);
        if state == self.state {
            return None;
        }
        self.account_state(now);
        self.state = state;
        self.gauge.state_changes += 1;
        Some(state)
    }

    fn state_of(&self, condition: Condition) -> BackendState {
        if self.starting {
            BackendState::Starting
        } else if condition.refuses {
            BackendState::Down
        } else if condition.hangs || condition.unreachable {
            BackendState::Unresponsive
        } else if condition.fails.is_some() {
            BackendState::Failing
        } else if condition.slowdown > 1.0 {
            BackendState::Slow
        } else {
            BackendState::Up
        }
    }

    /// A fault begins.
    pub(super) fn begin(&mut self, fault: Fault, source: Option<EntryId>) {
        self.faults.push(ActiveFault { fault, source: Source::Done(source) });
    }

    /// Its process is not needed.
    pub(super) fn stand_down(&mut self) {
        self.faults.push(ActiveFault { fault: Fault::Down, source: Source::Design });
    }

    /// A cause strikes it.
    pub(super) fn strike(&mut self, fault: Fault, cause: CauseId) {
        self.faults.push(ActiveFault { fault, source: Source::Cause(cause) });
    }

    /// What a cause did ends.
    pub(super) fn end_strike(&mut self, cause: CauseId) {
        self.faults.retain(|f| f.source != Source::Cause(cause));
    }

    /// Faults of a kind end; only that of one entry, if one is given.
    pub(super) fn end(&mut self, kind: FaultKind, of: Option<EntryId>) {
        let other = |f: &ActiveFault| of.is_some() && f.source != Source::Done(of);
        self.faults.retain(|f| f.fault.kind() != kind || other(f));
    }

    /// The process stops: what was wrong with the process itself is over with it.
    pub(super) fn stop_process(&mut self) {
        self.life = self.life.wrapping_add(1);
        // Until its condition is worked out anew: nobody gets in while it dies.
        self.condition.refuses = true;
        self.overloaded = false;
        self.paused = false;
        self.cold = None;
        self.starting = false;
    }

    /// The process comes back: it is not down, deaf or hung any more, but starting.
    pub(super) fn begin_start(&mut self) {
        let ends = [FaultKind::Down, FaultKind::Refuse, FaultKind::Hang];
        self.faults.retain(|f| !ends.contains(&f.fault.kind()));
        self.starting = true;
        self.dead = false;
    }

    /// It accepts connections.
    pub(super) fn finish_start(&mut self, setup: &BackendSetup) {
        self.starting = false;
        self.cool_down(setup);
    }

    /// Whether the queue has just become too long for it.
    pub(super) fn is_overwhelmed(&self, setup: &BackendSetup) -> bool {
        !self.overloaded
            && setup.overload.is_some_and(|overload| self.station.waiting() >= overload.queue)
    }

    /// Overload makes it unresponsive, or that state ends.
    pub(super) fn set_overloaded(&mut self, overloaded: bool) {
        self.overloaded = overloaded;
    }

    /// Whether a cause that someone began is still in force.
    pub(super) fn has_faults(&self) -> bool {
        self.faults.iter().any(|fault| fault.source != Source::Design)
    }

    /// Whether a crash keeps its port closed.
    pub(super) fn is_down(&self) -> bool {
        self.faults.iter().any(|f| f.fault.kind() == FaultKind::Down)
    }

    /// Readings now, all of this backend's attempts accounted for. The next ones have a new peak.
    ///
    /// # Panics
    /// If an attempt was lost: that is a bug in misroute.
    pub(super) fn read(&mut self, now: Time) -> BackendGauge {
        self.account_state(now);
        let Reading { busy_ns, waiting_ns, waiting, waiting_peak } = self.station.read(now);
        let accounted = self.gauge.succeeded + self.gauge.rejected + self.gauge.wasted;
        assert!(accounted <= self.gauge.reached, "a backend served more than reached it");
        BackendGauge { busy_ns, waiting_ns, waiting, waiting_peak, ..self.gauge }
    }

    fn account_state(&mut self, now: Time) {
        if self.state.is_unresponsive() {
            self.gauge.unresponsive_ns += u128::from(now.since(self.state_since).as_ns());
        }
        self.state_since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};
    use proptest::prelude::*;

    fn fault(number: u8) -> Fault {
        match number % 4 {
            0 => Fault::Down,
            1 => Fault::Hang,
            2 => Fault::Slow(1.5 + f64::from(number)),
            _ => {
                Fault::Fail { outcome: super::super::outcome::Outcome::Http500, after: Span::ZERO }
            }
        }
    }

    proptest! {
        /// However faults overlap, once each has ended the backend is as it was.
        #[test]
        fn overlapping_faults_end_cleanly(
            kinds in prop::collection::vec(any::<u8>(), 1..8), order in any::<prop::sample::Index>()
        ) {
            let setup = crate::model::fixture::backend("b");
            let stream = Stream::new(Seed::new(1), Purpose::Test, 0);
            let mut backend = Backend::new(&setup, stream);
            for (id, &kind) in kinds.iter().enumerate() {
                backend.begin(fault(kind), Some(EntryId(id as u16)));
            }
            let first = order.index(kinds.len());
            for step in 0..kinds.len() {
                let id = (first + step) % kinds.len();
                backend.end(fault(kinds[id]).kind(), Some(EntryId(id as u16)));
            }
            backend.fold(&setup, Time::from_ns(1));
            prop_assert_eq!(backend.condition, Condition::NORMAL);
            prop_assert_eq!(backend.state, BackendState::Up);
        }
    }
}
