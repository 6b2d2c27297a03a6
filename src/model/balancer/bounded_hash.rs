//! `bounded-hash`: consistent hashing, past members that have more than their share.

use super::ring::Ring;
use super::ring_hash::{PLACEMENT, POINTS};
use super::{Algorithm, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};

#[derive(Clone)]
struct BoundedHash {
    ring: Ring,
    /// A member's bound, as a multiple of its share of all attempts in flight.
    factor: f64,
    /// Attempts at each usable member.
    loads: Vec<Option<u32>>,
    load: u64,
    weight: u64,
}

impl BoundedHash {
    fn choose(&self, context: &PickContext<'_>) -> Option<usize> {
        // The bound counts the attempt that is being placed.
        let average = (self.load + 1) as f64 / self.weight as f64;
        let has_room = |member: usize| {
            let view = &context.members[member];
            let bound = (self.factor * average * view.effective_weight() as f64).ceil();
            f64::from(view.load()) < bound
        };
        let hash = context.key.hash;
        let eligible = || self.ring.from(hash).filter(|&member| context.is_eligible(member));
        eligible().find(|&member| has_room(member)).or_else(|| eligible().next())
    }
}

impl Balancer for BoundedHash {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.ring.update(members);
        let usable = || members.iter().filter(|member| member.usable);
        self.weight = usable().map(MemberView::effective_weight).sum();
        self.load = usable().map(|member| u64::from(member.load())).sum();
        self.loads = members.iter().map(|member| member.usable.then(|| member.load())).collect();
    }

    fn load_changed(&mut self, member: usize, members: &[MemberView]) {
        if let Some(known) = &mut self.loads[member] {
            self.load -= u64::from(*known);
            *known = members[member].load();
            self.load += u64::from(*known);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Mirrokni, Thorup & Zadimoghaddam, "Consistent hashing with
/// bounded loads", SODA 2018: what does not fit goes to the next member clockwise. If nobody below
/// its bound may be picked, the first that may is.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "bounded-hash",
    summary: "consistent hashing, past members above so many times their share of what is in flight",
    fails: "a full member floods its neighbour on the ring; at low load it moves clients for nothing",
    cost: "O(log n) and about 1/(factor - 1)^2 steps; O(ring) if nobody has room",
    vendors: "HAProxy: hash-balance-factor; akin to Envoy: hash_balance_factor, which jumps",
    weighted: true,
    tracks_load: true,
    hashes: true,
    parameters: &[
        POINTS,
        PLACEMENT,
        Parameter {
            name: "balance-factor",
            kind: ParameterKind::Number,
            default: 1.25,
            range: (1.0, 100.0),
            doc: "most attempts in flight at a member, in multiples of its share; rounded up",
        },
    ],
    build: |build| {
        Box::new(BoundedHash {
            ring: Ring::new(build.arguments[0] as u64, build.arguments[1] as u64),
            factor: build.arguments[2],
            loads: Vec::new(),
            load: 0,
            weight: 0,
        })
    },
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    /// One key for everything: no member ever has more than ceil(factor * average) of them.
    #[test]
    fn one_key_never_loads_a_member_beyond_its_bound() {
        const FACTOR: f64 = 1.5;
        let mut members: Vec<_> = ["a", "b", "c", "d"].map(|name| MemberView::new(name, 1)).into();
        let mut algorithm = BoundedHash {
            ring: Ring::new(100, 0),
            factor: FACTOR,
            loads: Vec::new(),
            load: 0,
            weight: 0,
        };
        algorithm.members_changed(&members);
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let mut first = None;
        for placed in 1..=1000_u32 {
            let mut probes = Vec::new();
            let mut context = PickContext::plain(&members, 42, &mut stream, &mut probes);
            let Pick::Member(member) = algorithm.pick(&mut context) else { panic!("nobody") };
            first = first.or(Some(member));
            members[member].in_flight += 1;
            algorithm.load_changed(member, &members);
            let bound = (FACTOR * f64::from(placed) / 4.0).ceil();
            assert!(f64::from(members[member].in_flight) <= bound, "{placed}: {members:?}");
        }
        let home = members[first.expect("a thousand picks")].in_flight;
        assert_eq!(home, 375, "its own member is filled to the bound");
    }
}
