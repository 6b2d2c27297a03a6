//! Who is healthy in one process' view: active checks, passive ejection, slow start.

pub mod policy;
pub mod rule;

mod consecutive;
mod max_fails;
mod observe;
mod outlier;

use super::MemberView;
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::setup::{BackendId, BalancerConfig};
use policy::{Curve, HealthChecks, Initial, SlowStart};
use rule::{EjectionRule, TryEnd, Verdict};

/// A member's standing.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// The health counter, from 0 to rise + fall - 1; up from `rise` on (HAProxy's `check.health`).
    health: u32,
    /// It is in the pool: checked, and used if it is well.
    listed: bool,
    /// Its slow start began then.
    risen: Option<Time>,
    /// What was told of it last.
    told: bool,
    /// When its next check is due; an event of another time is stale.
    next_check: Time,
    /// When the next step of its slow start is due.
    next_step: Time,
}

/// What one process knows of its members' health.
pub(in crate::model) struct Membership {
    checks: Option<HealthChecks>,
    rule: Option<Box<dyn EjectionRule>>,
    slow_start: Option<SlowStart>,
    standings: Vec<Standing>,
    /// Events of an earlier configuration are dropped.
    pub(in crate::model) epoch: u32,
}

impl Clone for Membership {
    fn clone(&self) -> Self {
        Self {
            checks: self.checks,
            rule: self.rule.as_ref().map(|rule| rule.boxed_clone()),
            slow_start: self.slow_start,
            standings: self.standings.clone(),
            epoch: self.epoch,
        }
    }
}

/// The counter at which a member begins.
fn initial(checks: &HealthChecks) -> u32 {
    match checks.initial {
        Initial::Up => checks.rise,
        Initial::FullyUp => checks.rise + checks.fall - 1,
        Initial::Down => checks.rise - 1,
        Initial::FullyDown => 0,
    }
}

impl Membership {
    pub(in crate::model) fn new(config: &BalancerConfig) -> Self {
        let members = config.members.len();
        let build =
            |chosen: &policy::EjectionConfig| (chosen.ejection.build)(&chosen.arguments, members);
        let health = config.health.as_ref().map_or(0, initial);
        let standing = |member: &super::config::Member| Standing {
            health,
            listed: member.in_pool,
            risen: None,
            told: config.health.is_none_or(|checks| health >= checks.rise),
            next_check: Time::ZERO,
            next_step: Time::ZERO,
        };
        let mut membership = Self {
            checks: config.health,
            rule: config.ejection.as_ref().map(build),
            slow_start: config.slow_start,
            standings: config.members.iter().map(standing).collect(),
            epoch: 0,
        };
        membership.list();
        membership
    }

    /// Tells the rule who is in the pool.
    fn list(&mut self) {
        if let Some(rule) = &mut self.rule {
            let listed: Vec<bool> = self.standings.iter().map(|s| s.listed).collect();
            rule.list(&listed);
        }
    }

    /// Takes up a configuration: what it does not touch goes on.
    pub(in crate::model) fn adopt(
        &mut self,
        old: &BalancerConfig,
        new: &BalancerConfig,
        now: Time,
    ) {
        let fresh = Self::new(new);
        if old.ejection != new.ejection {
            self.rule = fresh.rule;
        }
        if old.health != new.health {
            self.checks = new.health;
            for (standing, fresh) in self.standings.iter_mut().zip(&fresh.standings) {
                standing.health = match (&old.health, &new.health) {
                    // Other checks are no news of anybody.
                    (Some(old), Some(_)) if standing.health < old.rise => 0,
                    (Some(_), Some(new)) => new.rise + new.fall - 1,
                    _ => fresh.health,
                };
            }
        }
        self.slow_start = new.slow_start;
        for (standing, fresh) in self.standings.iter_mut().zip(fresh.standings) {
            if fresh.listed && !standing.listed {
                // Out of maintenance: usable at once, and slowly.
                standing.health = fresh.health;
                standing.risen = self.slow_start.map(|_| now);
            }
            standing.listed = fresh.listed;
        }
        self.list();
    }

    /// Whether the schedule of checks and sweeps starts anew under another configuration.
    pub(in crate::model) fn starts_anew(old: &BalancerConfig, new: &BalancerConfig) -> bool {
        let listed = |config: &BalancerConfig| {
            config.members.iter().map(|member| member.in_pool).collect::<Vec<_>>()
        };
        old.ejection != new.ejection || old.health != new.health || listed(old) != listed(new)
    }

    /// Events of before are dropped from now on.
    pub(in crate::model) fn next_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        for standing in &mut self.standings {
            standing.next_step = Time::ZERO;
        }
    }

    /// The process has been replaced: it checks nobody any more, whatever is still under way.
    pub(in crate::model) fn retire(&mut self) {
        self.next_epoch();
        for standing in &mut self.standings {
            standing.listed = false;
        }
    }

    /// Notes when the next check of a member is due.
    pub(in crate::model) fn set_next_check(&mut self, member: BackendId, at: Time) {
        self.standings[member.index()].next_check = at;
    }

    /// When the next check of a member is due.
    pub(in crate::model) fn next_check(&self, member: BackendId) -> Time {
        self.standings[member.index()].next_check
    }

    /// Whether anything here ever changes.
    pub(in crate::model) fn is_idle(&self) -> bool {
        self.checks.is_none() && self.rule.is_none() && self.slow_start.is_none()
    }

    /// The checks, if there are any.
    pub(in crate::model) fn checks(&self) -> Option<&HealthChecks> {
        self.checks.as_ref()
    }

    /// Whether a member is checked.
    pub(in crate::model) fn is_checked(&self, member: BackendId) -> bool {
        self.checks.is_some() && self.standings[member.index()].listed
    }

    /// Whether a member is well: its checks say so, and it is not ejected.
    pub(in crate::model) fn is_up(&self, member: usize, now: Time) -> bool {
        let checked = self.checks.as_ref();
        checked.is_none_or(|checks| self.standings[member].health >= checks.rise)
            && !self.rule.as_ref().is_some_and(|rule| rule.is_out(member, now))
    }

    /// Says whether a member is up, if that is news.
    pub(in crate::model) fn news(&mut self, member: usize, now: Time) -> Option<bool> {
        let up = self.is_up(member, now);
        let told = &mut self.standings[member].told;
        (std::mem::replace(told, up) != up).then_some(up)
    }

    /// A check has ended. `is_error`: the backend answered, with an error.
    pub(in crate::model) fn checked(
        &mut self,
        member: BackendId,
        passed: bool,
        is_error: bool,
        now: Time,
    ) {
        let Some(checks) = self.checks else { return };
        if passed {
            let standing = &mut self.standings[member.index()];
            let most = checks.rise + checks.fall - 1;
            let was_down = standing.health < checks.rise;
            standing.health = (standing.health + 1).min(most);
            if standing.health >= checks.rise {
                standing.health = most;
                if was_down && now > Time::ZERO {
                    standing.risen = self.slow_start.map(|_| now);
                }
                if let Some(rule) = &mut self.rule {
                    rule.check_passed(member.index(), now);
                }
            }
        } else if is_error && checks.errors_are_final {
            self.standings[member.index()].health = 0;
        } else {
            self.fail_check(member.index());
        }
    }

    /// When to check a member again that has passed another check in a long row, of which nothing follows;
    /// `None`: something may.
    #[inline]
    pub(in crate::model) fn passes_as_ever(&self, member: BackendId) -> Option<Span> {
        let checks = self.checks.as_ref().filter(|_| self.rule.is_none())?;
        let standing = &self.standings[member.index()];
        let is_well = standing.health == checks.rise + checks.fall - 1;
        (standing.listed && standing.told && is_well).then_some(checks.interval)
    }

    fn fail_check(&mut self, member: usize) {
        let Some(checks) = &self.checks else { return };
        let standing = &mut self.standings[member];
        // Below `rise` it is down, and every failure starts the rise anew.
        standing.health = if standing.health > checks.rise { standing.health - 1 } else { 0 };
    }

    /// How long until the next check of a member.
    pub(in crate::model) fn check_interval(&self, member: BackendId) -> Option<Span> {
        let checks = self.checks.as_ref()?;
        let health = self.standings[member.index()].health;
        Some(if health == checks.rise + checks.fall - 1 {
            checks.interval
        } else if health == 0 {
            checks.down_interval
        } else {
            checks.fast_interval
        })
    }

    /// Whether ends of tries matter.
    #[inline]
    pub(in crate::model) fn judges_tries(&self) -> bool {
        self.rule.is_some()
    }

    /// A try begins at a member.
    pub(in crate::model) fn picked(&mut self, member: usize, now: Time) {
        if let Some(rule) = &mut self.rule {
            rule.picked(member, now);
        }
    }

    /// A try at a member has ended. Returns whether its next check comes sooner.
    pub(in crate::model) fn try_over(
        &mut self,
        member: usize,
        end: &TryEnd,
        stream: &mut Stream,
    ) -> bool {
        let Some(rule) = &mut self.rule else { return false };
        let (Some(verdict), Some(checks)) = (rule.try_over(member, end, stream), self.checks)
        else {
            return false;
        };
        let health = self.standings[member].health;
        match verdict {
            Verdict::CheckSooner => {}
            Verdict::FailCheck => self.fail_check(member),
            Verdict::SuddenDeath => {
                self.standings[member].health = health.min(checks.rise + 1);
                self.fail_check(member);
            }
            Verdict::MarkDown => self.standings[member].health = 0,
        }
        true
    }

    /// When a member's standing changes by itself.
    pub(in crate::model) fn changes_at(&self, member: usize, now: Time) -> Option<Time> {
        self.rule.as_ref().and_then(|rule| rule.changes_at(member, now))
    }

    /// The interval of [`Membership::sweep`].
    pub(in crate::model) fn sweeps_every(&self) -> Option<Span> {
        self.rule.as_ref().and_then(|rule| rule.sweeps_every())
    }

    /// The rule looks at all members.
    pub(in crate::model) fn sweep(&mut self, now: Time, stream: &mut Stream) {
        if let Some(rule) = &mut self.rule {
            rule.sweep(now, stream);
        }
    }

    /// The next step of a member's slow start, if it has one that nobody waits for yet.
    pub(in crate::model) fn take_step(&mut self, member: usize, now: Time) -> Option<Time> {
        let standing = &mut self.standings[member];
        let (risen, slow) = (standing.risen?, self.slow_start?);
        let end = risen + slow.period;
        if now >= end || standing.next_step > now {
            return None;
        }
        standing.next_step = end.min(now + slow.step());
        Some(standing.next_step)
    }

    /// Sets what a slow start makes of a member's weight and limit.
    pub(in crate::model) fn ramp(&mut self, member: usize, view: &mut MemberView, now: Time) {
        view.ramp = MemberView::FULL;
        let (Some(risen), Some(slow)) = (self.standings[member].risen, self.slow_start) else {
            return;
        };
        let elapsed = now.since(risen);
        if elapsed >= slow.period {
            self.standings[member].risen = None;
            return;
        }
        view.ramp = slow.ramp(elapsed);
        if slow.curve == Curve::Sixteenths {
            view.max_connections = view.max_connections.map(|max| {
                let percent = 100 * elapsed.as_ns() / slow.period.as_ns().max(1);
                (u64::from(max) * percent / 100).max(1) as u32
            });
        }
    }
}

impl SlowStart {
    /// Between two changes of the weight: HAProxy's max(1 s, period / 20), else a fiftieth.
    fn step(&self) -> Span {
        match self.curve {
            Curve::Sixteenths => Span::from_secs(1).max(Span::from_ns(self.period.as_ns() / 20)),
            Curve::Power { .. } => Span::from_ns((self.period.as_ns() / 50).max(1)),
        }
    }

    /// The share of the weight that counts after `elapsed`, of [`MemberView::FULL`].
    fn ramp(&self, elapsed: Span) -> u32 {
        let full = f64::from(MemberView::FULL);
        match self.curve {
            Curve::Sixteenths => {
                let (elapsed, period) = (elapsed.as_ns() / 1_000_000_000, self.period.as_ns());
                // HAProxy stores the period in whole seconds, rounded up.
                let period = period.div_ceil(1_000_000_000).max(1);
                let sixteenths = ((16 * elapsed + period) / period).min(16);
                (sixteenths as u32) * MemberView::FULL / 16
            }
            Curve::Power { floor, aggression } => {
                let x = elapsed.as_ns() as f64 / self.period.as_ns() as f64;
                let share = libm::pow(x, 1.0 / aggression).max(floor);
                ((share * full) as u32).clamp(1, MemberView::FULL)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HAProxy 2.6's runtime API showed these weights of 16 during a slow start of 10 s.
    #[test]
    fn sixteenths_follow_whole_seconds() {
        let slow = SlowStart { period: Span::from_secs(10), curve: Curve::Sixteenths };
        let at = |ms| slow.ramp(Span::from_ms(ms)) * 16 / MemberView::FULL;
        assert_eq!(
            [at(0), at(999), at(1_000), at(2_500), at(5_000), at(9_999)],
            [1, 1, 2, 4, 9, 15]
        );
    }

    /// Envoy's documentation: weight times max(min weight, (time / window)^(1 / aggression)).
    #[test]
    fn powers_have_a_floor() {
        let curve = |aggression| Curve::Power { floor: 0.1, aggression };
        let slow =
            |aggression| SlowStart { period: Span::from_secs(100), curve: curve(aggression) };
        assert_eq!(slow(1.0).ramp(Span::from_secs(5)), 25);
        assert_eq!(slow(1.0).ramp(Span::from_secs(50)), 128);
        assert_eq!(slow(2.0).ramp(Span::from_secs(25)), 128);
    }
}
