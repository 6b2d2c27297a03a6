//! A scenario over a range of its own values: degradation curves and heat maps.

pub mod result;
