//! What Envoy's unhashed policies have in common: the healthy hosts, and whether weights matter.

use super::envoy_edf::Edf;
use super::{Build, MemberView, PickContext};
use crate::engine::random::mix;

/// The hosts that are usable now.
#[derive(Clone, Default)]
pub(super) struct Hosts {
    pub(super) healthy: Vec<usize>,
    /// Only if weights differ.
    pub(super) edf: Option<Edf>,
    /// Weight by member, slow start included; 0: not usable.
    weights: Vec<u64>,
}

impl Hosts {
    /// Takes the hosts anew; a scheduler is rebuilt only if something changed.
    pub(super) fn update(&mut self, members: &[MemberView], seed: u64, load: impl Fn(u32) -> f64) {
        let weight = |m: &MemberView| if m.usable { m.effective_weight() } else { 0 };
        let weights: Vec<u64> = members.iter().map(weight).collect();
        if weights == self.weights {
            return;
        }
        self.weights = weights;
        self.healthy = (0..members.len()).filter(|&index| self.weights[index] > 0).collect();
        let differ = self.healthy.windows(2).any(|w| self.weights[w[0]] != self.weights[w[1]]);
        self.edf = differ.then(|| {
            let weighted =
                |&index: &usize| (index, self.weight(index) / load(members[index].in_flight));
            let members: Vec<_> = self.healthy.iter().map(weighted).collect();
            Edf::new(&members, seed)
        });
    }

    /// The weight of a host, slow start included.
    pub(super) fn weight(&self, index: usize) -> f64 {
        self.weights[index] as f64 / f64::from(MemberView::FULL)
    }

    /// Where a thread's turns start.
    pub(super) fn seed(build: &Build<'_>) -> u64 {
        mix(build.seed ^ mix(build.thread.into()))
    }

    /// An eligible host by chance; for when the policy's own draws have missed.
    pub(super) fn any(context: &mut PickContext<'_>) -> Option<usize> {
        let count = context.eligible().count() as u64;
        if count == 0 {
            return None;
        }
        let place = context.stream.below(count) as usize;
        context.eligible().nth(place)
    }
}
