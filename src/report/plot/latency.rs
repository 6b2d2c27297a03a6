//! How long successes took, on a logarithmic scale. Where nothing succeeded there is no curve, but
//! a grey ground: absent is not fast.

use super::axis::ValueAxis;
use super::chart::{Chart, Key, Steps};
use super::palette;
use super::picture::Picture;
use crate::observe::result::{RunResult, SeriesRow};

/// What it shows.
pub(super) const TITLE: &str = "Latency of successes";

pub(super) fn draw(result: &RunResult) -> Picture {
    let rows = &result.series.rows;
    let window_s = result.series.window_s;
    // No latency is below a microsecond, and a logarithm needs a positive value.
    let values = |value: fn(&SeriesRow) -> Option<f64>| -> Vec<Option<f64>> {
        rows.iter().map(|row| value(row).map(|ms| ms.max(1e-3))).collect()
    };
    let curves = [
        ("p99", palette::VERMILLION, values(|row| row.p99_ms)),
        ("p95", palette::ORANGE, values(|row| row.p95_ms)),
        ("p50", palette::BLUE, values(|row| row.p50_ms)),
    ];
    let all = || curves.iter().flat_map(|(_, _, values)| values).flatten().copied();
    let blank: Vec<Option<f64>> =
        rows.iter().map(|row| row.p50_ms.is_none().then_some(f64::MAX)).collect();
    let nothing = all().next().is_none();
    let axis = if nothing {
        ValueAxis::milliseconds(10.0, 9_999.0)
    } else {
        ValueAxis::milliseconds(all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max))
    };
    let mut keys: Vec<Key> =
        curves.iter().map(|&(name, color, _)| Key::line(name, color)).collect();
    if blank.iter().any(Option::is_some) {
        keys.push(Key::area("nothing succeeded", palette::BLANK));
    }

    let mut chart = Chart::new(result, TITLE, &keys, axis, window_s);
    chart.fill(&Steps { window_s, values: &blank }, palette::BLANK);
    for (_, color, values) in &curves {
        chart.curve(&Steps { window_s, values }, *color);
    }
    if nothing {
        chart.say("no request succeeded: there is no latency to show");
    }
    chart.finish()
}
