//! `least-connections`: the member with the fewest attempts in flight for its weight.

use super::choice::{MemberHeap, PerWeight};
use super::{Algorithm, Balancer, MemberView, Pick, PickContext};

/// A member's place in the order: fewest in flight per weight, then longest not picked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    share: PerWeight,
    last_pick: u64,
}

#[derive(Clone, Default)]
struct LeastConnections {
    order: MemberHeap<Place>,
    /// When each member was picked last: ties go to the one that has waited longest.
    last_pick: Vec<u64>,
    picks: u64,
}

fn share(member: &MemberView) -> PerWeight {
    PerWeight { load: u64::from(member.load()), weight: member.effective_weight() }
}

impl LeastConnections {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let member = self.order.first(|member| context.is_eligible(member))?;
        self.picks += 1;
        let now = self.picks;
        self.last_pick[member] = now;
        self.order.update(member, |place| place.last_pick = now);
        Some(member)
    }
}

impl Balancer for LeastConnections {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.last_pick.resize(members.len(), 0);
        let place = |(member, &last_pick): (&MemberView, &u64)| {
            member.usable.then(|| Place { share: share(member), last_pick })
        };
        self.order.rebuild(members.iter().zip(&self.last_pick).map(place));
    }

    fn load_changed(&mut self, member: usize, members: &[MemberView]) {
        self.order.update(member, |place| place.share = share(&members[member]));
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Ties rotate, as among HAProxy's servers with equal keys up to 3.1; for
/// ties at random, `power-of-d` with as many draws as members.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "least-connections",
    summary: "the member with the fewest attempts in flight per unit of weight; ties rotate",
    fails: "a member that fails fast looks idle and attracts the traffic (sinkhole)",
    cost: "O(log n), O(n) past members that are full",
    vendors: "akin to HAProxy: leastconn; nginx: least_conn; Envoy: LEAST_REQUEST (full scan)",
    tracks_load: true,
    build: |_| Box::new(LeastConnections::default()),
    ..Algorithm::PLAIN
};
