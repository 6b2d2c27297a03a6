//! A hash ring: members at pseudo-random points that follow from their names.

use super::MemberView;
use crate::engine::random::mix;

/// Points on the whole ring, at most; beyond it all members get fewer, as in Envoy.
const RING_SIZE_MAX: u64 = 1 << 22;

/// (position, member), sorted.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    points_per_weight: u64,
    placement: u64,
    points: Vec<(u64, usize)>,
    /// The weights it was made for, 0 of members that are not usable.
    known: Vec<u32>,
}

impl Ring {
    /// A ring without members; `placement` is one of many pseudo-random placements of the points.
    pub(super) fn new(points_per_weight: u64, placement: u64) -> Self {
        Self { points_per_weight, placement, points: Vec::new(), known: Vec::new() }
    }

    /// Takes up the usable members. O(points log points) if they have changed.
    pub(super) fn update(&mut self, members: &[MemberView]) {
        let weight = |member: &MemberView| if member.usable { member.weight } else { 0 };
        if self.known.iter().copied().eq(members.iter().map(weight)) {
            return;
        }
        self.known.clear();
        self.known.extend(members.iter().map(weight));
        self.points.clear();
        let total: u64 = self.known.iter().map(|&weight| u64::from(weight)).sum();
        let divisor = (self.points_per_weight * total).div_ceil(RING_SIZE_MAX).max(1);
        for (index, member) in members.iter().enumerate().filter(|(_, member)| member.usable) {
            let root = mix(member.name_hash ^ mix(self.placement));
            let points = (self.points_per_weight * u64::from(member.weight) / divisor).max(1);
            self.points.extend((0..points).map(|point| (mix(root.wrapping_add(point)), index)));
        }
        self.points.sort_unstable();
    }

    /// Members clockwise from a hash, once per point.
    pub(super) fn from(&self, hash: u64) -> impl Iterator<Item = usize> + '_ {
        let start = self.points.partition_point(|&(position, _)| position < hash);
        self.points[start..].iter().chain(&self.points[..start]).map(|&(_, member)| member)
    }
}
