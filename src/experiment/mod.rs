//! Questions asked of runs: does a scenario show what it should, what carries its figures, what
//! would counter-measures have saved? Everything that runs in parallel is here, and gives the same
//! answer on any number of threads, because results are collected in order.

pub mod assumptions;
pub mod judge;
pub mod run;
pub mod variants;
