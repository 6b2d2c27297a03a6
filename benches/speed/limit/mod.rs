//! Hand-written loops, each of which can do one model only: what the machine allows.
//!
//! A loop knows everything beforehand that misroute must find out: how many servers there are, that
//! each has one worker and a line first in, first out, that all timers have one length. It keeps no
//! histogram, series or digest. It draws its own randomness, in blocks, from the same generator.

pub(crate) mod fleet;
pub(crate) mod queues;

mod line;
mod timers;
mod tree;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp1};
use std::fmt::Debug;

/// What a loop counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Requests that arrived.
    pub(crate) requests: u64,
    /// Of these, answered in time.
    pub(crate) answered: u64,
    /// Of these, given up.
    pub(crate) timed_out: u64,
    /// From their births to the answers, summed.
    pub(crate) answered_ns: u64,
    /// Attempts made for them.
    pub(crate) attempts: u64,
    /// Attempts that were served, whether anyone still waited or not.
    pub(crate) served: u64,
    /// Their time in system, summed.
    pub(crate) served_ns: u64,
}

/// In place of a time: none, after all others.
const NEVER: u64 = u64::MAX >> 16;

/// Fails if so many requests take longer than a loop can tell from [`NEVER`].
fn assert_ends(requests: u64, gap_ns: f64) {
    assert!(
        requests as f64 * gap_ns < 0.9 * NEVER as f64,
        "a loop knows no time beyond three days"
    );
}

/// Requests whose randomness is drawn at a time.
const BLOCK: usize = 1024;

/// The randomness of the next requests.
struct Draws {
    rng: Xoshiro256PlusPlus,
    gap_ns: f64,
    service_ns: f64,
    block: Box<[Draw; BLOCK]>,
}

/// The randomness of one request.
#[derive(Clone, Copy, Debug, Default)]
struct Draw {
    gap: u64,
    service: u64,
    bits: u64,
}

impl Draws {
    fn new(seed: u64, gap_ns: f64, service_ns: f64) -> Self {
        let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        Self { rng, gap_ns, service_ns, block: boxed(Draw::default()) }
    }

    fn next_block(&mut self) -> &[Draw; BLOCK] {
        for draw in self.block.iter_mut() {
            let gap: f64 = Exp1.sample(&mut self.rng);
            let service: f64 = Exp1.sample(&mut self.rng);
            draw.gap = (gap * self.gap_ns) as u64;
            draw.service = (service * self.service_ns) as u64;
            draw.bits = self.rng.next_u64();
        }
        &self.block
    }
}

/// One of `n`, from 32 random bits.
#[inline]
fn below(bits: u32, n: usize) -> usize {
    ((u64::from(bits) * n as u64) >> 32) as usize
}

/// An array on the heap that never was on the stack.
fn boxed<T: Copy + Debug, const N: usize>(value: T) -> Box<[T; N]> {
    vec![value; N].try_into().expect("it has as many")
}
