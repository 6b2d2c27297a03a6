//! A figure with its confidence interval.

use super::student::{normal_quantile, student_quantile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The mean of the values.
    pub mean: f64,
    /// Lower end of the interval; absent if there are fewer than two values.
    pub low: Option<f64>,
    /// Upper end of the interval; absent if there are fewer than two values.
    pub high: Option<f64>,
    /// How many independent values it rests on.
    pub n: u32,
}

impl Estimate {
    /// The mean of independent values with Student's interval (Law, Simulation Modeling and
    /// Analysis, ch. 9: replication and deletion); `None` of nothing.
    pub fn of(values: &[f64], level: f64) -> Option<Self> {
        let n = values.len() as u32;
        if n == 0 {
            return None;
        }
        let mean = mean(values);
        let half = (n > 1).then(|| {
            let error = libm::sqrt(variance(values) / f64::from(n));
            // No spread needs no factor, and must not become 0 times infinity.
            if error > 0.0 { student_quantile(0.5 + level / 2.0, n - 1) * error } else { 0.0 }
        });
        Some(Self {
            mean,
            low: half.map(|half| mean - half),
            high: half.map(|half| mean + half),
            n,
        })
    }

    /// The share of `n` independent trials that succeeded, with Wilson's interval (Brown, Cai &
    /// DasGupta, Statistical Science 2001); `None` of nothing.
    pub fn share(successes: u32, n: u32, level: f64) -> Option<Self> {
        if n == 0 {
            return None;
        }
        let (count, share) = (f64::from(n), f64::from(successes) / f64::from(n));
        let z = normal_quantile(0.5 + level / 2.0);
        let scale = 1.0 + z * z / count;
        let middle = (share + z * z / (2.0 * count)) / scale;
        let spread = share * (1.0 - share) / count + z * z / (4.0 * count * count);
        let half = z * libm::sqrt(spread) / scale;
        // At the ends the two terms are equal but for rounding.
        let low = if successes == 0 { 0.0 } else { middle - half };
        let high = if successes == n { 1.0 } else { middle + half };
        Some(Self { mean: share, low: Some(low), high: Some(high), n })
    }

    /// The same with its interval cut to what is possible: a share is no less than 0 and no more than 1.
    pub fn within_possible(mut self, (least, most): (f64, f64)) -> Self {
        self.low = self.low.map(|low| low.max(least));
        self.high = self.high.map(|high| high.min(most));
        self
    }

    /// The same, of a share of `trials` requests or people, with an interval that does not shrink to
    /// nothing because nothing, or everything, was seen: of 0 in n trials the share may be as high as
    /// -ln((1 - level) / 2) / n (Hanley & Lippman-Hand, JAMA 1983: the rule of three). Trials that are
    /// not independent make it wider still, so this is the least.
    pub fn not_surer_than(mut self, trials: u64, level: f64) -> Self {
        let unseen = -libm::log((1.0 - level) / 2.0) / trials as f64;
        let unseen = unseen.min(1.0);
        if trials > 0 && self.high == Some(0.0) {
            self.high = Some(unseen);
        }
        if trials > 0 && self.low == Some(1.0) {
            self.low = Some(1.0 - unseen);
        }
        self
    }

    /// Half the width of the interval, of one that is cut the whole of its longer side; `None` if there
    /// is none.
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.mean).max(self.mean - self.low?))
    }

    /// Half the width of the interval over the mean; `None` if there is no interval.
    pub fn relative_half_width(&self) -> Option<f64> {
        let half = self.half_width()?;
        // Of nothing there is no share.
        Some(if half == 0.0 || self.mean == 0.0 { 0.0 } else { half / self.mean.abs() })
    }

    /// Whether the interval is narrow enough that the mean is within a share `relative` of the
    /// truth: half a width of at most relative / (1 + relative) of the mean (Law, section 9.4.1).
    pub fn is_within(&self, relative: f64) -> bool {
        self.relative_half_width().is_some_and(|width| width <= relative / (1.0 + relative))
    }
}

/// The mean; not a number of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The unbiased sample variance of at least two values.
pub fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    squares / (values.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_student_s() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0], 0.95).unwrap();
        // t(0.975; 3) = 3.182446, s / sqrt(4) = 0.645497.
        assert!((estimate.half_width().unwrap() - 3.182_446 * 0.645_497).abs() < 1e-5);
        assert!((estimate.mean - 2.5).abs() < 1e-15);
        assert_eq!(estimate.n, 4);
    }

    #[test]
    fn one_value_has_no_interval_and_nothing_no_mean() {
        assert_eq!(Estimate::of(&[], 0.95), None);
        let one = Estimate::of(&[3.0], 0.95).unwrap();
        assert_eq!((one.mean, one.low, one.high, one.is_within(0.5)), (3.0, None, None, false));
        let same = Estimate::of(&[3.0; 5], 0.95).unwrap();
        assert_eq!((same.low, same.high, same.is_within(0.01)), (Some(3.0), Some(3.0), true));
        assert!(Estimate::of(&[0.0; 5], 0.95).unwrap().is_within(0.01), "of zero too");
    }

    #[test]
    fn an_interval_says_nothing_impossible() {
        let share = Estimate::of(&[0.999, 1.0, 1.0], 0.95).unwrap();
        assert!(share.high.unwrap() > 1.0 && share.low.unwrap() < 0.999);
        let possible = share.within_possible((0.0, 1.0));
        assert_eq!((possible.low, possible.high), (share.low, Some(1.0)));
    }

    /// Of 0 in 1,000 the share is at most 0.369% (Clopper & Pearson: 0.368%).
    #[test]
    fn what_was_never_seen_may_happen() {
        let none = Estimate::of(&[0.0; 5], 0.95).unwrap();
        let possible = none.not_surer_than(1_000, 0.95);
        assert_eq!((possible.mean, possible.low), (0.0, Some(0.0)));
        assert!((possible.high.unwrap() - 0.003_69).abs() < 1e-5);
        let all = Estimate::of(&[1.0; 5], 0.95).unwrap().not_surer_than(1_000, 0.95);
        assert!((all.low.unwrap() - 0.996_31).abs() < 1e-5 && all.high == Some(1.0));
        assert_eq!(none.not_surer_than(0, 0.95), none, "no share of anything that is counted");
        let one = Estimate::of(&[0.0], 0.95).unwrap();
        assert_eq!(one.not_surer_than(10, 0.95), one, "a single value has no interval");
        let some = Estimate::of(&[0.0, 0.1], 0.95).unwrap().within_possible((0.0, 1.0));
        assert_eq!(some.not_surer_than(10, 0.95), some);
        assert!((some.half_width().unwrap() - (some.high.unwrap() - 0.05)).abs() < 1e-15);
    }

    #[test]
    fn wilson_s_interval_is_the_published_one() {
        // 10 of 100: 0.05523 to 0.17437 (Newcombe, Statistics in Medicine 1998, method 3).
        let estimate = Estimate::share(10, 100, 0.95).unwrap();
        assert!((estimate.low.unwrap() - 0.055_23).abs() < 1e-5);
        assert!((estimate.high.unwrap() - 0.174_37).abs() < 1e-5);
        let none = Estimate::share(0, 10, 0.95).unwrap();
        assert_eq!(none.low, Some(0.0));
        assert!((none.high.unwrap() - 0.277_53).abs() < 1e-4);
        assert_eq!(Estimate::share(10, 10, 0.95).unwrap().high, Some(1.0));
    }
}
