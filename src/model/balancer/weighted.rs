//! A table of usable members for draws in proportion to their weights.

use super::{MemberView, PickContext};
use crate::engine::random::Stream;

/// Draws of unfit members before falling back to a scan, as nginx's `random` does.
const REDRAWS: u32 = 20;

/// Usable members with the running sum of their weights.
#[derive(Clone, Debug, Default)]
pub struct WeightTable {
    members: Vec<usize>,
    /// `ends[i]`: summed weight of the first i + 1 members.
    ends: Vec<u64>,
    total: u64,
    /// The weight of each, if all have the same; and as a power of two, if it is one.
    each: Option<u64>,
    shift: Option<u32>,
}

impl WeightTable {
    /// The table of the members usable now, by the weight that `weight` reads. O(n).
    pub fn new(members: &[MemberView], weight: impl Fn(&MemberView) -> u64) -> Self {
        let mut table = Self::default();
        for (index, member) in members.iter().enumerate() {
            if member.usable {
                let own = weight(member);
                let is_first = table.members.is_empty();
                table.each = table.each.filter(|each| *each == own).or(is_first.then_some(own));
                table.total += own;
                table.members.push(index);
                table.ends.push(table.total);
            }
        }
        table.each = table.each.filter(|each| *each > 0);
        table.shift = table.each.filter(|each| each.is_power_of_two()).map(u64::trailing_zeros);
        table
    }

    /// Summed weight.
    #[inline]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether all members have the same weight.
    pub(super) fn is_even(&self) -> bool {
        self.each.is_some()
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
        match self.shift {
            Some(shift) => self.members[(point >> shift) as usize],
            None => self.find(point),
        }
    }

    #[inline(never)]
    fn find(&self, point: u64) -> usize {
        let place = match self.each {
            Some(each) => (point / each) as usize,
            None => self.ends.partition_point(|&end| end <= point),
        };
        self.members[place]
    }

    /// A draw among all members in proportion to their weights. O(log n), O(1) if these are equal.
    #[inline]
    pub(super) fn draw_any(&self, stream: &mut Stream) -> Option<usize> {
        (self.total > 0).then(|| self.draw_one(stream))
    }

    /// The same where it is known that there are any.
    ///
    /// # Panics
    /// If there are none.
    #[inline]
    pub(super) fn draw_one(&self, stream: &mut Stream) -> usize {
        self.at(stream.below(self.total))
    }

    /// A draw among the eligible members in proportion to their weights. O(log n) if most are.
    pub(super) fn draw_eligible(&self, context: &mut PickContext<'_>) -> Option<usize> {
        let (field, stream) = context.draws();
        self.draw(stream, |member| field.is_eligible(member))
    }

    /// A draw among the fit members in proportion to their weights. O(log n) if most are fit.
    #[inline]
    pub(super) fn draw(
        &self,
        stream: &mut Stream,
        is_fit: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        for _ in 0..REDRAWS {
            let member = self.draw_any(stream)?;
            if is_fit(member) {
                return Some(member);
            }
        }
        self.draw_among(stream, is_fit)
    }

    /// The same by a scan, for when most are unfit. O(n).
    #[cold]
    fn draw_among(&self, stream: &mut Stream, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        let fit = || self.weights().filter(|&(member, _)| is_fit(member));
        let total: u64 = fit().map(|(_, weight)| weight).sum();
        if total == 0 {
            return None;
        }
        let mut point = stream.below(total);
        let found = fit().find(|&(_, weight)| {
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
