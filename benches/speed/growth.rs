//! What a request costs with ten times as many backends, and again.

use crate::baseline;
use crate::measure::{median, timed};
use crate::table::Table;
use crate::workload::{Farm, observed};
use misroute::model::setup::Setup;
use std::sync::Arc;

const ALGORITHMS: [&str; 4] = ["random", "two-choices", "round-robin", "least-connections"];
const SIZES: [usize; 4] = [10, 100, 1000, 10_000];

const RUNS: u64 = 3;
const REQUESTS: u64 = 400_000;

/// Names of all combinations, such as `random-1000`.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let sizes = |algorithm: &'static str| SIZES.map(|size| format!("{algorithm}-{size}"));
    ALGORITHMS.into_iter().flat_map(sizes)
}

/// The combination of this name, at 80% load.
pub(crate) fn named(name: &str, requests: u64) -> Option<Arc<Setup>> {
    let (algorithm, backends) = name.rsplit_once('-')?;
    let algorithm = ALGORITHMS.into_iter().find(|known| *known == algorithm)?;
    let backends: usize = backends.parse().ok()?;
    Some(Farm::of(backends, algorithm).setup(requests))
}

pub(crate) fn table() -> Table {
    let mut header = vec!["algorithm".to_owned()];
    header.extend(SIZES.map(|size| format!("{size}, ns")));
    header.push("growth".to_owned());
    header.extend(SIZES.map(|size| format!("{size}, instr.")));
    header.push("growth".to_owned());
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for algorithm in ALGORITHMS {
        let ns = SIZES.map(|size| ns_per_request(&Farm::of(size, algorithm)));
        let counted = SIZES.map(|size| baseline::instructions(&format!("{algorithm}-{size}")));
        let mut row = vec![algorithm.to_owned()];
        row.extend(ns.map(|ns| format!("{ns:.0}")));
        row.push(format!("{:.2}", ns[3] / ns[0]));
        let counted = counted.map(|count| count.and_then(|(count, _)| count.parse::<f64>().ok()));
        row.extend(counted.map(|count| count.map_or("-".to_owned(), |count| count.to_string())));
        let growth = counted[3].zip(counted[0]).map(|(last, first)| last / first);
        row.push(growth.map_or("-".to_owned(), |growth| format!("{growth:.2}")));
        table.row(row);
    }
    table
}

/// Between a run of four times as many requests and one of once: what happens once is left out.
fn ns_per_request(farm: &Farm) -> f64 {
    let (short, long) = (farm.setup(REQUESTS / 4), farm.setup(REQUESTS));
    median((0..RUNS).map(|seed| {
        let (few_s, few) = timed(|| observed(&short, seed));
        let (many_s, many) = timed(|| observed(&long, seed));
        let requests = many.figures.totals.requests - few.figures.totals.requests;
        (many_s - few_s) / requests as f64 * 1e9
    }))
}
