//! Tail tolerance: hedged requests through the whole world, fan-out over the engine alone.

use super::case::Case;
use super::plan::Check;
use super::queueing::{UNIT_NS, algorithm, law, units, world};
use super::simulation::{Metric, Simulation};
use super::special::wide;
use super::tally::Tally;
use misroute::engine::dist::Distribution;
use misroute::engine::random::{Purpose, Seed, Stream};
use misroute::engine::time::{Span, Time};
use misroute::model::run::simulate;
use misroute::model::setup::HedgePolicy;
use std::sync::Arc;

/// The checks of a case of these families.
pub(super) fn checks(case: &Case) -> Vec<Check> {
    let (name, simulation, metric, limit) = if case.family() == "HEDGE" {
        let after = case.require("d");
        let (position, limit) = match case.metric.as_str() {
            "p99" => (0, 0.02),
            "mean" => (1, 0.01),
            _ => (2, 0.01),
        };
        let simulation = Simulation::Hedge { after };
        (format!("hedged after {after:.3}"), simulation, Metric::Figure(position), limit)
    } else {
        let (p, n) = (case.require("p"), case.require("n") as u32);
        (format!("{n} of {p}"), Simulation::FanOut { p, n }, Metric::Figure(0), 0.01)
    };
    let (expected, delta) = (case.expected(), case.stated_error());
    vec![Check { name, simulation, metric, expected, delta, limit, load: 0.0 }]
}

/// The p99 and the mean of the latency, and hedges per request: services of mean one, each attempt
/// with its own, and nobody waits.
pub(super) fn hedge(after: f64, seed: Seed, requests: f64) -> Vec<f64> {
    let backends = vec![wide(Distribution::exponential(units(1.0))); 2];
    let mut setup = world(algorithm("round-robin", &[]), backends, 1.0, units(requests + 30.0));
    let population = &mut setup.populations[0];
    population.redraw = true;
    population.hedge =
        Some(HedgePolicy { after: units(after), max: 1, cancel: true, budget: None });
    let mut tally = Tally::new(Time::ZERO, seed, None, true);
    tally.until = units(requests).after_start();
    simulate(&Arc::new(setup), seed, &mut tally);
    let quantiles = tally.sojourn.quantiles.as_ref().expect("they were asked for");
    vec![
        quantiles.at(0.99) / UNIT_NS,
        tally.sojourn.mean() / UNIT_NS,
        tally.attempts as f64 / tally.finished() - 1.0,
    ]
}

/// The share of requests to `n` leaves each that wait for a slow one: the slowest counts.
pub(super) fn fan_out(p: f64, n: u32, seed: Seed, requests: f64) -> Vec<f64> {
    let leaf = law("bimodal", &[("fast", 1e6), ("slow", 1e9), ("slow-share", p)]);
    let mut stream = Stream::new(seed, Purpose::Test, 0);
    let mut slow = 0.0;
    for _ in 0..requests as u64 {
        let slowest = (0..n).map(|_| leaf.at(stream.bits())).max().unwrap_or(Span::ZERO);
        slow += f64::from(u8::from(slowest > Span::from_ms(1)));
    }
    vec![slow / requests.floor()]
}
