//! Wall time of things that are run in turns.

use std::time::Instant;

/// Seconds that something took, and what it gave.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let given = run();
    (start.elapsed().as_secs_f64(), given)
}

/// The middle one; of an even number, the upper of the two.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The least.
pub(crate) fn least(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}

/// Nanoseconds that one call takes, of many in a row: the least of several batches.
pub(crate) fn per_call_ns(mut call: impl FnMut()) -> f64 {
    const BATCH_S: f64 = 2e-3;
    let mut batch = |calls: u64| timed(|| (0..calls).for_each(|_| call())).0;
    let mut calls = 1;
    while batch(calls) < BATCH_S {
        calls *= 2;
    }
    least((0..5).map(|_| batch(calls) / calls as f64 * 1e9))
}
