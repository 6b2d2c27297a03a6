//! Whether something that was done to the system is still in force, and since when no more.

use super::backend::Backend;
use super::database::Database;
use super::world::World;
use crate::engine::time::Time;

/// What is known of the causes so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Disturbance {
    is_on: bool,
    over_at: Option<Time>,
}

impl World {
    /// Whether something that was done to the system is still in force: a fault, a surge, a
    /// drain, or a configuration other than the first.
    pub fn is_disturbed(&self) -> bool {
        let first = &self.versions[0];
        self.backends.iter().any(Backend::has_faults)
            || self.database.as_ref().is_some_and(Database::has_faults)
            || self.network.as_ref().is_some_and(|network| network.has_faults())
            || self.has_surges()
            || !self.drains.is_empty()
            || self.routes.iter().any(|&id| self.instances[usize::from(id)].config != **first)
    }

    /// When the last of what was done to the system was over; `None` if nothing lasting ever was in
    /// force, or something still is.
    pub fn undisturbed_since(&self) -> Option<Time> {
        self.disturbance.over_at.filter(|_| !self.disturbance.is_on)
    }

    /// To be called after whatever may begin or end a disturbance.
    pub(super) fn note_disturbance(&mut self) {
        let is_on = self.is_disturbed();
        if self.disturbance.is_on && !is_on {
            self.disturbance.over_at = Some(self.now);
        }
        self.disturbance.is_on = is_on;
    }
}
