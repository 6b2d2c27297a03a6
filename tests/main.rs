//! Every integration test, one binary: the house's walls, the incidents, what a scenario file means and what
//! mistakes in one are answered with, the command as a user meets it, what algorithms owe, that every knob
//! changes something, what queueing theory says, in which order real balancers picked, and what holds in
//! random scenarios.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod admission;
mod algorithms;
mod architecture;
mod arrivals;
mod bundled;
mod checks;
mod cli;
mod clients;
mod compare;
mod connections;
mod coverage;
mod dialects;
mod digests;
mod faults;
mod hedging;
mod incidents;
mod knobs;
mod layers;
mod limits;
mod membership;
mod mends;
mod network;
mod orders;
mod readme;
mod real;
mod replications;
mod scenario_errors;
mod scenario_meaning;
mod stations;
mod straight;
mod swarm;
mod sweep;
mod theory;
