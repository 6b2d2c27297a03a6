//! `join-idle-queue`: idle backends report to a balancer, which sends them its next attempts.

use super::weighted::WeightTable;
use super::{Algorithm, Balancer, MemberView, Pick, PickContext, ProbeReply};
use std::collections::VecDeque;

#[derive(Clone, Default)]
struct JoinIdleQueue {
    /// Members that have reported an idle worker, the first one first.
    idle: VecDeque<usize>,
    /// Who is in `idle`: a member once at most.
    listed: Vec<bool>,
    /// Who could be used at the last change; empty before the first.
    usable: Vec<bool>,
    table: WeightTable,
}

impl JoinIdleQueue {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let found = self.idle.iter().position(|&member| context.is_eligible(member));
        if let Some(member) = found.and_then(|position| self.idle.remove(position)) {
            self.listed[member] = false;
            return Some(member);
        }
        self.table.draw_eligible(context)
    }

    fn list(&mut self, member: usize) {
        if !self.listed[member] {
            self.listed[member] = true;
            self.idle.push_back(member);
        }
    }
}

impl Balancer for JoinIdleQueue {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    /// A member that comes in later without attempts from here counts as idle: its report has been
    /// dropped. At the start, all members report by themselves.
    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members, MemberView::effective_weight);
        let is_first = self.usable.is_empty();
        self.listed.resize(members.len(), false);
        self.usable.resize(members.len(), false);
        for (index, member) in members.iter().enumerate() {
            if !is_first && member.usable && !self.usable[index] && member.load() == 0 {
                self.list(index);
            }
            self.usable[index] = member.usable;
            self.listed[index] &= member.usable;
        }
        let listed = &self.listed;
        self.idle.retain(|&member| listed[member]);
    }

    fn probed(&mut self, member: usize, reply: ProbeReply) {
        if reply.in_flight == 0 && self.usable[member] {
            self.list(member);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Lu et al., "Join-Idle-Queue", Performance Evaluation 2011, with
/// reports to a balancer at random. A backend reports when a worker finds nobody in line, and when it comes up.
/// Reports
/// take no time here; they may be out of date when they are used.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "join-idle-queue",
    summary: "the member that has reported an idle worker longest ago; else one at random",
    fails: "near saturation nobody is idle, and it is no better than random",
    cost: "O(1), O(log n) if nobody is idle, O(n) past members that are full",
    vendors: "none by this name; akin to pulling work from a queue",
    hears_idle: true,
    build: |_| Box::new(JoinIdleQueue::default()),
    ..Algorithm::PLAIN
};
