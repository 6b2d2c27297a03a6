//! Sources of events: places that have one event each at a time, of which it is to be known who is first.
//!
//! What was taken stays in its tree until its source has another event or somebody asks who is next: mostly
//! the source has one at once, and then there is one change and not two.

use super::queue::Key;
use super::tournament::Tournament;

/// A time that says to look closer: there may be an event at that time, or none that is known.
pub(super) const LOOK: u64 = 0;

/// The sources of one kind.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    keys: Tournament,
    count: usize,
    /// Whether the first event was taken, and is still in the tree: mostly its source has another one
    /// at once, in its place.
    is_taken: bool,
}

impl Sources {
    pub(super) fn new(count: usize) -> Self {
        Self { keys: Tournament::new(count), count, is_taken: false }
    }

    /// Schedules the event of a source.
    #[inline]
    pub(super) fn set(&mut self, source: usize, key: Key, tag: u32) {
        debug_assert!(source < self.count, "source {source} of {}", self.count);
        if self.is_taken && self.keys.winner() != source {
            self.remove_taken();
        }
        self.is_taken = false;
        self.keys.set(source, key, tag);
    }

    /// Schedules the next event of the source whose event was just taken.
    #[inline]
    pub(super) fn set_taken(&mut self, source: usize, key: Key, tag: u32) {
        debug_assert!(self.is_taken && self.keys.winner() == source, "not taken: {source}");
        self.is_taken = false;
        self.keys.set(source, key, tag);
    }

    /// The first event's time if it is known, or else [`LOOK`].
    #[inline]
    pub(super) fn known_time(&self) -> u64 {
        self.keys.first().time
    }

    /// The first event's key.
    #[inline]
    pub(super) fn first(&mut self) -> Key {
        self.clear_taken();
        self.keys.first()
    }

    /// If the first event was taken, there is no other one in its place.
    #[inline]
    pub(super) fn clear_taken(&mut self) {
        if self.is_taken {
            self.remove_taken();
        }
    }

    #[inline(never)]
    fn remove_taken(&mut self) {
        self.is_taken = false;
        self.keys.set(self.keys.winner(), Key::NEVER, 0);
    }

    /// Takes the first event out, which is known: its source and tag.
    #[inline]
    pub(super) fn take(&mut self) -> (usize, u32) {
        self.is_taken = true;
        self.keys.hide_first(LOOK);
        (self.keys.winner(), self.keys.tag())
    }

    pub(super) fn len(&self) -> usize {
        let is_due = |&source: &usize| self.keys.key(source) != Key::NEVER;
        (0..self.count).filter(is_due).count() - usize::from(self.is_taken)
    }
}

/// The sources of a kind that there is often one of: then there is nothing to find out.
#[derive(Clone, Debug)]
pub(super) struct FewSources {
    is_alone: bool,
    /// The first event: of the only source, or a copy of that of several. Its time is [`LOOK`] once that was
    /// taken of several: which one is next is to be found out.
    first: Key,
    tag: u32,
    source: u32,
    /// The time once it was taken.
    after: u64,
    several: Sources,
}

impl FewSources {
    pub(super) fn new(count: usize) -> Self {
        let is_alone = count == 1;
        let several = Sources::new(if is_alone { 0 } else { count });
        let after = if is_alone { Key::NEVER.time } else { LOOK };
        Self { is_alone, first: Key::NEVER, tag: 0, source: 0, after, several }
    }

    #[inline]
    pub(super) fn set(&mut self, source: usize, key: Key, tag: u32) {
        if self.is_alone {
            debug_assert!(source == 0, "there is one source alone, and not number {source}");
            (self.first, self.tag) = (key, tag);
        } else {
            self.several.set(source, key, tag);
            self.find_first();
        }
    }

    fn find_first(&mut self) {
        self.first = self.several.first();
        self.source = self.several.keys.winner() as u32;
        self.tag = self.several.keys.tag();
    }

    /// The first event's time if it is known, or else [`LOOK`].
    #[inline]
    pub(super) fn known_time(&self) -> u64 {
        self.first.time
    }

    /// The first event's key.
    pub(super) fn first(&mut self) -> Key {
        if !self.is_alone {
            self.find_first();
        }
        self.first
    }

    /// Takes the first event out, which is known: its source and tag.
    #[inline]
    pub(super) fn take(&mut self) -> (usize, u32) {
        // A rank decides nothing where no event is, nor this flag where one source is alone.
        self.first.time = self.after;
        self.several.is_taken = true;
        (self.source as usize, self.tag)
    }

    pub(super) fn len(&self) -> usize {
        if self.is_alone {
            usize::from(self.first.time != Key::NEVER.time)
        } else {
            self.several.len()
        }
    }
}
