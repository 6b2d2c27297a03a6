//! HAProxy's consistent-hash ring and the generator that its `random` looks it up with.

use super::haproxy_round_robin::effective_weight;
use super::hashing::avalanche;
use super::{MemberView, PickContext};

/// Points of one server's id never reach the next id's.
const POINTS_MAX: u32 = 256 * 16;

/// HAProxy's generator for decisions that need no security: Marsaglia's xorshift (13, 17, 5),
/// Journal of Statistical Software 8(14), 2003. It starts alike whenever the program does.
#[derive(Clone, Debug)]
pub(super) struct Xorshift(u32);

impl Xorshift {
    /// The generator of a thread that has just started.
    pub(super) fn of_thread(thread: u16) -> Self {
        Self(2_463_534_242_u32.wrapping_add(u32::from(thread) * 64).max(1))
    }

    /// The next 32 bits.
    pub(super) fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// Uniform in 0..n.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(n)) >> 32) as u32
    }
}

/// Sixteen points per unit of weight for each usable server; slow start leaves out the last ones.
/// A server's id is its place in the configuration, from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    /// (position, server), sorted.
    points: Vec<(u32, usize)>,
    /// Effective weight of each server; 0: not on the ring.
    weights: Vec<u32>,
    /// Summed weight of the servers before it.
    before: Vec<u64>,
    total: u64,
}

impl Ring {
    pub(super) fn new(members: &[MemberView]) -> Self {
        let mut ring = Self::default();
        for (index, member) in members.iter().enumerate() {
            let weight = if member.usable { effective_weight(member) } else { 0 };
            let id = (index as u32 + 1).wrapping_mul(POINTS_MAX);
            let points = (0..weight).map(|k| (avalanche(id.wrapping_add(k)), index));
            ring.points.extend(points);
            ring.weights.push(weight);
            ring.before.push(ring.total);
            ring.total += u64::from(weight);
        }
        ring.points.sort_by_key(|&(position, _)| position);
        ring
    }

    /// Effective weight of a server; 0: not on the ring.
    pub(super) fn weight(&self, index: usize) -> u64 {
        u64::from(self.weights[index])
    }

    /// The servers from the point nearest to `hash` on, clockwise, one for each point. Of two
    /// points equally far, the one before it counts as nearest.
    pub(super) fn around(&self, hash: u32) -> impl Iterator<Item = usize> + '_ {
        let n = self.points.len();
        let wrap = n.max(1);
        let after = self.points.partition_point(|&(position, _)| position < hash) % wrap;
        let mut start = after;
        if n > 0 {
            let before = (after + n - 1) % n;
            let back = hash.wrapping_sub(self.points[before].0);
            let ahead = self.points[after].0.wrapping_sub(hash);
            if back <= ahead {
                start = before;
            }
        }
        (0..n).map(move |step| self.points[(start + step) % wrap].1)
    }

    /// Whether a server is below its share of `factor` percent of the mean load
    /// (`hash-balance-factor`). Source: Mirrokni, Thorup & Zadimoghaddam, arXiv:1608.01350, with
    /// HAProxy's rounding.
    pub(super) fn has_room(&self, context: &PickContext<'_>, index: usize, factor: u64) -> bool {
        let served: u64 = context.members.iter().map(|m| u64::from(m.in_flight)).sum();
        let slots = ((served + 1) * factor).div_ceil(100);
        let (each, rest) = (slots / self.total, slots % self.total);
        let (before, weight) = (self.before[index], self.weight(index));
        let own = (before + weight) * rest / self.total - before * rest / self.total;
        u64::from(context.members[index].in_flight) < (weight * each + own).max(1)
    }
}
