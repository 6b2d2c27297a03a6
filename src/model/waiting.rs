//! Waiting at a balancer for a member with a free slot.

use super::balancer::lines::Line;
use super::balancer::policy::Redispatch;
use super::dispatch::Lane;
use super::event::{Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::{Attempt, Place};
use super::setup::{BackendId, InstanceId};
use super::world::World;
use crate::engine::slab::Handle;

impl World {
    /// An attempt joins a line, if there is room. Returns whether another member is to be picked,
    /// which never is.
    pub(super) fn wait_in_line(
        &mut self,
        handle: Handle,
        line: Line,
        probe: &mut impl Probe,
    ) -> bool {
        let now = self.now;
        let attempt = self.attempts.get_mut(handle).expect("it is being dispatched");
        let instance = &mut self.instances[attempt.instance.index()];
        let policy = instance.config.queue;
        let (length, room) = match line {
            Line::Member(member) => {
                let pending = instance.config.limits.pending.map(|most| (instance.waiting(), most));
                let is_full = pending.is_some_and(|(waiting, most)| waiting >= most);
                let length = if is_full { u32::MAX } else { instance.lines.member_len(member) };
                (length, policy.member)
            }
            Line::Pool => (instance.lines.pool_len(), policy.pool),
        };
        if length == u32::MAX || room.is_some_and(|most| length >= most) {
            self.answer(handle, Outcome::Http503, probe);
            return false;
        }
        attempt.backend = None;
        attempt.place = Place::Line(line);
        attempt.since = now;
        attempt.turn = attempt.turn.wrapping_add(1);
        let event = Event::QueueTimeout { attempt: handle, turn: attempt.turn };
        instance.lines.join(line, now, handle);
        if let Line::Member(member) = line {
            instance.note_queued(member);
        }
        if let Some(timeout) = policy.timeout {
            let lane = self.lane(Lane::Queue);
            self.queue.push_in_lane(lane, now + timeout, TIMERS, event);
        }
        false
    }

    /// An attempt that is no longer marked as waiting leaves its line.
    pub(super) fn leave_line(&mut self, instance: InstanceId, line: Line) {
        let attempts = &self.attempts;
        let instance = &mut self.instances[instance.index()];
        instance.lines.leave(line, |head| {
            attempts.get(head).is_some_and(|attempt| attempt.place == Place::Line(line))
        });
        if let Line::Member(member) = line {
            instance.note_queued(member);
        }
    }

    /// An attempt has waited long enough, unless it has left its line since. What the configuration
    /// says by now does not matter: a timer that runs is not changed with it.
    pub(super) fn on_queue_timeout(&mut self, handle: Handle, turn: u16, probe: &mut impl Probe) {
        let waits =
            |attempt: &Attempt| attempt.turn == turn && matches!(attempt.place, Place::Line(_));
        if self.attempts.get(handle).is_some_and(waits) {
            self.answer(handle, Outcome::Http503, probe);
        }
    }

    /// A slot of a member is free: whoever waits longest gets it. And a process that holds one
    /// attempt less accepts another connection.
    pub(super) fn refill(
        &mut self,
        id: InstanceId,
        freed: Option<BackendId>,
        probe: &mut impl Probe,
    ) {
        if let Some(member) = freed
            && self.instances[id.index()].lines.waiting() > 0
        {
            self.refill_member(id, member, probe);
        }
        self.accept_backlog(id, probe);
    }

    /// Who waits for a member that takes nobody any more goes elsewhere, if the policy lets it
    /// (HAProxy, `pendconn_redistribute`).
    pub(super) fn redistribute(&mut self, id: InstanceId, probe: &mut impl Probe) {
        let instance = &self.instances[id.index()];
        if instance.usable() == 0 && instance.lines.pool_len() > 0 {
            self.disband_pool(id, probe);
        }
        let instance = &self.instances[id.index()];
        if instance.config.connect.redispatch == Redispatch::Never {
            return;
        }
        for member in (0..self.backends.len() as u16).map(BackendId) {
            let attempts = &self.attempts;
            let instance = &mut self.instances[id.index()];
            if instance.member(member).usable || instance.lines.member_len(member) == 0 {
                continue;
            }
            let waiting = instance.lines.drain_member(member, |waiting| {
                let attempt = attempts.get(waiting);
                attempt.is_some_and(|attempt| attempt.place == Place::Line(Line::Member(member)))
            });
            instance.note_queued(member);
            for handle in waiting {
                self.place(handle, Place::Balancer);
                self.dispatch(handle, probe);
            }
        }
    }

    /// Who waits for any member of a pool that has none left is told so: HAProxy wakes them with the last
    /// server (3.1, and the 2024 releases of earlier branches).
    fn disband_pool(&mut self, id: InstanceId, probe: &mut impl Probe) {
        let attempts = &self.attempts;
        let waiting = self.instances[id.index()].lines.drain_pool(|waiting| {
            attempts.get(waiting).is_some_and(|a| a.place == Place::Line(Line::Pool))
        });
        for &handle in &waiting {
            self.place(handle, Place::Balancer);
        }
        for handle in waiting {
            // One may be gone with another's end.
            let waits = |a: &Attempt| a.held && a.place == Place::Balancer && a.backend.is_none();
            if self.attempts.get(handle).is_some_and(waits) {
                self.dispatch(handle, probe);
            }
        }
    }

    /// Members that can take more after a change of the configuration, if the process looks; and
    /// those that can take nothing any more.
    pub(super) fn refill_after_change(&mut self, id: InstanceId, probe: &mut impl Probe) {
        if self.instances[id.index()].lines.waiting() > 0 {
            self.redistribute(id, probe);
        }
        let instance = &self.instances[id.index()];
        if instance.config.queue.refills_on_change && instance.lines.waiting() > 0 {
            for member in 0..self.backends.len() {
                self.refill_member(id, BackendId(member as u16), probe);
            }
        }
        self.accept_backlog(id, probe);
    }

    /// A member has come up, or a slot of it is free: it fetches what it can take (HAProxy,
    /// `pendconn_grab_from_px`, `process_srv_queue`).
    pub(super) fn refill_member(
        &mut self,
        id: InstanceId,
        member: BackendId,
        probe: &mut impl Probe,
    ) {
        // What ends at once frees slots in the middle of this: they wait for their turn here.
        let instance = &mut self.instances[id.index()];
        instance.freed.push(member);
        if std::mem::replace(&mut instance.refilling, true) {
            return;
        }
        while let Some(&member) = self.instances[id.index()].freed.last() {
            match self.next_for(id, member) {
                Some(next) => self.serve_next(next, id, member, probe),
                None => self.instances[id.index()].freed.retain(|freed| *freed != member),
            }
        }
        self.instances[id.index()].refilling = false;
    }

    /// The try of whoever has waited for it begins, unless the process has too many already: those whom
    /// Envoy then gives a connection overflow (`CircuitBreakers.max_requests`).
    fn serve_next(
        &mut self,
        next: Handle,
        id: InstanceId,
        member: BackendId,
        probe: &mut impl Probe,
    ) {
        let instance = &mut self.instances[id.index()];
        if instance.config.limits.requests.is_some_and(|most| instance.serving() >= most) {
            self.place(next, Place::Balancer);
            self.answer(next, Outcome::Http503, probe);
            return;
        }
        instance.pick_member(member.index());
        if self.start_try(next, member, probe) {
            self.dispatch(next, probe);
        }
    }

    /// Takes whoever comes next at a member out of line, if there is a slot.
    fn next_for(&mut self, id: InstanceId, member: BackendId) -> Option<Handle> {
        let attempts = &self.attempts;
        let instance = &mut self.instances[id.index()];
        let limits = instance.config.limits;
        let view = instance.member(member);
        let has_slot = view.max_connections.is_none_or(|most| view.in_flight < most)
            // A member without a connection always gets one (Envoy, `tryCreateNewConnection`).
            && (view.in_flight == 0
                || limits.connections.is_none_or(|most| instance.serving() < most));
        if !has_slot {
            return None;
        }
        let takes_pool = view.usable;
        let next = instance.lines.next(member, takes_pool, |waiting| {
            let attempt = attempts.get(waiting);
            attempt.is_some_and(|attempt| matches!(attempt.place, Place::Line(_)))
        })?;
        instance.note_queued(member);
        Some(next)
    }

    fn accept_backlog(&mut self, id: InstanceId, probe: &mut impl Probe) {
        let instance = &mut self.instances[id.index()];
        // Also if nothing limits it any more: those of before wait all the same.
        if !instance.lines.has_backlog() {
            return;
        }
        // Whoever is turned away at once makes room in the middle of this loop, which will see it.
        if std::mem::replace(&mut instance.accepting, true) {
            return;
        }
        while self.instances[id.index()].accepts() {
            let Some(next) = self.instances[id.index()].lines.accept_next() else { break };
            if self.attempts.get(next).is_some() {
                self.take_on(next, probe);
            }
        }
        self.instances[id.index()].accepting = false;
    }
}
