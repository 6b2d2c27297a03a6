//! `envoy-least-request`: Envoy's LEAST_REQUEST.

use super::envoy_hosts::Hosts;
use super::{
    Algorithm, Balancer, Dialect, MemberView, Parameter, ParameterKind, Pick, PickContext,
};

#[derive(Clone)]
struct EnvoyLeastRequest {
    hosts: Hosts,
    seed: u64,
    choices: u32,
    bias: f64,
}

/// What a host's weight is divided by for the requests in flight there.
fn burden(in_flight: u32, bias: f64) -> f64 {
    libm::pow(f64::from(in_flight) + 1.0, bias)
}

impl EnvoyLeastRequest {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if let Some(mut edf) = self.hosts.edf.take() {
            let load = |m: usize| burden(context.members[m].in_flight, self.bias);
            let weight = |m: usize| self.hosts.weight(m) / load(m);
            let picked = edf.pick(|m| context.is_eligible(m), weight);
            self.hosts.edf = Some(edf);
            return picked;
        }
        let hosts = &self.hosts.healthy;
        if hosts.is_empty() {
            return None;
        }
        let mut best: Option<usize> = None;
        for _ in 0..self.choices {
            let drawn = hosts[context.stream.below(hosts.len() as u64) as usize];
            let load = |m: usize| context.members[m].in_flight;
            // Strictly less: the first drawn is kept on a tie.
            if context.is_eligible(drawn) && best.is_none_or(|best| load(drawn) < load(best)) {
                best = Some(drawn);
            }
        }
        best.or_else(|| Hosts::any(context))
    }
}

impl Balancer for EnvoyLeastRequest {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        let bias = self.bias;
        self.hosts.update(members, self.seed, |in_flight| burden(in_flight, bias));
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Envoy `least_request_lb.cc`. With unequal weights it is no least
/// request at all but turns by weight / (requests in flight + 1)^bias, fixed when a host is put back.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "envoy-least-request",
    dialect: (Dialect::Envoy, &["LEAST_REQUEST", "least-connections", "two-choices"]),
    summary: "the fewest requests of two draws, first kept on ties; turns if the weights differ",
    fails: "of two hosts, the worse one still gets a quarter; fast failures attract traffic",
    cost: "O(draws), O(log n) with unequal weights",
    vendors: "Envoy: LEAST_REQUEST",
    parameters: &[
        Parameter {
            name: "choice-count",
            kind: ParameterKind::Count,
            default: 2.0,
            range: (2.0, 100.0),
            doc: "hosts drawn, with replacement, if all weights are equal",
        },
        Parameter {
            name: "active-request-bias",
            kind: ParameterKind::Number,
            default: 1.0,
            range: (0.0, 100.0),
            doc: "how much requests in flight lower a weight if weights differ; 0: not at all",
        },
    ],
    build: |build| {
        Box::new(EnvoyLeastRequest {
            hosts: Hosts::default(),
            seed: Hosts::seed(build),
            choices: build.arguments[0] as u32,
            bias: build.arguments[1],
        })
    },
    ..Algorithm::PLAIN
};
