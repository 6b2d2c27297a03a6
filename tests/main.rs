//! Every integration test, one binary: the house's walls, the incidents, what a scenario file means, and what
//! mistakes in one are answered with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod architecture;
mod incidents;
mod scenario_errors;
mod scenario_meaning;
