//! `zones`: each instance prefers members of its own zone, as far as no member gets more than the
//! others.

use super::{Division, Layer, LayerSpec, Seat};
use crate::model::balancer::{MemberView, PickContext};
use std::sync::Arc;

/// Where the instances are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zones {
    /// The zone of each instance; the list is repeated if there are more. Not empty.
    pub local: Arc<[u16]>,
    /// With fewer healthy members, zones do not matter.
    pub min_cluster_size: u32,
}

impl Zones {
    /// Where an instance is.
    pub fn of_instance(&self, instance: u16) -> u16 {
        self.local[usize::from(instance) % self.local.len()]
    }
}

/// Where the attempts of an instance go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Zones do not matter.
    Anywhere,
    /// To its own zone.
    Local,
    /// So many of 10000 to its own zone, the others elsewhere in proportion to what is left there:
    /// per zone, in units of 1/10000 of the pool.
    Residual(u64, Vec<u64>),
}

/// Envoy's arithmetic (`ZoneAwareLoadBalancerBase::regenerateLocalityRoutingStructures`): per zone,
/// how many instances and how many healthy members it has; and which one is the own.
pub fn route(instances: &[u64], healthy: &[u64], own: usize) -> Route {
    let share = |counts: &[u64], zone: usize| {
        let all: u64 = counts.iter().sum();
        (10_000 * counts[zone]).checked_div(all).unwrap_or(0)
    };
    let (here, there) = (share(instances, own), share(healthy, own));
    if there > 0 && there >= here {
        return Route::Local;
    }
    let local = (there * 10_000).checked_div(here).unwrap_or(0);
    let left = |zone| {
        let spare = share(healthy, zone).saturating_sub(share(instances, zone));
        if zone == own { 0 } else { spare }
    };
    Route::Residual(local, (0..healthy.len()).map(left).collect())
}

/// Parts: everybody; then one per zone.
#[derive(Clone)]
struct ZoneAware {
    policy: Zones,
    own: u16,
    instances: u16,
    /// Zones in the order of their parts.
    zones: Vec<u16>,
    route: Route,
}

impl ZoneAware {
    fn plan(&self, members: &[MemberView]) -> Route {
        let present = members.iter().filter(|member| member.present);
        let mut healthy = vec![0_u64; self.zones.len()];
        for member in present.clone().filter(|member| member.healthy) {
            healthy[self.position(member.zone)] += 1;
        }
        let all: u64 = healthy.iter().sum();
        let with_members =
            self.zones.iter().filter(|&&zone| present.clone().any(|m| m.zone == zone)).count();
        let is_first = present.clone().all(|member| member.priority == 0);
        let panics = present.clone().any(|member| member.usable && !member.healthy);
        let matter = all >= u64::from(self.policy.min_cluster_size)
            && with_members >= 2
            && is_first
            && !panics;
        if !matter || all == 0 {
            return Route::Anywhere;
        }
        let mut instances = vec![0_u64; self.zones.len()];
        for instance in 0..self.instances {
            instances[self.position(self.policy.of_instance(instance))] += 1;
        }
        route(&instances, &healthy, self.position(self.own))
    }

    fn position(&self, zone: u16) -> usize {
        self.zones.binary_search(&zone).expect("every zone of members and instances is listed")
    }
}

impl Layer for ZoneAware {
    fn divide(&mut self, members: &[MemberView]) -> Division {
        let of_members = members.iter().map(|member| member.zone);
        self.zones = of_members.chain(self.policy.local.iter().copied()).collect();
        self.zones.sort_unstable();
        self.zones.dedup();
        self.route = self.plan(members);
        Division::of(1 + self.zones.len(), members, |part, member| {
            part == 0 || self.zones[part - 1] == member.zone
        })
    }

    fn choose(&mut self, context: &mut PickContext<'_>) -> usize {
        let own = self.position(self.own);
        let zone = match &self.route {
            Route::Anywhere => return 0,
            Route::Local => own,
            Route::Residual(local, _) if context.stream.below(10_000) < *local => own,
            Route::Residual(_, left) => {
                let all: u64 = left.iter().sum();
                if all == 0 {
                    // Only by rounding.
                    return 1 + context.stream.below(left.len() as u64) as usize;
                }
                let mut point = context.stream.below(all);
                let found = left.iter().position(|&left| {
                    let found = point < left;
                    point = point.saturating_sub(left);
                    found
                });
                found.expect("the point lies below the sum")
            }
        };
        1 + zone
    }

    fn boxed_clone(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const LAYER: LayerSpec = LayerSpec {
    name: "zones",
    summary: "own zone first; what would be more than its share of the members goes to other zones",
    fails: "assumes that every instance gets the same traffic: a busy zone overloads its members",
    source: "Envoy: zone aware routing (load_balancer_impl.cc)",
    build: |config, Seat { instance, instances, .. }| {
        let policy = config.layers.zones.clone()?;
        let (own, zones) = (policy.of_instance(instance), Vec::new());
        let route = Route::Anywhere;
        Some(Box::new(ZoneAware { policy, own, instances, zones, route }))
    },
};
