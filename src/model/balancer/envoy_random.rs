//! `envoy-random`: Envoy's RANDOM, which ignores weights.

use super::envoy_hosts::Hosts;
use super::{Algorithm, Balancer, Dialect, Pick, PickContext};

#[derive(Clone)]
struct EnvoyRandom;

impl Balancer for EnvoyRandom {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        Hosts::any(context).into()
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Envoy `random_lb.cc`.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "envoy-random",
    dialect: (Dialect::Envoy, &["RANDOM", "random"]),
    summary: "an independent draw among the healthy hosts, all alike: weights do not count",
    fails: "collisions queue attempts on one member; a small member gets as much as a big one",
    cost: "O(n)",
    vendors: "Envoy: RANDOM",
    build: |_| Box::new(EnvoyRandom),
    ..Algorithm::PLAIN
};
