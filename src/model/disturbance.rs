//! Whether something that was done to the system is still in force, and since when no more.

use super::backend::Backend;
use super::database::Database;
use super::world::World;
use crate::engine::time::Time;

/// From when until when something that was done to the system was in force; no end: it still is.
pub type Disturbed = (Time, Option<Time>);

/// What is known of the causes so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Disturbance {
    is_on: bool,
    stretches: Vec<Disturbed>,
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
            // Configurations are long; where nobody ever changed the first one, nobody has another.
            || (self.versions.len() > 1
                && self.routes.iter().any(|&id| self.instances[usize::from(id)].config != **first))
    }

    /// When something lasting was in force, in order. Several stretches that lie in one user window
    /// are one, so that there are no more of them than windows.
    pub fn disturbances(&self) -> &[Disturbed] {
        &self.disturbance.stretches
    }

    /// To be called after whatever may begin or end a disturbance.
    pub(super) fn note_disturbance(&mut self) {
        let is_on = self.is_disturbed();
        if self.disturbance.is_on == is_on {
            return;
        }
        self.disturbance.is_on = is_on;
        let length = self.setup.observation.user_window.as_ns().max(1);
        let window = |at: Time| at.as_ns() / length;
        let now = window(self.now);
        let stretches = &mut self.disturbance.stretches;
        match stretches.last_mut() {
            Some((_, end)) if !is_on => *end = Some(self.now),
            Some((begin, end @ Some(_))) if window(*begin) == now => *end = None,
            _ => stretches.push((self.now, None)),
        }
    }
}
