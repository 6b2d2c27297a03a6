//! What Envoy's hash policies have in common: the key, retries past hosts that cannot take the
//! attempt, and bounded loads.

use super::hashing::xxh64;
use super::{Balancer, Key, MemberView, Parameter, ParameterKind, Pick, PickContext};
use crate::engine::random::split_mix;

/// Entries tried before any eligible host is taken.
const ATTEMPTS: u64 = 64;

/// A table from hashes to hosts.
pub(super) trait HashTable: Clone + Send + Sync + 'static {
    /// Builds it from the usable members of positive weight.
    fn rebuild(&mut self, members: &[MemberView]);

    /// The host for a hash, or for the n-th retry; `None`: the table is empty.
    fn host(&self, hash: u64, attempt: u64) -> Option<usize>;
}

/// A policy that looks a key up in a table.
#[derive(Clone)]
pub(super) struct EnvoyHash<T> {
    pub(super) table: T,
    /// Percent of the mean load that a host may have; 0: any.
    pub(super) balance_factor: u64,
    pub(super) known: Vec<u32>,
}

/// The parameter of each of them.
pub(super) const BALANCE_FACTOR: Parameter = Parameter {
    name: "hash-balance-factor",
    kind: ParameterKind::Count,
    default: 0.0,
    range: (0.0, 1e6),
    doc: "percent of the mean load that a host may have, from 100 on; 0: any",
};

/// As a header's hash policy computes it; a key without text is hashed already.
fn hash_of(key: Key<'_>) -> u64 {
    if key.text.is_empty() { key.hash } else { xxh64(key.text.as_bytes(), 0) }
}

impl<T: HashTable> EnvoyHash<T> {
    /// Requests in flight over the slots that a host has. Source: Mirrokni, Thorup &
    /// Zadimoghaddam, arXiv:1608.01350, with Envoy's rounding.
    fn overload(&self, context: &PickContext<'_>, host: usize) -> f64 {
        let active: u64 = context.members.iter().map(|m| u64::from(m.in_flight)).sum();
        let total: u64 = self.known.iter().map(|&weight| u64::from(weight)).sum();
        let slots = ((active + 1) * self.balance_factor).div_ceil(100);
        let own = (slots * u64::from(self.known[host])).div_ceil(total).max(1);
        f64::from(context.members[host].in_flight) / own as f64
    }

    /// The first host with room in an order that follows from the hash, else the least overloaded.
    /// Envoy shuffles with a Mersenne Twister seeded by the hash; so does this, with another
    /// generator.
    fn bounded(&self, context: &PickContext<'_>, hash: u64, host: usize) -> usize {
        let mut least = (self.overload(context, host), host);
        if least.0 <= 1.0 {
            return host;
        }
        let mut others: Vec<usize> = context.eligible().filter(|&other| other != host).collect();
        let mut state = hash;
        while !others.is_empty() {
            let drawn = (split_mix(&mut state) % others.len() as u64) as usize;
            let other = others.swap_remove(drawn);
            let overload = self.overload(context, other);
            if overload <= 1.0 {
                return other;
            }
            if overload < least.0 {
                least = (overload, other);
            }
        }
        least.1
    }

    fn choose(&self, context: &PickContext<'_>) -> Option<usize> {
        let hash = hash_of(context.key);
        let host = (0..ATTEMPTS)
            .map_while(|attempt| self.table.host(hash, attempt))
            .find(|&host| context.is_eligible(host))
            .or_else(|| context.eligible().next())?;
        if self.balance_factor == 0 {
            return Some(host);
        }
        Some(self.bounded(context, hash, host))
    }
}

impl<T: HashTable> Balancer for EnvoyHash<T> {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        let weight = |m: &MemberView| if m.usable { m.weight } else { 0 };
        let weights: Vec<u32> = members.iter().map(weight).collect();
        if weights != self.known {
            self.known = weights;
            self.table.rebuild(members);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// Usable members with their shares of the summed weight.
pub(super) fn normalized(members: &[MemberView]) -> Vec<(usize, f64)> {
    let usable = || members.iter().enumerate().filter(|(_, m)| m.usable && m.weight > 0);
    let total: u64 = usable().map(|(_, member)| u64::from(member.weight)).sum();
    usable().map(|(index, m)| (index, f64::from(m.weight) / total as f64)).collect()
}
