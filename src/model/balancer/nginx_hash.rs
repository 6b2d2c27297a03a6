//! `nginx-hash`: nginx's `hash`, a checksum modulo the summed weight.

use super::hashing::{Crc32, with_text};
use super::nginx_peers::Peers;
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

#[derive(Clone)]
struct NginxHash(Peers);

impl NginxHash {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let key = context.key;
        let (mut hash, mut round) = (0, 0_u32);
        self.0.choose(context, |peers, _| {
            // As Cache::Memcached does it: the first round has no number, the others add up.
            let prefix = if round == 0 { String::new() } else { round.to_string() };
            let start = Crc32::new().then(prefix.as_bytes());
            let sum = with_text(key, |text| start.then(text).value());
            hash += u64::from(sum >> 16 & 0x7FFF);
            round += 1;
            peers.at(hash)
        })
    }
}

impl Balancer for NginxHash {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.0.members_changed(members);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: nginx 1.22 `ngx_http_upstream_hash_module.c`, held to recordings
/// in tests/orders.rs.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "nginx-hash",
    dialect: (Dialect::Nginx, &["hash"]),
    summary: "the same text always gets the same member: 15 bits of its CRC-32 modulo the weight",
    fails: "a change of membership moves nearly all keys; one big key loads one member",
    cost: "O(log n), O(n) once twenty re-hashes have missed",
    vendors: "nginx: hash",
    weighted: true,
    build: |_| Box::new(NginxHash(Peers::default())),
    ..Algorithm::PLAIN
};
