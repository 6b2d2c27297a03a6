//! What is wrong with the database, and what is done to it.

use super::Database;
use crate::engine::time::{Span, Time};
use crate::model::event::{Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::Place;
use crate::model::setup::{EntryId, Fault, FaultKind};
use crate::model::world::World;

/// Faults and pauses in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// By the entry that began them.
    list: Vec<(Option<EntryId>, Fault)>,
    pauses: u32,
}

impl Faults {
    /// Whether connections are refused.
    pub(super) fn refuses(&self) -> bool {
        self.list.iter().any(|(_, fault)| matches!(fault, Fault::Down | Fault::Refuse))
    }

    /// What queries end with that begin now, and after how long; of several faults the first.
    pub(super) fn fails(&self) -> Option<(Outcome, Span)> {
        self.list.iter().find_map(|(_, fault)| match *fault {
            Fault::Fail { outcome, after } => Some((outcome, after)),
            _ => None,
        })
    }

    fn stands_still(&self) -> bool {
        self.pauses > 0 || self.list.iter().any(|(_, fault)| fault.kind() == FaultKind::Hang)
    }

    fn slowdown(&self) -> f64 {
        let factor = |(_, fault): &(_, Fault)| match *fault {
            Fault::Slow(factor) => factor,
            _ => 1.0,
        };
        self.list.iter().map(factor).product()
    }
}

impl Database {
    fn fold(&mut self, now: Time) {
        self.station.slow_down(now, self.faults.slowdown(), self.faults.stands_still());
    }

    /// Whether a cause that someone began is still in force.
    pub(in crate::model) fn has_faults(&self) -> bool {
        !self.faults.list.is_empty() || self.faults.pauses > 0
    }
}

impl World {
    /// Changes what is wrong with the database.
    fn refold_database(&mut self, change: impl FnOnce(&mut Faults)) {
        if let Some(database) = &mut self.database {
            change(&mut database.faults);
            database.fold(self.now);
            self.schedule_query();
        }
    }

    /// A fault of the database begins. If it goes down, every query is lost.
    pub(in crate::model) fn begin_database_fault(
        &mut self,
        fault: Fault,
        source: Option<EntryId>,
        probe: &mut impl Probe,
    ) {
        self.refold_database(|faults| faults.list.push((source, fault)));
        if fault.kind() == FaultKind::Down {
            self.lose_queries(probe);
        }
    }

    /// Faults of a kind end; only that of one entry, if one is given.
    pub(in crate::model) fn end_database_fault(&mut self, kind: FaultKind, of: Option<EntryId>) {
        self.refold_database(|faults| {
            faults
                .list
                .retain(|&(source, fault)| fault.kind() != kind || (of.is_some() && source != of));
        });
    }

    /// The database is stopped and started anew: every query is lost, a crash or a hang is over.
    pub(in crate::model) fn restart_database(&mut self, probe: &mut impl Probe) {
        self.lose_queries(probe);
        self.end_database_fault(FaultKind::Down, None);
        self.end_database_fault(FaultKind::Hang, None);
    }

    pub(in crate::model) fn pause_database(&mut self, span: Span) {
        self.refold_database(|faults| faults.pauses += 1);
        self.queue.push(self.now + span, TIMERS, Event::DatabaseResumes);
    }

    pub(in crate::model) fn on_database_resumes(&mut self) {
        self.refold_database(|faults| faults.pauses -= 1);
        self.note_disturbance();
    }

    /// Every connection is closed: attempts that had one or waited for one are answered an error.
    fn lose_queries(&mut self, probe: &mut impl Probe) {
        let Some(database) = &mut self.database else { return };
        database.station.clear(self.now);
        database.orphans.clear();
        if let Some(pools) = &mut database.pools {
            pools.clear();
        }
        let error = self.database_setup().error;
        let at_database = |place| matches!(place, Place::Unconnected | Place::Querying(_));
        let lost = self.attempts_where(|attempt| at_database(attempt.place));
        // Each has left the database before the first answer leads to anything else.
        for &handle in &lost {
            self.place(handle, Place::Station);
        }
        for handle in lost {
            if let Some(id) = self.attempts.get(handle).and_then(|attempt| attempt.backend) {
                self.on_query_answered(handle, id, error, probe);
            }
        }
    }
}
