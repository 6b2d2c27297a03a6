//! Members of one weight by load, longest unpicked first within each: what least connections picks by.
//!
//! A pick gives its member the next *place* in a row, so places are in the order of the last picks. Each load
//! has a set of the places that have it: bits, and in larger pools two layers of summaries over them. So every
//! step costs the same few operations, however many members there are.

/// Loads are told apart modulo this: so far may members lie apart.
const LEVELS: u32 = 64;
/// What three layers of 64 bits each can hold.
const PLACES_MAX: usize = 64 * 64 * 64;
/// Nowhere, or nobody.
const NONE: u32 = u32::MAX;

/// Where a member is.
#[derive(Clone, Copy, Debug)]
struct Spot {
    /// [`NONE`]: nowhere.
    place: u32,
    load: u32,
}

/// Members by load and last pick.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    /// Whose each place is, or was.
    owners: Vec<u32>,
    /// Of each member.
    spots: Vec<Spot>,
    /// The next place to be given.
    next: u32,
    /// A bit per load that somebody has, modulo [`LEVELS`].
    occupied: u64,
    /// Nobody's load is lower, nor as much as [`LEVELS`] higher.
    lowest: u32,
    /// Of each load the highest layer: a bit per word of summaries or, if `leaves` is 0, per place.
    tops: Box<[u64; LEVELS as usize]>,
    /// Of each load the lower layers, `row` words: a bit per place in `leaves` words, then a bit per word of
    /// those.
    words: Vec<u64>,
    row: usize,
    leaves: usize,
}

/// A bit of a word, by the lowest six bits of a number.
#[inline]
fn bit(number: usize) -> u64 {
    1 << (number % 64)
}

/// The places of a word's set bits, in order.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = (word != 0).then(|| word.trailing_zeros() as usize);
        word &= word.wrapping_sub(1);
        first
    })
}

impl Levels {
    /// Nobody yet, of so many.
    pub(super) fn new(members: usize) -> Self {
        let places = (4 * members).clamp(64, PLACES_MAX);
        let leaves = if places > 64 { places.div_ceil(64) } else { 0 };
        let row = leaves + leaves.div_ceil(64);
        Self {
            owners: vec![NONE; places],
            spots: vec![Spot { place: NONE, load: 0 }; members],
            next: 0,
            occupied: 0,
            lowest: 0,
            tops: Box::new([0; LEVELS as usize]),
            words: vec![0; row * LEVELS as usize],
            row,
            leaves,
        }
    }

    /// Adds a member, picked after all others. Returns false if loads lie too far apart.
    #[must_use]
    pub(super) fn add(&mut self, member: usize, load: u32) -> bool {
        self.take_place(member);
        self.spots[member].load = load;
        self.make_room(load) && {
            self.insert(self.spots[member]);
            true
        }
    }

    /// The least loaded member, of these the longest unpicked.
    #[inline]
    pub(super) fn first(&mut self) -> Option<usize> {
        let above = self.occupied.rotate_right(self.lowest);
        if above == 0 {
            return None;
        }
        self.lowest += above.trailing_zeros();
        let level = (self.lowest % LEVELS) as usize;
        let mut place = self.tops[level].trailing_zeros() as usize;
        if self.leaves > 0 {
            let row = &self.words[level * self.row..][..self.row];
            let leaf = place * 64 + row[self.leaves + place].trailing_zeros() as usize;
            place = leaf * 64 + row[leaf].trailing_zeros() as usize;
        }
        Some(self.owners[place] as usize)
    }

    /// The same among those who are fit. O(k) for k unfit ones before.
    pub(super) fn first_fit(&self, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        let fit = |place: usize| {
            let owner = self.owners[place] as usize;
            is_fit(owner).then_some(owner)
        };
        bits(self.occupied.rotate_right(self.lowest)).find_map(|above| {
            let level = (self.lowest.wrapping_add(above as u32) % LEVELS) as usize;
            if self.leaves == 0 {
                return bits(self.tops[level]).find_map(fit);
            }
            let row = &self.words[level * self.row..][..self.row];
            bits(self.tops[level]).find_map(|mid| {
                bits(row[self.leaves + mid]).find_map(|leaf| {
                    let leaf = mid * 64 + leaf;
                    bits(row[leaf]).find_map(|place| fit(leaf * 64 + place))
                })
            })
        })
    }

    /// A member is picked: of its load, it is the last now. That of the first of all may be one `more`.
    #[inline]
    pub(super) fn pick(&mut self, member: usize, more: u32) {
        self.remove(self.spots[member]);
        self.take_place(member);
        let spot = &mut self.spots[member];
        spot.load += more;
        let spot = *spot;
        self.insert(spot);
    }

    /// A member's load has changed. Returns false if loads lie too far apart.
    #[inline]
    #[must_use]
    pub(super) fn change(&mut self, member: usize, load: u32) -> bool {
        let Some(spot) = self.spots.get_mut(member).filter(|spot| spot.place != NONE) else {
            return true;
        };
        let old = *spot;
        spot.load = load;
        self.remove(old);
        if load.wrapping_sub(self.lowest) >= LEVELS && !self.make_room(load) {
            return false;
        }
        self.insert(Spot { load, ..old });
        true
    }

    #[inline]
    fn take_place(&mut self, member: usize) {
        if self.next as usize == self.owners.len() {
            self.close_gaps(member);
        }
        self.owners[self.next as usize] = member as u32;
        self.spots[member].place = self.next;
        self.next += 1;
    }

    /// Moves everybody to the first places, in order, but for one who is in no set.
    #[cold]
    #[inline(never)]
    fn close_gaps(&mut self, besides: usize) {
        self.words.fill(0);
        self.tops.fill(0);
        self.next = 0;
        // Nobody moves further back.
        for place in 0..self.owners.len() {
            let owner = self.owners[place] as usize;
            let is_own = self.spots.get(owner).is_some_and(|spot| spot.place as usize == place);
            if is_own && owner != besides {
                self.owners[self.next as usize] = owner as u32;
                self.spots[owner].place = self.next;
                self.insert(self.spots[owner]);
                self.next += 1;
            }
        }
    }

    /// Makes room for a load that may be lower, or much higher, than all others. Returns false if there is none.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, load: u32) -> bool {
        let above = self.occupied.rotate_right(self.lowest);
        if above == 0 {
            self.lowest = load;
            return true;
        }
        let most = load.max(self.lowest + 63 - above.leading_zeros());
        self.lowest = load.min(self.lowest + above.trailing_zeros());
        most - self.lowest < LEVELS
    }

    #[inline]
    fn insert(&mut self, spot: Spot) {
        let (level, mut place) = ((spot.load % LEVELS) as usize, spot.place as usize);
        if self.leaves > 0 {
            let row = &mut self.words[level * self.row..][..self.row];
            row[place / 64] |= bit(place);
            place /= 64;
            row[self.leaves + place / 64] |= bit(place);
            place /= 64;
        }
        self.tops[level] |= bit(place);
        self.occupied |= bit(level);
    }

    #[inline]
    fn remove(&mut self, spot: Spot) {
        let (level, mut place) = ((spot.load % LEVELS) as usize, spot.place as usize);
        if self.leaves > 0 {
            let row = &mut self.words[level * self.row..][..self.row];
            let leaf = &mut row[place / 64];
            *leaf &= !bit(place);
            if *leaf != 0 {
                return;
            }
            place /= 64;
            let mid = &mut row[self.leaves + place / 64];
            *mid &= !bit(place);
            if *mid != 0 {
                return;
            }
            place /= 64;
        }
        let top = self.tops[level] & !bit(place);
        self.tops[level] = top;
        self.occupied &= !(u64::from(top == 0) << level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Levels against a scan, through renumbered places and loads that rise and fall.
        #[test]
        fn levels_find_what_a_scan_finds(
            size in 1..200_usize,
            steps in prop::collection::vec((0..200_usize, 0..9_u8, any::<u64>()), 1..2000),
        ) {
            let mut levels = Levels::new(size);
            // (load, last pick) of each.
            let mut keys = vec![(0_u32, 0_usize); size];
            for member in 0..size {
                prop_assert!(levels.add(member, 0));
            }
            for (now, (member, what, fit)) in (1..).zip(steps) {
                let member = member % size;
                let least = (0..size).min_by_key(|&member| (keys[member], member));
                prop_assert_eq!(levels.first(), least);
                match what {
                    // A pick, with more load from then on or without.
                    0..4 => {
                        let least = least.expect("somebody is there");
                        let more = u32::from(what > 0 && keys[least].0 < 60);
                        levels.pick(least, more);
                        keys[least] = (keys[least].0 + more, now);
                    }
                    4..8 => {
                        keys[member].0 = keys[member].0.saturating_sub(1);
                        prop_assert!(levels.change(member, keys[member].0));
                    }
                    _ => {
                        let is_fit = |member: usize| fit >> (member % 64) & 1 == 1;
                        let fit = (0..size).filter(|&member| is_fit(member));
                        let least = fit.min_by_key(|&member| (keys[member], member));
                        prop_assert_eq!(levels.first_fit(is_fit), least);
                    }
                }
            }
        }

        /// It says so if loads lie too far apart, and only then.
        #[test]
        fn loads_too_far_apart_are_refused(changes in prop::collection::vec((0..3_usize, -40..60_i64), 1..60)) {
            let mut loads = [0_i64; 3];
            let mut levels = Levels::new(3);
            for member in 0..3 {
                prop_assert!(levels.add(member, 0));
            }
            for (member, by) in changes {
                loads[member] = (loads[member] + by).max(0);
                let fits = levels.change(member, loads[member] as u32);
                let apart = loads.iter().max().unwrap() - loads.iter().min().unwrap();
                prop_assert_eq!(fits, apart < i64::from(LEVELS));
                if !fits {
                    break;
                }
                let least = (0..3).min_by_key(|&member| (loads[member], member));
                prop_assert_eq!(levels.first(), least);
            }
        }
    }

    /// Far more members than one word of summaries covers.
    #[test]
    fn the_largest_pool_takes_turns() {
        let size = 65_535;
        let mut levels = Levels::new(size);
        assert!((0..size).all(|member| levels.add(member, 7)));
        for turn in 0..5 * size {
            let member = levels.first().unwrap();
            assert_eq!(member, turn % size);
            levels.pick(member, 0);
        }
    }
}
