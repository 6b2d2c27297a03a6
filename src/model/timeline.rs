//! Carrying out what is done to the system: timeline, responders, and a drill's operator alike.

use super::backend::Backend;
use super::balancer::membership::Membership;
use super::event::{Event, RollingStep, TIMELINE, TIMERS};
use super::probe::{Probe, WorldChange};
use super::setup::{
    Action, BackendId, BalancerConfig, EntryId, Fault, FaultKind, InstanceId, LinkEffect, LinkEnd,
    Rollout,
};
use super::world::{Configured, World};
use crate::engine::time::Span;
use std::sync::Arc;

/// A rolling restart under way.
#[derive(Clone, Debug)]
pub(super) struct RollingPlan {
    targets: Vec<BackendId>,
    drain: Span,
    pause: Span,
    /// The target that is being restarted.
    current: usize,
    source: Option<EntryId>,
}

impl World {
    pub(super) fn on_entry(&mut self, id: EntryId, probe: &mut impl Probe) {
        let setup = Arc::clone(&self.setup);
        let entry = &setup.timeline[id.index()];
        self.note_change(WorldChange::Entry(id), probe);
        self.carry_out(&entry.action, Some(id), probe);
        self.note_disturbance();
        if let Some(span) = entry.lasts {
            self.queue.push(self.now + span, TIMELINE, Event::EntryEnds(id));
        }
    }

    /// What an entry began ends by itself.
    pub(super) fn on_entry_ends(&mut self, id: EntryId, probe: &mut impl Probe) {
        let setup = Arc::clone(&self.setup);
        self.note_change(WorldChange::EntryEnded(id), probe);
        match &setup.timeline[id.index()].action {
            Action::Begin { targets, fault } => {
                self.end_fault(targets, fault.kind(), Some(id), probe);
            }
            Action::Drain(_) => {
                self.drains.retain(|&(source, _)| source != Some(id));
                self.redrain(probe);
            }
            Action::BeginLink(fault) => {
                let kind = match fault.effect {
                    LinkEffect::Cut => LinkEnd::Cuts,
                    LinkEffect::Slow(_) => LinkEnd::Slow,
                };
                self.end_link_faults(kind, Some(id));
            }
            Action::Surge { population, .. } | Action::FlashCrowd { population, .. } => {
                self.calm(*population, Some(id));
            }
            Action::DatabaseBegin(fault) => self.end_database_fault(fault.kind(), Some(id)),
            Action::Configure { rollout, .. } => {
                // Only its own changes: what came after stays.
                if let Some(own) = self.configured_by(id) {
                    self.configured.remove(own);
                    self.roll_out(rollout);
                }
            }
            Action::Rollback { .. }
            | Action::Reload(_)
            | Action::End { .. }
            | Action::EndLink { .. }
            | Action::Restart { .. }
            | Action::RollingRestart { .. }
            | Action::Undrain(_)
            | Action::Calm { .. }
            | Action::DatabaseEnd { .. }
            | Action::DatabaseRestart
            | Action::DatabasePause(_)
            | Action::Note => {}
        }
        self.note_disturbance();
    }

    /// Does something to the system now, as an operator of a drill does.
    pub fn apply(&mut self, action: &Action, probe: &mut impl Probe) {
        self.carry_out(action, None, probe);
        self.note_disturbance();
    }

    fn carry_out(&mut self, action: &Action, source: Option<EntryId>, probe: &mut impl Probe) {
        match action {
            Action::Configure { changes, rollout } => {
                self.configured.push(Configured { changes: changes.clone(), source });
                self.roll_out(rollout);
            }
            Action::Rollback { of, rollout } => self.roll_back(*of, rollout),
            Action::Reload(rollout) => self.roll_out(rollout),
            Action::Begin { targets, fault } => self.begin_fault(targets, *fault, source, probe),
            Action::End { targets, kind, of } => {
                if *kind == FaultKind::Unreachable && of.is_none() {
                    self.mend_links(targets);
                }
                self.end_fault(targets, *kind, *of, probe);
            }
            Action::BeginLink(fault) => self.begin_link_fault(fault, source),
            Action::EndLink { kind, of } => self.end_link_faults(*kind, *of),
            Action::Restart { targets } => {
                for &target in targets {
                    self.restart(target, probe);
                }
            }
            Action::RollingRestart { targets, drain, pause } => {
                let (targets, drain, pause) = (targets.clone(), *drain, *pause);
                let plan = self.rolling.len() as u16;
                self.rolling.push(RollingPlan { targets, drain, pause, current: 0, source });
                self.on_rolling(plan, RollingStep::Drain, probe);
            }
            Action::Drain(targets) => {
                self.drains.extend(targets.iter().map(|&target| (source, target)));
                self.redrain(probe);
            }
            Action::Undrain(targets) => {
                self.drains.retain(|(_, target)| !targets.contains(target));
                self.redrain(probe);
            }
            Action::Surge { population, factor } => self.surge(*population, *factor, source),
            Action::FlashCrowd { population, crowd } => {
                self.flash_crowd(*population, crowd, source);
            }
            Action::Calm { population } => self.calm(*population, None),
            Action::DatabaseBegin(fault) => self.begin_database_fault(*fault, source, probe),
            Action::DatabaseEnd { kind, of } => self.end_database_fault(*kind, *of),
            Action::DatabaseRestart => self.restart_database(probe),
            Action::DatabasePause(span) => self.pause_database(*span),
            Action::Note => {}
        }
    }

    /// Rolls out the first configuration with all changes that are in force.
    fn roll_out(&mut self, rollout: &Rollout) {
        let mut config = BalancerConfig::clone(&self.versions[0]);
        for change in self.configured.iter().flat_map(|configured| &configured.changes) {
            config.change(change);
        }
        let version = self.versions.len() as u32;
        self.versions.push(Arc::new(config));
        self.reloads.push(rollout.reload);
        for instance in (0..self.setup.balancer.instances).map(InstanceId) {
            if let Some(delay) = rollout.delay(instance) {
                let event = Event::Adopt { instance, version };
                self.queue.push(self.now + delay, TIMELINE, event);
            }
        }
    }

    /// Where the changes of an entry stand among those in force.
    fn configured_by(&self, id: EntryId) -> Option<usize> {
        self.configured.iter().rposition(|configured| configured.source == Some(id))
    }

    /// Takes back an entry's changes and all that came after them; without an entry, the last.
    /// Changes that are not in force are not taken back again.
    fn roll_back(&mut self, of: Option<EntryId>, rollout: &Rollout) {
        let first = match of {
            Some(id) => self.configured_by(id),
            None => self.configured.len().checked_sub(1),
        };
        if let Some(first) = first {
            self.configured.truncate(first);
            self.roll_out(rollout);
        }
    }

    pub(super) fn on_adopt(&mut self, id: InstanceId, version: u32, probe: &mut impl Probe) {
        let routes = self.routes_of(id);
        let process = |world: &Self, route: usize| usize::from(world.routes[route]);
        // A slow rollout must not undo a newer configuration.
        let old = &self.instances[process(self, routes.start)];
        if version <= old.version {
            return;
        }
        let config = Arc::clone(&self.versions[version as usize]);
        let reloads = self.reloads[version as usize];
        let restarts = reloads || Membership::starts_anew(&old.config, &config);
        let grown = if reloads { Vec::new() } else { old.config.grown(&config) };
        for route in routes.clone() {
            if reloads {
                self.replace_process(route, &config);
            }
            let draining = &self.draining;
            let process = usize::from(self.routes[route]);
            self.instances[process].adopt(version, &config, self.now, |id| draining[id.index()]);
        }
        if reloads {
            self.shut_retired(probe);
        }
        self.note_change(WorldChange::Adopted(id, version), probe);
        self.note_all_up();
        for route in routes {
            let process = InstanceId(process(self, route) as u16);
            if restarts {
                self.instances[process.index()].membership.next_epoch();
                self.start_membership(process);
            }
            // A change of the rules can by itself take members down, or bring them up.
            self.review(process, (0..self.backends.len() as u16).map(BackendId), probe);
            for member in (0..self.backends.len() as u16).map(BackendId) {
                self.schedule_step(process, member);
            }
            self.refill_after_change(process, probe);
            for &member in &grown {
                self.refill_member(process, member, probe);
            }
        }
        self.note_disturbance();
    }

    /// Works out anew who is draining, after any entry's drains changed.
    fn redrain(&mut self, probe: &mut impl Probe) {
        let mut changed = Vec::new();
        for (index, draining) in self.draining.iter_mut().enumerate() {
            let id = BackendId(index as u16);
            let now = self.drains.iter().any(|&(_, target)| target == id);
            if now != *draining {
                *draining = now;
                changed.push(WorldChange::Draining(id, now));
            }
        }
        let draining = &self.draining;
        for instance in &mut self.instances {
            instance.update_members(self.now, |id| draining[id.index()]);
        }
        for change in changed {
            self.note_change(change, probe);
        }
        for process in 0..self.instances.len() {
            self.refill_after_change(InstanceId(process as u16), probe);
        }
    }

    fn begin_fault(
        &mut self,
        targets: &[BackendId],
        fault: Fault,
        source: Option<EntryId>,
        probe: &mut impl Probe,
    ) {
        for &target in targets {
            self.backends[target.index()].begin(fault, source);
            self.fault_began(target, fault, probe);
        }
    }

    fn end_fault(
        &mut self,
        targets: &[BackendId],
        kind: FaultKind,
        of: Option<EntryId>,
        probe: &mut impl Probe,
    ) {
        for &target in targets {
            self.end_faults(target, |backend| backend.end(kind, of), probe);
        }
    }

    /// Ends some of a backend's faults: one that was down on their account starts.
    pub(super) fn end_faults(
        &mut self,
        target: BackendId,
        end: impl FnOnce(&mut Backend),
        probe: &mut impl Probe,
    ) {
        let backend = &mut self.backends[target.index()];
        let was_down = backend.is_down();
        end(backend);
        if was_down && !backend.is_down() {
            self.restart(target, probe);
        } else {
            self.refold(target, probe);
        }
    }

    pub(super) fn on_rolling(&mut self, plan: u16, step: RollingStep, probe: &mut impl Probe) {
        let rolling = self.rolling[usize::from(plan)].clone();
        let Some(&target) = rolling.targets.get(rolling.current) else { return };
        let (delay, next) = match step {
            RollingStep::Drain => {
                self.drains.push((rolling.source, target));
                self.redrain(probe);
                (rolling.drain, RollingStep::Restart)
            }
            RollingStep::Restart => {
                self.restart(target, probe);
                (self.setup.backends[target.index()].start_time, RollingStep::Done)
            }
            RollingStep::Done => {
                // Only its own drain: another entry may want the backend out as well.
                let own = self.drains.iter().position(|&d| d == (rolling.source, target));
                if let Some(own) = own {
                    self.drains.remove(own);
                }
                self.redrain(probe);
                self.rolling[usize::from(plan)].current += 1;
                (rolling.pause, RollingStep::Drain)
            }
        };
        self.queue.push(self.now + delay, TIMERS, Event::Rolling { plan, step: next });
        self.note_disturbance();
    }
}
