//! What is seen of a run.

pub mod result;
