//! Questions asked of runs: does a scenario show what it should, what carries its figures, what
//! would counter-measures have saved, what does a change do? Everything that runs in parallel is
//! here, and gives the same answer on any number of threads, because results are collected in order.

pub mod assumptions;
pub mod column;
pub mod compare;
pub mod judge;
pub mod limits;
pub mod reach;
pub mod replicate;
pub mod replications;
pub mod run;
pub mod sample;
pub mod statistics;
pub mod steady;
pub mod sweep;
pub mod variants;
pub mod verdicts;
pub mod warm_up;
pub mod warnings;
