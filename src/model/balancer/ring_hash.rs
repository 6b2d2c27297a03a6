//! `ring-hash`: consistent hashing of the client's address on a ring of points.

use super::{Algorithm, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};
use crate::engine::random::mix;

/// Points on the whole ring, at most; beyond it all members get fewer, as in Envoy.
const RING_SIZE_MAX: u64 = 1 << 22;

#[derive(Clone)]
struct RingHash {
    points_per_weight: u64,
    placement: u64,
    /// (position, member), sorted.
    ring: Vec<(u64, usize)>,
}

impl RingHash {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let n = self.ring.len();
        let start = self.ring.partition_point(|&(position, _)| position < context.key.hash);
        (0..n)
            .map(|step| self.ring[(start + step) % n].1)
            .find(|&member| context.is_eligible(member))
    }
}

impl Balancer for RingHash {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.ring.clear();
        let total: u64 = members.iter().filter(|m| m.usable).map(|m| u64::from(m.weight)).sum();
        let divisor = (self.points_per_weight * total).div_ceil(RING_SIZE_MAX).max(1);
        for (index, member) in members.iter().enumerate().filter(|(_, member)| member.usable) {
            let root = mix(member.name_hash ^ mix(self.placement));
            let points = (self.points_per_weight * u64::from(member.weight) / divisor).max(1);
            self.ring.extend((0..points).map(|point| (mix(root.wrapping_add(point)), index)));
        }
        self.ring.sort_unstable();
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Karger et al., STOC 1997; the points of a member follow from
/// its name, as in ketama and Envoy's RING_HASH, so that a change of membership moves few clients.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "ring-hash",
    summary: "the same client always gets the same member: the next point on a hash ring",
    fails: "few points per member make very unequal shares; one big client loads one member",
    cost: "O(log n), O(n) past members that are full",
    vendors: "akin to HAProxy: hash-type consistent; nginx: hash ... consistent; Envoy: RING_HASH",
    weighted: true,
    hashes: true,
    parameters: &[
        Parameter {
            name: "points",
            kind: ParameterKind::Count,
            default: 160.0,
            range: (1.0, 10_000.0),
            doc: "points on the ring per unit of weight; shares differ by about 1/sqrt(points)",
        },
        Parameter {
            name: "placement",
            kind: ParameterKind::Count,
            default: 0.0,
            range: (0.0, 1e9),
            doc: "which of many pseudo-random placements of the points on the ring",
        },
    ],
    build: |build| {
        Box::new(RingHash {
            points_per_weight: build.arguments[0] as u64,
            placement: build.arguments[1] as u64,
            ring: Vec::new(),
        })
    },
    ..Algorithm::PLAIN
};
