//! The statistics of simulation: what a figure of several runs is worth.
//!
//! Everything here is a pure function of its values, over `libm`, so that intervals and the decisions
//! that rest on them are the same on every machine.

pub mod batch;
pub mod estimate;
pub mod paired;
pub mod quantile;
pub mod student;

pub use estimate::Estimate;
pub use paired::Paired;

/// Share of experiments in which a confidence interval contains the true value.
pub const LEVEL: f64 = 0.95;
