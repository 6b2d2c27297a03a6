//! A discrete-event kernel that knows no balancer: time, event queue, slab, random streams,
//! distributions, histogram, digest.
//!
//! **Architecture invariant:** nothing here reads a clock, a file or a thread, and nothing here
//! knows what a request is. Time and randomness are arguments. Transcendental functions come from
//! [`libm`], which is pinned exactly, because the platform's differ in the last bit; [`log`] has its bits.

pub mod digest;
pub mod dist;
pub mod histogram;
mod lane;
pub mod log;
pub mod queue;
pub mod random;
pub mod slab;
mod sources;
pub mod time;
mod tournament;
pub mod wide;
