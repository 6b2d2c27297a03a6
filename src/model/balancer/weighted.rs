//! A table of usable members for draws in proportion to their weights.

use super::MemberView;

/// Usable members with the running sum of their weights.
#[derive(Clone, Debug, Default)]
pub struct WeightTable {
    members: Vec<usize>,
    /// `ends[i]`: summed weight of the first i + 1 members.
    ends: Vec<u64>,
}

impl WeightTable {
    /// The table of the members usable now, by the weight that `weight` reads. O(n).
    pub fn new(members: &[MemberView], weight: impl Fn(&MemberView) -> u64) -> Self {
        let mut table = Self::default();
        let mut total = 0;
        for (index, member) in members.iter().enumerate() {
            if member.usable {
                total += weight(member);
                table.members.push(index);
                table.ends.push(total);
            }
        }
        table
    }

    /// Summed weight.
    pub fn total(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The member whose stretch of 0..total contains `point`. O(log n).
    ///
    /// # Panics
    /// If `point` is not below the total.
    pub fn at(&self, point: u64) -> usize {
        self.members[self.ends.partition_point(|&end| end <= point)]
    }
}
