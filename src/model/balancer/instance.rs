//! A balancer instance: its configuration version, its algorithm's state, its own bookkeeping.

use super::{Balancer, Key, MemberView, Pick, PickContext, Tried};
use crate::engine::random::Stream;
use crate::engine::time::Time;
use crate::model::setup::{BackendId, BalancerConfig};

/// One of several independent balancers.
pub(in crate::model) struct Instance {
    /// Which configuration version it runs.
    pub(in crate::model) version: u32,
    pub(in crate::model) config: BalancerConfig,
    members: Vec<MemberView>,
    algorithm: Box<dyn Balancer>,
    stream: Stream,
    probes: Vec<usize>,
}

impl Clone for Instance {
    fn clone(&self) -> Self {
        Self {
            version: self.version,
            config: self.config.clone(),
            members: self.members.clone(),
            algorithm: self.algorithm.boxed_clone(),
            stream: self.stream.clone(),
            probes: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("version", &self.version)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

impl Instance {
    pub(in crate::model) fn new(config: &BalancerConfig, stream: Stream) -> Self {
        let members = config
            .members
            .iter()
            .map(|member| MemberView {
                usable: false,
                max_connections: member.max_connections,
                name_hash: member.name_hash,
                ..MemberView::new("", member.weight)
            })
            .collect();
        let chosen = &config.algorithm;
        let algorithm = chosen.build(0, 0);
        let mut instance = Self {
            version: 0,
            config: config.clone(),
            members,
            algorithm,
            stream,
            probes: Vec::new(),
        };
        instance.update_members(|_| false);
        instance
    }

    /// Takes up a configuration. In-flight counts go on; the algorithm starts anew only if it is
    /// another one.
    pub(in crate::model) fn adopt(
        &mut self,
        version: u32,
        config: &BalancerConfig,
        is_draining: impl Fn(BackendId) -> bool,
    ) {
        self.version = version;
        if config.algorithm != self.config.algorithm {
            let chosen = &config.algorithm;
            self.algorithm = chosen.build(0, 0);
        }
        self.config = config.clone();
        self.update_members(is_draining);
    }

    /// Works out anew who is usable.
    pub(in crate::model) fn update_members(&mut self, is_draining: impl Fn(BackendId) -> bool) {
        for (index, (view, member)) in self.members.iter_mut().zip(&self.config.members).enumerate()
        {
            view.weight = member.weight;
            view.max_connections = member.max_connections;
            view.usable =
                member.in_pool && member.weight > 0 && !is_draining(BackendId(index as u16));
        }
        self.algorithm.members_changed(&self.members);
    }

    /// Picks a member and counts the attempt as in flight there.
    #[inline]
    pub(in crate::model) fn pick(
        &mut self,
        key: u64,
        tried: Tried,
        now: Time,
    ) -> Option<BackendId> {
        let pick = self.algorithm.pick(&mut PickContext {
            members: &self.members,
            key: Key::of_hash(key),
            tried,
            barred: &[],
            queues: false,
            backlog: &[],
            stream: &mut self.stream,
            now,
            probes: &mut self.probes,
        });
        let Pick::Member(picked) = pick else { return None };
        self.members[picked].in_flight += 1;
        Some(BackendId(picked as u16))
    }

    /// An attempt it had sent to a member is over, as far as it knows.
    #[inline]
    pub(in crate::model) fn release(&mut self, member: BackendId) {
        self.members[member.index()].in_flight -= 1;
    }

    /// Attempts it has in flight.
    pub(in crate::model) fn in_flight(&self) -> u64 {
        self.members.iter().map(|member| u64::from(member.in_flight)).sum()
    }
}
