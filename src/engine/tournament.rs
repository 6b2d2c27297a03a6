//! A winner tree: the least of many keys that change one at a time.
//!
//! Each inner node has a copy of the least key below it and says whose it is, so a change costs one
//! comparison a level (Knuth, The Art of Computer Programming 3, section 5.4.1), and often fewer:
//! where another one wins as before, nothing above it changes. Nodes have only the time of a key: the
//! rest of it lies with its leaf, and is looked at where two times are equal.

use super::queue::Key;

/// An inner node: the time of the least key below it, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Node {
    time: u64,
    leaf: u32,
}

/// A leaf: a key, and what its owner wants to remember of it.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    key: Key,
    tag: u32,
}

/// Keys by leaf, and who has the least one.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    /// Winners below the inner nodes, the root at 1: node n has the children 2n and 2n + 1.
    nodes: Vec<Node>,
    /// As many as there are inner nodes: those of the last nodes are the children of the leaves' parents.
    leaves: Vec<Leaf>,
}

impl Tournament {
    /// So many leaves, at least, with nothing to come.
    pub(super) fn new(leaves: usize) -> Self {
        let width = leaves.next_power_of_two().max(2);
        Self {
            nodes: vec![Node { time: Key::NEVER.time, leaf: 0 }; width],
            leaves: vec![Leaf { key: Key::NEVER, tag: 0 }; width],
        }
    }

    /// How many leaves there are.
    pub(super) fn width(&self) -> usize {
        self.leaves.len()
    }

    /// The leaf with the least key, and that key.
    #[inline]
    pub(super) fn winner(&self) -> (u32, Key) {
        let Node { time, leaf } = self.nodes[1];
        (leaf, Key { time, rank: self.leaves[leaf as usize].key.rank })
    }

    /// A leaf's key.
    pub(super) fn key(&self, leaf: usize) -> Key {
        self.leaves[leaf].key
    }

    /// Leaves nothing to come at a leaf: [`Tournament::replay`] must follow. Returns its tag.
    #[inline]
    pub(super) fn take(&mut self, leaf: usize) -> u32 {
        let leaf = &mut self.leaves[leaf];
        leaf.key = Key::NEVER;
        leaf.tag
    }

    /// Changes a leaf without looking who wins now: [`Tournament::replay`] must follow.
    #[inline]
    pub(super) fn change(&mut self, leaf: usize, key: Key, tag: u32) {
        self.leaves[leaf] = Leaf { key, tag };
    }

    /// Finds out who wins after one leaf has changed. Of several leaves that have, each must be
    /// replayed once.
    #[inline]
    pub(super) fn replay(&mut self, leaf: usize) {
        let leaves = &self.leaves[..];
        let nodes = &mut self.nodes[..leaves.len()];
        let other = leaves[leaf ^ 1].key;
        let mut best = Node { time: leaves[leaf].key.time, leaf: leaf as u32 };
        if other.precedes(leaves[leaf].key) {
            best = Node { time: other.time, leaf: (leaf ^ 1) as u32 };
        }
        let mut at = usize::midpoint(leaves.len(), leaf);
        nodes[at] = best;
        while at > 1 {
            let other = nodes[at ^ 1];
            at /= 2;
            let is_less = other.time < best.time
                || (other.time == best.time && {
                    let rank = |node: Node| leaves[node.leaf as usize].key.rank;
                    rank(other) < rank(best)
                });
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
                tree.change(leaf, key, rank as u32);
                twin[leaf] = key;
                changed.push(leaf);
                if at_once {
                    changed.drain(..).for_each(|leaf| tree.replay(leaf));
                    let least = twin.iter().copied().min_by_key(|key| (key.time, key.rank)).unwrap();
                    let (leaf, key) = tree.winner();
                    prop_assert_eq!(key, least);
                    let leaf = leaf as usize;
                    prop_assert!(twin[leaf] == least || least == Key::NEVER);
                    prop_assert_eq!(tree.key(leaf), key);
                }
            }
        }
    }
}
