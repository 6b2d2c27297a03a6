//! Figures of one long run: how long it warms up, and what its batches say.

use super::estimate::{Estimate, mean};
use super::student::student_quantile;
use crate::engine::histogram::Histogram;

/// How many leading values to drop, so that what is left has the mean with the least standard error
/// (MSER: White, Simulation 1997); `None` if that is more than half of them: the run is too short.
///
/// Of the places that come within 5% of that error the first counts: in a steady run smaller gains are
/// chance, and following them prefers stretches without bursts. On M/M/1 at 80% load that bias took two
/// to three points from the coverage of p99; with the margin none is left to see.
///
/// Fed with means of batches of five observations it is MSER-5 (White, Cobb & Spratt 2000). Values
/// that are absent are batches without an observation, and are passed over.
pub fn mser(values: &[Option<f64>]) -> Option<usize> {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    let mut errors = vec![f64::INFINITY; values.len()];
    // From the back, so that each value is looked at once.
    for (dropped, value) in values.iter().enumerate().rev() {
        if let Some(value) = value {
            sum += value;
            squares += value * value;
            n += 1.0;
        }
        // The last few agree with each other by chance (Hoad, Robinson & Davies 2010).
        if n < 5.0 {
            continue;
        }
        errors[dropped] = (squares - sum * sum / n).max(0.0) / (n * n);
    }
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
    let near = |error: &f64| error.is_finite() && *error <= least * MARGIN * MARGIN;
    errors.iter().position(near).filter(|dropped| dropped * 2 <= values.len())
}

/// A standard error this much above the least is as good.
const MARGIN: f64 = 1.05;

/// Batches that are asked for first, and those that are tried if the means of these are correlated.
const COUNTS: [usize; 2] = [20, 10];
/// Means of neighbouring batches that are more alike than this are not independent (Law, ch. 9).
const CORRELATION_MOST: f64 = 0.2;
/// If a figure of batches varies more than this around that of all, as a share of it, batches are too
/// short for it: it is skewed then, and its interval contains the truth much too seldom (77% instead of
/// 95% for p99 on M/M/1 at 80% load, where it varied by 40%).
const SPREAD_MOST: f64 = 0.25;
/// A batch with fewer values has no figure to speak of.
const VALUES_LEAST: u64 = 50;

/// Figures of one long run with intervals, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchMeans {
    /// How many leading slices were dropped as warm-up, and to make batches equally long.
    pub dropped: usize,
    /// Into how many batches the rest was cut.
    pub batches: u32,
    /// How many values are in them.
    pub count: u64,
    /// The mean; absent, as the others, if it varies too much from batch to batch.
    pub mean: Option<Estimate>,
    /// The median.
    pub p50: Option<Estimate>,
    /// The 99th percentile.
    pub p99: Option<Estimate>,
}

/// Why a run has no batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBatches {
    /// It had not settled by the middle.
    Unsettled,
    /// Even long batches depend on each other.
    Correlated,
    /// There are too few values.
    Few,
}

/// Cuts what follows the warm-up into batches (Schmeiser, Operations Research 1982: 10 to 30), so long
/// that their means are nearly independent, and gives mean and quantiles their intervals.
///
/// Quantiles of batches stand for the spread (Seila, Management Science 1982); the middle of an
/// interval is the quantile of all batches together, which is less biased than the mean of theirs
/// (sectioning: Asmussen & Glynn, Stochastic Simulation, 2007, section III.5; Nakayama 2014). Values of
/// a queue depend on each other, so the binomial interval of order statistics would be too narrow by
/// a factor of 3 at half load and of 19 at 90%.
///
/// # Errors
/// If there is no saying how far off the figures may be.
pub fn batch_means(slices: &[Histogram], level: f64) -> Result<BatchMeans, NoBatches> {
    let means: Vec<Option<f64>> = slices.iter().map(Histogram::mean_ns).collect();
    let warm_up = mser(&means);
    let count: u64 = slices.iter().map(Histogram::count).sum();
    if count < VALUES_LEAST * COUNTS[0] as u64 {
        return Err(NoBatches::Few);
    }
    let warm_up = warm_up.ok_or(NoBatches::Unsettled)?;
    for wanted in COUNTS {
        let length = (slices.len() - warm_up) / wanted;
        let dropped = slices.len() - length * wanted;
        if length == 0 {
            return Err(NoBatches::Few);
        }
        let batches: Vec<Histogram> = slices[dropped..].chunks(length).map(merged).collect();
        if batches.iter().any(|batch| batch.count() < VALUES_LEAST) {
            return Err(NoBatches::Few);
        }
        let figures = |read: &dyn Fn(&Histogram) -> Option<f64>| -> Vec<f64> {
            batches.iter().filter_map(read).collect()
        };
        let means = figures(&Histogram::mean_ns);
        if lag_1_correlation(&means) >= CORRELATION_MOST {
            continue;
        }
        let all = merged(&batches);
        let of = |read: &dyn Fn(&Histogram) -> Option<f64>| {
            around(read(&all).expect("batches are not empty"), &figures(read), level)
        };
        return Ok(BatchMeans {
            dropped,
            batches: wanted as u32,
            count: all.count(),
            mean: of(&Histogram::mean_ns),
            p50: of(&|batch| batch.quantile_ns(0.5)),
            p99: of(&|batch| batch.quantile_ns(0.99)),
        });
    }
    Err(NoBatches::Correlated)
}

fn merged(histograms: &[Histogram]) -> Histogram {
    let mut all = Histogram::default();
    for one in histograms {
        all.merge(one);
    }
    all
}

/// The interval of a figure of all batches, from how theirs spread around it; none if they spread so
/// far that it would mean nothing.
fn around(figure: f64, of_batches: &[f64], level: f64) -> Option<Estimate> {
    let n = of_batches.len() as u32;
    let squares: f64 = of_batches.iter().map(|value| (value - figure) * (value - figure)).sum();
    let deviation = libm::sqrt(squares / f64::from(n - 1));
    let half = student_quantile(0.5 + level / 2.0, n - 1) * deviation / libm::sqrt(f64::from(n));
    (deviation <= SPREAD_MOST * figure).then_some(Estimate {
        mean: figure,
        low: Some(figure - half),
        high: Some(figure + half),
        n,
    })
}

/// How alike neighbours are: 0 where they are independent; 0 of equal values.
fn lag_1_correlation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle) * (value - middle)).sum();
    let products: f64 = values.windows(2).map(|pair| (pair[0] - middle) * (pair[1] - middle)).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::mix;
    use crate::engine::time::Span;

    fn series(values: impl Iterator<Item = f64>) -> Vec<Option<f64>> {
        values.map(Some).collect()
    }

    #[test]
    fn a_steady_series_keeps_everything() {
        let steady = series((0..100).map(|i| f64::from(i % 7)));
        assert!(mser(&steady).unwrap() <= 7);
        assert_eq!(mser(&series((0..100).map(|_| 1.0))), Some(0));
    }

    #[test]
    fn a_transient_is_cut_off() {
        let rising = series((0..200).map(|i| f64::from(i.min(40)) + f64::from(i % 3)));
        let dropped = mser(&rising).unwrap();
        assert!((35..=50).contains(&dropped), "{dropped}");
    }

    #[test]
    fn a_series_that_never_settles_is_too_short() {
        assert_eq!(mser(&series((0..100).map(f64::from))), None);
        assert_eq!(mser(&[]), None);
    }

    /// Slices of a hundred values each, 1 ms and more by what `extra` says of the slice and value.
    fn slices(extra: impl Fn(u64, u64) -> u64) -> Vec<Histogram> {
        let slice = |number| {
            let mut histogram = Histogram::default();
            (0..100)
                .for_each(|n| histogram.record(Span::from_ns(1_000 * (1_000 + extra(number, n)))));
            histogram
        };
        (0..200).map(slice).collect()
    }

    /// Scattered over 0 to 999 without any order.
    fn scattered(number: u64) -> u64 {
        mix(number) % 1_000
    }

    #[test]
    fn batches_of_independent_values_are_as_wide_as_theory_says() {
        let found = batch_means(&slices(|slice, n| scattered(slice * 100 + n)), 0.95).unwrap();
        // Uniform from 1 to 2 ms: standard deviation 288.7 us, of the mean of 20,000 values 2.04 us;
        // t(0.975; 19) = 2.093. The estimate of a variance from 20 batches is within a factor 2.
        let mean = found.mean.unwrap();
        let half = mean.half_width().unwrap() / 1e3;
        assert!((4.27 / 2.0..4.27 * 2.0).contains(&half), "{half}");
        assert!((mean.mean / 1e6 - 1.5).abs() < 0.01);
        assert!((found.p50.unwrap().mean / 1e6 - 1.5).abs() < 0.02);
        assert!((found.p99.unwrap().mean / 1e6 - 1.99).abs() < 0.02);
        assert_eq!(mean.n, found.batches);
    }

    #[test]
    fn the_warm_up_is_left_out_and_batches_are_equal() {
        let found = batch_means(
            &slices(|slice, n| scattered(slice * 100 + n) + if slice < 30 { 9_000 } else { 0 }),
            0.95,
        )
        .unwrap();
        assert!(found.dropped >= 30 && found.dropped < 50, "{}", found.dropped);
        assert_eq!((200 - found.dropped) % found.batches as usize, 0);
        assert_eq!(found.count, (200 - found.dropped as u64) * 100);
        assert!(found.mean.unwrap().mean < 1.6e6);
    }

    #[test]
    fn a_figure_that_varies_much_from_batch_to_batch_has_no_interval() {
        // One value in each slice is between 10 and 100 ms: p99 is among these, and the median not.
        let tail = |slice, n| if n < 2 { 10_000 + 90 * scattered(slice) } else { scattered(n) };
        let found = batch_means(&slices(tail), 0.95).unwrap();
        assert!(found.p50.is_some());
        let spread = |value: f64| around(10.0, &[10.0 - value, 10.0 + value], 0.95);
        // Two values 10 - d and 10 + d deviate by d * sqrt(2).
        assert!(spread(1.7).is_some() && spread(1.8).is_none());
    }

    #[test]
    fn waves_longer_than_batches_make_them_alike() {
        // Slices of their own noise, and a wave of 100 slices: five batches of 10 are high, five low,
        // and of those of 20 two and a half. Their neighbours correlate with 0.7 and 0.3 or so.
        let wave = |slice: u64, length| if slice % length < length / 2 { 500 } else { 0 };
        let waves = |length| slices(move |slice, _| scattered(slice) + wave(slice, length));
        assert_eq!(batch_means(&waves(100), 0.95), Err(NoBatches::Correlated));
        // One of 20 slices is in turns.
        assert!(batch_means(&waves(20), 0.95).is_ok());
    }

    #[test]
    fn what_grows_or_is_next_to_nothing_has_no_batches() {
        let growing = slices(|slice, n| slice * 1_000 + scattered(n));
        assert_eq!(batch_means(&growing, 0.95), Err(NoBatches::Unsettled));
        assert_eq!(batch_means(&vec![Histogram::default(); 200], 0.95), Err(NoBatches::Few));
        assert_eq!(batch_means(&[], 0.95), Err(NoBatches::Few));
    }

    #[test]
    fn neighbours_that_alternate_are_no_reason_to_worry() {
        // Of 1, -1, 1, -1: (-1 -1 -1) / 4.
        assert!((lag_1_correlation(&[1.0, -1.0, 1.0, -1.0]) + 0.75).abs() < 1e-12);
        // Of 1, 2, 3, 4: (-1.5 * -0.5 + -0.5 * 0.5 + 0.5 * 1.5) / 5 = 0.25.
        assert!((lag_1_correlation(&[1.0, 2.0, 3.0, 4.0]) - 0.25).abs() < 1e-12);
        assert!(lag_1_correlation(&[1.0; 4]).abs() < 1e-12);
    }
}
