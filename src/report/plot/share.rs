//! Who got the attempts: each backend's share, stacked. Backends that take far more than an even
//! share lie at the bottom in colour; in a large pool the rest is grey.

use super::axis::ValueAxis;
use super::chart::{Chart, Key, Steps};
use super::coarse::coarse;
use super::palette;
use super::picture::Picture;
use crate::observe::result::{RunResult, Series};
use plotters::style::RGBColor;

/// What it shows.
pub(super) const TITLE: &str = "Share of attempts per backend";

/// A pool of at most this many backends has a colour for each.
const FEW: usize = palette::BACKENDS.len();
/// At most this many of a larger pool stand out.
const STRIKING: usize = 5;
/// A share is judged over this many stretches of the run, so that chance does not make outliers.
const STRETCHES: usize = 60;

/// The most by which each backend exceeded, over any stretch, what an even balancer could have given
/// it by chance; negative: never.
fn excess(series: &Series, backends: usize) -> Vec<f64> {
    let even = 1.0 / backends as f64;
    let length = series.rows.len().div_ceil(STRETCHES).max(1);
    let mut most = vec![f64::MIN; backends];
    for stretch in series.rows.chunks(length) {
        let mut sums = vec![0_u64; backends];
        for row in stretch {
            for (sum, backend) in sums.iter_mut().zip(&row.backends) {
                *sum += u64::from(backend.attempts);
            }
        }
        let total = sums.iter().sum::<u64>() as f64;
        if total == 0.0 {
            continue;
        }
        let chance = 4.0 * (even * (1.0 - even) / total).sqrt();
        for (most, sum) in most.iter_mut().zip(sums) {
            *most = most.max(sum as f64 / total - 1.5 * even - chance);
        }
    }
    most
}

/// Backends from the bottom up, with colours, and how many of them have a colour of their own.
fn order(series: &Series, backends: usize) -> (Vec<(usize, RGBColor)>, usize) {
    if backends <= FEW {
        let all = (0..backends).zip(palette::BACKENDS).collect();
        return (all, backends);
    }
    let excess = excess(series, backends);
    let mut striking: Vec<usize> = (0..backends).filter(|&index| excess[index] > 0.0).collect();
    striking.sort_by(|&a, &b| excess[b].total_cmp(&excess[a]));
    striking.truncate(STRIKING);
    let count = striking.len();
    let rest: Vec<usize> = (0..backends).filter(|index| !striking.contains(index)).collect();
    let mut order: Vec<(usize, RGBColor)> = striking.into_iter().zip(palette::BACKENDS).collect();
    order.extend(rest.into_iter().zip(palette::OTHERS.into_iter().cycle()));
    (order, count)
}

/// What the legend says about backends without a colour of their own.
fn others(count: usize, of: usize) -> String {
    if count == of {
        format!("{of} backends, none above 1.5 times an even share")
    } else {
        format!("{count} others")
    }
}

pub(super) fn draw(result: &RunResult) -> Picture {
    let series = coarse(&result.series);
    let backends = result.figures.backends.len();
    let (order, coloured) = order(&series, backends);
    let mut keys: Vec<Key> = order[..coloured]
        .iter()
        .map(|&(index, color)| Key::area(result.figures.backends[index].name.clone(), color))
        .collect();
    if coloured < backends {
        keys.push(Key::area(others(backends - coloured, backends), palette::OTHERS[0]));
    }
    let totals: Vec<u64> = series
        .rows
        .iter()
        .map(|row| row.backends.iter().map(|backend| u64::from(backend.attempts)).sum())
        .collect();
    // Shares of all backends up to and including one, from the bottom.
    let mut below = vec![0_u64; series.rows.len()];
    let mut layers: Vec<(RGBColor, Vec<Option<f64>>)> = Vec::with_capacity(backends);
    for &(index, color) in &order {
        for (below, row) in below.iter_mut().zip(&series.rows) {
            *below += row.backends.get(index).map_or(0, |backend| u64::from(backend.attempts));
        }
        let share = |(&below, &total): (&u64, &u64)| {
            (total > 0).then(|| 100.0 * below as f64 / total as f64)
        };
        layers.push((color, below.iter().zip(&totals).map(share).collect()));
    }

    let axis = ValueAxis::linear(100.0, 100.0, "%");
    let window_s = series.window_s;
    let mut chart = Chart::new(result, TITLE, &keys, axis, window_s);
    for (color, values) in layers.iter().rev() {
        chart.fill(&Steps { window_s, values }, *color);
        chart.border(&Steps { window_s, values }, palette::WHITE);
    }
    if totals.iter().all(|&total| total == 0) {
        chart.say("no attempt reached a backend");
    }
    chart.finish()
}
