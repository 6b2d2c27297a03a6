//! Every integration test, one binary.

mod architecture;
mod incidents;
mod scenario_errors;
mod scenario_meaning;
