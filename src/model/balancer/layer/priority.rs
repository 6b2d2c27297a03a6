//! `priority`: members of a lower priority get traffic only as those above them fail.

use super::{Division, Layer, LayerSpec};
use crate::engine::random::mix;
use crate::model::balancer::{MemberView, PickContext};

/// When traffic goes down to the next priority. In percent, as in Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priorities {
    /// A priority is whole as long as the share of its healthy members, times this, is 100 or more.
    pub overprovisioning: u32,
    /// A priority with a smaller share of healthy members is in panic; the balancer's own threshold.
    pub panic: u32,
}

/// How many members a priority has, and how many of them are healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Listed in the pool.
    pub members: u32,
    /// Of these, healthy.
    pub healthy: u32,
}

impl Level {
    /// Fewer healthy members than it takes to leave the others alone.
    fn is_short(self, policy: Priorities) -> bool {
        100 * self.healthy < policy.panic * self.members
    }
}

/// The members of each priority.
pub fn levels(members: &[MemberView]) -> Vec<Level> {
    let last = members.iter().map(|member| usize::from(member.priority)).max().unwrap_or(0);
    let mut levels = vec![Level::default(); last + 1];
    for member in members.iter().filter(|member| member.present) {
        let level = &mut levels[usize::from(member.priority)];
        level.members += 1;
        level.healthy += u32::from(member.healthy);
    }
    levels
}

/// In percent, how much each priority can take.
fn health(levels: &[Level], policy: Priorities) -> Vec<u32> {
    let health = |level: &Level| match level.members {
        0 => 0,
        members => (policy.overprovisioning * level.healthy / members).min(100),
    };
    levels.iter().map(health).collect()
}

/// Which priorities use all of their members, healthy or not: those with too few healthy ones, but
/// none as long as all together can take everything.
pub fn panics(levels: &[Level], policy: Priorities) -> Vec<bool> {
    let is_enough = health(levels, policy).iter().sum::<u32>() >= 100;
    levels.iter().map(|level| !is_enough && level.is_short(policy)).collect()
}

/// Percent of the traffic for each priority, 100 in all unless there is nobody at all (Envoy,
/// `LoadBalancerBase::recalculatePerPriorityState`; whole numbers, rounded down on the way).
pub fn loads(levels: &[Level], policy: Priorities) -> Vec<u32> {
    let health = health(levels, policy);
    let available = health.iter().sum::<u32>().min(100);
    let total_panic = |(level, panics): (&Level, bool)| level.members == 0 || panics;
    if policy.panic > 0
        && available < 100
        && levels.iter().zip(panics(levels, policy)).all(total_panic)
    {
        return by_size(levels);
    }
    if available == 0 {
        // Nobody is healthy and nobody panics.
        return (0..levels.len()).map(|level| if level == 0 { 100 } else { 0 }).collect();
    }
    let mut left = 100;
    let take = |health: &u32| {
        let load = left.min(health * 100 / available);
        left -= load;
        load
    };
    let mut loads: Vec<u32> = health.iter().map(take).collect();
    let first = health.iter().position(|&health| health > 0);
    loads[first.expect("some health is available")] += left;
    loads
}

/// All priorities panic: whoever is healthy or not, each gets traffic by its number of members.
fn by_size(levels: &[Level]) -> Vec<u32> {
    let all: u32 = levels.iter().map(|level| level.members).sum();
    let share = |level: &Level| (100 * level.members).checked_div(all).unwrap_or(0);
    let mut loads: Vec<u32> = levels.iter().map(share).collect();
    if let Some(first) = levels.iter().position(|level| level.members > 0) {
        loads[first] += 100 - loads.iter().sum::<u32>();
    }
    loads
}

/// Parts: one per priority.
#[derive(Clone)]
struct Failover {
    policy: Priorities,
    /// Whether the request's key decides, as for Envoy's hashes.
    by_key: bool,
    loads: Vec<u32>,
}

impl Layer for Failover {
    fn divide(&mut self, members: &[MemberView]) -> Division {
        let levels = levels(members);
        self.loads = loads(&levels, self.policy);
        Division::of(levels.len(), members, |part, member| usize::from(member.priority) == part)
    }

    fn choose(&mut self, context: &mut PickContext<'_>) -> usize {
        let mut point = if self.by_key {
            // Mixed once more: the priority must not depend on the place on a ring.
            (mix(context.key.hash ^ 0x7072_696F) % 100) as u32 // "prio"
        } else {
            context.stream.below(100) as u32
        };
        let found = self.loads.iter().position(|&load| {
            let found = point < load;
            point = point.saturating_sub(load);
            found
        });
        found.unwrap_or(0)
    }

    fn boxed_clone(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const LAYER: LayerSpec = LayerSpec {
    name: "priority",
    summary: "the next priority gets what the one above cannot take: min(100, 140 * healthy/all)%",
    fails: "spare capacity is cold and small; health counts members, not how slow they are",
    source: "Envoy: priority levels, panic threshold (load_balancer_impl.cc)",
    build: |config, _| {
        let failover =
            |policy| Failover { policy, by_key: config.algorithm.hashes, loads: Vec::new() };
        config.layers.priority.map(|policy| Box::new(failover(policy)) as Box<dyn Layer>)
    },
};
