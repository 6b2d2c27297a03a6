//! `least-connections`: the member with the fewest attempts in flight for its weight.

use super::{Algorithm, Balancer, MemberView, Pick, PickContext};

#[derive(Clone, Default)]
struct LeastConnections {
    /// When each member was picked last: ties go to the one that has waited longest.
    last_pick: Vec<u64>,
    picks: u64,
}

impl LeastConnections {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (index, member) in context.members.iter().enumerate() {
            if !context.is_eligible(index) {
                continue;
            }
            let less = best.is_none_or(|best| {
                let other = &context.members[best];
                // a/w < b/v, without a division.
                let mine = u64::from(member.in_flight) * u64::from(other.weight);
                let theirs = u64::from(other.in_flight) * u64::from(member.weight);
                (mine, self.last_pick[index]) < (theirs, self.last_pick[best])
            });
            if less {
                best = Some(index);
            }
        }
        self.picks += 1;
        self.last_pick[best?] = self.picks;
        best
    }
}

impl Balancer for LeastConnections {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.last_pick.resize(members.len(), 0);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Ties rotate, as among HAProxy's servers with equal keys up to 3.1.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "least-connections",
    summary: "the member with the fewest attempts in flight per unit of weight; ties rotate",
    fails: "a member that fails fast looks idle and attracts the traffic (sinkhole)",
    cost: "O(n)",
    vendors: "akin to HAProxy: leastconn; nginx: least_conn; Envoy: LEAST_REQUEST (full scan)",
    build: |_| Box::new(LeastConnections::default()),
    ..Algorithm::PLAIN
};
