//! `source-hash`: the client's address modulo the summed weight of the usable members.

use super::weighted::WeightTable;
use super::{Algorithm, Balancer, MemberView, Pick, PickContext};
use crate::engine::random::mix;

/// Re-hashes before falling back to the next eligible member, as nginx's `ip_hash` does.
const REHASHES: u32 = 20;

#[derive(Clone, Default)]
struct SourceHash {
    table: WeightTable,
}

impl SourceHash {
    /// The member that the key asks for, or the next one that is fit for it, as nginx's `ip_hash`
    /// looks for one.
    fn choose(&self, context: &PickContext<'_>, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        let total = self.table.total();
        if total == 0 {
            return None;
        }
        let mut key = context.key.hash;
        for _ in 0..=REHASHES {
            let member = self.table.at(key % total);
            if is_fit(member) {
                return Some(member);
            }
            key = mix(key);
        }
        let n = context.members.len();
        let start = (context.key.hash % n as u64) as usize;
        (0..n).map(|step| (start + step) % n).find(|&member| is_fit(member))
    }
}

impl Balancer for SourceHash {
    /// Where attempts may wait, they wait for their own member, as HAProxy's do.
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        if !context.queues {
            return self.choose(context, |member| context.is_eligible(member)).into();
        }
        match self.choose(context, |member| context.is_usable(member)) {
            Some(member) if context.members[member].has_slot() => Pick::Member(member),
            Some(member) => Pick::QueueAt(member),
            None => Pick::Nobody,
        }
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members, |member| u64::from(member.weight));
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "source-hash",
    summary: "the same client always gets the same member: its key modulo the summed weight",
    fails: "a change of membership moves nearly all clients; one big client loads one member",
    cost: "O(log n)",
    vendors: "akin to HAProxy: source (map-based); nginx: ip_hash, hash",
    weighted: true,
    hashes: true,
    build: |_| Box::new(SourceHash::default()),
    ..Algorithm::PLAIN
};
