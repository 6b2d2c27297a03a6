//! Two statistics in, a law out: one solver for every family of a scale and a shape.
//!
//! Whatever the scale, the ratio of two times (p99 to mean, sd to p50), like the squared
//! coefficient of variation, depends on the shape alone. So the shape is found from the ratio, and
//! then the scale from one of the times. The ratio need not be monotone: a lognormal law's p99 is
//! at most 14.97 times its mean, and every ratio below that occurs twice. The rule is: **the
//! lightest-tailed member that fits**. The solver walks from the lightest tail to the heaviest,
//! sharpens each turning point it passes, and bisects in the first interval that holds the target.

use super::parameter::{ParameterError, Parameters, fail, fail_all, list, positive};

/// What can be said about a law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    /// The mean.
    Mean,
    /// The quantile at a level in [0, 1]; at 0, the least value.
    Quantile(f64),
    /// The standard deviation.
    Sd,
    /// The squared coefficient of variation.
    Scv,
}

/// By name, so ordered that of two the later makes the numerator: sd is zero without spread.
const STATISTICS: [(&str, Statistic); 9] = [
    ("mean", Statistic::Mean),
    ("min", Statistic::Quantile(0.0)),
    ("p50", Statistic::Quantile(0.5)),
    ("p90", Statistic::Quantile(0.9)),
    ("p95", Statistic::Quantile(0.95)),
    ("p99", Statistic::Quantile(0.99)),
    ("p999", Statistic::Quantile(0.999)),
    ("sd", Statistic::Sd),
    ("scv", Statistic::Scv),
];

/// A one-parameter family of laws of scale 1.
pub(super) struct Shapes {
    /// The family's name.
    pub(super) family: &'static str,
    /// The name of its shape parameter.
    pub(super) native: &'static str,
    /// The shape with the lightest tail, close to a constant.
    pub(super) lightest: f64,
    /// The shape with the heaviest tail.
    pub(super) heaviest: f64,
    /// A statistic of the member with a shape; infinite where the law has none.
    pub(super) statistic: fn(f64, Statistic) -> f64,
}

/// The member of a family that has the two statistics given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Member {
    /// Its scale, in nanoseconds.
    pub(super) scale_ns: f64,
    /// Its shape.
    pub(super) shape: f64,
}

/// A statistic with its name and the value given for it.
#[derive(Clone, Copy)]
struct Known {
    name: &'static str,
    statistic: Statistic,
    value: f64,
}

/// How a target can be missed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Miss {
    /// Closer to a constant than the lightest member is.
    NoSpread,
    /// The ratio stays within these bounds.
    OutOfReach { low: f64, high: f64 },
}

impl Shapes {
    /// The member with the two values in `given`, which is checked: two statistics, or the shape
    /// and a time.
    pub(super) fn fit(&self, given: &Parameters) -> Result<Member, ParameterError> {
        let count = given.iter().count();
        if count != 2 {
            return self.miscounted(given, count);
        }
        let mut known = Vec::with_capacity(2);
        for (name, statistic) in STATISTICS {
            if let Some(value) = given.one(name) {
                known.push(Known { name, statistic, value: positive(name, value)? });
            }
        }
        match (known.as_slice(), given.one(self.native)) {
            (&[first, second], _) => self.fit_two(first, second),
            (&[one], Some(shape)) => self.fit_one(one, shape),
            _ => self.miscounted(given, count),
        }
    }

    fn miscounted(&self, given: &Parameters, count: usize) -> Result<Member, ParameterError> {
        let names = given.iter().map(|(name, _)| name);
        match count {
            0 => fail_all(format!("give two of mean, sd, scv, a percentile or {}", self.native)),
            1 => fail_all(format!(
                "{} alone leaves the spread or the scale open: give one more of mean, sd, scv, a \
                 percentile or {}",
                list(names, "and"),
                self.native,
            )),
            _ => fail_all(format!(
                "two values determine a {} law, and {} are {count}: keep two",
                self.family,
                list(names, "and"),
            )),
        }
    }

    /// From the shape itself and a time.
    fn fit_one(&self, known: Known, shape: f64) -> Result<Member, ParameterError> {
        let (low, high) = (self.lightest.min(self.heaviest), self.lightest.max(self.heaviest));
        if !(low..=high).contains(&shape) {
            let native = self.native;
            return fail(native, format!("{native} must be from {low} to {high}"));
        }
        if known.statistic == Statistic::Scv {
            return fail_all(format!(
                "scv and {} both set the shape: keep one of them and give mean or a percentile",
                self.native,
            ));
        }
        let unit = (self.statistic)(shape, known.statistic);
        if !unit.is_finite() {
            return fail(
                known.name,
                format!(
                    "a {} law with {} {shape} has no finite {}: give a percentile instead",
                    self.family, self.native, known.name,
                ),
            );
        }
        self.member(known, shape)
    }

    /// From two statistics, the first of which is a time and never the standard deviation unless
    /// the second is the squared coefficient of variation.
    fn fit_two(&self, first: Known, second: Known) -> Result<Member, ParameterError> {
        let is_quantile = |known: Known| matches!(known.statistic, Statistic::Quantile(_));
        if is_quantile(first) && is_quantile(second) && second.value < first.value {
            return fail(
                second.name,
                format!(
                    "{} is less than {}, and a higher percentile cannot be: swap or correct them",
                    second.name, first.name,
                ),
            );
        }
        let scale_free = second.statistic == Statistic::Scv;
        let (target, constant) = match second.statistic {
            Statistic::Scv => (second.value, 0.0),
            Statistic::Sd => (second.value / first.value, 0.0),
            _ => (second.value / first.value, 1.0),
        };
        let ratio = |shape: f64| {
            let above = (self.statistic)(shape, second.statistic);
            if scale_free { above } else { above / (self.statistic)(shape, first.statistic) }
        };
        match lightest_fit(ratio, self.lightest, self.heaviest, target, constant) {
            Ok(shape) => self.member(first, shape),
            Err(miss) => fail(second.name, self.explain(first, second, target, miss)),
        }
    }

    /// The member with this shape and the scale that makes a time what it is.
    fn member(&self, time: Known, shape: f64) -> Result<Member, ParameterError> {
        let scale_ns = time.value / (self.statistic)(shape, time.statistic);
        if scale_ns.is_finite() && scale_ns > 0.0 {
            Ok(Member { scale_ns, shape })
        } else {
            fail(time.name, format!("{} is too extreme for this tail", time.name))
        }
    }

    fn explain(&self, first: Known, second: Known, target: f64, miss: Miss) -> String {
        let (family, name) = (self.family, second.name);
        let times = |ratio: f64| match second.statistic {
            Statistic::Scv => short(ratio),
            _ => format!("{} times {}", short(ratio), first.name),
        };
        let limits = match miss {
            Miss::NoSpread => {
                return format!(
                    "{name} is {}, too close to a constant for a {family} law: use constant, or \
                     give more spread",
                    times(target),
                );
            }
            Miss::OutOfReach { high, .. } if target > high => {
                // Who wants a median above the mean does not want a heavier tail.
                let other = if high > 1.01 { "a family with a heavier tail" } else { "another" };
                format!("at most {}: lower {name}, or choose {other}", times(high))
            }
            Miss::OutOfReach { low, .. } => {
                format!("at least {}: raise {name}, or choose another", times(low))
            }
        };
        format!("{name} is {}, and in the {family} family it is {limits}", times(target))
    }
}

/// Four significant digits, for messages.
fn short(value: f64) -> String {
    let trim = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if value < 1e-99 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return "infinitely many".to_owned();
    }
    if !(1e-4..1e6).contains(&value) {
        let text = format!("{value:.3e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trim(mantissa));
    }
    let digits = (3.0 - libm::floor(libm::log10(value))).max(0.0) as usize;
    let text = format!("{value:.digits$}");
    if digits > 0 { trim(&text) } else { text }
}

/// Intervals between the lightest and the heaviest shape, equal on a logarithmic scale. The ratios
/// are smooth with a turning point or two, and turning points are sharpened, so few will do.
const CELLS: u32 = 64;

/// A point of the walk: the logarithm of a shape, and the ratio there.
type Point = (f64, f64);

/// The lightest shape at which `ratio` is `target`; a constant would have the ratio `constant`.
fn lightest_fit(
    ratio: impl Fn(f64) -> f64,
    lightest: f64,
    heaviest: f64,
    target: f64,
    constant: f64,
) -> Result<f64, Miss> {
    let at = |t: f64| -> Point { (t, ratio(libm::exp(t))) };
    let points = walk(&at, libm::log(lightest), libm::log(heaviest));
    let (low, high) = points
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(low, high), &(_, y)| (low.min(y), high.max(y)));
    let Some(&(_, first)) = points.first() else {
        return Err(Miss::OutOfReach { low: 0.0, high: 0.0 });
    };
    if (constant..first).contains(&target) || (target > first && target <= constant) {
        return Err(Miss::NoSpread);
    }
    let bracket = points.windows(2).find(|pair| (pair[0].1 - target) * (pair[1].1 - target) <= 0.0);
    bracket
        .map(|pair| libm::exp(bisect(&at, pair[0], pair[1], target)))
        .ok_or(Miss::OutOfReach { low, high })
}

/// Points from the lightest to the heaviest shape at which the ratio is finite, with every turning
/// point between them. Between neighbours, the ratio is monotone.
fn walk(at: &impl Fn(f64) -> Point, lightest: f64, heaviest: f64) -> Vec<Point> {
    let mut grid: Vec<Point> = Vec::new();
    for cell in 0..=CELLS {
        let share = f64::from(cell) / f64::from(CELLS);
        let point = at(lightest + (heaviest - lightest) * share);
        if point.1.is_finite() {
            grid.push(point);
            continue;
        }
        // Pareto laws lose their mean at shape 1, their variance at 2: up to there, then stop.
        if let Some(&last) = grid.last() {
            grid.push(last_finite(at, last, point.0));
        }
        break;
    }
    let mut points: Vec<Point> = grid.first().copied().into_iter().collect();
    for triple in grid.windows(3) {
        let (a, b, c) = (triple[0], triple[1], triple[2]);
        let turns = (b.1 - a.1) * (c.1 - b.1) < 0.0;
        points.push(if turns { turning_point(at, a.0, c.0, b.1 > a.1) } else { b });
    }
    points.extend(grid.get(1..).and_then(<[Point]>::last));
    points
}

/// The last point with a finite ratio between `finite` and the infinite one at `infinite`.
fn last_finite(at: &impl Fn(f64) -> Point, finite: Point, infinite: f64) -> Point {
    let (mut last, mut beyond) = (finite, infinite);
    for _ in 0..60 {
        let middle = at(f64::midpoint(last.0, beyond));
        if middle.1.is_finite() {
            last = middle;
        } else {
            beyond = middle.0;
        }
    }
    last
}

/// The highest (or lowest) point between `from` and `to`, by golden-section search (Kiefer, Proc.
/// AMS 4, 1953).
fn turning_point(at: &impl Fn(f64) -> Point, from: f64, to: f64, highest: bool) -> Point {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut from, mut to) = (from, to);
    let mut near = at(to - (to - from) * GOLDEN);
    let mut far = at(from + (to - from) * GOLDEN);
    for _ in 0..60 {
        if (near.1 > far.1) == highest {
            to = far.0;
            far = near;
            near = at(to - (to - from) * GOLDEN);
        } else {
            from = near.0;
            near = far;
            far = at(from + (to - from) * GOLDEN);
        }
    }
    near
}

/// Where between two points the ratio is `target`, to the last bit or so.
fn bisect(at: &impl Fn(f64) -> Point, from: Point, to: Point, target: f64) -> f64 {
    let rising = to.1 > from.1;
    let (mut from, mut to) = (from.0, to.0);
    for _ in 0..80 {
        let middle = f64::midpoint(from, to);
        if (at(middle).1 < target) == rising {
            from = middle;
        } else {
            to = middle;
        }
    }
    f64::midpoint(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_messages_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1e-16, "1e-16"),
            (0.012_345, "0.01235"),
            (0.5, "0.5"),
            (1.0, "1"),
            (14.9687, "14.97"),
            (100.0, "100"),
            (123_456.0, "123456"),
            (1.5e43, "1.5e43"),
            (f64::INFINITY, "infinitely many"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    /// A hump: rises from 1 at shape 1 to 2 at e, falls to 0 at e^3.
    fn hump(shape: f64) -> f64 {
        let x = libm::log(shape);
        if x < 1.0 { 1.0 + x } else { 3.0 - x }
    }

    #[test]
    fn the_first_crossing_wins_and_the_turning_point_is_reached() {
        let fit = |target| lightest_fit(hump, 1.0, libm::exp(3.0), target, 1.0);
        assert!((fit(1.5).unwrap() - libm::exp(0.5)).abs() < 1e-12);
        assert!((fit(0.5).unwrap() - libm::exp(2.5)).abs() < 1e-12);
        assert!((fit(1.999_999).unwrap() - libm::exp(0.999_999)).abs() < 1e-9);
        match fit(2.5) {
            Err(Miss::OutOfReach { low, high }) => {
                assert!(low.abs() < 1e-12 && (high - 2.0).abs() < 1e-9, "{low} to {high}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_closer_to_a_constant_than_any_member_is_told_apart() {
        let ratio = |shape: f64| 1.0 + shape;
        assert_eq!(lightest_fit(ratio, 0.1, 10.0, 1.05, 1.0), Err(Miss::NoSpread));
        assert!(lightest_fit(ratio, 0.1, 10.0, 1.2, 1.0).is_ok());
        let ratio = |shape: f64| 1.0 - shape;
        assert_eq!(lightest_fit(ratio, 0.1, 0.9, 0.95, 1.0), Err(Miss::NoSpread));
    }

    #[test]
    fn where_no_ratio_is_finite_nothing_is_reached() {
        let nothing = Err(Miss::OutOfReach { low: 0.0, high: 0.0 });
        assert_eq!(lightest_fit(|_| f64::NAN, 0.1, 10.0, 1.0, 0.0), nothing);
    }
}
