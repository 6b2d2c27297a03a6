//! A figure on both sides, and what its difference is worth.

use super::result::{Direction, Figure, Meaning};
use crate::experiment::statistics::estimate::{mean, variance};
use crate::experiment::statistics::student::{student_above, student_quantile};
use crate::experiment::statistics::{Estimate, LEVEL, Paired};
use crate::observe::metric::Unit;

/// Beginnings of names of figures of which users want less.
const LESS: [&str; 9] = [
    "requests.failed",
    "requests.slow",
    "requests.amplification",
    "failures.",
    "latency.",
    "users.",
    "recovery.after",
    "recovery.amplification",
    "database.waiting",
];
/// The same of which they want more.
const MORE: [&str; 2] = ["requests.goodput", "requests.succeeded"];

/// One figure's values, one per replication, before and after.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) before: Vec<Option<f64>>,
    pub(super) after: Vec<Option<f64>>,
}

impl Values {
    /// Replications with a value on both sides.
    pub(super) fn pairs(&self) -> (Vec<f64>, Vec<f64>) {
        let both = self.before.iter().zip(&self.after).filter_map(|(b, a)| b.zip(*a));
        both.unzip()
    }

    /// How many replications have a value after the change.
    pub(super) fn seen_after(&self) -> usize {
        self.after.iter().flatten().count()
    }

    fn unpaired(&self) -> u32 {
        let one = |(b, a): &(&Option<f64>, &Option<f64>)| b.is_some() != a.is_some();
        self.before.iter().zip(&self.after).filter(one).count() as u32
    }
}

/// A figure; whether its difference remains real among others is found out by [`correct`].
pub(super) fn figure(
    name: &str,
    unit: Unit,
    values: &Values,
    sides: [Option<Estimate>; 2],
) -> Figure {
    let (before, after) = values.pairs();
    let difference = Paired::of(&before, &after, LEVEL);
    let meaning = match &difference {
        Some(_) if before.len() < 2 => Meaning::Unknown,
        Some(_) if before == after && values.unpaired() == 0 => Meaning::Equal,
        Some(paired) if paired.is_real() => Meaning::Real,
        Some(_) => Meaning::Noise,
        None => Meaning::Unknown,
    };
    let [estimate_before, estimate_after] = sides;
    Figure {
        name: name.to_owned(),
        unit,
        before: estimate_before,
        after: estimate_after,
        pairs: before.len() as u32,
        unpaired: values.unpaired(),
        relative: relative(&before, &after, LEVEL),
        gain: difference.and_then(|paired| paired.gain()),
        p: difference.and_then(|paired| probability(&paired.difference)),
        direction: match (&difference, meaning) {
            (Some(paired), Meaning::Real) => direction(name, paired.difference.mean),
            _ => Direction::None,
        },
        difference,
        meaning,
        remains: false,
    }
}

/// The probability of a mean at least as far from zero, if the true one were zero.
fn probability(difference: &Estimate) -> Option<f64> {
    let half = difference.half_width()?;
    let freedom = difference.n.checked_sub(1).filter(|freedom| *freedom > 0)?;
    if half == 0.0 {
        return Some(if difference.mean == 0.0 { 1.0 } else { 0.0 });
    }
    let error = half / student_quantile(0.5 + LEVEL / 2.0, freedom);
    Some(2.0 * student_above(difference.mean.abs() / error, f64::from(freedom)))
}

/// The ratio of the means of pairs less one, with Fieller's interval (Fieller, J. R. Statist. Soc. B
/// 1954): every ratio r at which the mean of after - r before is zero within its uncertainty. `None` if
/// what was before is not positive, or zero within its own.
fn relative(before: &[f64], after: &[f64], level: f64) -> Option<Estimate> {
    let n = before.len() as u32;
    if n < 2 {
        return None;
    }
    let (b, a) = (mean(before), mean(after));
    let t = student_quantile(0.5 + level / 2.0, n - 1);
    let scale = t * t / f64::from(n);
    let both: f64 = before.iter().zip(after).map(|(x, y)| (x - b) * (y - a)).sum();
    let covariance = both / (f64::from(n) - 1.0);
    let denominator = b * b - scale * variance(before);
    if b <= 0.0 || denominator <= 0.0 {
        return None;
    }
    let middle = a * b - scale * covariance;
    let last = a * a - scale * variance(after);
    let root = libm::sqrt((middle * middle - denominator * last).max(0.0));
    let share = |root: f64| (middle + root) / denominator - 1.0;
    let same = before == after;
    Some(Estimate {
        mean: a / b - 1.0,
        low: Some(if same { 0.0 } else { share(-root) }),
        high: Some(if same { 0.0 } else { share(root) }),
        n,
    })
}

fn direction(name: &str, difference: f64) -> Direction {
    let begins = |list: &[&str]| list.iter().any(|beginning| name.starts_with(beginning));
    match (begins(&LESS), begins(&MORE), difference > 0.0) {
        (true, _, false) | (_, true, true) => Direction::Better,
        (true, _, true) | (_, true, false) => Direction::Worse,
        (_, _, true) => Direction::Higher,
        (_, _, false) => Direction::Lower,
    }
}

/// Says which differences remain real although so many are tested at once, and how many are: the
/// smallest p is held against the level over their number, the next one against the level over one
/// less, and so on until the first that misses it (Holm, Scand. J. Statist. 1979).
pub(super) fn correct(figures: &mut [Figure]) -> u32 {
    let tested = |figure: &Figure| matches!(figure.meaning, Meaning::Real | Meaning::Noise);
    let p = |figure: &Figure| figure.p.unwrap_or(1.0);
    let mut order: Vec<usize> = (0..figures.len()).filter(|&n| tested(&figures[n])).collect();
    order.sort_by(|&a, &b| p(&figures[a]).total_cmp(&p(&figures[b])));
    let count = order.len();
    for (rank, &place) in order.iter().enumerate() {
        if p(&figures[place]) > (1.0 - LEVEL) / (count - rank) as f64 {
            break;
        }
        figures[place].remains = true;
    }
    count as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &[Option<f64>], after: &[Option<f64>]) -> Figure {
        let values = Values { before: before.to_vec(), after: after.to_vec() };
        figure("latency.p99", Unit::Milliseconds, &values, [None, None])
    }

    #[test]
    fn differences_are_real_noise_or_none() {
        let some = |values: [f64; 4]| values.map(Some).to_vec();
        let before = some([10.0, 20.0, 30.0, 40.0]);
        let real = of(&before, &some([11.0, 21.5, 30.5, 41.0]));
        assert_eq!((real.meaning, real.direction), (Meaning::Real, Direction::Worse));
        let noise = of(&before, &some([9.0, 21.0, 29.0, 41.0]));
        assert_eq!((noise.meaning, noise.direction), (Meaning::Noise, Direction::None));
        assert_eq!(of(&before, &before).meaning, Meaning::Equal);
        assert_eq!(of(&before, &before).p, Some(1.0));
    }

    #[test]
    fn what_one_side_lacks_is_left_out_and_counted() {
        let figure = of(&[Some(1.0), None, Some(3.0), None], &[Some(2.0), Some(2.0), None, None]);
        assert_eq!((figure.pairs, figure.unpaired), (1, 2));
        assert_eq!(figure.meaning, Meaning::Unknown);
        let figure = of(&[Some(1.0), Some(1.0), Some(1.0)], &[Some(1.0), Some(1.0), None]);
        assert_eq!(figure.meaning, Meaning::Noise, "equal where it is, but not everywhere");
    }

    #[test]
    fn the_probability_is_student_s() {
        // t = 1 / (0.408248 / 2) = 4.898979 with 3 degrees of freedom: p = 0.016276.
        let some = |values: [f64; 4]| values.map(Some).to_vec();
        let figure = of(&some([10.0, 20.0, 30.0, 40.0]), &some([11.0, 21.5, 30.5, 41.0]));
        assert!((figure.p.unwrap() - 0.016_276).abs() < 1e-5, "{:?}", figure.p);
    }

    /// At either end of Fieller's interval the paired interval of after - r before touches zero.
    #[test]
    fn the_relative_interval_is_where_no_difference_is_left() {
        let before = [10.0, 12.0, 9.0, 11.0, 10.5];
        let after = [12.0, 15.0, 10.0, 14.0, 12.5];
        let relative = relative(&before, &after, 0.95).unwrap();
        assert!((relative.mean - (63.5 / 52.5 - 1.0)).abs() < 1e-12);
        for (end, is_low) in [(relative.low.unwrap(), true), (relative.high.unwrap(), false)] {
            let scaled: Vec<f64> = before.iter().map(|b| b * (1.0 + end)).collect();
            let paired = Paired::of(&scaled, &after, 0.95).unwrap().difference;
            let touching = if is_low { paired.low } else { paired.high };
            assert!(touching.unwrap().abs() < 1e-9, "{end}: {paired:?}");
        }
        assert_eq!(super::relative(&[0.0, 1.0], &[1.0, 1.0], 0.95), None, "zero, for all we know");
    }

    /// Holm's own steps: 0.01 <= 0.05/4, 0.013 <= 0.05/3, 0.03 > 0.05/2, and nothing after it.
    #[test]
    fn holm_stops_at_the_first_that_misses() {
        let mut figures: Vec<Figure> = [0.03, 0.01, 0.04, 0.013, 1.0]
            .into_iter()
            .map(|p| {
                let meaning = if p < 1.0 { Meaning::Real } else { Meaning::Equal };
                Figure { p: Some(p), meaning, ..of(&[], &[]) }
            })
            .collect();
        assert_eq!(correct(&mut figures), 4);
        let remain: Vec<bool> = figures.iter().map(|figure| figure.remains).collect();
        assert_eq!(remain, [false, true, false, true, false]);
    }
}
