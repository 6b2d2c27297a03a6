//! People: which share of each window's active users was affected, and which was unable.

use super::axis::ValueAxis;
use super::chart::{Chart, Key, Steps};
use super::palette;
use super::picture::Picture;
use crate::observe::result::{RunResult, UserRow};

/// What it shows.
pub(super) const TITLE: &str = "Share of active users affected and unable";

pub(super) fn draw(result: &RunResult) -> Picture {
    let series = &result.series;
    let percent = |count: fn(&UserRow) -> u64| -> Vec<Option<f64>> {
        series
            .users
            .iter()
            .map(|row| (row.active > 0).then(|| 100.0 * count(row) as f64 / row.active as f64))
            .collect()
    };
    let affected = percent(|row| row.affected);
    let unable = percent(|row| row.unable);
    let top = affected.iter().flatten().fold(0.0, |a, &b| f64::max(a, b));
    // A few unlucky users in a thousand should not look like an outage.
    let axis = ValueAxis::linear(top.max(5.0), 100.0, "%");
    let keys = [
        Key::area("affected: a request failed or was too slow", palette::ORANGE),
        Key::area("unable: nothing succeeded", palette::VERMILLION),
    ];

    let window_s = series.user_window_s;
    let mut chart = Chart::new(result, TITLE, &keys, axis, window_s);
    chart.fill(&Steps { window_s, values: &affected }, palette::ORANGE);
    chart.fill(&Steps { window_s, values: &unable }, palette::VERMILLION);
    if affected.iter().all(Option::is_none) {
        chart.say("no user was active");
    } else if top == 0.0 {
        chart.say("no user was affected");
    }
    chart.finish()
}
