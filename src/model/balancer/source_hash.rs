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
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let total = self.table.total();
        if total == 0 {
            return None;
        }
        let mut key = context.key.hash;
        for _ in 0..=REHASHES {
            let member = self.table.at(key % total);
            if context.is_eligible(member) {
                return Some(member);
            }
            key = mix(key);
        }
        let n = context.members.len();
        let start = (context.key.hash % n as u64) as usize;
        (0..n).map(|step| (start + step) % n).find(|&member| context.is_eligible(member))
    }
}

impl Balancer for SourceHash {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
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
    vendors: "HAProxy: source (map-based); nginx: ip_hash, hash",
    weighted: true,
    build: |_| Box::new(SourceHash::default()),
    ..Algorithm::PLAIN
};
