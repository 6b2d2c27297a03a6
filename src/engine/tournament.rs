//! A winner tree: the least of many keys that change one at a time.
//!
//! Each node has a copy of the least time below it and says whose it is, so a change costs one
//! comparison a level (Knuth, The Art of Computer Programming 3, section 5.4.1). Both are in one word,
//! the time in the upper bits: mostly the least of two words is the first of two events. Where times
//! are equal, or too late for those bits (with 1,024 leaves after 208 days, with a million after five
//! hours), the whole keys are compared, which lie with the leaves.

use super::queue::Key;

/// A leaf: a key, and what its owner wants to remember of it.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    key: Key,
    tag: u32,
}

/// Keys by leaf, and who has the least one.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    /// The least words below the nodes: the root is 1, the children of n are 2n and 2n + 1, and the
    /// last half are the leaves'.
    nodes: Vec<u64>,
    leaves: Vec<Leaf>,
    /// How many bits of a word say whose it is.
    bits: u32,
    /// The latest time that words tell from others.
    latest: u64,
    winner: u32,
    /// The winner's.
    first: Leaf,
}

impl Tournament {
    /// So many leaves, at least, with nothing to come.
    pub(super) fn new(leaves: usize) -> Self {
        let width = leaves.next_power_of_two().max(2);
        let bits = width.trailing_zeros();
        let nobody = Leaf { key: Key::NEVER, tag: 0 };
        let mut tree = Self {
            nodes: vec![u64::MAX; 2 * width],
            leaves: vec![nobody; width],
            bits,
            latest: (u64::MAX >> bits) - width as u64,
            winner: 0,
            first: nobody,
        };
        (0..width).for_each(|leaf| tree.set(leaf, Key::NEVER, 0));
        tree
    }

    /// How many leaves there are.
    pub(super) fn width(&self) -> usize {
        self.leaves.len()
    }

    /// The leaf with the least key.
    #[inline]
    pub(super) fn winner(&self) -> usize {
        self.winner as usize
    }

    /// The least key.
    #[inline]
    pub(super) fn first(&self) -> Key {
        self.first.key
    }

    /// What is remembered of it.
    #[inline]
    pub(super) fn tag(&self) -> u32 {
        self.first.tag
    }

    /// A leaf's key.
    pub(super) fn key(&self, leaf: usize) -> Key {
        self.leaves[leaf].key
    }

    /// A leaf's word. Those of leaves with nothing to come lie further apart than equal times do, so that
    /// there is nothing to compare.
    #[inline]
    fn word(&self, leaf: usize, key: Key) -> u64 {
        match key.time {
            u64::MAX => !((leaf as u64) << self.bits),
            time => (time.min(self.latest) << self.bits) | leaf as u64,
        }
    }

    /// Gives a leaf another key and tag, and finds out who wins now. O(log leaves), and no branch of it has
    /// to be guessed.
    #[inline(never)]
    pub(super) fn set(&mut self, leaf: usize, key: Key, tag: u32) {
        self.leaves[leaf] = Leaf { key, tag };
        let word = self.word(leaf, key);
        let (least, closest) = climb(&mut self.nodes, leaf, word);
        if closest < self.leaves.len() as u64 {
            self.compare_keys(leaf);
        } else {
            self.note_first(least);
        }
    }

    /// Notes who has won.
    #[inline]
    fn note_first(&mut self, least: u64) {
        let winner = least as usize & (self.leaves.len() - 1);
        self.winner = winner as u32;
        self.first = self.leaves[winner];
    }

    /// Finds out once more who wins above a leaf: now keys are compared where words say too little.
    #[inline(never)]
    fn compare_keys(&mut self, leaf: usize) {
        let others = self.leaves.len() - 1;
        let key = |word: u64| self.leaves[word as usize & others].key;
        let mut node = self.leaves.len() + leaf;
        while node > 1 {
            let (one, other) = (self.nodes[node], self.nodes[node ^ 1]);
            node /= 2;
            let is_first = match one ^ other {
                close if close as usize <= others => key(one).precedes(key(other)),
                _ => one < other,
            };
            self.nodes[node] = if is_first { one } else { other };
        }
        self.note_first(self.nodes[1]);
    }
}

/// Plays a leaf's matches by words: the least of all, and as little as two that met have differed by, which
/// is less than there are leaves if times were equal.
#[inline]
fn climb(nodes: &mut [u64], leaf: usize, mut least: u64) -> (u64, u64) {
    let mut closest = u64::MAX;
    // There are as many nodes as a power of two: as a mask this changes nothing, and says that no index is
    // beyond the end.
    let last = nodes.len().checked_sub(1).expect("there are at least two leaves");
    let mut node = (nodes.len() / 2 + leaf) & last;
    nodes[node] = least;
    while node > 1 {
        let other = nodes[(node ^ 1) & last];
        closest = closest.min(least ^ other);
        least = least.min(other);
        node = (node / 2) & last;
        nodes[node] = least;
    }
    (least, closest)
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
            changes in prop::collection::vec((0_usize..40, 0_u64..9), 0..200),
        ) {
            let mut tree = Tournament::new(leaves);
            let mut twin = vec![(Key::NEVER, 0); leaves];
            for (rank, (leaf, time)) in (0_u64..).zip(changes) {
                // Keys of events differ, times need not; those of nothing do not differ.
                let leaf = leaf % leaves;
                let key = match time {
                    0 => Key::NEVER,
                    // Too late for a word, which has at least six bits for the leaf.
                    7.. => Key { time: (u64::MAX >> 1) - 8 + time, rank },
                    _ => Key { time, rank },
                };
                tree.set(leaf, key, rank as u32);
                twin[leaf] = (key, rank as u32);
                let least = twin.iter().copied().min_by_key(|(key, _)| (key.time, key.rank));
                let (least, tag) = least.unwrap();
                prop_assert_eq!(tree.first(), least);
                if least != Key::NEVER {
                    prop_assert_eq!((twin[tree.winner()], tree.tag()), ((least, tag), tag));
                }
                prop_assert_eq!(tree.key(leaf), key);
            }
        }
    }
}
