//! `envoy-round-robin`: Envoy's ROUND_ROBIN.

use super::envoy_hosts::Hosts;
use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};

#[derive(Clone)]
struct EnvoyRoundRobin {
    hosts: Hosts,
    seed: u64,
    /// Whose turn it is, modulo the healthy hosts; goes on when they change.
    turn: u64,
}

impl EnvoyRoundRobin {
    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        if let Some(mut edf) = self.hosts.edf.take() {
            let picked = edf.pick(|m| context.is_eligible(m), |m| self.hosts.weight(m));
            self.hosts.edf = Some(edf);
            return picked;
        }
        let hosts = &self.hosts.healthy;
        for _ in 0..hosts.len() {
            let host = hosts[(self.turn % hosts.len() as u64) as usize];
            self.turn = self.turn.wrapping_add(1);
            if context.is_eligible(host) {
                return Some(host);
            }
        }
        None
    }
}

impl Balancer for EnvoyRoundRobin {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.hosts.update(members, self.seed, |_| 1.0);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Envoy `round_robin_lb.h`, `edf_scheduler.h`; held to recordings in
/// tests/orders.rs.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "envoy-round-robin",
    dialect: (Dialect::Envoy, &["ROUND_ROBIN", "round-robin"]),
    summary: "turns from a random start; earliest deadline first if the weights differ",
    fails: "a slow or dead member keeps its share; each thread has a turn of its own",
    cost: "O(1), O(log n) with unequal weights",
    vendors: "Envoy: ROUND_ROBIN",
    weighted: true,
    build: |build| {
        let seed = Hosts::seed(build);
        Box::new(EnvoyRoundRobin { hosts: Hosts::default(), seed, turn: seed })
    },
    ..Algorithm::PLAIN
};
