//! Where ticks go and what they say.

use crate::observe::metric::Unit;
use crate::report::clock::Clock;
use crate::report::quantity::{power_of_ten, with_grain};
use crate::report::words;

/// A place on an axis with its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Value on the axis.
    pub(super) at: f64,
    /// What it says.
    pub(super) label: String,
}

/// An axis: its range, and where lines cross the plot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ValueAxis {
    /// Value at the lower or left edge.
    pub(super) low: f64,
    /// Value at the upper or right edge.
    pub(super) high: f64,
    /// Whether equal distances are equal factors.
    pub(super) logarithmic: bool,
    /// From low to high.
    pub(super) ticks: Vec<Tick>,
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `value`, which is positive.
fn nice_above(value: f64) -> f64 {
    let decade = power_of_ten(libm::log10(value).floor());
    // A little slack, because the logarithm of a power of ten may come out a bit low.
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * decade)
        .find(|&nice| nice >= value * (1.0 - 1e-9))
        .unwrap_or(10.0 * decade)
}

/// A whole number with thousands separated, or as many decimals as a multiple of `step` needs.
fn decimal(value: f64, step: f64) -> String {
    let decimals = if step >= 1.0 { 0 } else { (-libm::log10(step)).ceil().min(6.0) as usize };
    words::grouped(&format!("{value:.decimals$}"))
}

impl ValueAxis {
    /// From zero to just above `top`, at most `limit`, in some four steps; labels end with `unit`.
    pub(super) fn linear(top: f64, limit: f64, unit: &str) -> Self {
        let top = if top > 0.0 && top.is_finite() { top.min(limit) } else { 1.0 };
        let step = nice_above(top / 5.0);
        let high = (top * 1.06).min(limit).max(top);
        let ticks: Vec<Tick> = (0..=(high / step + 1e-9) as u32)
            .map(|n| f64::from(n) * step)
            .map(|at| Tick {
                at,
                label: if at == 0.0 { "0".into() } else { decimal(at, step) + unit },
            })
            .collect();
        Self { low: 0.0, high, logarithmic: false, ticks }
    }

    /// Milliseconds on a logarithmic scale that holds both values, which are positive.
    pub(super) fn milliseconds(low: f64, high: f64) -> Self {
        let (lowest, highest) = (libm::log10(low).floor(), libm::log10(high).ceil());
        let factors: &[f64] = if highest - lowest > 4.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let candidates: Vec<f64> = (lowest as i32..=highest as i32)
            .flat_map(|exponent| {
                factors.iter().map(move |factor| factor * power_of_ten(f64::from(exponent)))
            })
            .collect();
        let first = candidates.iter().rposition(|&at| at <= low).unwrap_or(0);
        let last = candidates.iter().position(|&at| at > high).unwrap_or(candidates.len() - 1);
        let ticks: Vec<Tick> = candidates[first..=last]
            .iter()
            .map(|&at| Tick { at, label: duration_label(at) })
            .collect();
        Self { low: candidates[first], high: candidates[last], logarithmic: true, ticks }
    }

    /// How far up a value lies, 0 at the lower and 1 at the upper edge.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let fraction = if self.logarithmic {
            let base = libm::log(self.low);
            (libm::log(value.max(self.low)) - base) / (libm::log(self.high) - base)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        fraction.clamp(0.0, 1.0)
    }
}

/// `50 ms`, `2 s`: a round number of milliseconds.
fn duration_label(ms: f64) -> String {
    if ms < 0.999 {
        format!("{} µs", decimal(ms * 1e3, ms * 1e3))
    } else if ms < 999.0 {
        format!("{} ms", decimal(ms, ms))
    } else {
        format!("{} s", decimal(ms / 1e3, ms / 1e3))
    }
}

/// At most `most` round values from `low` to `high` at equal distances.
pub(super) fn linear_ticks(unit: Unit, low: f64, high: f64, most: usize) -> Vec<Tick> {
    let mut step = nice_above((high - low).max(f64::MIN_POSITIVE) / most.max(1) as f64);
    let first = |step: f64| (low / step - 1e-9).ceil();
    let count = |step: f64| ((high / step + 1e-9).floor() - first(step)).max(-1.0) as usize + 1;
    while count(step) > most.max(2) {
        step = nice_above(step * 1.5);
    }
    (0..count(step))
        .map(|n| (first(step) + n as f64) * step)
        .map(|at| Tick { at, label: with_grain(unit, at, step) })
        .collect()
}

/// At most `most` round values from `low` to `high`, both positive, at about equal factors.
pub(super) fn logarithmic_ticks(unit: Unit, low: f64, high: f64, most: usize) -> Vec<Tick> {
    const SERIES: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
    let (lowest, highest) = (libm::log10(low).floor() as i32, libm::log10(high).ceil() as i32);
    let ticks = |factors: &'static [f64], stride: i32| -> Vec<Tick> {
        (lowest..=highest)
            .filter(|exponent| exponent.rem_euclid(stride) == 0)
            .map(|exponent| power_of_ten(f64::from(exponent)))
            .flat_map(|decade| factors.iter().map(move |factor| (factor * decade, decade)))
            .filter(|&(at, _)| low * (1.0 - 1e-9) <= at && at <= high * (1.0 + 1e-9))
            .map(|(at, decade)| Tick { at, label: with_grain(unit, at, decade) })
            .collect()
    };
    let sparser = (2..).map(|stride| ticks(SERIES[2], stride));
    let found = SERIES
        .into_iter()
        .map(|factors| ticks(factors, 1))
        .chain(sparser)
        .find(|ticks| ticks.len() <= most.max(2))
        .unwrap_or_default();
    if found.len() < 2 { linear_ticks(unit, low, high, most) } else { found }
}

/// An axis that holds both values and `pad` of their distance at either end, so that no symbol is cut.
/// On a logarithmic one they are positive.
pub(super) fn padded(
    unit: Unit,
    logarithmic: bool,
    (low, high): (f64, f64),
    pad: f64,
    most: usize,
) -> ValueAxis {
    if logarithmic {
        let factor = libm::pow(high / low, pad).max(1.01);
        let (low, high) = (low / factor, high * factor);
        let ticks = logarithmic_ticks(unit, low, high, most);
        return ValueAxis { low, high, logarithmic, ticks };
    }
    let pad = if high > low { (high - low) * pad } else { low.abs().max(0.1) * 0.1 };
    let (low, high) = (low - pad, high + pad);
    ValueAxis { low, high, logarithmic, ticks: linear_ticks(unit, low, high, most) }
}

/// An axis from a round value at or below `low` to one above `high`, both positive.
pub(super) fn logarithmic_around(unit: Unit, low: f64, high: f64, most: usize) -> ValueAxis {
    let round = |value: f64| {
        let decade = power_of_ten(libm::log10(value).floor());
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade)
    };
    let below = |value: f64| {
        let found = round(value).into_iter().rfind(|&at| at <= value * (1.0 + 1e-9));
        found.unwrap_or(value)
    };
    let low = below(low);
    let high = round(high).into_iter().find(|&at| at > high * (1.0 + 1e-9)).unwrap_or(high * 2.0);
    ValueAxis { low, high, logarithmic: true, ticks: logarithmic_ticks(unit, low, high, most) }
}

/// Lengths people divide time into, seconds.
const STEPS_S: [f64; 32] = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    432_000.0,
    864_000.0,
    2_592_000.0,
    8_640_000.0,
];

/// Ticks for a run, at most `most` of them, on round times of its clock.
pub(super) fn time_ticks(clock: &Clock, duration_s: f64, most: usize) -> Vec<Tick> {
    let fits = |step: &&f64| duration_s / **step <= most as f64;
    let step = STEPS_S.iter().find(fits).copied().unwrap_or(duration_s);
    let step_ns = (step * 1e9).round().max(1.0) as i128;
    let first_ns = (-clock.epoch_ns()).rem_euclid(step_ns);
    (0..=most)
        .map(|n| (first_ns + n as i128 * step_ns) as f64 / 1e9)
        .take_while(|&at| at <= duration_s)
        .map(|at| Tick { at, label: clock.tick(at, step) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_carry_the_unit() {
        let axis = ValueAxis::linear(452.0, f64::INFINITY, "/s");
        assert_eq!(labels(&axis.ticks), ["0", "100/s", "200/s", "300/s", "400/s"]);
        let axis = ValueAxis::linear(5_000.0, f64::INFINITY, "/s");
        assert_eq!(axis.ticks.last().unwrap().label, "5,000/s");
        let axis = ValueAxis::linear(2.1, 100.0, "%");
        assert_eq!(labels(&axis.ticks), ["0", "0.5%", "1.0%", "1.5%", "2.0%"]);
        assert!((ValueAxis::linear(100.0, 100.0, "%").high - 100.0).abs() < 1e-9);
        assert!(ValueAxis::linear(0.0, 100.0, "%").high >= 1.0);
    }

    #[test]
    fn logarithmic_ticks_hold_the_values() {
        let axis = ValueAxis::milliseconds(83.0, 10_240.0);
        let expected = ["50 ms", "100 ms", "200 ms", "500 ms", "1 s", "2 s", "5 s", "10 s", "20 s"];
        assert_eq!(labels(&axis.ticks), expected);
        assert_eq!(labels(&ValueAxis::milliseconds(0.3, 0.4).ticks), ["200 µs", "500 µs"]);
        assert_eq!(labels(&ValueAxis::milliseconds(100.0, 100.0).ticks), ["100 ms", "200 ms"]);
        assert!((axis.fraction(axis.high) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn time_ticks_lie_on_round_times_of_the_clock() {
        let outage = sample::outage();
        let ticks = time_ticks(&Clock::of(&outage), outage.duration_s, 8);
        assert_eq!(labels(&ticks), ["14:00", "14:30", "15:00", "15:30", "16:00"]);
        let minute = sample::minute();
        let ticks = time_ticks(&Clock::of(&minute), minute.duration_s, 8);
        assert_eq!(labels(&ticks), ["0", "+10s", "+20s", "+30s", "+40s", "+50s", "+1m"]);
    }
}
