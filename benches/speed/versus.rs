//! misroute beside the limit loops, in turns, so that both feel the same machine.

use crate::baseline;
use crate::limit::Tally;
use crate::measure::{least, median, timed};
use crate::table::Table;
use crate::workload::{Theory, WORKLOADS, Workload, observed};
use misroute::experiment::statistics::Estimate;
use misroute::observe::result::RunResult;

/// Runs of each, with a seed of their own.
const RUNS: u64 = 11;
/// So many that what happens once in a run does not count; loops know no time beyond three days.
const REQUESTS: u64 = 1_500_000;

/// Confidence with which a wrong model is to be found out. Seeds are fixed: what passed once passes.
const LEVEL: f64 = 0.999;

/// One workload, measured.
struct Row {
    /// Seconds per request of each run of the loop, and of misroute.
    limit: Vec<f64>,
    misroute: Vec<f64>,
}

impl Row {
    /// Nanoseconds per request of the loop: median and best.
    fn limit_ns(&self) -> (f64, f64) {
        both(&self.limit)
    }

    /// The same of misroute.
    fn misroute_ns(&self) -> (f64, f64) {
        both(&self.misroute)
    }

    /// How many times as long misroute takes, in the median of pairs.
    fn ratio(&self) -> f64 {
        median(self.misroute.iter().zip(&self.limit).map(|(ours, limit)| ours / limit))
    }
}

fn both(seconds: &[f64]) -> (f64, f64) {
    let ns = || seconds.iter().map(|seconds| seconds * 1e9);
    (median(ns()), least(ns()))
}

/// Whether `word` is in the name of some workload.
pub(crate) fn has(word: &str) -> bool {
    WORKLOADS.iter().any(|workload| workload.name.contains(word))
}

/// Measures the workloads with `word` in their name, and checks that both sides are of one model.
pub(crate) fn table(word: &str) -> Table {
    let mut table = Table::new(&[
        "workload",
        "limit, M/s",
        "best",
        "misroute, M/s",
        "best",
        "limit, ns",
        "misroute, ns",
        "ratio",
        "limit, instr.",
        "misroute, instr.",
    ]);
    for workload in WORKLOADS.iter().filter(|workload| workload.name.contains(word)) {
        let row = measure(workload);
        let ((limit, limit_best), (ours, ours_best)) = (row.limit_ns(), row.misroute_ns());
        let speed = |ns: f64| format!("{:.2}", 1e3 / ns);
        let (counted, limit_counted) =
            baseline::instructions(workload.name).unwrap_or(("-".to_owned(), None));
        table.row([
            workload.name.to_owned(),
            speed(limit),
            speed(limit_best),
            speed(ours),
            speed(ours_best),
            format!("{limit:.0}"),
            format!("{ours:.0}"),
            format!("{:.2}", row.ratio()),
            limit_counted.unwrap_or("-".to_owned()),
            counted,
        ]);
    }
    table
}

fn measure(workload: &Workload) -> Row {
    let setup = workload.setup(REQUESTS);
    let mut row = Row { limit: Vec::new(), misroute: Vec::new() };
    let (mut tallies, mut results) = (Vec::new(), Vec::new());
    for seed in 0..RUNS {
        let (seconds, tally) = timed(|| workload.limit(REQUESTS, seed));
        row.limit.push(seconds / tally.requests as f64);
        tallies.push(tally);
        let (seconds, result) = timed(|| observed(&setup, seed));
        row.misroute.push(seconds / result.figures.totals.requests as f64);
        results.push(result);
    }
    check(workload, &tallies, &results);
    row
}

/// Both sides against each other, and against theory.
fn check(workload: &Workload, tallies: &[Tally], results: &[RunResult]) {
    let of_loops = |figure: &dyn Fn(&Tally) -> f64| tallies.iter().map(figure).collect::<Vec<_>>();
    let of_runs =
        |figure: &dyn Fn(&RunResult) -> f64| results.iter().map(figure).collect::<Vec<_>>();
    let share = |part: u64, all: u64| part as f64 / all as f64;
    // Clients see only what is answered in time.
    let answered = of_loops(&|tally| share(tally.answered_ns, tally.answered) / 1e9);
    let late = of_loops(&|tally| share(tally.timed_out, tally.requests));
    let attempts = of_loops(&|tally| share(tally.attempts, tally.requests));
    let answered_here = of_runs(&|result| result.figures.latency_ms.mean.unwrap_or(f64::NAN) / 1e3);
    let late_here = of_runs(&|result| {
        let totals = &result.figures.totals;
        share(totals.failed, totals.requests)
    });
    let attempts_here = of_runs(&|result| result.figures.totals.amplification.unwrap_or(f64::NAN));
    for (what, ours, loops) in [
        ("mean latency", &answered_here, &answered),
        ("share of timeouts", &late_here, &late),
        ("attempts per request", &attempts_here, &attempts),
    ] {
        let differences: Vec<f64> = ours.iter().zip(loops).map(|(a, b)| a - b).collect();
        near(workload.name, &format!("{what}, less the loop's"), &differences, 0.0, 0.0);
    }
    if let Some(Theory { mean_s, timed_out, slack }) = workload.theory {
        let served = of_loops(&|tally| share(tally.served_ns, tally.served) / 1e9);
        near(workload.name, "mean time in system", &served, mean_s, slack);
        near(workload.name, "share of timeouts in the loop", &late, timed_out, slack);
        near(workload.name, "share of timeouts", &late_here, timed_out, slack);
    }
}

fn near(workload: &str, what: &str, values: &[f64], expected: f64, slack: f64) {
    let estimate = Estimate::of(values, LEVEL).expect("there are runs");
    let half = estimate.half_width().expect("there are several") + slack * expected;
    let off = (estimate.mean - expected).abs();
    assert!(
        off <= half,
        "{workload}: {what} is {}, not {expected} to within {half}",
        estimate.mean
    );
}
