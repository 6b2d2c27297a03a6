//! Attempts that wait at a balancer instance for a free slot.

use crate::engine::slab::Handle;
use crate::engine::time::Time;
use crate::model::setup::BackendId;
use std::collections::VecDeque;

/// Where an attempt waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Line {
    /// For this very member.
    Member(BackendId),
    /// For whichever member has a slot first.
    Pool,
}

/// One line: first in, first out. Whoever leaves early stays in the list until it is passed over;
/// `alive` counts those who really wait.
#[derive(Clone, Debug, Default)]
struct Queue {
    entries: VecDeque<(Time, Handle)>,
    alive: u32,
}

impl Queue {
    /// Takes everyone out, in order.
    fn drain(&mut self, is_waiting: impl Fn(Handle) -> bool) -> Vec<Handle> {
        self.alive = 0;
        self.entries.drain(..).map(|(_, attempt)| attempt).filter(|&a| is_waiting(a)).collect()
    }
}

/// The lines of one instance: one per member, one for the pool, and the backlog of connections that
/// it has not accepted yet.
#[derive(Clone, Debug)]
pub(in crate::model) struct Lines {
    members: Vec<Queue>,
    pool: Queue,
    /// How many wait, in all lines.
    waiting: u64,
    backlog: VecDeque<Handle>,
}

impl Lines {
    pub(in crate::model) fn new(members: usize) -> Self {
        Self {
            members: vec![Queue::default(); members],
            pool: Queue::default(),
            waiting: 0,
            backlog: VecDeque::new(),
        }
    }

    fn queue(&mut self, line: Line) -> &mut Queue {
        match line {
            Line::Member(member) => &mut self.members[member.index()],
            Line::Pool => &mut self.pool,
        }
    }

    /// How many wait in the pool's line.
    pub(in crate::model) fn pool_len(&self) -> u32 {
        self.pool.alive
    }

    /// How many wait for one member.
    pub(in crate::model) fn member_len(&self, member: BackendId) -> u32 {
        self.members[member.index()].alive
    }

    /// How many wait, in all lines.
    #[inline]
    pub(in crate::model) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether anybody waits, to be accepted or for a slot.
    #[inline]
    pub(in crate::model) fn has_anybody(&self) -> bool {
        self.waiting > 0 || self.has_backlog()
    }

    /// Puts an attempt at the end of a line.
    pub(in crate::model) fn join(&mut self, line: Line, now: Time, attempt: Handle) {
        let queue = self.queue(line);
        queue.entries.push_back((now, attempt));
        queue.alive += 1;
        self.waiting += 1;
    }

    /// An attempt leaves its line early. `is_waiting` says of others whether they still wait: those
    /// that do not are dropped from the head.
    pub(in crate::model) fn leave(&mut self, line: Line, is_waiting: impl Fn(Handle) -> bool) {
        self.waiting -= 1;
        let queue = self.queue(line);
        queue.alive -= 1;
        while queue.entries.front().is_some_and(|&(_, head)| !is_waiting(head)) {
            queue.entries.pop_front();
        }
    }

    /// The head of a line and since when it waits, past all who have left.
    fn head(&mut self, line: Line, is_waiting: impl Fn(Handle) -> bool) -> Option<(Time, Handle)> {
        let queue = self.queue(line);
        while let Some(&(since, head)) = queue.entries.front() {
            if is_waiting(head) {
                return Some((since, head));
            }
            queue.entries.pop_front();
        }
        None
    }

    /// Takes out who comes next at a member with a free slot: the head of its own line or, if it
    /// `takes_pool`, that of the pool's, whoever has waited longer; its own line at a tie (HAProxy,
    /// `pendconn_process_next_strm`).
    pub(in crate::model) fn next(
        &mut self,
        member: BackendId,
        takes_pool: bool,
        is_waiting: impl Fn(Handle) -> bool,
    ) -> Option<Handle> {
        let own = self.head(Line::Member(member), &is_waiting);
        let pooled = if takes_pool { self.head(Line::Pool, &is_waiting) } else { None };
        let line = match (own, pooled) {
            (None, None) => return None,
            (Some((own, _)), Some((pooled, _))) if pooled < own => Line::Pool,
            (Some(_), _) => Line::Member(member),
            (None, Some(_)) => Line::Pool,
        };
        self.waiting -= 1;
        let queue = self.queue(line);
        queue.alive -= 1;
        queue.entries.pop_front().map(|(_, attempt)| attempt)
    }

    /// Everyone who waits for one member, in order, taken out of its line.
    pub(in crate::model) fn drain_member(
        &mut self,
        member: BackendId,
        is_waiting: impl Fn(Handle) -> bool,
    ) -> Vec<Handle> {
        self.waiting -= u64::from(self.member_len(member));
        self.members[member.index()].drain(is_waiting)
    }

    /// Everyone who waits in the pool's line, in order, taken out of it.
    pub(in crate::model) fn drain_pool(
        &mut self,
        is_waiting: impl Fn(Handle) -> bool,
    ) -> Vec<Handle> {
        self.waiting -= u64::from(self.pool_len());
        self.pool.drain(is_waiting)
    }

    /// A connection waits to be accepted.
    pub(in crate::model) fn hold_back(&mut self, attempt: Handle) {
        self.backlog.push_back(attempt);
    }

    /// Connections at the head of the backlog whose clients have left are forgotten.
    pub(in crate::model) fn forget_gone(&mut self, is_there: impl Fn(Handle) -> bool) {
        while self.backlog.front().is_some_and(|&head| !is_there(head)) {
            self.backlog.pop_front();
        }
    }

    /// Whether connections wait to be accepted, some of which may be gone.
    #[inline]
    pub(in crate::model) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Connections that wait to be accepted, some of which may be gone.
    pub(in crate::model) fn backlog(&self) -> impl Iterator<Item = Handle> + '_ {
        self.backlog.iter().copied()
    }

    /// The next connection to be accepted; it may be gone.
    pub(in crate::model) fn accept_next(&mut self) -> Option<Handle> {
        self.backlog.pop_front()
    }
}
