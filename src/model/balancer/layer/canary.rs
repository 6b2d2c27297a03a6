//! `canary`: a share of the requests goes to a named group of members.

use super::{Division, Layer, LayerSpec};
use crate::engine::random::{mix, unit};
use crate::model::balancer::{MemberView, PickContext};

/// Which group gets which share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canary {
    /// Number of the group.
    pub group: u16,
    /// Its share of the picks, from 0 to 1.
    pub share: f64,
    /// What decides.
    pub by: CanaryBy,
}

/// What decides who is in a canary's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanaryBy {
    /// A draw for each pick (Envoy, weighted clusters).
    Request,
    /// The key of the request, always alike (nginx, `split_clients`).
    Client,
}

/// Parts: everybody else, and the group.
#[derive(Clone)]
struct Split(Canary);

impl Layer for Split {
    fn divide(&mut self, members: &[MemberView]) -> Division {
        let group = self.0.group;
        Division::of(2, members, |part, member| (part == 1) == (member.group == group))
    }

    fn choose(&mut self, context: &mut PickContext<'_>) -> usize {
        let point = match self.0.by {
            CanaryBy::Request => context.stream.unit(),
            // Mixed once more: who is in the share must not depend on who is where on a ring.
            CanaryBy::Client => unit(mix(context.key.hash ^ 0x6361_6E61_7279)), // "canary"
        };
        usize::from(point < self.0.share)
    }

    fn boxed_clone(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const LAYER: LayerSpec = LayerSpec {
    name: "canary",
    summary: "a fixed share of the requests goes to one group of members, the rest to all others",
    fails: "the share is of requests, not of capacity: a small group drowns in a large share",
    source: "Envoy: weighted_clusters (route_components.proto); nginx: split_clients",
    build: |config, _| config.layers.canary.map(|canary| Box::new(Split(canary)) as Box<dyn Layer>),
};
