//! Every integration test, one binary.

mod scenario_errors;
mod scenario_meaning;
