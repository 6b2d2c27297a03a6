//! A generational arena: steady state allocates nothing, and a stale handle finds nothing.
//!
//! A timer for something that is already over finds another generation and is dropped, so timers
//! need no cancellation. A generation is odd while its value lives: that alone says what a slot holds.

use std::num::NonZeroU32;

/// A reference to a slot as it was when the value was inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle {
    index: u32,
    /// Odd, and so never zero.
    generation: NonZeroU32,
}

impl Handle {
    /// Slot number, dense from 0; reused once the value is removed.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

const _: () = assert!(size_of::<Option<Handle>>() == 8, "handles are stored often");

#[derive(Clone, Debug)]
struct Slot<T> {
    /// Odd while the value lives.
    generation: u32,
    /// The slot that was freed before this one, if this one is free.
    next_free: u32,
    /// The one that lives, or was the last to.
    value: T,
}

/// No slot.
const NONE: u32 = u32::MAX;

/// Values in reusable slots.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// The slot that was freed last.
    free: u32,
    live: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: NONE, live: 0 }
    }
}

impl<T: Copy> Slab<T> {
    /// Stores `value`. O(1); allocates only when more values live than ever before.
    ///
    /// # Panics
    /// If 2^32 - 1 values live at once.
    #[inline]
    pub fn insert(&mut self, value: T) -> Handle {
        self.insert_with(|| value)
    }

    /// The same of a value that is made where it is stored.
    #[expect(clippy::inline_always, reason = "else it is made elsewhere and copied")]
    #[inline(always)]
    pub fn insert_with(&mut self, value: impl Fn() -> T) -> Handle {
        let index = self.free;
        // The number of no slot is beyond all of them.
        let Some(slot) = self.slots.get_mut(index as usize) else {
            return self.grow(value());
        };
        self.free = slot.next_free;
        self.live += 1;
        slot.generation |= 1;
        slot.value = value();
        Handle { index, generation: odd(slot.generation) }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, value: T) -> Handle {
        let index = self.slots.len() as u32;
        assert!(self.slots.len() < NONE as usize, "fewer than 2^32 - 1 values live at once");
        self.live += 1;
        self.slots.push(Slot { generation: 1, next_free: NONE, value });
        Handle { index, generation: NonZeroU32::MIN }
    }

    /// The value, unless it was removed.
    #[inline]
    pub fn get(&self, handle: Handle) -> Option<&T> {
        let slot = self.slots.get(handle.index as usize)?;
        (slot.generation == handle.generation.get()).then_some(&slot.value)
    }

    /// The value, unless it was removed.
    #[inline]
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        let slot = self.slots.get_mut(handle.index as usize)?;
        (slot.generation == handle.generation.get()).then_some(&mut slot.value)
    }

    /// The value in a slot, if one lives there.
    #[inline]
    pub fn at(&self, index: usize) -> Option<&T> {
        let slot = self.slots.get(index)?;
        (slot.generation & 1 == 1).then_some(&slot.value)
    }

    /// The handle of the value in a slot, if one lives there.
    pub fn handle_at(&self, index: usize) -> Option<Handle> {
        let slot = self.slots.get(index).filter(|slot| slot.generation & 1 == 1)?;
        Some(Handle { index: index as u32, generation: odd(slot.generation) })
    }

    /// The value in a slot, if one lives there.
    #[inline]
    pub fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        let slot = self.slots.get_mut(index)?;
        (slot.generation & 1 == 1).then_some(&mut slot.value)
    }

    /// Forgets the value in a slot, if one lives there: it may be looked at once more. Its handle is stale
    /// from now on.
    #[inline]
    pub fn free_at(&mut self, index: usize) -> Option<&T> {
        let slot = self.slots.get_mut(index).filter(|slot| slot.generation & 1 == 1)?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.next_free = self.free;
        self.free = index as u32;
        self.live -= 1;
        Some(&slot.value)
    }

    /// Takes the value out; its handle is stale from now on.
    #[inline]
    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        self.get(handle)?;
        self.free_at(handle.index()).copied()
    }

    /// Forgets the value, if it was not removed before.
    #[inline]
    pub fn free(&mut self, handle: Handle) {
        if self.get(handle).is_some() {
            self.free_at(handle.index());
        }
    }

    /// How many values live.
    #[inline]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every living value, in slot order.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        (0_u32..)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.generation & 1 == 1)
            .map(|(index, slot)| (Handle { index, generation: odd(slot.generation) }, &slot.value))
    }
}

#[inline]
fn odd(generation: u32) -> NonZeroU32 {
    NonZeroU32::new(generation | 1).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_handle_finds_nothing() {
        let mut slab = Slab::default();
        let first = slab.insert('a');
        assert_eq!(slab.remove(first), Some('a'));
        let second = slab.insert('b');
        assert_eq!(second.index(), first.index());
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        slab.free(first);
        assert_eq!(slab.get(second), Some(&'b'));
        assert_eq!(slab.len(), 1);
        assert_eq!((slab.at(0), slab.at(1)), (Some(&'b'), None));
        assert_eq!((slab.handle_at(0), slab.handle_at(1)), (Some(second), None));
        assert_eq!(slab.free_at(0), Some(&'b'));
        assert_eq!(slab.free_at(0), None);
        assert_eq!((slab.get(second), slab.at(0), slab.len()), (None, None, 0));
    }

    #[test]
    fn iteration_is_in_slot_order() {
        let mut slab = Slab::default();
        let handles: Vec<_> = (0..4).map(|i| slab.insert(i)).collect();
        slab.remove(handles[1]);
        let seen: Vec<_> = slab.iter().map(|(_, &v)| v).collect();
        assert_eq!(seen, [0, 2, 3]);
        assert!(!slab.is_empty());
    }
}
