//! `max-fails`: nginx's passive checks.

use super::policy::Ejection;
use super::rule::{EjectionRule, TryEnd, Verdict};
use crate::engine::random::Stream;
use crate::engine::time::Time;
use crate::model::balancer::{Parameter, ParameterKind};

const SECOND: u64 = 1_000_000_000;

/// A peer's counters; times in whole seconds, as nginx's clock has them.
#[derive(Clone, Copy, Default)]
struct Peer {
    fails: u32,
    checked: u64,
    accessed: u64,
}

#[derive(Clone)]
struct MaxFails {
    limit: u32,
    fail_timeout: u64,
    peers: Vec<Peer>,
    /// How many of them are in the pool.
    listed: usize,
}

fn seconds(now: Time) -> u64 {
    now.as_ns() / SECOND
}

impl MaxFails {
    /// A group with a single peer never loses it.
    fn counts(&self) -> bool {
        self.limit > 0 && self.listed > 1
    }
}

impl EjectionRule for MaxFails {
    fn try_over(&mut self, member: usize, end: &TryEnd, _: &mut Stream) -> Option<Verdict> {
        let now = seconds(end.now);
        let peer = &mut self.peers[member];
        if end.is_failure() {
            peer.fails += 1;
            peer.checked = now;
            peer.accessed = now;
        } else if peer.accessed < peer.checked {
            // Only a success of the probe after the window clears what failed before it.
            peer.fails = 0;
        }
        None
    }

    fn list(&mut self, listed: &[bool]) {
        self.listed = listed.iter().filter(|listed| **listed).count();
        for (peer, _) in self.peers.iter_mut().zip(listed).filter(|(_, listed)| !**listed) {
            *peer = Peer::default();
        }
    }

    fn picked(&mut self, member: usize, now: Time) {
        let now = seconds(now);
        let peer = &mut self.peers[member];
        if now - peer.checked > self.fail_timeout {
            peer.checked = now;
        }
    }

    fn is_out(&self, member: usize, now: Time) -> bool {
        let peer = &self.peers[member];
        self.counts()
            && peer.fails >= self.limit
            && seconds(now) - peer.checked <= self.fail_timeout
    }

    fn changes_at(&self, member: usize, now: Time) -> Option<Time> {
        let readmitted = (self.peers[member].checked + self.fail_timeout + 1) * SECOND;
        self.is_out(member, now).then(|| Time::from_ns(readmitted))
    }

    fn boxed_clone(&self) -> Box<dyn EjectionRule> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: nginx, `ngx_http_upstream_get_peer` and
/// `ngx_http_upstream_free_round_robin_peer`.
pub(super) const EJECTION: Ejection = Ejection {
    name: "max-fails",
    summary: "failures are counted, not windowed; a member with max-fails of them is out for fail-timeout, then one try probes it",
    fails: "one timeout takes a member out; when all are out everybody is turned away at once",
    vendors: "nginx: max_fails, fail_timeout",
    parameters: &[
        Parameter {
            name: "max-fails",
            kind: ParameterKind::Count,
            default: 1.0,
            range: (0.0, 1e6),
            doc: "failures that take a member out; 0: never",
        },
        Parameter {
            name: "fail-timeout",
            kind: ParameterKind::Duration,
            default: 10.0,
            range: (0.0, 1e6),
            doc: "how long it is out, in whole seconds, and up to one more",
        },
    ],
    build: |arguments, members| {
        Box::new(MaxFails {
            limit: arguments[0] as u32,
            fail_timeout: arguments[1] as u64,
            peers: vec![Peer::default(); members],
            listed: members,
        })
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};
    use crate::model::outcome::Outcome;

    fn at(ms: u64) -> Time {
        Time::from_ns(ms * 1_000_000)
    }

    /// The consequences that follow from the source: a success inside the window clears nothing; one
    /// probe per window; its success clears everything.
    #[test]
    fn failures_accumulate_and_one_probe_clears_them() {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let mut rule = (EJECTION.build)(&[2.0, 10.0], 2);
        let mut over = |rule: &mut Box<dyn EjectionRule>, outcome, ms| {
            rule.picked(0, at(ms));
            rule.try_over(0, &TryEnd { outcome, is_retried: false, now: at(ms) }, &mut stream);
        };
        over(&mut rule, Outcome::Refused, 100_700);
        over(&mut rule, Outcome::Ok, 102_000);
        assert!(!rule.is_out(0, at(102_000)));
        over(&mut rule, Outcome::Http504, 103_900);
        assert!(rule.is_out(0, at(104_000)) && !rule.is_out(1, at(104_000)));
        assert_eq!(rule.changes_at(0, at(104_000)), Some(at(114_000)));
        assert!(rule.is_out(0, at(113_999)) && !rule.is_out(0, at(114_000)));
        rule.picked(0, at(114_500));
        assert!(rule.is_out(0, at(114_501)), "one probe, then nobody until it is over");
        let end = TryEnd { outcome: Outcome::Ok, is_retried: false, now: at(114_600) };
        rule.try_over(0, &end, &mut Stream::new(Seed::new(1), Purpose::Test, 0));
        assert!(!rule.is_out(0, at(114_700)));
    }

    #[test]
    fn a_single_peer_and_no_limit_are_never_out() {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        for (arguments, members) in [([1.0, 10.0], 1), ([0.0, 10.0], 3)] {
            let mut rule = (EJECTION.build)(&arguments, members);
            let end = TryEnd { outcome: Outcome::Refused, is_retried: true, now: at(50_000) };
            rule.try_over(0, &end, &mut stream);
            assert!(!rule.is_out(0, at(50_001)));
        }
    }
}
