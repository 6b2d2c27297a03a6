//! The range of loads at which a server with a timeout and immediate retries has two states, one
//! that works and one that does not: M/M/1, first come first served, no cancellation.
//!
//! Its lower end is exact in the fluid limit (Bronson et al., HotOS 2021, section 2.1): with every
//! request sent 1 + r times, the server keeps up below mu / (1 + r) only. The upper end depends on
//! when a random excursion tips the server over, so loads between the two are only looked at where
//! such excursions are rare.

use super::case::{CASES, Case};
use super::queueing::{UNIT_NS, algorithm, backend, units, world};
use misroute::engine::dist::Distribution;
use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::model::probe::{FinishedRequest, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::{
    Action, BackendId, BackendSetup, Fault, PopulationId, TimelineEntry, Trigger,
};
use rayon::prelude::*;
use std::sync::Arc;

const SEEDS: u64 = 5;

/// Requests born since a time, and those of them that succeeded.
struct Late {
    from: Time,
    born: u64,
    succeeded: u64,
}

impl Probe for Late {
    fn request_born(&mut self, now: Time, _: PopulationId, _: u32) {
        self.born += u64::from(now >= self.from);
    }

    fn request_finished(&mut self, _: Time, request: &FinishedRequest) {
        self.succeeded += u64::from(request.born >= self.from && request.outcome.is_ok());
    }
}

/// A server of `case`, with how much it is asked for.
struct Server {
    rate: f64,
    service_rate: f64,
    timeout: f64,
    retries: u32,
}

impl Server {
    fn of(case: &Case, factor: f64) -> Self {
        let [lowest, _] = case.expected_list()[..] else { panic!("{} states two ends", case.id) };
        let (service_rate, timeout) = (case.require("mu"), case.require("tau"));
        let retries = case.require("r") as u32;
        assert!((lowest - service_rate / f64::from(1 + retries)).abs() < 1e-6 * lowest);
        Self { rate: factor * lowest, service_rate, timeout, retries }
    }

    /// The share of requests that succeed, long after the server stood still for a while; if it
    /// `stumbles` at all.
    fn goodput(&self, stumbles: bool, seed: u64) -> f64 {
        let load = self.rate * f64::from(1 + self.retries) / self.service_rate;
        // Long against the timeout, and against what chance does to a backlog.
        let stop = (20.0 * self.timeout).max(400.0 / self.service_rate);
        // Twice as long as the fluid backlog takes to drain, should it drain at all.
        let after = 2.0 * stop * load / (1.0 - load).abs();
        let (start, look) = (stop, 10.0 * stop);
        let service = Distribution::exponential(units(1.0 / self.service_rate));
        let backends = vec![BackendSetup { service, ..backend(0) }];
        let length = start + stop + after + look;
        let mut setup = world(algorithm("single", &[]), backends, self.rate, units(length));
        setup.populations[0].timeout = Some(units(self.timeout));
        setup.populations[0].retries.max = self.retries;
        let hang = Action::Begin { targets: vec![BackendId(0)], fault: Fault::Hang };
        setup.timeline.extend(stumbles.then(|| TimelineEntry {
            name: "stumble".into(),
            trigger: Trigger::At(units(start).after_start()),
            action: hang,
            lasts: Some(units(stop)),
        }));
        // Nobody is asked about who could not have an answer yet.
        let unripe = self.timeout * f64::from(1 + self.retries);
        let from = Span::from_ns_f64((length - look - unripe) * UNIT_NS).after_start();
        let mut late = Late { from, born: 0, succeeded: 0 };
        simulate(&Arc::new(setup), Seed::new(seed), &mut late);
        late.succeeded as f64 / late.born as f64
    }
}

fn cases() -> Vec<&'static Case> {
    let cases: Vec<_> = CASES.iter().filter(|case| case.family() == "META").collect();
    assert_eq!(cases.len(), 10);
    cases
}

/// The goodput of each case and seed, judged.
fn check(cases: &[&Case], factor: f64, stumbles: bool, is_right: impl Fn(f64) -> bool + Sync) {
    let seeds = |case| (1..=SEEDS).map(move |seed| (case, seed));
    let runs: Vec<(&Case, u64)> = cases.iter().copied().flat_map(seeds).collect();
    let wrong: Vec<String> = runs
        .into_par_iter()
        .map(|(case, seed)| (case, seed, Server::of(case, factor).goodput(stumbles, seed)))
        .filter(|&(.., goodput)| !is_right(goodput))
        .map(|(case, seed, goodput)| format!("{} seed {seed}: {:.1}%", case.id, 100.0 * goodput))
        .collect();
    assert!(wrong.is_empty(), "at {factor} times the lower end:\n{}", wrong.join("\n"));
}

#[test]
fn below_its_lower_end_a_stumble_is_overcome() {
    let is_wide = |case: &&Case| case.expected_list()[1] > 1.2 * case.expected_list()[0];
    let (wide, narrow): (Vec<&Case>, Vec<&Case>) = cases().into_iter().partition(is_wide);
    check(&wide, 0.9, true, |goodput| goodput > 0.9);
    // Chance alone takes it over the whole range and back: it works, but not most of the time.
    assert_eq!(narrow.len(), 1, "{narrow:?}");
    check(&narrow, 0.9, true, |goodput| goodput > 0.25);
}

#[test]
fn above_its_lower_end_a_stumble_lasts_for_ever() {
    check(&cases(), 1.1, true, |goodput| goodput < 0.05);
}

#[test]
fn above_its_lower_end_nothing_happens_without_a_stumble() {
    // Where the load is far below the upper end: chance tips none of these over.
    let calm: Vec<&Case> = cases()
        .into_iter()
        .filter(|case| 1.1 * case.expected_list()[0] < 0.4 * case.expected_list()[1])
        .collect();
    assert!(calm.len() >= 3, "bistability shown where it is wide: {}", calm.len());
    check(&calm, 1.1, false, |goodput| goodput > 0.9);
}
