//! `nginx-random`: nginx's `random`.

use super::nginx_peers::Peers;
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

#[derive(Clone)]
struct NginxRandom(Peers);

impl NginxRandom {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.0.choose(context, |peers, context| peers.at(context.stream.below(peers.total())))
    }
}

impl Balancer for NginxRandom {
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

/// The entry in the table. Source: nginx 1.22 `ngx_http_upstream_random_module.c`.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "nginx-random",
    dialect: (Dialect::Nginx, &["random"]),
    summary: "an independent draw by weight; whose turn it is after twenty-one ineligible draws",
    fails: "collisions queue attempts on one member while others are idle",
    cost: "O(log n), O(n) once all draws have missed",
    vendors: "nginx: random",
    weighted: true,
    build: |_| Box::new(NginxRandom(Peers::default())),
    ..Algorithm::PLAIN
};
