//! Cold starts: how slow a process still is, and what makes it warm.

use super::Backend;
use crate::model::event::BackendTimer;
use crate::model::probe::Probe;
use crate::model::setup::{BackendId, BackendSetup};
use crate::model::world::World;

/// How far a cold process has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cold {
    step: u32,
    served: u32,
}

impl Backend {
    /// It has just started: as cold as its setup says.
    pub(super) fn cool_down(&mut self, setup: &BackendSetup) {
        self.cold = setup.cold_start.is_some().then_some(Cold { step: 0, served: 0 });
    }

    /// How many times as long work takes.
    pub(super) fn slowness(&self, setup: &BackendSetup) -> Option<f64> {
        setup.cold_start.as_ref()?.factor(self.cold?.step)
    }

    fn warm_up_to(&mut self, setup: &BackendSetup, step: u32) {
        let factor = setup.cold_start.as_ref().and_then(|cold| cold.factor(step));
        self.cold = self.cold.filter(|_| factor.is_some()).map(|cold| Cold { step, ..cold });
    }
}

impl World {
    /// A cold process gets one step warmer as time passes.
    pub(super) fn warm_up(&mut self, id: BackendId) {
        let setup = &self.setup.backends[id.index()];
        let backend = &mut self.backends[id.index()];
        if let Some(cold) = backend.cold {
            backend.warm_up_to(setup, cold.step + 1);
        }
        self.expect_warmth(id);
    }

    /// When a cold process gets warmer, if that is a matter of time.
    pub(super) fn expect_warmth(&mut self, id: BackendId) {
        let cold_start = self.setup.backends[id.index()].cold_start.as_ref();
        if self.backends[id.index()].cold.is_some()
            && let Some(step) = cold_start.and_then(crate::model::setup::ColdStart::step_time)
        {
            self.set_backend_timer(id, self.now + step, BackendTimer::Warmer);
        }
    }

    /// A cold process has served an attempt, which may make it warmer.
    pub(super) fn warm_up_by_work(&mut self, id: BackendId, probe: &mut impl Probe) {
        let setup = &self.setup.backends[id.index()];
        let backend = &mut self.backends[id.index()];
        let (Some(cold), Some(cold_start)) = (&mut backend.cold, &setup.cold_start) else { return };
        cold.served += 1;
        let before = cold.step;
        if let Some(step) = cold_start.step_after(cold.served).filter(|&step| step > before) {
            backend.warm_up_to(setup, step);
            self.refold(id, probe);
        }
    }
}
