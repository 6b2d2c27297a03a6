//! Figures and differences with as many digits as they are worth.

use crate::experiment::compare::Figure;
use crate::experiment::statistics::Estimate;
use crate::observe::metric::Unit;
use crate::report::words::grouped;

/// No number has more decimals.
const DECIMALS: f64 = 4.0;

/// How the numbers of one figure are written, all of them alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    factor: f64,
    decimals: usize,
    unit: &'static str,
    /// The unit of a difference.
    step: &'static str,
}

impl Scale {
    /// Two digits of the interval's half width are shown, or three digits of what has none.
    pub(super) fn of(figure: &Figure) -> Self {
        let ends = [figure.before, figure.after].into_iter().flatten();
        let size = ends.map(|estimate| estimate.mean.abs()).fold(0.0, f64::max);
        let width = figure.difference.and_then(|paired| paired.difference.half_width());
        Self::new(figure.unit, size, width)
    }

    /// For values up to `size` whose uncertainty is `width`.
    pub(super) fn new(unit: Unit, size: f64, width: Option<f64>) -> Self {
        let (factor, unit, step) = match unit {
            Unit::Ratio => (100.0, "%", " points"),
            Unit::Milliseconds if size >= 1e4 => (1e-3, " s", " s"),
            Unit::Milliseconds => (1.0, " ms", " ms"),
            Unit::Rate => (1.0, "/s", "/s"),
            Unit::Minutes => (1.0, " min", " min"),
            Unit::Instant => (1.0, " s", " s"),
            Unit::Count | Unit::Number | Unit::Text => (1.0, "", ""),
        };
        let digits = |value: f64, digits: f64| {
            (digits - 1.0 - libm::floor(libm::log10(value))).clamp(0.0, DECIMALS) as usize
        };
        let decimals = match width.map(|width| width * factor) {
            Some(width) if width > 0.0 => digits(width, 2.0),
            _ if size > 0.0 => digits(size * factor, 3.0),
            _ => 0,
        };
        Self { factor, decimals, unit, step }
    }

    fn number(self, value: f64, sign: bool) -> String {
        let text = format!("{:.*}", self.decimals, (value * self.factor).abs());
        let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = match (value < 0.0 && !is_zero, sign && !is_zero) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        format!("{sign}{}", grouped(&text))
    }

    /// A value with its unit.
    pub(super) fn value(self, estimate: Option<Estimate>) -> String {
        estimate.map_or_else(|| "–".to_owned(), |e| self.level(e.mean))
    }

    /// A number with its unit.
    pub(super) fn level(self, value: f64) -> String {
        format!("{}{}", self.number(value, false), self.unit)
    }

    /// A difference with its sign and unit.
    pub(super) fn step(self, value: f64) -> String {
        format!("{}{}", self.number(value, true), self.step)
    }

    /// A difference with its interval: `+8.6 ms (+7.9 to +9.3)`.
    pub(super) fn difference(self, difference: &Estimate) -> String {
        let middle = self.step(difference.mean);
        match (difference.low, difference.high) {
            (Some(low), Some(high)) if low < high => {
                format!("{middle} ({} to {})", self.number(low, true), self.number(high, true))
            }
            _ => middle,
        }
    }

    /// A level with its interval.
    pub(super) fn interval(self, level: &Estimate) -> String {
        let middle = self.level(level.mean);
        match (level.low, level.high) {
            (Some(low), Some(high)) if low < high => {
                format!("{middle} ({} to {})", self.number(low, false), self.number(high, false))
            }
            _ => middle,
        }
    }
}

/// A share with its sign: `+10.4%`.
pub(super) fn percent(share: f64) -> String {
    let percent = (share * 100.0).abs();
    let decimals = match percent {
        p if p >= 99.95 => 0,
        p if p >= 0.995 => 1,
        _ => 2,
    };
    let text = format!("{percent:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_zero {
        return "0%".to_owned();
    }
    format!("{}{}%", if share < 0.0 { "-" } else { "+" }, grouped(&text))
}

/// A relative difference with its interval.
pub(super) fn relative(share: &Estimate) -> String {
    match (share.low, share.high) {
        (Some(low), Some(high)) if low < high => {
            format!("{} ({} to {})", percent(share.mean), percent(low), percent(high))
        }
        _ => percent(share.mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(mean: f64, half: f64) -> Estimate {
        Estimate { mean, low: Some(mean - half), high: Some(mean + half), n: 10 }
    }

    #[test]
    fn a_difference_has_the_digits_that_its_interval_is_worth() {
        let show = |unit, size, mean: f64, half: f64| {
            Scale::new(unit, size, Some(half)).difference(&estimate(mean, half))
        };
        assert_eq!(show(Unit::Milliseconds, 90.0, 8.612, 0.7), "+8.61 ms (+7.91 to +9.31)");
        assert_eq!(show(Unit::Milliseconds, 45e3, -4_812.0, 312.0), "-4.81 s (-5.12 to -4.50)");
        assert_eq!(show(Unit::Ratio, 0.99, -0.0123, 0.004), "-1.23 points (-1.63 to -0.83)");
        assert_eq!(show(Unit::Minutes, 4e4, -12_345.0, 800.0), "-12,345 min (-13,145 to -11,545)");
        assert_eq!(show(Unit::Rate, 400.0, 0.0, 0.0), "0/s");
    }

    #[test]
    fn values_without_an_interval_have_three_digits() {
        let show = |unit, value: f64| Scale::new(unit, value, None).level(value);
        assert_eq!(show(Unit::Rate, 398.25), "398/s");
        assert_eq!(show(Unit::Number, 1.0234), "1.02");
        assert_eq!(show(Unit::Ratio, 0.0), "0%");
    }

    #[test]
    fn percentages_are_short() {
        let shown = [0.104, -0.0342, 3.456, 0.0, 0.000_4, -1.0].map(percent);
        assert_eq!(shown, ["+10.4%", "-3.4%", "+346%", "0%", "+0.04%", "-100%"]);
    }
}
