//! A scenario over a range of its own values: degradation curves and heat maps.

pub mod design;
pub mod header;
pub mod merge;
pub mod result;
pub mod run;
pub mod shard;
pub mod store;
pub mod task;
