//! Figures with their units, the same in tables, sentences and on axes.

use super::clock;
use super::words;
use crate::observe::metric::Unit;

/// 10 to a whole power.
pub fn power_of_ten(exponent: f64) -> f64 {
    libm::pow(10.0, exponent)
}

/// Decimals that a multiple of `grain`, which is 1, 2 or 5 times a power of ten, needs.
fn decimals(grain: f64) -> usize {
    // A little slack, because the logarithm of a power of ten may come out a bit low.
    if grain > 0.0 { (-libm::log10(grain) - 1e-9).ceil().clamp(0.0, 9.0) as usize } else { 0 }
}

/// A decimal number with its thousands separated, to the decimals that `grain` needs.
fn decimal(value: f64, grain: f64) -> String {
    let decimals = decimals(grain);
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|byte| byte == b'0' || byte == b'.');
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    format!("{sign}{}", words::grouped(&digits))
}

/// A number and what stands behind it.
fn parts(unit: Unit, value: f64, grain: f64, magnitude: f64) -> (String, &'static str) {
    match unit {
        // Whether an expectation of a word was met: of several runs, how often.
        Unit::Ratio | Unit::Text => (decimal(value * 100.0, grain * 100.0), "%"),
        Unit::Milliseconds if magnitude >= 999.5 => (decimal(value / 1e3, grain / 1e3), " s"),
        Unit::Milliseconds if magnitude >= 0.999 => (decimal(value, grain), " ms"),
        Unit::Milliseconds => (decimal(value * 1e3, grain * 1e3), " µs"),
        Unit::Rate => (decimal(value, grain), "/s"),
        Unit::Minutes => (decimal(value, grain), " min"),
        Unit::Instant => {
            (format!("+{}", clock::length(value.max(0.0), grain.clamp(1e-3, 1.0))), "")
        }
        Unit::Count | Unit::Number => (decimal(value, grain), ""),
    }
}

/// A value in its unit, as exactly as differences of `grain` call for; a plain `0` for nothing.
pub fn with_grain(unit: Unit, value: f64, grain: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let (number, unit) = parts(unit, value, grain, value.abs());
    number + unit
}

/// The place of the `digits`th significant digit of a value; that of 1 for zero.
fn significant(value: f64, digits: i32) -> f64 {
    let size = value.abs();
    if size > 0.0 && size.is_finite() {
        power_of_ten(libm::log10(size).floor() + f64::from(1 - digits))
    } else {
        1.0
    }
}

/// A value in its unit, to three significant digits, or to the whole number above a thousand.
pub fn show(unit: Unit, value: f64) -> String {
    let is_share = matches!(unit, Unit::Ratio | Unit::Text);
    if is_share && value >= 1.0 {
        return "100%".into();
    }
    let grain = match unit {
        // Neither a trace nor all but a trace is rounded away.
        _ if is_share => significant((1.0 - value).abs().min(value).max(1e-6), 1).min(1e-3),
        Unit::Count => 1.0,
        Unit::Milliseconds => significant(value, 3),
        _ => significant(value, 3).min(1.0),
    };
    with_grain(unit, value, grain)
}

/// A mean and half the width of its interval in one unit: `99.21 ± 0.13%`; the mean alone without one.
pub fn show_within(unit: Unit, mean: f64, half: Option<f64>) -> String {
    let Some(half) = half else { return show(unit, mean) };
    if half <= 0.0 {
        let shown = show(unit, mean);
        return format!("{shown} ± 0");
    }
    let grain = significant(half, 2);
    let grain = if unit == Unit::Count { grain.max(0.1) } else { grain };
    let magnitude = mean.abs().max(half);
    let (number, name) = parts(unit, mean, grain, magnitude);
    let (half, _) = match unit {
        Unit::Instant => (decimal(half, grain) + " s", ""),
        _ => parts(unit, half, grain, magnitude),
    };
    format!("{number} ± {half}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_their_unit_and_the_digits_that_matter() {
        assert_eq!(show(Unit::Ratio, 0.712), "71.2%");
        assert_eq!(show(Unit::Ratio, 0.999_96), "99.996%");
        assert_eq!(show(Unit::Ratio, 1.0), "100%");
        assert_eq!(show(Unit::Milliseconds, 82.44), "82.4 ms");
        assert_eq!(show(Unit::Milliseconds, 2_949.0), "2.95 s");
        assert_eq!(show(Unit::Milliseconds, 0.25), "250 µs");
        assert_eq!(show(Unit::Rate, 12_345.6), "12,346/s");
        assert_eq!(show(Unit::Number, 1.0625), "1.06");
        assert_eq!(show(Unit::Number, 0.0), "0");
        assert_eq!(show(Unit::Number, -0.25), "-0.250");
    }

    #[test]
    fn an_interval_decides_how_many_digits_are_known() {
        assert_eq!(show_within(Unit::Ratio, 0.992_13, Some(0.001_34)), "99.21 ± 0.13%");
        assert_eq!(show_within(Unit::Milliseconds, 1_234.0, Some(56.0)), "1.234 ± 0.056 s");
        assert_eq!(show_within(Unit::Milliseconds, 82.44, Some(3.1)), "82.4 ± 3.1 ms");
        assert_eq!(show_within(Unit::Rate, 4_500.0, Some(120.0)), "4,500 ± 120/s");
        assert_eq!(show_within(Unit::Rate, 4_500.0, None), "4,500/s");
    }
}
