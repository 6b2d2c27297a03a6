//! `least-connections`: the member with the fewest attempts in flight for its weight.

use super::choice::{MemberHeap, PerWeight};
use super::levels::Levels;
use super::{Algorithm, Balancer, MemberView, Pick, PickContext};
use crate::engine::random::Stream;

/// A member's place in the order: fewest in flight per weight, then longest not picked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    share: PerWeight,
    last_pick: u64,
}

/// Members in that order.
#[derive(Clone)]
enum Order {
    /// Of one weight, with loads not too far apart.
    Levels(Levels),
    Heap(MemberHeap<Place>),
}

#[derive(Clone)]
struct LeastConnections {
    order: Order,
    /// When each member was picked last: ties go to the one that has waited longest.
    last_pick: Vec<u64>,
    picks: u64,
    /// Whether all members have one weight.
    is_even: bool,
    /// The pick at which levels are tried again in place of a heap.
    next_trial: u64,
}

fn share(member: &MemberView) -> PerWeight {
    PerWeight { load: u64::from(member.load()), weight: member.effective_weight() }
}

impl LeastConnections {
    /// Notes a pick, after which the member has `more` load.
    #[inline]
    fn note(&mut self, member: usize, more: u32) {
        self.picks += 1;
        let now = self.picks;
        self.last_pick[member] = now;
        match &mut self.order {
            Order::Levels(levels) => levels.pick(member, more),
            Order::Heap(order) => order.update(member, |place| {
                place.share.load += u64::from(more);
                place.last_pick = now;
            }),
        }
    }

    /// Tries levels again now and then.
    #[inline]
    fn review(&mut self, members: &[MemberView]) {
        if matches!(self.order, Order::Heap(_)) && self.is_even && self.picks >= self.next_trial {
            self.try_levels(members);
        }
    }

    fn use_heap(&mut self, members: &[MemberView]) {
        let place = |(member, &last_pick): (&MemberView, &u64)| {
            member.usable.then(|| Place { share: share(member), last_pick })
        };
        let mut order = MemberHeap::default();
        order.rebuild(members.iter().zip(&self.last_pick).map(place));
        self.order = Order::Heap(order);
        self.next_trial = self.picks + 8 * members.len() as u64;
    }

    /// Uses levels if loads are near enough; else a heap, for some picks.
    fn try_levels(&mut self, members: &[MemberView]) {
        let mut usable: Vec<usize> =
            (0..members.len()).filter(|&member| members[member].usable).collect();
        usable.sort_unstable_by_key(|&member| (self.last_pick[member], member));
        let mut levels = Levels::new(members.len());
        if usable.iter().all(|&member| levels.add(member, members[member].load())) {
            self.order = Order::Levels(levels);
        } else {
            self.use_heap(members);
        }
    }
}

impl Balancer for LeastConnections {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.review(context.members);
        let is_fit = |member| context.is_eligible(member);
        let member = match &mut self.order {
            Order::Levels(levels) => levels.first_fit(is_fit),
            Order::Heap(order) => order.first(is_fit),
        };
        if let Some(member) = member {
            self.note(member, 0);
        }
        member.into()
    }

    fn pick_freely(&mut self, members: &[MemberView], _: &mut Stream) -> Option<usize> {
        self.review(members);
        let member = match &mut self.order {
            Order::Levels(levels) => levels.first(),
            Order::Heap(order) => order.first(|_| true),
        }?;
        self.note(member, 1);
        Some(member)
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.last_pick.resize(members.len(), 0);
        let mut weights = members.iter().filter(|m| m.usable).map(MemberView::effective_weight);
        let first = weights.next();
        self.is_even = weights.all(|weight| Some(weight) == first);
        if self.is_even {
            self.try_levels(members);
        } else {
            self.use_heap(members);
        }
    }

    fn load_changed(&mut self, member: usize, members: &[MemberView]) {
        match &mut self.order {
            Order::Levels(levels) => {
                if !levels.change(member, members[member].load()) {
                    self.use_heap(members);
                }
            }
            Order::Heap(order) => {
                order.update(member, |place| place.share = share(&members[member]));
            }
        }
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
    cost: "O(1), O(log n) if weights differ, O(n) past members that are full",
    vendors: "akin to HAProxy: leastconn; nginx: least_conn; Envoy: LEAST_REQUEST (full scan)",
    tracks_load: true,
    build: |_| {
        Box::new(LeastConnections {
            order: Order::Levels(Levels::new(0)),
            last_pick: Vec::new(),
            picks: 0,
            is_even: true,
            next_trial: 0,
        })
    },
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};
    use proptest::prelude::*;

    proptest! {
        /// Against a scan: loads near each other and far apart, weights equal and not, some members full.
        #[test]
        fn the_order_is_what_a_scan_finds(
            steps in prop::collection::vec((0..9_u8, 0..6_usize, 0..200_u32, any::<u8>()), 1..400),
        ) {
            let mut members: Vec<MemberView> = (0..6).map(|_| MemberView::new("a", 2)).collect();
            let mut last_pick = [0_usize; 6];
            let mut balancer = (ALGORITHM.build)(&super::super::Build {
                arguments: &[],
                version: (0, 0),
                instance: 0,
                thread: 0,
                seed: 0,
            });
            balancer.members_changed(&members);
            let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
            for (now, (what, member, load, fit)) in (1..).zip(steps) {
                let is_fit = |member: usize| what < 4 || fit >> member & 1 == 1;
                let usable = (0..6).filter(|&member| members[member].usable && is_fit(member));
                let first = usable.min_by_key(|&member| (share(&members[member]), last_pick[member], member));
                match what {
                    0..6 => {
                        let barred: Vec<bool> = (0..6).map(|member| !is_fit(member)).collect();
                        let mut probes = Vec::new();
                        let mut context = PickContext::plain(&members, 0, &mut stream, &mut probes);
                        context.barred = &barred;
                        let picked = if what < 4 {
                            balancer.pick_freely(&members, &mut stream).into()
                        } else {
                            balancer.pick(&mut context)
                        };
                        prop_assert_eq!(picked, Pick::from(first));
                        if let Some(first) = first {
                            members[first].in_flight += 1;
                            last_pick[first] = now;
                            if what >= 4 {
                                balancer.load_changed(first, &members);
                            }
                        }
                    }
                    6..8 => {
                        let apart = if fit < 16 { load } else { load % 3 };
                        members[member].in_flight = apart;
                        balancer.load_changed(member, &members);
                    }
                    _ => {
                        members[member].usable = fit % 4 > 0;
                        members[member].weight = if fit < 32 { 1 } else { 2 };
                        balancer.members_changed(&members);
                    }
                }
            }
        }
    }
}
