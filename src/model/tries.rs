//! What a balancer does when a try at a member is over: pass the answer on, or try again.

use super::balancer::Answer;
use super::balancer::membership::rule::TryEnd;
use super::balancer::policy::{Avoid, Redispatch};
use super::event::{Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::{Attempt, Place, Sender};
use super::setup::{BackendId, InstanceId};
use super::world::World;
use crate::engine::slab::Handle;
use crate::engine::time::Span;

/// How a try ended that is followed by another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The connection was refused.
    Refused,
    /// The connection was not made in time.
    TimedOut,
    /// There was a connection, and a bad answer or none.
    Answered,
}

/// The next try.
struct Next {
    /// It goes to whoever is picked then; otherwise to the same member.
    elsewhere: bool,
    wait: Wait,
}

/// How long it is until the next try.
#[derive(Clone, Copy)]
enum Wait {
    Exactly(Span),
    /// Drawn uniformly below this.
    Below(Span),
}

impl World {
    /// A connection was refused, or not made in time. Returns whether another member is to be
    /// picked at once.
    pub(super) fn connection_failed(
        &mut self,
        handle: Handle,
        timed_out: bool,
        probe: &mut impl Probe,
    ) -> bool {
        let attempt = *self.attempts.get(handle).expect("it was connecting");
        let member = attempt.backend.expect("it was connecting to somebody");
        let outcome = if timed_out { Outcome::Timeout } else { Outcome::Refused };
        let policy = self.instances[attempt.instance.index()].config.connect;
        let again = u32::from(attempt.retries) < policy.retries && self.may_retry(&attempt);
        self.tell_balancer(&attempt, member, outcome, again, probe);
        if !again {
            let told = if timed_out { policy.timed_out_as } else { policy.refused_as };
            self.answer(handle, told, probe);
            return false;
        }
        let end = if timed_out { End::TimedOut } else { End::Refused };
        let next = self.next_try(&attempt, member, end);
        self.count_retry(handle);
        if next.elsewhere {
            return self.try_elsewhere(handle, next.wait, probe);
        }
        let at = self.now + self.draw_wait(attempt.instance, next.wait);
        self.queue.push(at, TIMERS, Event::ConnectRetry(handle));
        false
    }

    fn next_try(&self, attempt: &Attempt, member: BackendId, end: End) -> Next {
        let instance = &self.instances[attempt.instance.index()];
        let (policy, retry) = (instance.config.connect, instance.config.retry);
        let made = u32::from(attempt.retries) + 1;
        let most = if end == End::Answered { retry.max } else { policy.retries };
        let is_last_resort = instance.usable() <= 1;
        let elsewhere = match policy.redispatch {
            _ if end == End::Answered && retry.elsewhere => true,
            Redispatch::Never => false,
            Redispatch::Always => true,
            Redispatch::Haproxy { every } => {
                // Of the retries made, this one included.
                let is_due = every.map_or(made == most, |every| made.is_multiple_of(every));
                let is_free = !instance.config.algorithm.algorithm.hashes;
                is_due || !instance.member(member).usable || (is_free && !is_last_resort)
            }
        };
        let is_haproxy = matches!(policy.redispatch, Redispatch::Haproxy { .. });
        let wait = match end {
            // HAProxy waits for the only server, too, whether it redispatches or not.
            End::Refused if !elsewhere || (is_haproxy && is_last_resort) => {
                Wait::Exactly(policy.delay)
            }
            // Whoever has waited for a connection in vain does not wait again.
            End::TimedOut if !elsewhere => Wait::Exactly(Span::ZERO),
            _ => Wait::Below(retry.longest_wait(made)),
        };
        Next { elsewhere, wait }
    }

    fn draw_wait(&mut self, id: InstanceId, wait: Wait) -> Span {
        match wait {
            Wait::Exactly(wait) => wait,
            Wait::Below(Span::ZERO) => Span::ZERO,
            Wait::Below(most) => self.instances[id.index()].draw_wait(most),
        }
    }

    /// A member has answered, or its connection was lost, or it took too long.
    pub(super) fn try_over(&mut self, handle: Handle, outcome: Outcome, probe: &mut impl Probe) {
        let attempt = *self.attempts.get(handle).expect("its try is over");
        if attempt.sender == Sender::Check && attempt.held {
            self.check_answered(handle, outcome, probe);
            return;
        }
        if !attempt.held {
            if !attempt.place.is_inside() {
                self.attempts.remove(handle);
            }
            return;
        }
        let policy = self.instances[attempt.instance.index()].config.retry;
        let again = !outcome.is_ok()
            && u32::from(attempt.retries) < policy.max
            && policy.on.contains(outcome)
            && self.may_retry(&attempt);
        if let Some(member) = attempt.backend {
            self.tell_balancer(&attempt, member, outcome, again, probe);
        }
        if !again {
            self.answer(handle, outcome, probe);
            return;
        }
        let is_there =
            attempt.place.is_inside() || matches!(attempt.place, Place::Left | Place::Going(_));
        let handle = if is_there { self.split_off(handle) } else { handle };
        let member = attempt.backend.expect("its try was at somebody");
        let next = self.next_try(&attempt, member, End::Answered);
        self.count_retry(handle);
        let goes_on = if next.elsewhere {
            self.try_elsewhere(handle, next.wait, probe)
        } else {
            self.repeat_try(handle, member, next.wait, probe)
        };
        if goes_on {
            self.dispatch(handle, probe);
        }
    }

    /// Tries the same member again after a wait: the attempt keeps its slot. Returns whether another
    /// one is to be picked at once.
    fn repeat_try(
        &mut self,
        handle: Handle,
        member: BackendId,
        wait: Wait,
        probe: &mut impl Probe,
    ) -> bool {
        let attempt = *self.attempts.get(handle).expect("it is tried again");
        self.leave_underway(handle, &attempt);
        let wait = self.draw_wait(attempt.instance, wait);
        if wait == Span::ZERO {
            return self.start_try(handle, member, probe);
        }
        let attempt = self.attempts.get_mut(handle).expect("it is tried again");
        (attempt.place, attempt.since) = (Place::Balancer, self.now);
        self.queue.push(self.now + wait, TIMERS, Event::ConnectRetry(handle));
        false
    }

    /// Leaves the member and goes to another one after a wait. Returns whether to do so at once.
    fn try_elsewhere(&mut self, handle: Handle, wait: Wait, probe: &mut impl Probe) -> bool {
        let attempt = self.attempts.get(handle).expect("it is tried again");
        let (instance, left) = (attempt.instance, attempt.backend);
        if let Some(member) = self.leave_member(handle) {
            let attempt = self.attempts.get_mut(handle).expect("it is tried again");
            attempt.tried = match self.instances[instance.index()].config.connect.avoid {
                Avoid::Nobody => attempt.tried,
                Avoid::Last => super::balancer::Tried::default().and(member.index()),
                Avoid::All => attempt.tried.and(member.index()),
            };
            attempt.backend = None;
            attempt.place = Place::Balancer;
        }
        self.refill(instance, left, probe);
        if matches!(wait, Wait::Exactly(Span::ZERO) | Wait::Below(Span::ZERO)) {
            return true;
        }
        let wait = self.draw_wait(instance, wait);
        self.queue.push(self.now + wait, TIMERS, Event::TryAgain(handle));
        false
    }

    /// Whether the time and the budget for another try are there.
    fn may_retry(&self, attempt: &Attempt) -> bool {
        let instance = &self.instances[attempt.instance.index()];
        let policy = &instance.config.retry;
        let in_time = policy.within.is_none_or(|most| self.now.since(attempt.sent) < most);
        let others = instance.retrying - u32::from(attempt.retries > 0);
        let affordable = policy.budget.is_none_or(|budget| {
            let share = (budget.share * f64::from(instance.held)) as u32;
            others < share.max(budget.least)
        });
        in_time && affordable
    }

    fn count_retry(&mut self, handle: Handle) {
        let attempt = self.attempts.get_mut(handle).expect("it is tried again");
        attempt.retries = attempt.retries.saturating_add(1);
        if attempt.retries == 1 {
            self.instances[attempt.instance.index()].retrying += 1;
        }
    }

    /// The balancer closes its connection to a member that still works, and goes on with the
    /// attempt under a handle of its own: what the backend has stays behind, an orphan.
    fn split_off(&mut self, handle: Handle) -> Handle {
        let orphan = self.attempts.get_mut(handle).expect("it is in a backend");
        let attempt = *orphan;
        orphan.request = None;
        orphan.alone = false;
        orphan.spare = false;
        orphan.held = false;
        if attempt.place == Place::Left {
            // The process that had it has died; its database may still have it.
            self.attempts.remove(handle);
        } else if let Some(member) = attempt.backend {
            self.hang_up(handle, member);
        }
        let old = handle;
        let handle = self.attempts.insert(Attempt { place: Place::Balancer, ..attempt });
        self.connections.rename(old, handle);
        if let Some(request) = attempt.request {
            self.flights.rename(request, old, handle);
        }
        // The timers of the whole attempt know only the old handle.
        self.set_client_timers(handle);
        self.follow(handle);
        handle
    }

    /// Tells the algorithm and passive ejection how a try ended.
    pub(super) fn tell_balancer(
        &mut self,
        attempt: &Attempt,
        member: BackendId,
        outcome: Outcome,
        is_retried: bool,
        probe: &mut impl Probe,
    ) {
        let (latency, now) = (self.since(attempt), self.now);
        let instance = &mut self.instances[attempt.instance.index()];
        let end = TryEnd { outcome, is_retried, now };
        let answer = Answer { outcome, is_failure: end.is_failure(), latency, now };
        instance.answered(attempt.thread, member, answer);
        if instance.membership.judges_tries() {
            self.judge_try(attempt.instance, member, &end, probe);
        }
    }

    /// The wait before another connection to the same member is over.
    pub(super) fn on_connect_retry(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.attempts.get(handle).is_some() && self.connect(handle, probe) {
            self.dispatch(handle, probe);
        }
    }

    /// The wait before another try is over.
    pub(super) fn on_try_again(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.attempts.get(handle).is_some() {
            self.dispatch(handle, probe);
        }
    }

    /// A connection was not made in time.
    pub(super) fn on_connect_timeout(&mut self, handle: Handle, leg: u16, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get(handle) else { return };
        let waits = attempt.place == Place::Balancer && attempt.backend.is_some();
        let waits = (waits && attempt.leg == leg) || self.gives_up_connecting(handle, leg);
        if waits && self.connection_failed(handle, true, probe) {
            self.dispatch(handle, probe);
        }
    }

    /// A member has taken too long to answer, unless the try is over. What the configuration says by
    /// now does not matter: a timer that runs is not changed with it.
    pub(super) fn on_server_timeout(&mut self, handle: Handle, turn: u16, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get(handle) else { return };
        if attempt.held && attempt.backend.is_some() && attempt.turn == turn {
            self.try_over(handle, Outcome::Http504, probe);
        }
    }
}
