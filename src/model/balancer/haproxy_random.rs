//! `haproxy-random`: HAProxy's `random`, the less loaded of a few draws on the consistent ring.

use super::haproxy_ring::{Ring, Xorshift};
use super::{Algorithm, Balancer, Build, Dialect, MemberView};
use super::{Parameter, ParameterKind, Pick, PickContext};
use crate::engine::time::Time;

/// Picks of one member within the last second, as a counter of two periods estimates them.
#[derive(Clone, Copy, Default)]
struct Rate {
    second: u64,
    now: u64,
    before: u64,
}

const SECOND: u64 = 1_000_000_000;

impl Rate {
    fn roll(&mut self, now: Time) {
        let second = now.as_ns() / SECOND;
        if second != self.second {
            self.before = if second == self.second + 1 { self.now } else { 0 };
            self.now = 0;
            self.second = second;
        }
    }

    /// In whole picks per second, as HAProxy rounds it.
    fn value(&mut self, now: Time) -> u64 {
        self.roll(now);
        let left = SECOND - now.as_ns() % SECOND;
        self.now + (u128::from(self.before) * u128::from(left) / u128::from(SECOND)) as u64
    }
}

#[derive(Clone)]
struct HaproxyRandom {
    draws: u32,
    ring: Ring,
    random: Xorshift,
    /// Since 3.4, the lower request rate wins ties.
    rates: Option<Vec<Rate>>,
}

impl HaproxyRandom {
    fn new(build: &Build<'_>) -> Self {
        Self {
            draws: build.arguments[0] as u32,
            ring: Ring::default(),
            random: Xorshift::of_thread(build.thread),
            rates: build.is_at_least((3, 4)).then(Vec::new),
        }
    }

    /// Whether `first` is to be kept although `second` was drawn after it.
    fn keeps(&mut self, context: &PickContext<'_>, first: usize, second: usize) -> bool {
        let served = |index: usize| u64::from(context.members[index].in_flight);
        let mine = served(first) * self.ring.weight(second);
        let other = served(second) * self.ring.weight(first);
        if mine != other {
            return mine < other;
        }
        let (mine, other) = (self.ring.weight(second), self.ring.weight(first));
        self.rates.as_mut().is_some_and(|rates| {
            rates[first].value(context.now) * mine < rates[second].value(context.now) * other
        })
    }

    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let mut best: Option<usize> = None;
        for _ in 0..self.draws {
            let point = self.random.bits();
            let drawn = self.ring.around(point).find(|&member| context.is_usable(member))?;
            best = match best {
                Some(first) if first != drawn && self.keeps(context, first, drawn) => Some(first),
                _ => Some(drawn),
            };
        }
        best
    }
}

impl Balancer for HaproxyRandom {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        let Some(best) = self.choose(context) else { return Pick::Nobody };
        let picked = if context.members[best].has_slot() {
            best
        } else if context.queues {
            return Pick::QueueInPool;
        } else {
            // HAProxy always queues; an instance that cannot takes the next free member.
            let free = context.eligible().find(|&member| member > best);
            let Some(free) = free.or_else(|| context.eligible().next()) else {
                return Pick::Nobody;
            };
            free
        };
        if let Some(rates) = &mut self.rates {
            rates[picked].roll(context.now);
            rates[picked].now += 1;
        }
        Pick::Member(picked)
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.ring = Ring::new(members);
        if let Some(rates) = &mut self.rates {
            rates.resize(members.len(), Rate::default());
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: HAProxy `get_server_rnd` in `backend.c`, 2.6 and 3.4; 2.6 is held
/// to recordings in tests/orders.rs. The generator and the ring are the same at every start, and so
/// are the members that get more than their share.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "haproxy-random",
    dialect: (Dialect::Haproxy, &["random", "two-choices"]),
    summary: "the least loaded for its weight of some draws on the consistent ring; later wins ties",
    fails: "shares are those of the ring, not the weights'; a full winner means the pool's queue",
    cost: "O(draws x log n)",
    vendors: "HAProxy: random(draws); since 3.4 the lower request rate wins ties",
    parameters: &[Parameter {
        name: "draws",
        kind: ParameterKind::Count,
        default: 2.0,
        range: (1.0, 100.0),
        doc: "members drawn, with replacement, of which the least loaded is taken",
    }],
    build: |build| Box::new(HaproxyRandom::new(build)),
    ..Algorithm::PLAIN
};
