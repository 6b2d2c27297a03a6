//! The earliest of a fixed number of times.

use super::boxed;

/// A winner tree over `NODES / 2` slots, a power of two: the root is the least key. A key is a time
/// with its slot in the low bits, so that one comparison settles both.
pub(super) struct MinTree<const NODES: usize> {
    nodes: Box<[u64; NODES]>,
}

impl<const NODES: usize> MinTree<NODES> {
    const SLOT_BITS: u32 = NODES.trailing_zeros() - 1;

    pub(super) fn new() -> Self {
        const { assert!(NODES.is_power_of_two()) };
        Self { nodes: boxed(u64::MAX) }
    }

    /// The least time; far beyond every run if no slot has one.
    #[inline]
    pub(super) fn time(&self) -> u64 {
        self.nodes[1] >> Self::SLOT_BITS
    }

    /// The slot of the least time.
    #[inline]
    pub(super) fn slot(&self) -> usize {
        self.nodes[1] as usize & (NODES / 2 - 1)
    }

    /// Gives a slot its time; the largest means none. Branches depend on nothing.
    #[inline]
    pub(super) fn set(&mut self, slot: usize, time: u64) {
        let mut node = (NODES / 2 + slot) & (NODES - 1);
        let mut least = (time << Self::SLOT_BITS) | slot as u64;
        self.nodes[node] = least;
        for _ in 0..Self::SLOT_BITS {
            least = least.min(self.nodes[node ^ 1]);
            node /= 2;
            self.nodes[node] = least;
        }
    }
}
