//! The two states of bursty arrivals.

use crate::engine::random::{Purpose, Seed, Stream};
use crate::model::setup::Arrivals;
use std::collections::VecDeque;

/// A Markov chain of bursts and what is between them, drawn as far as anyone has asked.
#[derive(Clone, Debug)]
pub(super) struct Bursts {
    stream: Stream,
    /// The factor and the mean length of a state, in nanoseconds: between bursts, and in one.
    states: [(f64, f64); 2],
    /// When a state ends, in nanoseconds, and whether it is a burst; those that nobody can ask
    /// for any more are gone.
    drawn: VecDeque<(f64, bool)>,
}

impl Bursts {
    /// The chain of bursty arrivals; `None` for all others.
    pub(super) fn new(arrivals: &Arrivals, seed: Seed, population: u64) -> Option<Self> {
        let Arrivals::Bursty { factor, length, every } = *arrivals else { return None };
        let (length, every) = (length.as_ns() as f64, every.as_ns() as f64);
        let share = length / every;
        // What is between bursts keeps the mean at 1.
        let quiet = ((1.0 - share * factor) / (1.0 - share)).max(0.0);
        let mut stream = Stream::new(seed, Purpose::Burst, population);
        let in_burst = stream.unit() < share;
        let states = [(quiet, every - length), (factor, length)];
        let mut bursts = Self { stream, states, drawn: VecDeque::new() };
        bursts.draw(0.0, in_burst);
        Some(bursts)
    }

    fn draw(&mut self, from: f64, in_burst: bool) {
        let (_, mean) = self.states[usize::from(in_burst)];
        let end = from + self.stream.exponential() * mean;
        self.drawn.push_back((end, in_burst));
    }

    /// The factor at `time`, and until when it holds.
    pub(super) fn at(&mut self, time: f64) -> (f64, f64) {
        loop {
            if let Some(&(until, in_burst)) = self.drawn.iter().find(|(until, _)| *until > time) {
                return (self.states[usize::from(in_burst)].0, until);
            }
            let &(until, in_burst) = self.drawn.back().expect("one is drawn at the start");
            self.draw(until, !in_burst);
        }
    }

    /// Nobody will ask for times before `time` any more.
    pub(super) fn forget(&mut self, time: f64) {
        while self.drawn.len() > 1 && self.drawn[0].0 <= time {
            self.drawn.pop_front();
        }
    }
}
