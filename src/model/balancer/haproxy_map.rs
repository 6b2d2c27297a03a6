//! HAProxy's map: the table that `static-rr` walks and map-based hashes look up.

use super::MemberView;

/// Usable members, each as often as its weight over the greatest common divisor of all weights.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerMap {
    slots: Vec<usize>,
}

fn divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { divisor(b, a % b) }
}

impl ServerMap {
    /// The map of the members usable now. Slow start does not change it. O(n * total weight).
    pub(super) fn new(members: &[MemberView]) -> Self {
        let weights = members.iter().filter(|member| member.present).map(|member| member.weight);
        let common = weights.fold(0, divisor).max(1);
        let usable = || members.iter().enumerate().filter(|(_, member)| member.usable);
        let total: u32 = usable().map(|(_, member)| member.weight / common).sum();
        let mut scores: Vec<(usize, i64, i64)> =
            usable().map(|(index, m)| (index, i64::from(m.weight / common), 0)).collect();
        let mut slots = Vec::with_capacity(total as usize);
        for _ in 0..total {
            let mut best: Option<(usize, i64)> = None;
            for (place, (_, weight, score)) in scores.iter_mut().enumerate() {
                *score += *weight;
                // Scores are compared in whole totals: the first declared wins most ties.
                let level = (*score + i64::from(total)) / i64::from(total);
                if total == 1 || best.is_none_or(|(_, most)| level > most) {
                    best = Some((place, level));
                }
            }
            let (place, _) = best.expect("a positive total has a usable member");
            scores[place].2 -= i64::from(total);
            slots.push(scores[place].0);
        }
        Self { slots }
    }

    /// Who sits in each slot.
    pub(super) fn slots(&self) -> &[usize] {
        &self.slots
    }
}
