//! Rehearse a load-balancer failure before production does.

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod model;
pub mod observe;
pub mod report;
pub mod scenario;
