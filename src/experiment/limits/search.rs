//! Stochastic bisection: where does something stop to hold, if every look is blurred by chance?

use schemars::JsonSchema;
use serde::Serialize;

/// What was found out at one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It holds, with confidence.
    Holds,
    /// It does not, with confidence.
    Fails,
    /// The interval still contained the bound when the replications were used up.
    Undecided,
}

/// A value that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tried {
    /// The load as a multiple, or a length in seconds.
    pub value: f64,
    /// What was found out.
    pub decision: Decision,
    /// How far from the bound it is, as a share of the bound; negative where it fails.
    pub margin: f64,
    /// Runs that it rests on.
    pub replications: u32,
}

/// Where to look, and how closely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Where to look first.
    pub start: f64,
    /// Nothing below is looked at.
    pub least: f64,
    /// Nothing above is looked at.
    pub most: f64,
    /// The first step away from the start, as a factor above 1; each step is twice as long as the
    /// last, on a logarithmic scale.
    pub step: f64,
    /// How narrow the interval is to be, as a share of its upper end.
    pub tolerance: f64,
}

/// Where the limit lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The highest value at which it holds with confidence; `None`: it holds nowhere.
    pub low: Option<f64>,
    /// The lowest value above it at which it fails with confidence; `None`: it fails nowhere.
    pub high: Option<f64>,
    /// Everything that was looked at, in that order.
    pub tried: Vec<Tried>,
}

/// No search looks at more values.
const MOST_VALUES: usize = 40;
/// How far from what is undecided the next value is, as a share of what may lie between the ends.
const PAD: f64 = 0.45;

/// Searches for the value up to which something holds, and above which it fails: exponential steps
/// until both sides are known, then bisection. A value that stays undecided is near the limit: the
/// interval is then narrowed from both sides. `judge` is told which margin is too small to matter.
///
/// # Errors
/// If `judge` has one.
pub fn search<E>(
    bounds: &Bounds,
    mut judge: impl FnMut(f64, Option<f64>) -> Result<Tried, E>,
) -> Result<Found, E> {
    let mut found = Found { low: None, high: None, tried: Vec::new() };
    let start = bounds.start.clamp(bounds.least, bounds.most);
    found.look(start, bounds.tolerance, &mut judge)?;
    let (mut value, mut step) = (start, bounds.step);
    while found.high.is_none() && value < bounds.most {
        value = (value * step).min(bounds.most);
        step *= step;
        found.look(value, bounds.tolerance, &mut judge)?;
    }
    (value, step) = (start, bounds.step);
    while found.low.is_none() && value > bounds.least {
        value = (value / step).max(bounds.least);
        step *= step;
        found.look(value, bounds.tolerance, &mut judge)?;
    }
    while found.tried.len() < MOST_VALUES
        && let Some(next) = found.next(bounds.tolerance)
    {
        found.look(next, bounds.tolerance, &mut judge)?;
    }
    Ok(found)
}

impl Found {
    fn look<E>(
        &mut self,
        value: f64,
        tolerance: f64,
        judge: &mut impl FnMut(f64, Option<f64>) -> Result<Tried, E>,
    ) -> Result<(), E> {
        let grain = self.grain(tolerance);
        self.tried.push(judge(value, grain)?);
        let values = |decision| {
            let so = self.tried.iter().filter(move |tried| tried.decision == decision);
            so.map(|tried| tried.value)
        };
        self.high = values(Decision::Fails).reduce(f64::min);
        // Above the first failure nothing counts, whatever chance or the system makes of it.
        let below = |value: &f64| self.high.is_none_or(|high| *value < high);
        self.low = values(Decision::Holds).filter(below).reduce(f64::max);
        Ok(())
    }

    /// The value to look at next; `None` if the interval is as narrow as it gets.
    fn next(&self, tolerance: f64) -> Option<f64> {
        let (low, high) = (self.low?, self.high?);
        let wanted = tolerance * high;
        if high - low <= wanted {
            return None;
        }
        let inside = self.tried.iter().map(|tried| tried.value).filter(|v| low < *v && *v < high);
        let (first, last) = inside.fold((high, low), |(a, b), v| (a.min(v), b.max(v)));
        if first > last {
            return Some(f64::midpoint(low, high));
        }
        // What lies between is undecided; so much room is left on either side of it.
        let room = wanted - (last - first);
        let (below, above) = (first - low, high - last);
        if room <= 0.0 {
            // Wider than wanted whatever comes: each side is halved until it hardly matters.
            return match below.max(above) {
                gap if gap <= wanted / 2.0 => None,
                gap if gap > above => Some(f64::midpoint(low, first)),
                _ => Some(f64::midpoint(last, high)),
            };
        }
        let pad = (PAD * room).max(wanted / 4.0);
        let far = |gap: f64| gap > pad * 1.1;
        match (far(below), far(above)) {
            (false, false) => None,
            (_, far_above) if below >= above || !far_above => Some(first - pad),
            _ => Some(last + pad),
        }
    }

    /// By how much the margin changes over a quarter of the tolerance: what no replication needs to
    /// make out more finely.
    fn grain(&self, tolerance: f64) -> Option<f64> {
        let (low, high) = (self.low?, self.high?);
        let margin = |value: f64| {
            let tried = self.tried.iter().rfind(|tried| tried.value.total_cmp(&value).is_eq());
            tried.map(|tried| tried.margin)
        };
        let slope = (margin(low)? - margin(high)?) / (high - low);
        Some((slope * tolerance * high / 4.0).max(0.0))
    }

    /// The best guess at the limit: where the margin is nil between two neighbours on either side.
    pub fn estimate(&self) -> Option<f64> {
        let (low, high) = (self.low?, self.high?);
        let mut near: Vec<&Tried> =
            self.tried.iter().filter(|tried| (low..=high).contains(&tried.value)).collect();
        near.sort_by(|a, b| a.value.total_cmp(&b.value));
        let crosses = |pair: &&[&Tried]| {
            let (a, b) = (pair[0].margin, pair[1].margin);
            a >= 0.0 && b <= 0.0 && a > b
        };
        let crossing = near.windows(2).find(crosses)?;
        let (a, b) = (crossing[0], crossing[1]);
        Some(a.value + (b.value - a.value) * a.margin / (a.margin - b.margin))
    }

    /// Runs that it took.
    pub fn runs(&self) -> u32 {
        self.tried.iter().map(|tried| tried.replications).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const BOUNDS: Bounds =
        Bounds { start: 1.0, least: 1.0 / 64.0, most: 64.0, step: 1.5, tolerance: 0.01 };

    /// Fails above `limit`, and cannot be decided within `blur` of it.
    fn judge(limit: f64, blur: f64) -> impl FnMut(f64, Option<f64>) -> Result<Tried, Infallible> {
        move |value, _| {
            let margin = limit - value;
            let decision = match margin {
                m if m.abs() < blur => Decision::Undecided,
                m if m > 0.0 => Decision::Holds,
                _ => Decision::Fails,
            };
            Ok(Tried { value, decision, margin, replications: 10 })
        }
    }

    #[test]
    fn the_limit_is_within_an_interval_as_narrow_as_asked() {
        for limit in [0.02, 0.37, 1.0, 1.7, 23.0, 60.0] {
            let found = search(&BOUNDS, judge(limit, 0.0)).unwrap();
            let (low, high) = (found.low.unwrap(), found.high.unwrap());
            assert!(low <= limit && limit <= high && high - low <= 0.01 * high, "{low} {high}");
            // The margin is linear, so the interpolation is exact.
            assert!((found.estimate().unwrap() - limit).abs() < 1e-9);
            assert!(found.tried.len() < 24, "{} looks", found.tried.len());
        }
    }

    #[test]
    fn what_stays_undecided_is_narrowed_from_both_sides() {
        let found = search(&BOUNDS, judge(1.7, 0.1)).unwrap();
        let (low, high) = (found.low.unwrap(), found.high.unwrap());
        // At best 1.6 to 1.8, and at most half of 1% of 1.8 on either side.
        assert!(low <= 1.6 && 1.8 <= high && high - low < 0.2 + 2.0 * 0.0091, "{low} {high}");
        assert!((found.estimate().unwrap() - 1.7).abs() < 1e-9);
    }

    #[test]
    fn one_undecided_value_leaves_an_interval_as_narrow_as_asked() {
        // Blurred by a quarter of the tolerance.
        for limit in [0.37, 1.0, 1.7, 23.0] {
            let found = search(&BOUNDS, judge(limit, 0.0025 * limit)).unwrap();
            let (low, high) = (found.low.unwrap(), found.high.unwrap());
            assert!(low <= limit && limit <= high && high - low <= 0.01 * high, "{low} {high}");
        }
    }

    #[test]
    fn a_limit_outside_of_the_bounds_has_one_end() {
        let all = search(&BOUNDS, judge(1000.0, 0.0)).unwrap();
        assert_eq!((all.low, all.high, all.estimate()), (Some(64.0), None, None));
        let none = search(&BOUNDS, judge(0.001, 0.0)).unwrap();
        assert_eq!((none.low, none.high, none.estimate()), (None, Some(1.0 / 64.0), None));
        assert!(all.tried.len() < 10 && none.tried.len() < 10);
    }
}
