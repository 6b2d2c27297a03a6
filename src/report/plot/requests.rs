//! What became of requests, per second: goodput and failures stacked, the offered load as a line.
//!
//! In a healthy run the area is one colour and ends at the line. Area below the line is requests
//! still in flight; area above it, failures that had been waiting.

use super::axis::ValueAxis;
use super::chart::{Chart, Key, Steps};
use super::coarse::coarse;
use super::palette;
use super::picture::Picture;
use crate::model::outcome::Outcome;
use crate::observe::result::RunResult;

/// What it shows.
pub(super) const TITLE: &str = "Goodput and failures per second";

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "goodput",
        Outcome::Http500 => "HTTP 500",
        Outcome::Http502 => "HTTP 502",
        Outcome::Http503 => "HTTP 503",
        Outcome::Http504 => "HTTP 504",
        Outcome::Refused => "refused",
        Outcome::Timeout => "timed out",
        Outcome::BreakerOpen => "breaker open",
        Outcome::Throttled => "throttled",
        Outcome::Withheld => "withheld",
        Outcome::NoConnection => "no connection",
    }
}

pub(super) fn draw(result: &RunResult) -> Picture {
    let series = coarse(&result.series);
    let shown: Vec<Outcome> = Outcome::ALL
        .into_iter()
        .filter(|&outcome| {
            outcome.is_ok() || series.rows.iter().any(|row| row.outcomes[outcome.index()] > 0)
        })
        .collect();
    // The last window ends with the run, perhaps early.
    let rate = |index: usize, count: u64| {
        let from = index as f64 * series.window_s;
        let length = (result.duration_s - from).min(series.window_s);
        (length > 0.0).then(|| count as f64 / length)
    };
    let values = |count: &dyn Fn(usize) -> u64| -> Vec<Option<f64>> {
        (0..series.rows.len()).map(|index| rate(index, count(index))).collect()
    };
    let offered = values(&|index| series.rows[index].offered);
    let layers: Vec<(Outcome, Vec<Option<f64>>)> = (1..=shown.len())
        .map(|n| {
            let sum = |index: usize| {
                shown[..n].iter().map(|o| series.rows[index].outcomes[o.index()]).sum()
            };
            (shown[n - 1], values(&sum))
        })
        .collect();
    let top = layers.iter().flat_map(|(_, values)| values).chain(&offered).flatten();
    let axis = ValueAxis::linear(top.fold(0.0, |a, &b| f64::max(a, b)), f64::INFINITY, "/s");
    let mut keys: Vec<Key> =
        shown.iter().map(|&outcome| Key::area(name(outcome), palette::outcome(outcome))).collect();
    keys.push(Key::line("offered", palette::INK));

    let mut chart = Chart::new(result, TITLE, &keys, axis, series.window_s);
    let window_s = series.window_s;
    for (outcome, values) in layers.iter().rev() {
        chart.fill(&Steps { window_s, values }, palette::outcome(*outcome));
    }
    chart.curve(&Steps { window_s, values: &offered }, palette::INK);
    if series.rows.iter().all(|row| row.offered == 0) {
        chart.say("no request was sent");
    }
    chart.finish()
}
