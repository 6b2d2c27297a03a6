//! Rehearse a load-balancer failure before production does.

pub mod engine;
pub mod model;
pub mod observe;
pub mod scenario;
