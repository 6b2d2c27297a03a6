//! A winner tree: the least of many keys that change one at a time.
//!
//! Each inner node has a copy of the least key below it and says whose it is, so a change costs one
//! comparison a level (Knuth, The Art of Computer Programming 3, section 5.4.1), and often fewer:
//! where another one wins as before, nothing above it changes. Nodes have only the time of a key: the
//! rest of it lies with its leaf, and is looked at where two times are equal.

use super::queue::Key;

/// The time of a key, and the leaf that it belongs to.
#[derive(Clone, Copy, Debug)]
struct Node {
    time: u64,
    leaf: u32,
}

/// Keys by leaf, and who has the least one.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    /// Winners of the inner nodes, the root at 1, then the leaves themselves: node n has the children
    /// 2n and 2n + 1.
    nodes: Vec<Node>,
    /// What decides between equal times, by leaf.
    ranks: Vec<u64>,
}

impl Tournament {
    /// `leaves` keys, all of them of nothing.
    pub(super) fn new(leaves: usize) -> Self {
        let width = leaves.next_power_of_two();
        let node = |number: usize| Node {
            time: Key::NEVER.time,
            leaf: number.saturating_sub(width) as u32,
        };
        Self { nodes: (0..2 * width).map(node).collect(), ranks: vec![Key::NEVER.rank; width] }
    }

    /// How many keys there is room for.
    pub(super) fn width(&self) -> usize {
        self.ranks.len()
    }

    /// The leaf with the least key, and that key.
    #[inline]
    pub(super) fn winner(&self) -> (usize, Key) {
        let Node { time, leaf } = self.nodes[1];
        (leaf as usize, Key { time, rank: self.ranks[leaf as usize] })
    }

    /// A leaf's key.
    pub(super) fn key(&self, leaf: usize) -> Key {
        Key { time: self.nodes[self.width() + leaf].time, rank: self.ranks[leaf] }
    }

    /// Changes a leaf's key without looking who wins now: [`Tournament::replay`] must follow.
    #[inline]
    pub(super) fn change(&mut self, leaf: usize, key: Key) {
        let width = self.width();
        self.nodes[width + leaf].time = key.time;
        self.ranks[leaf] = key.rank;
    }

    /// Finds out who wins after one leaf's key has changed. Of several leaves that have, each must be
    /// replayed once.
    #[inline]
    pub(super) fn replay(&mut self, leaf: usize) {
        let ranks = &self.ranks[..];
        let nodes = &mut self.nodes[..];
        let mut at = ranks.len() + leaf;
        let mut best = nodes[at];
        while at > 1 {
            let other = nodes[at ^ 1];
            at /= 2;
            let is_less = other.time < best.time
                || (other.time == best.time
                    && ranks[other.leaf as usize] < ranks[best.leaf as usize]);
            if is_less {
                let node = nodes[at];
                if node.leaf == other.leaf && node.time == other.time {
                    return;
                }
                best = other;
            }
            nodes[at] = best;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the slow twin: a scan.
        #[test]
        fn the_winner_is_the_least(
            leaves in 1_usize..40,
            changes in prop::collection::vec((0_usize..40, 0_u64..9, any::<bool>()), 0..200),
        ) {
            let mut tree = Tournament::new(leaves);
            let mut twin = vec![Key::NEVER; leaves];
            let mut changed: Vec<usize> = Vec::new();
            for (rank, (leaf, time, at_once)) in (0_u64..).zip(changes) {
                // Keys of events differ, times need not; those of nothing do not differ.
                let leaf = leaf % leaves;
                let key = if time == 0 { Key::NEVER } else { Key { time, rank } };
                tree.change(leaf, key);
                twin[leaf] = key;
                changed.push(leaf);
                if at_once {
                    changed.drain(..).for_each(|leaf| tree.replay(leaf));
                    let least = twin.iter().copied().min_by_key(|key| (key.time, key.rank)).unwrap();
                    let (leaf, key) = tree.winner();
                    prop_assert_eq!(key, least);
                    prop_assert!(twin[leaf] == least || least == Key::NEVER);
                    prop_assert_eq!(tree.key(leaf), key);
                }
            }
        }
    }
}
