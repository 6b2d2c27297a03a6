//! Sweeps for tests, made up by formula.

use crate::experiment::column::HEADLINES;
use crate::experiment::statistics::Estimate;
use crate::experiment::sweep::result::{AxisResult, ColumnResult, PointResult, SweepResult};
use crate::observe::metric::{METRICS, Unit};
use crate::observe::result::{ScenarioId, Verdict};
use std::collections::BTreeMap;

/// An axis of shares, in percent.
pub(crate) fn percents(path: &str, percents: &[u32]) -> AxisResult {
    AxisResult {
        path: path.into(),
        values: percents.iter().map(|percent| format!("{percent}%")).collect(),
        numbers: Some(percents.iter().map(|&percent| f64::from(percent) / 100.0).collect()),
        logarithmic: false,
    }
}

/// An axis of words.
pub(crate) fn words(path: &str, words: &[&str]) -> AxisResult {
    let values = words.iter().map(|&word| word.to_owned()).collect();
    AxisResult { path: path.into(), values, numbers: None, logarithmic: false }
}

/// An axis of times, at equal factors.
pub(crate) fn milliseconds(path: &str, times: &[u32]) -> AxisResult {
    AxisResult {
        path: path.into(),
        values: times.iter().map(|ms| format!("{ms}ms")).collect(),
        numbers: Some(times.iter().map(|&ms| f64::from(ms)).collect()),
        logarithmic: true,
    }
}

fn estimate(mean: f64, half: f64) -> Estimate {
    Estimate { mean, low: Some(mean - half), high: Some(mean + half), n: 10 }
}

/// The figures of a system that can serve `capacity` requests per second and is asked for `offered`:
/// a queue below, a collapse by retries above.
fn figures(offered: f64, capacity: f64) -> Vec<Option<Estimate>> {
    let load = offered / capacity;
    let over = (load - 1.0).max(0.0);
    let goodput = if over > 0.0 { capacity * (1.0 - over).max(0.0) } else { offered };
    let mean = 20.0 / (1.0 - load.min(0.98));
    let is_dead = goodput == 0.0;
    let latency = |factor: f64| {
        let ms = mean * factor;
        (!is_dead).then(|| estimate(ms, ms * 0.04 * factor.min(4.0)))
    };
    let affected = (over * 3.0).min(1.0);
    HEADLINES
        .iter()
        .map(|&name| match name {
            "requests.offered_rps" => Some(estimate(offered, 2.0)),
            "requests.goodput_rps" => Some(estimate(goodput, 2.0 + 30.0 * over)),
            "requests.succeeded_ratio" => Some(estimate(goodput / offered, 0.002 + 0.05 * over)),
            "requests.slow_ratio" => Some(estimate(0.0, 0.0)),
            "latency.mean" => latency(1.0),
            "latency.p50" => latency(0.7),
            "latency.p95" => latency(3.0),
            "latency.p99" => latency(4.6),
            "latency.p999" => latency(6.9),
            "users.affected_ratio" => Some(estimate(affected, 0.1 * affected * (1.0 - affected))),
            "users.unable_ratio" => Some(estimate(affected / 2.0, 0.0)),
            "users.affected_minutes" => Some(estimate(affected * 4_000.0, 120.0 * over)),
            "requests.amplification" => Some(estimate(1.0 + 2.0 * over.min(1.0), 0.05 * over)),
            _ => Some(estimate(1.02, 0.01)),
        })
        .collect()
}

fn column(name: &str) -> ColumnResult {
    let found = METRICS.iter().find(|metric| metric.name == name);
    let unit = found.map_or(Unit::Milliseconds, |metric| metric.unit);
    ColumnResult { name: name.into(), unit }
}

/// A full grid; `system` says for the positions on the axes what is offered and what can be served.
pub(crate) fn grid(axes: Vec<AxisResult>, system: impl Fn(&[usize]) -> (f64, f64)) -> SweepResult {
    let count: usize = axes.iter().map(|axis| axis.values.len()).product();
    let point = |index: usize| {
        let mut rest = index;
        let mut positions = vec![0; axes.len()];
        for (position, axis) in positions.iter_mut().zip(&axes).rev() {
            (*position, rest) = (rest % axis.values.len(), rest / axis.values.len());
        }
        let (offered, capacity) = system(&positions);
        let is_over = offered > capacity;
        let verdict = if is_over { Verdict::Metastable } else { Verdict::Unharmed };
        PointResult {
            index: index as u32,
            values: positions
                .iter()
                .zip(&axes)
                .map(|(&at, axis)| axis.values[at].clone())
                .collect(),
            replications: 10,
            warm_up_s: 3.0,
            settled: !is_over,
            precise: true,
            successes: 300_000,
            verdicts: BTreeMap::from([(verdict, 10)]),
            figures: figures(offered, capacity),
            digest: format!("{index:016x}"),
        }
    };
    SweepResult {
        schema: 1,
        scenario: ScenarioId { name: "two-of-five".into(), digest: "0123456789abcdef".into() },
        seed: 7,
        version: "0.1.0".into(),
        points: (0..count).map(point).collect(),
        axes,
        columns: HEADLINES.iter().map(|&name| column(name)).collect(),
    }
}

/// Two algorithms over eleven loads, one of which makes better use of what is there.
pub(crate) fn algorithms() -> SweepResult {
    let loads: Vec<u32> = (0..=10).map(|n| 50 + 10 * n).collect();
    let names = ["round-robin", "least-connections"];
    let axes = vec![percents("load", &loads), words("balancer.algorithm", &names)];
    grid(axes, move |at| (5.0 * f64::from(loads[at[0]]), [500.0, 560.0][at[1]]))
}

/// Four algorithms, and nothing else.
pub(crate) fn words_only() -> SweepResult {
    let names = ["round-robin", "random", "least-connections", "power-of-d"];
    grid(vec![words("balancer.algorithm", &names)], |at| {
        (500.0, [505.0, 480.0, 620.0, 560.0][at[0]])
    })
}

/// Loads against timeouts.
pub(crate) fn two_numbers() -> SweepResult {
    let loads: Vec<u32> = (0..=8).map(|n| 60 + 10 * n).collect();
    let timeouts = [100, 200, 500, 1_000, 2_000];
    let axes = vec![percents("load", &loads), milliseconds("clients.web.timeout", &timeouts)];
    grid(axes, move |at| (5.0 * f64::from(loads[at[0]]), 420.0 + 40.0 * at[1] as f64))
}

/// Loads against timeouts for each of four algorithms.
pub(crate) fn four_systems() -> SweepResult {
    let names = ["round-robin", "random", "least-connections", "power-of-d"];
    let axes = vec![
        percents("load", &[60, 80, 100, 120]),
        milliseconds("clients.web.timeout", &[100, 1_000, 10_000]),
        words("balancer.algorithm", &names),
    ];
    grid(axes, move |at| {
        let capacity = [400.0, 380.0, 520.0, 480.0][at[2]] + 40.0 * at[1] as f64;
        (500.0 * [0.6, 0.8, 1.0, 1.2][at[0]], capacity)
    })
}

/// A Latin hypercube of forty loads and timeouts: no two points share a value.
pub(crate) fn scattered() -> SweepResult {
    const N: u32 = 40;
    let loads: Vec<u32> = (0..N).map(|n| 50 + 2 * n).collect();
    let timeouts: Vec<u32> = (0..N).map(|n| 100 + 50 * n).collect();
    let axes = vec![percents("load", &loads), milliseconds("clients.web.timeout", &timeouts)];
    let mut result =
        grid(axes, move |at| (5.0 * f64::from(loads[at[0]]), 420.0 + 6.0 * at[1] as f64));
    // 27 is prime to 40, so each row and each column has one.
    result.points.retain(|point| point.index % N == point.index / N * 27 % N);
    result
}
