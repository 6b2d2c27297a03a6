//! `nginx-least-connections`: nginx's `least_conn`.

use super::smooth_weighted::{MAX_FAILS, SmoothTurns};
use super::{Algorithm, Answer, Balancer, Dialect, MemberView, Pick, PickContext};
use std::cmp::Ordering;

#[derive(Clone)]
struct NginxLeastConnections(SmoothTurns);

/// Attempts per unit of weight, compared without a division.
fn compare(one: &MemberView, other: &MemberView) -> Ordering {
    let product = |load: u32, weight: u32| u64::from(load) * u64::from(weight);
    product(one.in_flight, other.weight).cmp(&product(other.in_flight, one.weight))
}

impl NginxLeastConnections {
    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let members = context.members;
        // The first of the least loaded.
        let best = context.eligible().reduce(|best, index| {
            if compare(&members[index], &members[best]).is_lt() { index } else { best }
        })?;
        let tied = |&index: &usize| compare(&members[index], &members[best]).is_eq();
        if context.eligible().filter(tied).nth(1).is_none() {
            return Some(best);
        }
        Some(self.0.choose_among(members, best, context.eligible().filter(tied)))
    }
}

impl Balancer for NginxLeastConnections {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.0.members_changed(members);
    }

    fn answered(&mut self, member: usize, answer: Answer) {
        self.0.answered(member, answer);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: nginx 1.22 `ngx_http_upstream_least_conn_module.c`, held to
/// recordings in tests/orders.rs.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "nginx-least-connections",
    dialect: (Dialect::Nginx, &["least_conn", "least-connections"]),
    summary: "the fewest attempts in flight per unit of weight; smooth turns among equals",
    fails: "a member that fails fast looks idle and attracts the traffic (sinkhole)",
    cost: "O(n)",
    vendors: "nginx: least_conn",
    parameters: &[MAX_FAILS],
    hears_answers: true,
    build: |build| Box::new(NginxLeastConnections(SmoothTurns::new(build.arguments[0]))),
    ..Algorithm::PLAIN
};
