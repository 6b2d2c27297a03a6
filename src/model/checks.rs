//! Health checks, sweeps and slow starts at work: what membership's timers do to the world.

use super::balancer::Tried;
use super::balancer::membership::policy::{Asks, FirstChecks};
use super::balancer::membership::rule::TryEnd;
use super::dispatch::Lane;
use super::event::{Event, TIMERS};
use super::outcome::Outcome;
use super::probe::{Probe, WorldChange};
use super::request::{Attempt, Place, Sender};
use super::setup::{BackendId, InstanceId, PopulationId};
use super::world::World;
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};

/// What a process' timer for a member is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A check is to be made.
    Check,
    /// A check without an answer has taken too long.
    Unanswered,
    /// The member's standing may have changed by itself.
    Standing,
    /// The next step of its slow start.
    Step,
}

impl World {
    /// A process begins to look after its members.
    pub(super) fn start_membership(&mut self, id: InstanceId) {
        let membership = &self.instances[id.index()].membership;
        if membership.is_idle() {
            return;
        }
        if let Some(every) = membership.sweeps_every() {
            let epoch = membership.epoch;
            self.queue.push(self.now + every, TIMERS, Event::Sweep { instance: id, epoch });
        }
        let members = self.backends.len() as u64;
        for member in (0..members as u16).map(BackendId) {
            let membership = &self.instances[id.index()].membership;
            // Who is ejected when the schedule starts anew is let in again all the same.
            if let Some(at) = membership.changes_at(member.index(), self.now) {
                self.set_due(id, member, at, Due::Standing);
            }
            let membership = &self.instances[id.index()].membership;
            let Some(checks) = membership.checks().filter(|_| membership.is_checked(member)) else {
                continue;
            };
            let wait = match checks.first {
                FirstChecks::AtOnce => 0,
                FirstChecks::Spread => {
                    checks.interval.as_ns() / members.max(1) * u64::from(member.0)
                }
            };
            self.set_check(id, member, self.now + Span::from_ns(wait));
        }
    }

    #[inline]
    fn set_check(&mut self, instance: InstanceId, member: BackendId, at: Time) {
        let lane = self.lane(Lane::Check);
        let membership = &mut self.instances[instance.index()].membership;
        membership.set_next_check(member, at);
        let epoch = membership.epoch as u16;
        let event = Event::Member { instance, member, epoch, due: Due::Check };
        self.queue.push_in_lane(lane, at, TIMERS, event);
    }

    fn set_due(&mut self, instance: InstanceId, member: BackendId, at: Time, due: Due) {
        let epoch = self.instances[instance.index()].membership.epoch as u16;
        let event = Event::Member { instance, member, epoch, due };
        if due == Due::Unanswered {
            self.queue.push_in_lane(self.lane(Lane::CheckTimeout), at, TIMERS, event);
        } else {
            self.queue.push(at, TIMERS, event);
        }
    }

    pub(super) fn on_member_due(
        &mut self,
        id: InstanceId,
        member: BackendId,
        epoch: u16,
        due: Due,
        probe: &mut impl Probe,
    ) {
        if self.instances[id.index()].membership.epoch as u16 != epoch {
            return;
        }
        match due {
            Due::Check => {
                // A check may have been moved forward since.
                if self.instances[id.index()].membership.next_check(member) == self.now {
                    self.make_check(id, member, probe);
                }
            }
            Due::Unanswered => self.check_over(id, member, false, false, probe),
            Due::Standing => {
                let membership = &self.instances[id.index()].membership;
                if let Some(at) = membership.changes_at(member.index(), self.now) {
                    self.set_due(id, member, at, Due::Standing);
                }
                self.review(id, std::iter::once(member), probe);
            }
            Due::Step => {
                self.schedule_step(id, member);
                let (draining, now) = (&self.draining, self.now);
                self.instances[id.index()].update_members(now, |member| draining[member.index()]);
                // Its limit grows, too (HAProxy, `server_warmup`).
                self.refill_member(id, member, probe);
            }
        }
    }

    pub(super) fn on_sweep(&mut self, id: InstanceId, epoch: u32, probe: &mut impl Probe) {
        let now = self.now;
        let instance = &mut self.instances[id.index()];
        if instance.membership.epoch != epoch {
            return;
        }
        instance.sweep(now);
        if let Some(every) = instance.membership.sweeps_every() {
            self.queue.push(now + every, TIMERS, Event::Sweep { instance: id, epoch });
        }
        self.review(id, (0..self.backends.len() as u16).map(BackendId), probe);
    }

    /// Makes a check that passes as ever, of which nothing follows but the next one. Returns whether it is
    /// such a check.
    #[inline]
    pub(super) fn passes_check(
        &mut self,
        id: InstanceId,
        member: BackendId,
        epoch: u16,
        due: Due,
    ) -> bool {
        let now = self.now;
        let membership = &self.instances[id.index()].membership;
        let condition = &self.backends[member.index()].condition;
        let is_well = !condition.refuses && !condition.unreachable && !condition.hangs;
        let is_due = due == Due::Check
            && membership.epoch as u16 == epoch
            && membership.next_check(member) == now;
        let Some(interval) = membership.passes_as_ever(member).filter(|_| is_well && is_due) else {
            return false;
        };
        self.set_check(id, member, now + interval);
        true
    }

    /// Whether what is due of a process concerns what it knows of a member, and nothing that this has to
    /// work on.
    pub(super) fn asks_no_work(&self, id: InstanceId, due: Due) -> bool {
        let checks = self.instances[id.index()].membership.checks();
        matches!(due, Due::Check | Due::Unanswered)
            && self.network.is_none()
            && checks.is_some_and(|checks| matches!(checks.asks, Asks::Connection | Asks::Life))
    }

    fn make_check(&mut self, id: InstanceId, member: BackendId, probe: &mut impl Probe) {
        let membership = &self.instances[id.index()].membership;
        let Some(checks) = membership.checks().copied().filter(|_| membership.is_checked(member))
        else {
            return;
        };
        let condition = self.backends[member.index()].condition;
        if self.crosses_network(id, member) {
            self.send_check(id, member, checks.timeout, probe);
        } else if condition.refuses {
            self.check_over(id, member, false, false, probe);
        } else if condition.unreachable {
            self.set_due(id, member, self.now + checks.timeout, Due::Unanswered);
        } else if checks.asks == Asks::Connection {
            self.check_over(id, member, true, false, probe);
        } else if checks.asks == Asks::Life {
            if condition.hangs {
                self.set_due(id, member, self.now + checks.timeout, Due::Unanswered);
            } else {
                self.check_over(id, member, true, false, probe);
            }
        } else {
            self.send_check(id, member, checks.timeout, probe);
        }
    }

    /// A check that takes its time: it crosses the network, or is a piece of work like any other.
    fn send_check(
        &mut self,
        instance: InstanceId,
        member: BackendId,
        timeout: Span,
        probe: &mut impl Probe,
    ) {
        let number = self.checks_made;
        self.checks_made += 1;
        let handle = self.attempts.insert(Attempt {
            sender: Sender::Check,
            request: None,
            alone: false,
            spare: false,
            population: PopulationId(0),
            user: 0,
            index: number,
            number: 1,
            instance,
            thread: 0,
            held: true,
            backend: Some(member),
            tried: Tried::default(),
            allowed: self.now,
            asked: self.now,
            sent: self.now,
            since: self.now,
            lag: 0,
            leg: 0,
            retries: 0,
            turn: 0,
            place: Place::Balancer,
        });
        let (lane, at) = (self.lane(Lane::CheckTimeout), self.now + timeout);
        self.queue.push_in_lane(lane, at, TIMERS, Event::CheckTimeout(handle));
        if self.network.is_some() {
            self.cross_to_member(handle, probe);
        } else {
            self.accept(handle, member, probe);
        }
    }

    /// A check has waited long enough.
    pub(super) fn on_check_timeout(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.attempts.get(handle).is_some_and(|attempt| attempt.held) {
            self.check_answered(handle, Outcome::Http504, probe);
        }
    }

    /// A check that was sent as work has its answer, or none in time. What the backend still has of
    /// it stays there, unless it drops what nobody waits for.
    pub(super) fn check_answered(
        &mut self,
        handle: Handle,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        let attempt = self.attempts.get_mut(handle).expect("the check lives");
        attempt.held = false;
        let attempt = *attempt;
        let member = attempt.backend.expect("a check has one member");
        if attempt.place.is_inside() {
            self.hang_up(handle, member);
        } else {
            self.attempts.remove(handle);
        }
        let is_error = matches!(outcome, Outcome::Http500 | Outcome::Http503);
        self.check_over(attempt.instance, member, outcome.is_ok(), is_error, probe);
    }

    fn check_over(
        &mut self,
        id: InstanceId,
        member: BackendId,
        passed: bool,
        is_error: bool,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let membership = &mut self.instances[id.index()].membership;
        if !membership.is_checked(member) {
            return;
        }
        membership.checked(member, passed, is_error, now);
        if let Some(interval) = membership.check_interval(member) {
            self.set_check(id, member, now + interval);
        }
        self.review(id, std::iter::once(member), probe);
    }

    /// A try at a member has ended: passive ejection judges it.
    pub(super) fn judge_try(
        &mut self,
        id: InstanceId,
        member: BackendId,
        end: &TryEnd,
        probe: &mut impl Probe,
    ) {
        let instance = &mut self.instances[id.index()];
        if !instance.membership.judges_tries() {
            return;
        }
        let sooner = instance.judge_try(member.index(), end);
        let checks = instance.membership.checks();
        if sooner && let Some(fast) = checks.map(|checks| checks.fast_interval) {
            // HAProxy moves the next check forward (`__health_adjust`).
            let at = self.now + fast;
            if at < self.instances[id.index()].membership.next_check(member) {
                self.set_check(id, member, at);
            }
        }
        self.review(id, std::iter::once(member), probe);
    }

    /// Finds out which of these members' standing has changed in a process' view, and acts on it.
    pub(super) fn review(
        &mut self,
        id: InstanceId,
        members: impl Iterator<Item = BackendId>,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let mut news = Vec::new();
        for member in members {
            let membership = &mut self.instances[id.index()].membership;
            if let Some(up) = membership.news(member.index(), now) {
                news.push((member, up));
                if let Some(at) = membership.changes_at(member.index(), now) {
                    self.set_due(id, member, at, Due::Standing);
                }
            }
        }
        if news.is_empty() {
            return;
        }
        let draining = &self.draining;
        self.instances[id.index()].update_members(now, |member| draining[member.index()]);
        for &(member, up) in &news {
            self.note_change(WorldChange::Member(id, member, up), probe);
        }
        self.redistribute(id, probe);
        for (member, up) in news {
            if up {
                self.schedule_step(id, member);
                self.refill_member(id, member, probe);
            }
        }
    }

    pub(super) fn schedule_step(&mut self, id: InstanceId, member: BackendId) {
        let next = self.instances[id.index()].membership.take_step(member.index(), self.now);
        if let Some(at) = next {
            self.set_due(id, member, at, Due::Step);
        }
    }
}
