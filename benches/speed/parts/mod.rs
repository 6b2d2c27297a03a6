//! What the parts of a run cost, each by itself.

pub(crate) mod laws;
pub(crate) mod picks;
pub(crate) mod queue;

use crate::measure::{median, per_call_ns, timed};
use crate::table::Table;
use crate::workload::{Workload, observed};
use misroute::engine::dist::Distribution;
use misroute::engine::histogram::Histogram;
use misroute::engine::random::{Purpose, Seed, Stream};
use misroute::engine::time::Span;
use misroute::model::probe::Blind;
use misroute::model::run::simulate;
use misroute::scenario::incidents::INCIDENTS;
use misroute::scenario::{Source, load};
use std::hint::black_box;

/// Randomness of a part by itself.
fn stream() -> Stream {
    Stream::new(Seed::new(1), Purpose::Test, 0)
}

/// A run with everything observed beside one that nobody looks at, and a histogram's share.
pub(crate) fn recording() -> Table {
    const REQUESTS: u64 = 300_000;
    let mut table = Table::new(&["recording", "ns"]);
    let mut histogram = Histogram::default();
    let law = Distribution::exponential(Span::from_ms(100));
    let mut stream = stream();
    let spans: Vec<Span> = (0..1024).map(|_| law.at(stream.bits())).collect();
    let ns = per_call_ns(|| spans.iter().for_each(|&span| histogram.record(span)));
    table.row(["one latency in a histogram".to_owned(), format!("{:.1}", ns / 1024.0)]);
    let setup = Workload::named("W1-random").expect("it is in the table").setup(REQUESTS);
    let (mut blind, mut seen) = (Vec::new(), Vec::new());
    for seed in 0..5 {
        let (seconds, world) = timed(|| simulate(&setup, Seed::new(seed), &mut Blind));
        blind.push(seconds / world.counts().requests as f64 * 1e9);
        let (seconds, result) = timed(|| observed(&setup, seed));
        seen.push(seconds / result.figures.totals.requests as f64 * 1e9);
    }
    table.row(["a request of W1-random, unobserved".to_owned(), format!("{:.0}", median(blind))]);
    table.row(["the same, observed".to_owned(), format!("{:.0}", median(seen))]);
    table
}

/// From a scenario's text to what is simulated.
pub(crate) fn parsing() -> Table {
    let mut table = Table::new(&["scenario", "lines", "microseconds"]);
    let checkout = include_str!("../../../docs/checkout.toml");
    let checkout = ("docs/checkout.toml", Source::from_text("checkout.toml", checkout));
    let incidents = INCIDENTS.iter().map(|incident| (incident.name, incident.source()));
    for (name, source) in std::iter::once(checkout).chain(incidents) {
        let lines = source.text.lines().count();
        let ns = per_call_ns(|| {
            black_box(load(&source, &[]).expect("it is valid"));
        });
        table.row([name.to_owned(), lines.to_string(), format!("{:.0}", ns / 1e3)]);
    }
    table
}
