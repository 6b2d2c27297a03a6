//! `nginx-random-two`: nginx's `random two least_conn`.

use super::nginx_peers::{Peers, TRIES_MAX};
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

#[derive(Clone)]
struct NginxRandomTwo(Peers);

impl NginxRandomTwo {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let peers = &self.0.ranges;
        let mut first: Option<usize> = None;
        let mut misses = 0;
        while peers.total() > 0 && misses <= TRIES_MAX {
            let drawn = peers.at(context.stream.below(peers.total()));
            if first == Some(drawn) || !context.is_eligible(drawn) {
                misses += 1;
                continue;
            }
            let Some(first) = first.replace(drawn) else { continue };
            let load = |index: usize, other: usize| {
                u64::from(context.members[index].in_flight)
                    * u64::from(context.members[other].weight)
            };
            let is_worse = load(drawn, first) > load(first, drawn);
            return Some(if is_worse { first } else { drawn });
        }
        self.0.turns.choose(context)
    }
}

impl Balancer for NginxRandomTwo {
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

/// The entry in the table. Source: nginx 1.22 `ngx_http_upstream_random_module.c`. The two are
/// distinct, so that the heaviest gets less than its share when all are idle.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "nginx-random-two",
    dialect: (Dialect::Nginx, &["random_two", "two-choices"]),
    summary: "two distinct draws by weight: the second, unless it has more in flight for its weight",
    fails: "with two members it is least connections; heavy members get less than their share",
    cost: "O(log n), O(n) once all draws have missed",
    vendors: "nginx: random two least_conn",
    build: |_| Box::new(NginxRandomTwo(Peers::default())),
    ..Algorithm::PLAIN
};
