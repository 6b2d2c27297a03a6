//! What requests draw when they are born, worked out for several at a time.
//!
//! Each of it is a function of the request's index alone ([`keyed`](crate::engine::random::keyed)), so it
//! makes no difference when it is drawn, or whether anybody asks for it.

use crate::engine::log;
use crate::engine::wide::wide;
use crate::model::client::PopulationState;

/// So many at a time.
const EACH: usize = 16;

/// What a request draws.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub(super) user: u32,
    /// Where it reads its backend's service distribution.
    pub(super) mark: u64,
    /// The standard exponential variate of this mark.
    pub(super) exponential: f64,
}

impl Drawn {
    /// What the request of this index draws.
    pub(super) fn of(population: &PopulationState, index: u64) -> Self {
        let (user, mark) = population.drawn(index);
        Self { user, mark, exponential: -log::log_left(mark) }
    }
}

/// The draws of a population's next requests.
#[derive(Clone, Debug)]
pub(super) struct Births {
    /// Those with indices from `EACH` times this on.
    block: u64,
    users: [u32; EACH],
    marks: [u64; EACH],
    exponentials: [f64; EACH],
}

impl Births {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { block: u64::MAX, users: [0; EACH], marks: [0; EACH], exponentials: [0.0; EACH] }
    }

    /// What the request of this index draws.
    #[inline]
    pub(super) fn of(&mut self, population: &PopulationState, index: u64) -> Drawn {
        if index / EACH as u64 != self.block {
            self.draw(population, index / EACH as u64);
        }
        let place = index as usize % EACH;
        let (user, mark) = (self.users[place], self.marks[place]);
        Drawn { user, mark, exponential: self.exponentials[place] }
    }

    #[inline(never)]
    fn draw(&mut self, population: &PopulationState, block: u64) {
        self.block = block;
        wide(
            #[inline(always)]
            || {
                let indices = block * EACH as u64..;
                for ((user, mark), index) in self.users.iter_mut().zip(&mut self.marks).zip(indices)
                {
                    (*user, *mark) = population.drawn(index);
                }
                // Logarithms side by side.
                for (exponential, &mark) in self.exponentials.iter_mut().zip(&self.marks) {
                    *exponential = -log::log_left(mark);
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Seed;
    use crate::engine::time::Span;
    use crate::model::fixture;

    /// As wide as the processor can, and one by one.
    #[test]
    fn draws_of_many_are_those_of_one_each() {
        let setup = fixture::setup("random", vec![fixture::backend("b")], 1.0, 1);
        let setup = &setup.populations[0];
        let population = PopulationState::new(setup, 3, Seed::new(5), Span::from_secs(1));
        let mut births = Births::new();
        // In order as in a run, but for those that go another way.
        for index in (0..10_000).filter(|index| index % 37 != 5) {
            let (many, one) = (births.of(&population, index), Drawn::of(&population, index));
            assert_eq!((many.user, many.mark), (one.user, one.mark));
            assert_eq!(many.exponential.to_bits(), one.exponential.to_bits());
        }
    }
}
