//! `nginx-ip-hash`: nginx's `ip_hash`, the first three octets of the client's address.

use super::nginx_peers::Peers;
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

#[derive(Clone)]
struct NginxIpHash(Peers);

impl NginxIpHash {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let [octets @ .., _] = context.key.address.to_be_bytes().map(u64::from);
        let mut hash = 89;
        self.0.choose(context, |peers, _| {
            hash = octets.iter().fold(hash, |hash, octet| (hash * 113 + octet) % 6271);
            peers.at(hash)
        })
    }
}

impl Balancer for NginxIpHash {
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

/// The entry in the table. Source: nginx 1.22 `ngx_http_upstream_ip_hash_module.c`, held to
/// recordings in tests/orders.rs.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "nginx-ip-hash",
    dialect: (Dialect::Nginx, &["ip_hash", "source-hash"]),
    summary: "the client's network (first three octets) hashed modulo 6271, then the summed weight",
    fails: "clients of one /24 share a member; one big network loads one member",
    cost: "O(log n), O(n) once twenty re-hashes have missed",
    vendors: "nginx: ip_hash",
    weighted: true,
    build: |_| Box::new(NginxIpHash(Peers::default())),
    ..Algorithm::PLAIN
};
