//! `source-hash`: the client's address modulo the summed weight of the usable members.

use super::weighted::WeightTable;
use super::{Algorithm, Balancer, MemberView, PickContext};
use crate::engine::random::mix;

/// Re-hashes before falling back to the next eligible member, as nginx's `ip_hash` does.
const REHASHES: u32 = 20;

#[derive(Clone, Default)]
struct SourceHash {
    table: WeightTable,
}

impl Balancer for SourceHash {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let total = self.table.total();
        if total == 0 {
            return None;
        }
        let mut key = context.key;
        for _ in 0..=REHASHES {
            let member = self.table.at(key % total);
            if context.is_eligible(member) {
                return Some(member);
            }
            key = mix(key);
        }
        let n = context.members.len();
        let start = (context.key % n as u64) as usize;
        (0..n).map(|step| (start + step) % n).find(|&member| context.is_eligible(member))
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members);
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
    parameters: &[],
    build: |_| Box::new(SourceHash::default()),
};
