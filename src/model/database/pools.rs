//! The backends' own connection pools.

use super::super::setup::BackendId;
use crate::engine::slab::Handle;
use std::collections::{BTreeMap, VecDeque};

/// One backend's pool.
#[derive(Clone, Debug, Default)]
struct Pool {
    held: u32,
    waiting: VecDeque<Handle>,
    /// Counts the processes that had it: what an earlier one holds is not its own.
    life: u32,
}

/// All pools, of one size.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    size: u32,
    each: Vec<Pool>,
    /// Who holds a connection, of which backend, in which life: it is held until the query is
    /// over, even if nobody waits for it any more.
    holders: BTreeMap<Handle, (BackendId, u32)>,
}

impl Pools {
    pub(super) fn new(size: u32, backends: usize) -> Self {
        Self { size, each: vec![Pool::default(); backends], holders: BTreeMap::new() }
    }

    /// Takes a connection if there is one.
    pub(super) fn take(&mut self, handle: Handle, id: BackendId) -> bool {
        let pool = &mut self.each[id.index()];
        let has_one = pool.held < self.size;
        if has_one {
            pool.held += 1;
            self.holders.insert(handle, (id, pool.life));
        }
        has_one
    }

    /// Whether it has a connection of a pool.
    pub(super) fn holds(&self, handle: Handle) -> bool {
        self.holders.contains_key(&handle)
    }

    /// Waits for one, if no more than `most` do. Returns whether it does.
    pub(super) fn wait(&mut self, handle: Handle, id: BackendId, most: Option<u32>) -> bool {
        let waiting = &mut self.each[id.index()].waiting;
        let has_room = most.is_none_or(|most| waiting.len() < most as usize);
        if has_room {
            waiting.push_back(handle);
        }
        has_room
    }

    /// Takes an attempt out of the line. Returns whether it was there.
    pub(super) fn leave(&mut self, handle: Handle, id: BackendId) -> bool {
        let waiting = &mut self.each[id.index()].waiting;
        let position = waiting.iter().position(|&other| other == handle);
        position.is_some_and(|position| waiting.remove(position).is_some())
    }

    /// Gives a connection back. Returns whose pool has one more now.
    pub(super) fn release(&mut self, handle: Handle) -> Option<BackendId> {
        let (id, life) = self.holders.remove(&handle)?;
        let pool = &mut self.each[id.index()];
        if pool.life != life {
            return None;
        }
        pool.held -= 1;
        Some(id)
    }

    /// The attempt that has waited longest, with a connection, if there is one.
    pub(super) fn next(&mut self, id: BackendId) -> Option<Handle> {
        if self.each[id.index()].held >= self.size {
            return None;
        }
        let next = self.each[id.index()].waiting.pop_front()?;
        self.take(next, id);
        Some(next)
    }

    /// A new process has a new pool.
    pub(super) fn reset(&mut self, id: BackendId) {
        let life = self.each[id.index()].life.wrapping_add(1);
        self.each[id.index()] = Pool { life, ..Pool::default() };
    }

    /// Every connection is lost, and nobody waits.
    pub(super) fn clear(&mut self) {
        self.holders.clear();
        for pool in &mut self.each {
            pool.held = 0;
            pool.waiting.clear();
        }
    }
}
