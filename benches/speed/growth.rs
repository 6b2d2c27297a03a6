//! What a request costs with ten times as many backends, and again.

use crate::baseline;
use crate::measure::{median, timed};
use crate::table::Table;
use crate::workload::{Farm, loop_of, observed};
use misroute::model::setup::Setup;
use std::sync::Arc;

const ALGORITHMS: [&str; 4] = ["random", "two-choices", "round-robin", "least-connections"];
const SIZES: [usize; 4] = [10, 100, 1000, 10_000];

const RUNS: u64 = 3;
const FEW: u64 = 100_000;
const MANY: u64 = 400_000;

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
        let ns = SIZES.map(|size| {
            let farm = Farm::of(size, algorithm);
            let (short, long) = (farm.setup(FEW), farm.setup(MANY));
            ns_per_request(|many, seed| {
                let result = observed(if many { &long } else { &short }, seed);
                result.figures.totals.requests
            })
        });
        let counted = SIZES.map(|size| baseline::instructions(&format!("{algorithm}-{size}")));
        let counted = counted.map(|count| count.and_then(|(count, _)| count.parse::<f64>().ok()));
        table.row(row(algorithm, ns.map(Some), counted));
    }
    // How much of it is the machine's: more servers are more memory to touch.
    for (name, two_choices) in [("random, limit", false), ("two-choices, limit", true)] {
        let ns = SIZES.map(|size| {
            let by_hand = loop_of(size, two_choices);
            ns_per_request(|many, seed| by_hand.run(if many { MANY } else { FEW }, seed).requests)
        });
        table.row(row(name, ns.map(Some), [None; 4]));
    }
    table
}

fn row(name: &str, ns: [Option<f64>; 4], counted: [Option<f64>; 4]) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    for figures in [ns, counted] {
        let cell = |figure: Option<f64>| figure.map_or("-".to_owned(), |x| format!("{x:.0}"));
        row.extend(figures.map(cell));
        let growth = figures[3].zip(figures[0]).map(|(last, first)| last / first);
        row.push(growth.map_or("-".to_owned(), |growth| format!("{growth:.2}")));
    }
    row
}

/// Between a run of many requests and one of few: what happens once is left out. `run` is told whether
/// many are wanted, and a seed, and says how many there were.
fn ns_per_request(run: impl Fn(bool, u64) -> u64) -> f64 {
    median((0..RUNS).map(|seed| {
        let (few_s, few) = timed(|| run(false, seed));
        let (many_s, many) = timed(|| run(true, seed));
        (many_s - few_s) / (many - few) as f64 * 1e9
    }))
}
