//! Memory that a process uses and leaks until it is killed for it.

use super::Backend;
use crate::engine::time::{Span, Time};
use crate::model::event::BackendTimer;
use crate::model::probe::Probe;
use crate::model::setup::{BackendId, Memory};
use crate::model::world::World;

/// Nanoseconds in an hour.
const HOUR: u128 = 3_600_000_000_000;

/// What a process has leaked, and when that will be too much.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryUse {
    /// Attempts that have come in since it began.
    requests: u64,
    /// When it began.
    since: Time,
    /// When it is looked at next.
    due: Time,
}

impl MemoryUse {
    pub(super) fn new(now: Time) -> Self {
        Self { requests: 0, since: now, due: Time::FOREVER }
    }

    /// Bytes apart from what leaks with time.
    fn used(&self, memory: &Memory, inside: u32) -> u128 {
        u128::from(memory.base)
            + u128::from(memory.per_attempt) * u128::from(inside)
            + u128::from(memory.leak_per_request) * u128::from(self.requests)
    }

    /// Whether it needs more than it may have.
    fn is_too_much(&self, memory: &Memory, inside: u32, now: Time) -> bool {
        let elapsed = u128::from(now.since(self.since).as_ns());
        let leaked = u128::from(memory.leak_per_hour) * elapsed / HOUR;
        self.used(memory, inside) + leaked > u128::from(memory.limit)
    }

    /// When it will need more than it may have, if nobody comes or goes.
    fn ends_at(&self, memory: &Memory, inside: u32) -> Option<Time> {
        let leak = u128::from(memory.leak_per_hour);
        let room = u128::from(memory.limit).checked_sub(self.used(memory, inside))?;
        // The first nanosecond at which one byte more than there is room for has leaked.
        let ns = if leak > 0 { ((room + 1) * HOUR).div_ceil(leak) } else { return None };
        u64::try_from(ns).ok().map(|ns| self.since + Span::from_ns(ns))
    }
}

impl Backend {
    fn inside(&self) -> u32 {
        self.station.inside()
    }
}

impl World {
    /// An attempt has come in, with what it needs and leaves behind.
    pub(super) fn take_memory(&mut self, id: BackendId) {
        self.backends[id.index()].memory.requests += 1;
        self.watch_memory(id);
    }

    /// Kills the process if it needs too much, or looks again when it will.
    pub(super) fn watch_memory(&mut self, id: BackendId) {
        let Some(memory) = &self.setup.backends[id.index()].own_faults.memory else { return };
        let backend = &mut self.backends[id.index()];
        let inside = backend.inside();
        if backend.memory.is_too_much(memory, inside, self.now) {
            self.set_backend_timer(id, self.now, BackendTimer::Dies);
        } else if let Some(at) = backend.memory.ends_at(memory, inside)
            && at < backend.memory.due
        {
            // Fewer inside only put the end off, which is found out then.
            backend.memory.due = at;
            self.set_backend_timer(id, at, BackendTimer::Memory);
        }
    }

    pub(super) fn on_memory(&mut self, id: BackendId, probe: &mut impl Probe) {
        let Some(memory) = &self.setup.backends[id.index()].own_faults.memory else { return };
        let backend = &mut self.backends[id.index()];
        if backend.memory.due != self.now {
            return;
        }
        backend.memory.due = Time::FOREVER;
        if backend.memory.is_too_much(memory, backend.inside(), self.now) {
            self.die(id, probe);
        } else {
            self.watch_memory(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The end is the very nanosecond at which it becomes too much.
        #[test]
        fn the_end_is_exact(
            limit in 1_u64..1 << 33, leak in 1_u64..1 << 33, per_attempt in 0_u64..1 << 20,
            inside in 0_u32..100, requests in 0_u64..1_000, began in 0_u64..1 << 40
        ) {
            let memory = Memory {
                limit, base: limit / 2, per_attempt, leak_per_request: 100, leak_per_hour: leak,
            };
            let since = Time::from_ns(began);
            let state = MemoryUse { requests, since, due: Time::FOREVER };
            match state.ends_at(&memory, inside) {
                Some(at) => {
                    prop_assert!(state.is_too_much(&memory, inside, at));
                    prop_assert!(!state.is_too_much(&memory, inside, at - Span::from_ns(1)));
                }
                None => prop_assert!(state.is_too_much(&memory, inside, since)),
            }
        }
    }
}
