//! `haproxy-least-connections`: HAProxy's `leastconn`.

use super::haproxy_ring::Xorshift;
use super::haproxy_round_robin::effective_weight;
use super::{Algorithm, Balancer, Build, Dialect, MemberView, Pick, PickContext};
use std::collections::BTreeSet;

/// Lists among which members of equal load are spread since 3.2.
const LISTS: u32 = 4;

#[derive(Clone)]
struct HaproxyLeastConnections {
    /// (load key, list, sequence, member): usable members, least loaded first.
    order: BTreeSet<(u64, u32, u64, usize)>,
    places: Vec<Option<(u64, u32, u64)>>,
    weights: Vec<u32>,
    sequence: u64,
    /// One up to 3.1.
    lists: u32,
    random: Xorshift,
}

impl HaproxyLeastConnections {
    fn new(build: &Build<'_>) -> Self {
        Self {
            order: BTreeSet::new(),
            places: Vec::new(),
            weights: Vec::new(),
            sequence: 0,
            lists: if build.is_at_least((3, 2)) { LISTS } else { 1 },
            random: Xorshift::of_thread(build.thread),
        }
    }

    /// What members are sorted by. An idle one comes first, whatever its weight.
    fn key(member: &MemberView, weight: u32) -> u64 {
        match member.load() {
            0 => 0,
            load => u64::from(load + 1) * 4096 / u64::from(weight),
        }
    }

    fn draw(&mut self) -> u32 {
        if self.lists == 1 { 0 } else { self.random.below(self.lists) }
    }

    fn remove(&mut self, index: usize) {
        if let Some((key, list, sequence)) = self.places[index].take() {
            self.order.remove(&(key, list, sequence, index));
        }
    }

    /// Puts a usable member behind all of the same load.
    fn insert(&mut self, index: usize, member: &MemberView) {
        self.remove(index);
        let key = Self::key(member, self.weights[index]);
        self.sequence += 1;
        let list = self.draw();
        self.places[index] = Some((key, list, self.sequence));
        self.order.insert((key, list, self.sequence, index));
    }

    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let mut from = 0;
        while let Some(&(key, ..)) = self.order.range((from, 0, 0, 0)..).next() {
            let start = self.draw();
            for step in 0..self.lists {
                let list = (start + step) % self.lists;
                let alike = self.order.range((key, list, 0, 0)..(key, list + 1, 0, 0));
                let found = alike.map(|entry| entry.3).find(|&member| context.is_eligible(member));
                if found.is_some() {
                    return found;
                }
            }
            from = key + 1;
        }
        None
    }
}

impl Balancer for HaproxyLeastConnections {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.places.resize(members.len(), None);
        self.weights.resize(members.len(), 0);
        for (index, member) in members.iter().enumerate() {
            let weight = if member.usable { effective_weight(member) } else { 0 };
            let before = std::mem::replace(&mut self.weights[index], weight);
            if weight == 0 {
                self.remove(index);
            } else if weight != before {
                self.insert(index, member);
            }
        }
    }

    fn load_changed(&mut self, index: usize, members: &[MemberView]) {
        if let Some((key, ..)) = self.places[index]
            && key != Self::key(&members[index], self.weights[index])
        {
            self.insert(index, &members[index]);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: HAProxy 2.6 and 3.2 `lb_fwlc.c`; 2.6 is held to recordings in
/// tests/orders.rs. Since 3.2 a list's full head hides those behind it now and then; not so here.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "haproxy-least-connections",
    dialect: (Dialect::Haproxy, &["leastconn", "least-connections"]),
    summary: "the least (attempts there and queued for it + 1) / weight; idle members come first",
    fails: "a member that fails fast looks idle and attracts the traffic (sinkhole)",
    cost: "O(log n), and as much for each full member passed over",
    vendors: "HAProxy: leastconn; equal loads take turns up to 3.1, by chance since 3.2",
    tracks_load: true,
    build: |build| Box::new(HaproxyLeastConnections::new(build)),
    ..Algorithm::PLAIN
};
