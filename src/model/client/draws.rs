//! What requests draw when they are born, worked out for several at a time.
//!
//! Each of it is a function of the request's index alone ([`keyed`]), so it
//! makes no difference when it is drawn, or whether anybody asks for it.

use super::PopulationState;
use crate::engine::log;
use crate::engine::random::{Purpose, Seed, key, keyed, share_of};
use crate::engine::wide::wide;

/// So many at a time.
const EACH: usize = 64;

/// What a request draws.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Drawn {
    pub(in crate::model) user: u32,
    /// Where it reads its backend's service distribution.
    pub(in crate::model) mark: u64,
    /// The standard exponential variate of this mark.
    pub(in crate::model) exponential: f64,
}

/// What a population's requests draw from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laws {
    users: u32,
    user_key: u64,
    service_key: u64,
}

impl Laws {
    /// `index` numbers the population's random streams.
    pub(super) fn new(users: u32, seed: Seed, index: u64) -> Self {
        Self {
            users,
            user_key: key(seed, Purpose::User, index),
            service_key: key(seed, Purpose::ServiceMark, index),
        }
    }

    /// Whose the request of this index is.
    #[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
    #[inline(always)]
    pub(super) fn user(self, index: u64) -> u32 {
        share_of(keyed(self.user_key, index), self.users)
    }

    /// Where it reads its backend's service distribution.
    #[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
    #[inline(always)]
    pub(super) fn mark(self, index: u64) -> u64 {
        keyed(self.service_key, index)
    }
}

/// The draws of a population's next requests.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    /// Those with indices from `EACH` times this on.
    block: u64,
    users: [u32; EACH],
    marks: [u64; EACH],
    exponentials: [f64; EACH],
}

impl Draws {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { block: u64::MAX, users: [0; EACH], marks: [0; EACH], exponentials: [0.0; EACH] }
    }
}

impl PopulationState {
    /// What the request of this index draws: its user, and where it reads its backend's service
    /// distribution.
    pub(in crate::model) fn drawn(&self, index: u64) -> Drawn {
        let (user, mark) = (self.laws.user(index), self.laws.mark(index));
        Drawn { user, mark, exponential: -log::log_left(mark) }
    }

    /// The same where requests are asked for in order.
    #[inline]
    pub(in crate::model) fn drawn_in_order(&mut self, index: u64) -> Drawn {
        if index / EACH as u64 != self.draws.block {
            self.draw_block(index / EACH as u64);
        }
        let (draws, place) = (&self.draws, index as usize % EACH);
        let (user, mark) = (draws.users[place], draws.marks[place]);
        Drawn { user, mark, exponential: draws.exponentials[place] }
    }

    #[inline(never)]
    fn draw_block(&mut self, block: u64) {
        let (laws, draws) = (self.laws, &mut self.draws);
        draws.block = block;
        wide(
            #[inline(always)]
            || {
                let indices = block * EACH as u64..;
                let both = draws.users.iter_mut().zip(&mut draws.marks);
                for ((user, mark), index) in both.zip(indices) {
                    (*user, *mark) = (laws.user(index), laws.mark(index));
                }
                // Logarithms side by side.
                for (exponential, &mark) in draws.exponentials.iter_mut().zip(&draws.marks) {
                    *exponential = -log::log_left(mark);
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;
    use crate::model::fixture;

    /// As wide as the processor can, and one by one.
    #[test]
    fn draws_of_many_are_those_of_one_each() {
        let setup = fixture::setup("random", vec![fixture::backend("b")], 1.0, 1);
        let setup = &setup.populations[0];
        let mut population = PopulationState::new(setup, 3, Seed::new(5), Span::from_secs(1));
        // In order as in a run, but for those that go another way.
        for index in (0..10_000).filter(|index| index % 37 != 5) {
            let (many, one) = (population.drawn_in_order(index), population.drawn(index));
            assert_eq!((many.user, many.mark), (one.user, one.mark));
            assert_eq!(many.exponential.to_bits(), one.exponential.to_bits());
        }
    }
}
