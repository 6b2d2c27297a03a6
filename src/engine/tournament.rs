//! A winner tree: the least of many keys that change one at a time.
//!
//! Each inner node has a copy of the least key below it and says whose it is, so a change costs one
//! comparison a level (Knuth, The Art of Computer Programming 3, section 5.4.1), and often fewer:
//! where another one wins as before, nothing above it changes.

/// A key and the leaf that it belongs to.
#[derive(Clone, Copy, Debug)]
struct Node<K> {
    key: K,
    leaf: u32,
}

/// Keys by leaf, and who has the least one.
#[derive(Clone, Debug)]
pub(super) struct Tournament<K> {
    /// Winners of the inner nodes, the root at 1, then the leaves themselves: node n has the children
    /// 2n and 2n + 1.
    nodes: Vec<Node<K>>,
}

impl<K: Copy + Ord> Tournament<K> {
    /// `leaves` keys, all of them `last`, which no other key exceeds.
    pub(super) fn new(leaves: usize, last: K) -> Self {
        let width = leaves.next_power_of_two();
        let node = |number: usize| Node { key: last, leaf: number.saturating_sub(width) as u32 };
        Self { nodes: (0..2 * width).map(node).collect() }
    }

    /// How many keys there is room for.
    pub(super) fn width(&self) -> usize {
        self.nodes.len() / 2
    }

    /// The leaf with the least key, and that key.
    #[inline]
    pub(super) fn winner(&self) -> (usize, K) {
        let Node { key, leaf } = self.nodes[1];
        (leaf as usize, key)
    }

    /// A leaf's key.
    #[inline]
    pub(super) fn key(&self, leaf: usize) -> K {
        self.nodes[self.width() + leaf].key
    }

    /// Changes a leaf's key without looking who wins now: [`Tournament::replay`] must follow.
    #[inline]
    pub(super) fn change(&mut self, leaf: usize, key: K) {
        let width = self.width();
        self.nodes[width + leaf] = Node { key, leaf: leaf as u32 };
    }

    /// Finds out who wins after one leaf's key has changed. Of several leaves that have, each must be
    /// replayed once.
    #[inline]
    pub(super) fn replay(&mut self, leaf: usize) {
        let mut at = self.width() + leaf;
        let mut best = self.nodes[at];
        while at > 1 {
            let other = self.nodes[at ^ 1];
            at /= 2;
            if other.key < best.key {
                if self.nodes[at].key == other.key {
                    return;
                }
                best = other;
            }
            self.nodes[at] = best;
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
            changes in prop::collection::vec((0_usize..40, 0_u32..100, any::<bool>()), 0..200),
        ) {
            let mut tree = Tournament::new(leaves, u32::MAX);
            let mut twin = vec![u32::MAX; leaves];
            let mut changed: Vec<usize> = Vec::new();
            for (leaf, key, at_once) in changes {
                // Keys of events differ; those of nothing do not.
                let leaf = leaf % leaves;
                let key = if key == 0 { u32::MAX } else { key * 40 + leaf as u32 };
                tree.change(leaf, key);
                twin[leaf] = key;
                changed.push(leaf);
                if at_once {
                    changed.drain(..).for_each(|leaf| tree.replay(leaf));
                    let least = *twin.iter().min().unwrap();
                    let (leaf, key) = tree.winner();
                    prop_assert_eq!(key, least);
                    prop_assert!(twin[leaf] == least || least == u32::MAX);
                }
            }
        }
    }
}
