//! Lines, first in, first out: linked through the slots of attempts, so that all of them together need no
//! more room than there are attempts.

use crate::engine::time::Span;
use std::hint::select_unpredictable;

/// The line of one post: the slots of who has come first, and last, if there is anybody.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    first: u32,
    last: u32,
    pub(super) len: u32,
}

/// What there is to know of somebody in line.
#[derive(Clone, Copy, Debug, Default)]
struct Waiter {
    work: Span,
    /// The slot of whoever is next.
    next: u32,
}

/// Everybody in line, by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    waiters: Vec<Waiter>,
}

impl Waiting {
    /// Puts an attempt at the end of a line.
    #[inline]
    pub(super) fn line_up(&mut self, line: &mut Line, attempt: u32, work: Span) {
        match self.waiters.get_mut(attempt as usize) {
            Some(waiter) => waiter.work = work,
            None => self.make_room(attempt, work),
        }
        // Whether anybody is in line is hard to guess. If not, who comes is put behind itself, which nobody
        // asks for.
        let is_empty = line.len == 0;
        line.first = select_unpredictable(is_empty, attempt, line.first);
        let before = select_unpredictable(is_empty, attempt, line.last);
        self.waiters[before as usize].next = attempt;
        line.last = attempt;
        line.len += 1;
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, attempt: u32, work: Span) {
        self.waiters.resize(attempt as usize, Waiter::default());
        self.waiters.push(Waiter { work, next: attempt });
    }

    /// Takes out who is first in line: its slot and its work.
    #[inline]
    pub(super) fn take(&self, line: &mut Line) -> Option<(u32, Span)> {
        if line.len == 0 {
            return None;
        }
        let first = line.first;
        let Waiter { work, next } = self.waiters[first as usize];
        line.first = next;
        line.len -= 1;
        Some((first, work))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        /// Three lines against three queues.
        #[test]
        fn who_comes_first_is_first(steps in prop::collection::vec((0_usize..3, any::<bool>()), 0..99)) {
            let (mut waiting, mut lines) = (Waiting::default(), [Line::default(); 3]);
            let mut twins = [const { VecDeque::new() }; 3];
            for (slot, (line, comes)) in (0_u32..).zip(steps) {
                let (line, twin) = (&mut lines[line], &mut twins[line]);
                if comes {
                    let work = Span::from_ns(u64::from(slot) * 7);
                    waiting.line_up(line, slot, work);
                    twin.push_back((slot, work));
                } else {
                    prop_assert_eq!(waiting.take(line), twin.pop_front());
                }
                prop_assert_eq!(line.len as usize, twin.len());
            }
        }
    }
}
