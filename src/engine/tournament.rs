//! A winner tree: the least of many keys that change one at a time.
//!
//! Each node has a copy of the least time below it and says whose it is, so a change costs one
//! comparison a level (Knuth, The Art of Computer Programming 3, section 5.4.1). Both are in one word,
//! the time in the upper bits: mostly the least of two words is the first of two events. Where times
//! are equal, or too late for those bits (with 1,024 leaves after 208 days, with a million after five
//! hours), the whole keys are compared, which lie with the leaves.
//!
//! There is a function for each number of levels: its matches count nothing, and check no index against the
//! end.

use super::queue::Key;

/// A leaf: a key, and what its owner wants to remember of it.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    key: Key,
    tag: u32,
}

type Change = fn(&mut Tournament, usize, Key, u32);

/// Those with so many nodes: twice as many each, from 4 on.
const CHANGES: [Change; 20] = [
    Tournament::change::<{ 2 << 1 }>,
    Tournament::change::<{ 2 << 2 }>,
    Tournament::change::<{ 2 << 3 }>,
    Tournament::change::<{ 2 << 4 }>,
    Tournament::change::<{ 2 << 5 }>,
    Tournament::change::<{ 2 << 6 }>,
    Tournament::change::<{ 2 << 7 }>,
    Tournament::change::<{ 2 << 8 }>,
    Tournament::change::<{ 2 << 9 }>,
    Tournament::change::<{ 2 << 10 }>,
    Tournament::change::<{ 2 << 11 }>,
    Tournament::change::<{ 2 << 12 }>,
    Tournament::change::<{ 2 << 13 }>,
    Tournament::change::<{ 2 << 14 }>,
    Tournament::change::<{ 2 << 15 }>,
    Tournament::change::<{ 2 << 16 }>,
    Tournament::change::<{ 2 << 17 }>,
    Tournament::change::<{ 2 << 18 }>,
    Tournament::change::<{ 2 << 19 }>,
    Tournament::change::<{ 2 << 20 }>,
];

/// Keys by leaf, and who has the least one.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    /// The least words below the nodes: the root is 1, the children of n are 2n and 2n + 1, and the
    /// last half are the leaves'.
    nodes: Vec<u64>,
    leaves: Vec<Leaf>,
    /// Changes a leaf, in a tree of as many levels.
    change: Change,
    winner: u32,
    /// The winner's.
    first: Leaf,
}

impl Tournament {
    /// So many leaves, at least, with nothing to come.
    ///
    /// # Panics
    /// If they are more than 2^20.
    pub(super) fn new(leaves: usize) -> Self {
        let width = leaves.next_power_of_two().max(2);
        let bits = width.trailing_zeros() as usize;
        let nobody = Leaf { key: Key::NEVER, tag: 0 };
        let mut tree = Self {
            nodes: vec![u64::MAX; 2 * width],
            leaves: vec![nobody; width],
            change: *CHANGES.get(bits - 1).expect("there are at most 2^20 sources of events"),
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

    /// Until the next change the least key is said to be one of this time.
    #[inline]
    pub(super) fn hide_first(&mut self, time: u64) {
        self.first.key.time = time;
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

    /// Gives a leaf another key and tag, and finds out who wins now. O(log leaves), and no branch of it has
    /// to be guessed.
    #[inline]
    pub(super) fn set(&mut self, leaf: usize, key: Key, tag: u32) {
        (self.change)(self, leaf, key, tag);
    }

    /// The same in a tree of `NODES`.
    #[inline(never)]
    fn change<const NODES: usize>(&mut self, leaf: usize, key: Key, tag: u32) {
        self.leaves[leaf] = Leaf { key, tag };
        let nodes = self.nodes.as_mut_slice();
        let nodes: &mut [u64; NODES] = nodes.try_into().expect("it is for trees of this size");
        let (least, closest) = play(nodes, leaf, key.time);
        if closest < NODES as u64 / 2 {
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

/// The word of a leaf of so many. Those of leaves with nothing to come lie further apart than equal times do,
/// so that there is nothing to compare.
#[inline]
fn word(time: u64, leaf: usize, leaves: usize) -> u64 {
    let bits = leaves.ilog2();
    match time {
        u64::MAX => !((leaf as u64) << bits),
        time => (time.min((u64::MAX >> bits) - leaves as u64) << bits) | leaf as u64,
    }
}

/// Plays a leaf's matches by words: the least of all, and as little as two that met have differed by, which
/// is less than there are leaves if times were equal.
#[inline]
fn play<const NODES: usize>(nodes: &mut [u64; NODES], leaf: usize, time: u64) -> (u64, u64) {
    let leaves = NODES / 2;
    let mut least = word(time, leaf, leaves);
    let mut closest = u64::MAX;
    // The remainder is the leaf itself, and says that no index is beyond the end.
    let mut node = leaves + leaf % leaves;
    nodes[node] = least;
    for _ in 0..leaves.ilog2() {
        let other = nodes[node ^ 1];
        closest = closest.min(least ^ other);
        least = least.min(other);
        node /= 2;
        nodes[node] = least;
    }
    (least, closest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Earlier and earlier: by times that words tell apart, that they do not, and by ranks.
    #[test]
    fn there_is_a_function_for_every_size() {
        for bits in 1..=CHANGES.len() {
            let leaves = 1 << bits;
            let mut tree = Tournament::new(leaves - 1);
            assert_eq!(tree.width(), leaves);
            let late = u64::MAX >> bits;
            let times = [late + 1, late, late, late - 1, 9, 8, 8, 8];
            let changed = [leaves - 1, 0, leaves / 2, leaves - 1].into_iter().cycle();
            for ((rank, time), leaf) in (0..100).rev().zip(times).zip(changed) {
                let key = Key { time, rank };
                tree.set(leaf, key, rank as u32);
                assert_eq!((tree.winner(), tree.first(), tree.tag()), (leaf, key, rank as u32));
            }
        }
    }

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
                    // Too late for a word, which has at least one bit for the leaf.
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
