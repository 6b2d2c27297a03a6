//! `nginx-hash-consistent`: nginx's `hash ... consistent`, the ketama ring.

use super::hashing::{Crc32, with_text};
use super::nginx_peers::TRIES_MAX;
use super::smooth_weighted::SmoothTurns;
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

/// Points for each unit of weight.
const POINTS: u32 = 160;

#[derive(Clone)]
struct NginxHashConsistent {
    turns: SmoothTurns,
    /// (position, member), sorted, one member for each position.
    ring: Vec<(u32, usize)>,
}

impl NginxHashConsistent {
    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let n = self.ring.len();
        let hash = with_text(context.key, |text| Crc32::new().then(text).value());
        let start = self.ring.partition_point(|&(position, _)| position < hash);
        let hits = (start..=start + TRIES_MAX as usize).filter_map(|i| self.ring.get(i % n.max(1)));
        let hit = hits.map(|&(_, member)| member).find(|&member| context.is_eligible(member));
        hit.or_else(|| self.turns.choose(context))
    }
}

/// Where a member's points lie: each is the checksum of host, zero byte, port and the point before.
fn points(member: &MemberView) -> impl Iterator<Item = u32> {
    let address = &*member.address;
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (address, ""),
    };
    let base = Crc32::new().then(host.as_bytes()).then(&[0]).then(port.as_bytes());
    let mut point = 0_u32;
    (0..POINTS * member.weight).map(move |_| {
        point = base.then(&point.to_le_bytes()).value();
        point
    })
}

impl Balancer for NginxHashConsistent {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    /// All peers of the pool have their points on the ring, usable or not: a peer that is down is passed over.
    fn members_changed(&mut self, members: &[MemberView]) {
        self.turns.members_changed(members);
        self.ring.clear();
        for (index, member) in members.iter().enumerate().filter(|(_, member)| member.present) {
            self.ring.extend(points(member).map(|position| (position, index)));
        }
        self.ring.sort_unstable();
        self.ring.dedup_by_key(|&mut (position, _)| position);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: nginx 1.22 `ngx_http_upstream_hash_module.c`, held to recordings
/// in tests/orders.rs. A member's place follows from its address.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "nginx-hash-consistent",
    dialect: (Dialect::Nginx, &["hash_consistent", "ring-hash"]),
    summary: "the same text always gets the same member: the next of 160 points per unit of weight",
    fails: "shares differ by some 8% of themselves; one big key loads one member",
    cost: "O(log n), O(n) once twenty points have missed",
    vendors: "nginx: hash ... consistent (ketama)",
    build: |_| {
        let turns = SmoothTurns::default();
        Box::new(NginxHashConsistent { turns, ring: Vec::new() })
    },
    ..Algorithm::PLAIN
};
