//! What nginx's hashes and draws have in common: ranges of weight over all peers, and the turns that
//! they fall back to.

use super::smooth_weighted::SmoothTurns;
use super::{MemberView, PickContext};

/// Peers that a hash or draw may hit in vain before nginx falls back to turns.
pub(super) const TRIES_MAX: u32 = 20;

/// All peers of the pool, usable or not: nginx hashes over them all, so that a peer that is down moves
/// only its own keys. One that the configuration does not list does not exist.
#[derive(Clone, Default)]
pub(super) struct Ranges {
    /// (end of its range, member).
    ends: Vec<(u64, usize)>,
}

impl Ranges {
    /// Summed weight.
    pub(super) fn total(&self) -> u64 {
        self.ends.last().map_or(0, |&(end, _)| end)
    }

    /// Whose range a hash is in, modulo the total. O(log n).
    pub(super) fn at(&self, hash: u64) -> usize {
        let point = hash % self.total();
        self.ends[self.ends.partition_point(|&(end, _)| end <= point)].1
    }
}

/// nginx's peers.
#[derive(Clone, Default)]
pub(super) struct Peers {
    pub(super) ranges: Ranges,
    pub(super) turns: SmoothTurns,
}

impl Peers {
    /// The first eligible peer that `hit` names, of twenty-one; else whose turn it is.
    pub(super) fn choose(
        &mut self,
        context: &mut PickContext<'_>,
        mut hit: impl FnMut(&Ranges, &mut PickContext<'_>) -> usize,
    ) -> Option<usize> {
        if self.ranges.total() > 0 {
            for _ in 0..=TRIES_MAX {
                let member = hit(&self.ranges, context);
                if context.is_eligible(member) {
                    return Some(member);
                }
            }
        }
        self.turns.choose(context)
    }

    pub(super) fn members_changed(&mut self, members: &[MemberView]) {
        self.turns.members_changed(members);
        self.ranges.ends.clear();
        let mut total = 0;
        for (index, member) in members.iter().enumerate().filter(|(_, m)| m.present && m.weight > 0)
        {
            total += u64::from(member.weight);
            self.ranges.ends.push((total, index));
        }
    }
}
