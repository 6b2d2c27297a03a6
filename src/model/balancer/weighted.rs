//! A table of usable members for draws in proportion to their weights.

use super::{MemberView, PickContext};

/// Draws of unfit members before falling back to a scan, as nginx's `random` does.
const REDRAWS: u32 = 20;

/// Usable members with the running sum of their weights.
#[derive(Clone, Debug, Default)]
pub struct WeightTable {
    members: Vec<usize>,
    /// `ends[i]`: summed weight of the first i + 1 members.
    ends: Vec<u64>,
    /// The weight of each, if all have the same.
    each: Option<u64>,
}

impl WeightTable {
    /// The table of the members usable now, by the weight that `weight` reads. O(n).
    pub fn new(members: &[MemberView], weight: impl Fn(&MemberView) -> u64) -> Self {
        let mut table = Self::default();
        let mut total = 0;
        for (index, member) in members.iter().enumerate() {
            if member.usable {
                let own = weight(member);
                let is_first = table.members.is_empty();
                table.each = table.each.filter(|each| *each == own).or(is_first.then_some(own));
                total += own;
                table.members.push(index);
                table.ends.push(total);
            }
        }
        table.each = table.each.filter(|each| *each > 0);
        table
    }

    /// Summed weight.
    pub fn total(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member whose stretch of 0..total contains `point`. O(log n), O(1) if all weights are equal.
    ///
    /// # Panics
    /// If `point` is not below the total.
    #[inline]
    pub fn at(&self, point: u64) -> usize {
        if let Some(each) = self.each {
            return self.members[(point / each) as usize];
        }
        self.members[self.ends.partition_point(|&end| end <= point)]
    }

    /// A draw among the eligible members in proportion to their weights. O(log n) if most are.
    pub(super) fn draw_eligible(&self, context: &mut PickContext<'_>) -> Option<usize> {
        self.draw(context, is_eligible)
    }

    /// A draw among the fit members in proportion to their weights. O(log n) if most are fit.
    pub(super) fn draw(
        &self,
        context: &mut PickContext<'_>,
        is_fit: impl Fn(&PickContext<'_>, usize) -> bool,
    ) -> Option<usize> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        for _ in 0..REDRAWS {
            let member = self.at(context.stream.below(total));
            if is_fit(context, member) {
                return Some(member);
            }
        }
        let fit: u64 =
            self.weights().filter(|&(m, _)| is_fit(context, m)).map(|(_, weight)| weight).sum();
        if fit == 0 {
            return None;
        }
        let mut point = context.stream.below(fit);
        let mut fit = self.weights().filter(|&(member, _)| is_fit(context, member));
        let found = fit.find(|&(_, weight)| {
            let found = point < weight;
            point = point.saturating_sub(weight);
            found
        });
        found.map(|(member, _)| member)
    }

    /// Each member with its weight.
    fn weights(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let weights = self.ends.iter().zip(starts).map(|(end, start)| end - start);
        self.members.iter().copied().zip(weights)
    }
}

fn is_eligible(context: &PickContext<'_>, member: usize) -> bool {
    context.is_eligible(member)
}
