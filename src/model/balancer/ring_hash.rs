//! `ring-hash`: consistent hashing of the client's address on a ring of points.

use super::ring::Ring;
use super::{Algorithm, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};

#[derive(Clone)]
struct RingHash {
    ring: Ring,
}

impl Balancer for RingHash {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.ring.from(context.key.hash).find(|&member| context.is_eligible(member)).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.ring.update(members);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// Points on the ring per unit of weight.
pub(super) const POINTS: Parameter = Parameter {
    name: "points",
    kind: ParameterKind::Count,
    default: 160.0,
    range: (1.0, 10_000.0),
    doc: "points on the ring per unit of weight; shares differ by about 1/sqrt(points)",
};

/// Where they are.
pub(super) const PLACEMENT: Parameter = Parameter {
    name: "placement",
    kind: ParameterKind::Count,
    default: 0.0,
    range: (0.0, 1e9),
    doc: "which of many pseudo-random placements of the points on the ring",
};

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
    parameters: &[POINTS, PLACEMENT],
    build: |build| {
        let ring = Ring::new(build.arguments[0] as u64, build.arguments[1] as u64);
        Box::new(RingHash { ring })
    },
    ..Algorithm::PLAIN
};
