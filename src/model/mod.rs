//! The world.

pub mod balancer;
pub mod outcome;
pub mod setup;
