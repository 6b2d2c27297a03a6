//! What HAProxy's hash algorithms have in common: a lookup in the map or on the ring.

use super::haproxy_map::ServerMap;
use super::haproxy_ring::Ring;
use super::hashing::avalanche;
use super::{Balancer, Build, Key, MemberView, Parameter, ParameterKind, Pick, PickContext, Tried};

/// How a `consistent` hash looks its member up, and by what.
#[derive(Clone)]
pub(super) struct HaproxyHash {
    hash: fn(Key<'_>) -> u32,
    consistent: bool,
    /// Percent of the mean load beyond which a member is passed over; 0: never.
    balance_factor: u64,
    map: ServerMap,
    ring: Ring,
}

/// The parameters of each of them.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "consistent",
        kind: ParameterKind::Count,
        default: 0.0,
        range: (0.0, 1.0),
        doc: "1: look up the nearest point of a ring (hash-type consistent); 0: modulo the weight",
    },
    Parameter {
        name: "balance-factor",
        kind: ParameterKind::Count,
        default: 0.0,
        range: (0.0, 65_535.0),
        doc: "percent of the mean load that a member may have (hash-balance-factor); 0: any; \
              needs consistent = 1",
    },
];

impl HaproxyHash {
    pub(super) fn new(build: &Build<'_>, hash: fn(Key<'_>) -> u32) -> Self {
        Self {
            hash,
            consistent: build.arguments[0] > 0.0,
            balance_factor: build.arguments[1] as u64,
            map: ServerMap::default(),
            ring: Ring::default(),
        }
    }

    /// Members in the order in which they come into question.
    fn find(&self, context: &PickContext<'_>, fits: impl Fn(usize) -> bool) -> Option<usize> {
        let hash = (self.hash)(context.key);
        if self.consistent {
            return self.ring.around(avalanche(hash)).find(|&member| fits(member));
        }
        let slots = self.map.slots();
        let start = (u64::from(hash) % (slots.len() as u64).max(1)) as usize;
        let around = (start..slots.len()).chain(0..start);
        around.map(|slot| slots[slot]).find(|&member| fits(member))
    }
}

impl Balancer for HaproxyHash {
    /// A full member is waited for, unless the load is bounded. An instance that cannot queue,
    /// which HAProxy always can, takes the next member with a slot.
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        if !self.consistent {
            // Only `chash_get_server_hash` has a server to avoid, `map_get_server_hash` has none.
            context.tried = Tried::default();
        }
        let context = &*context;
        let fits = |member: usize| {
            if context.queues { context.is_usable(member) } else { context.is_eligible(member) }
        };
        let bounded = self.consistent && self.balance_factor > 0;
        let within = |member: usize| {
            fits(member) && self.ring.has_room(context, member, self.balance_factor)
        };
        let found = if bounded { self.find(context, within) } else { None };
        match found.or_else(|| self.find(context, fits)) {
            Some(member) if context.members[member].has_slot() => Pick::Member(member),
            Some(member) => Pick::QueueAt(member),
            None => Pick::Nobody,
        }
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        if self.consistent {
            self.ring = Ring::new(members);
        } else {
            self.map = ServerMap::new(members);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}
