//! Estimates as a reader wants them: no more digits than the interval warrants.

use super::clock::Clock;
use super::words::grouped;
use crate::experiment::statistics::Estimate;
use crate::observe::metric::Unit;

/// An estimate in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The mean with its unit: `82.4ms`.
    pub(crate) mean: String,
    /// The interval in the same unit: `81.9 to 82.9`; absent without one.
    pub(crate) interval: Option<String>,
    /// Half the width of the interval over the mean: `0.6%`; absent where that means nothing.
    pub(crate) relative: Option<String>,
}

impl Shown {
    /// The mean with its interval behind it: `82.4ms (81.9 to 82.9)`.
    pub(crate) fn joined(&self) -> String {
        match &self.interval {
            Some(interval) => format!("{} ({interval})", self.mean),
            None => self.mean.clone(),
        }
    }
}

/// An estimate of a figure in this unit, moments on this clock; a difference of shares is in points.
pub(crate) fn shown(unit: Unit, is_difference: bool, estimate: &Estimate, clock: &Clock) -> Shown {
    let widest = [Some(estimate.mean), estimate.low, estimate.high].into_iter().flatten();
    let widest = widest.map(f64::abs).fold(0.0, f64::max);
    if unit == Unit::Instant && !is_difference {
        return instants(estimate, clock);
    }
    let (factor, suffix) = match unit {
        Unit::Ratio if is_difference => (100.0, " points"),
        Unit::Ratio => (100.0, "%"),
        Unit::Milliseconds if widest >= 1e3 => (1e-3, "s"),
        Unit::Milliseconds => (1.0, "ms"),
        Unit::Rate => (1.0, "/s"),
        Unit::Instant => (1.0, "s"),
        Unit::Minutes => (1.0, " min"),
        Unit::Count | Unit::Number | Unit::Text => (1.0, ""),
    };
    let half = estimate.half_width().filter(|half| *half > 0.0);
    let digits = match half {
        Some(half) => decimals(half * factor, 2),
        None => decimals(estimate.mean.abs() * factor, 3),
    };
    let sign = |value: f64| if is_difference && value > 0.0 { "+" } else { "" };
    let write = |value: f64| {
        let text = format!("{:.digits$}", value.abs() * factor);
        // No minus before a zero.
        let minus = value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
        format!("{}{}{}", if minus { "-" } else { "" }, sign(value), grouped(&text))
    };
    let interval = estimate.low.zip(estimate.high);
    let relative = estimate.relative_half_width().filter(|share| share.is_finite());
    Shown {
        mean: format!("{}{suffix}", write(estimate.mean)),
        interval: interval.map(|(low, high)| format!("{} to {}", write(low), write(high))),
        relative: relative.map(|share| format!("{:.1}%", share * 100.0)),
    }
}

fn instants(estimate: &Estimate, clock: &Clock) -> Shown {
    let at = |seconds: f64| clock.at(seconds.max(0.0));
    let interval = estimate.low.zip(estimate.high);
    Shown {
        mean: at(estimate.mean),
        interval: interval.map(|(low, high)| format!("{} to {}", at(low), at(high))),
        relative: None,
    }
}

/// Decimals with which a number has so many digits that count; at most four.
fn decimals(number: f64, digits: usize) -> usize {
    const MOST: usize = 4;
    if number <= 0.0 {
        return 0;
    }
    let mut decimals = 0;
    let mut scaled = number;
    // With d digits that count a number is at least 10^(d - 1).
    let least = if digits > 2 { 100.0 } else { 10.0 };
    while decimals < MOST && scaled < least {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(mean: f64, half: f64) -> Estimate {
        Estimate { mean, low: Some(mean - half), high: Some(mean + half), n: 10 }
    }

    fn texts(unit: Unit, is_difference: bool, mean: f64, half: f64) -> String {
        shown(unit, is_difference, &estimate(mean, half), &Clock::new(None, 3_600.0)).joined()
    }

    #[test]
    fn digits_follow_the_interval() {
        assert_eq!(texts(Unit::Milliseconds, false, 82.412, 0.83), "82.41ms (81.58 to 83.24)");
        assert_eq!(texts(Unit::Milliseconds, false, 82.412, 12.0), "82ms (70 to 94)");
        assert_eq!(texts(Unit::Milliseconds, false, 2_912.0, 210.0), "2.91s (2.70 to 3.12)");
        assert_eq!(texts(Unit::Ratio, false, 0.712, 0.012), "71.2% (70.0 to 72.4)");
        assert_eq!(texts(Unit::Count, false, 12_345.0, 400.0), "12,345 (11,945 to 12,745)");
        assert_eq!(texts(Unit::Instant, false, 600.0, 30.0), "+10m (+9m30s to +10m30s)");
    }

    #[test]
    fn moments_are_on_the_wall_clock_if_there_is_one() {
        let clock = Clock::new(Some("2024-08-10T13:50:00Z"), 8_400.0);
        let shown = shown(Unit::Instant, false, &estimate(600.0, 120.0), &clock);
        assert_eq!(shown.joined(), "14:00 (13:58 to 14:02)");
    }

    #[test]
    fn differences_have_a_sign_and_zero_has_none() {
        assert_eq!(texts(Unit::Ratio, true, -0.01, 0.03), "-1.0 points (-4.0 to +2.0)");
        assert_eq!(texts(Unit::Milliseconds, true, 5.0, 1.2), "+5.0ms (+3.8 to +6.2)");
        assert_eq!(texts(Unit::Rate, false, 0.0, 0.0), "0/s (0 to 0)");
    }

    #[test]
    fn a_single_value_has_three_digits_and_no_interval() {
        let one = Estimate { mean: 82.412, low: None, high: None, n: 1 };
        let shown = shown(Unit::Milliseconds, false, &one, &Clock::new(None, 60.0));
        assert_eq!((shown.joined().as_str(), shown.relative), ("82.4ms", None));
    }
}
