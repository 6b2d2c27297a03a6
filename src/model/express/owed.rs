//! Timers that are not set: their attempts will be done before, unless the stretch ends.
//!
//! In a stretch it is known of many attempts when they will be done: nothing slows a member down, and whoever
//! is in a line with one worker is served when all before are. A timer that is due after that would find
//! nothing. So it is only noted where it would be in the order of events, and set when custody is given back.

use crate::engine::queue::Rank;

/// Ranks of timers that are owed, by their attempts' slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Owed {
    /// The last that was owed of each slot.
    ranks: Vec<Option<Rank>>,
    /// Those from before are of earlier stretches.
    since: Option<Rank>,
}

impl Owed {
    /// Nothing is owed: all timers are set whose ranks come before this one.
    pub(super) fn clear(&mut self, now: Rank) {
        self.since = Some(now);
    }

    /// The timer of the attempt in this slot is not set.
    #[inline]
    pub(super) fn owe(&mut self, slot: usize, rank: Rank) {
        match self.ranks.get_mut(slot) {
            Some(place) => *place = Some(rank),
            None => self.owe_another(slot, rank),
        }
    }

    #[cold]
    #[inline(never)]
    fn owe_another(&mut self, slot: usize, rank: Rank) {
        self.ranks.resize(slot, None);
        self.ranks.push(Some(rank));
    }

    /// It is set.
    #[inline]
    pub(super) fn forget(&mut self, slot: usize) {
        if let Some(place) = self.ranks.get_mut(slot) {
            *place = None;
        }
    }

    /// The rank of an attempt's timer, if it is owed.
    pub(super) fn rank(&self, slot: usize) -> Option<Rank> {
        self.ranks.get(slot).copied().flatten().filter(|&rank| Some(rank) > self.since)
    }
}
