//! A profile, piece by piece: on each, the factor is a line or a stretch of a sine.

use crate::engine::time::Span;
use crate::model::setup::Profile;
use core::f64::consts::TAU;

/// A sine is cut into so many pieces per period: on each, quadrature is exact to the last bits.
const PIECES_PER_PERIOD: f64 = 16.0;

/// Nodes and weights of the quadrature on [-1, 1] (Abramowitz & Stegun, table 25.4, n = 5).
const NODES: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

/// The integral of a function that is as smooth as those here, by Gauss-Legendre quadrature.
pub(super) fn quadrature(from: f64, to: f64, function: impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0);
    let part = |(node, weight): (f64, f64)| weight * function(middle + half * node);
    half * NODES.into_iter().map(part).sum::<f64>()
}

/// The factor from one time on, until another shape begins. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) until: f64,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// value at `from`, and how much it grows in a nanosecond.
    Line { from: f64, value: f64, slope: f64 },
    /// middle + amplitude * cos(speed * (t - peak)).
    Sine { middle: f64, amplitude: f64, speed: f64, peak: f64 },
}

impl Piece {
    fn level(value: f64, until: f64) -> Self {
        Self { until, shape: Shape::Line { from: 0.0, value, slope: 0.0 } }
    }

    /// The factor at a time of the piece.
    pub(super) fn at(&self, time: f64) -> f64 {
        match self.shape {
            Shape::Line { from, value, slope } => (value + slope * (time - from)).max(0.0),
            Shape::Sine { middle, amplitude, speed, peak } => {
                (middle + amplitude * libm::cos(speed * (time - peak))).max(0.0)
            }
        }
    }

    /// Whether it is the same all through the piece.
    pub(super) fn is_level(&self) -> bool {
        matches!(self.shape, Shape::Line { slope, .. } if slope == 0.0)
    }
}

fn line(from: (f64, f64), to: (f64, f64)) -> Piece {
    let slope = (to.1 - from.1) / (to.0 - from.0);
    Piece { until: to.0, shape: Shape::Line { from: from.0, value: from.1, slope } }
}

/// The piece that `time` lies in, its end excluded.
pub(super) fn piece(profile: &Profile, time: f64) -> Piece {
    match profile {
        Profile::Sine { low, high, peak, period } => {
            let period = period.as_ns() as f64;
            Piece {
                until: time + period / PIECES_PER_PERIOD,
                shape: Shape::Sine {
                    middle: f64::midpoint(*low, *high),
                    amplitude: (high - low) / 2.0,
                    speed: TAU / period,
                    peak: peak.as_ns() as f64,
                },
            }
        }
        Profile::Points { points, linear, repeat } => {
            let point = |(at, factor): (Span, f64)| (at.as_ns() as f64, factor);
            let turn = repeat.map(|repeat| repeat.as_ns() as f64);
            let start = turn.map_or(0.0, |turn| libm::floor(time / turn) * turn);
            let within = time - start;
            let next = points.partition_point(|&(at, _)| at.as_ns() as f64 <= within);
            let moved = |(at, factor): (f64, f64), by: f64| (at + by, factor);
            let (first, last) = (point(points[0]), point(points[points.len() - 1]));
            let before = match (next, turn) {
                (0, None) => return Piece::level(first.1, first.0),
                (0, Some(turn)) => moved(last, start - turn),
                (next, _) => moved(point(points[next - 1]), start),
            };
            let after = match (points.get(next), turn) {
                (Some(&after), _) => moved(point(after), start),
                (None, Some(turn)) => moved(first, start + turn),
                (None, None) => return Piece::level(last.1, f64::INFINITY),
            };
            // The last point may lie at the very end of a turn, where the next one's first lies.
            if *linear && after.0 > before.0 {
                line(before, after)
            } else {
                Piece::level(before.1, after.0)
            }
        }
    }
}

/// After how long it begins again.
pub(super) fn turn(profile: &Profile) -> Option<f64> {
    match profile {
        Profile::Sine { period, .. } => Some(period.as_ns() as f64),
        Profile::Points { repeat, .. } => repeat.map(|repeat| repeat.as_ns() as f64),
    }
}

/// The mean factor over a run, or over a turn if the run has several.
pub(in crate::model) fn mean(profile: &Profile, duration: Span) -> f64 {
    let end = duration.as_ns() as f64;
    let end = turn(profile).filter(|turn| 2.0 * turn < end).unwrap_or(end);
    let (mut at, mut sum) = (0.0, 0.0);
    while at < end {
        let piece = piece(profile, at);
        let until = piece.until.max(at + 1.0).min(end);
        sum += quadrature(at, until, |time| piece.at(time));
        at = until;
    }
    sum / end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(linear: bool, repeat: Option<u64>) -> Profile {
        let points = [(10, 1.0), (20, 3.0), (40, 0.0)];
        let points = points.iter().map(|&(at, factor)| (Span::from_ns(at), factor)).collect();
        Profile::Points { points, linear, repeat: repeat.map(Span::from_ns) }
    }

    fn values<const N: usize>(profile: &Profile, times: [f64; N]) -> [f64; N] {
        times.map(|time| piece(profile, time).at(time))
    }

    fn assert_near<const N: usize>(found: [f64; N], expected: [f64; N]) {
        let near = |(found, expected): (f64, f64)| (found - expected).abs() < 1e-12;
        assert!(found.into_iter().zip(expected).all(near), "{found:?} {expected:?}");
    }

    #[test]
    fn points_are_joined_or_stay_until_the_next() {
        let times = [0.0, 10.0, 15.0, 20.0, 30.0, 40.0, 90.0];
        let expected = [1.0, 1.0, 2.0, 3.0, 1.5, 0.0, 0.0];
        assert_near(values(&points(true, None), times), expected);
        let expected = [1.0, 1.0, 1.0, 3.0, 3.0, 0.0, 0.0];
        assert_near(values(&points(false, None), times), expected);
        assert_near([piece(&points(true, None), 12.0).until], [20.0]);
        assert!(piece(&points(true, None), 40.0).until.is_infinite());
    }

    /// From 0 at 40 the line leads to 1 at 60, where a turn of 50 has its first point again.
    #[test]
    fn a_repeated_profile_leads_into_its_next_turn() {
        let times = [0.0, 5.0, 10.0, 45.0, 50.0, 65.0, 115.0];
        assert_near(values(&points(true, Some(50)), times), [0.5, 0.75, 1.0, 0.25, 0.5, 2.0, 2.0]);
        let expected = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0];
        assert_near(values(&points(false, Some(50)), times), expected);
        // The end of the turn is the last point as well as the beginning of the next turn.
        let tight = points(true, Some(40));
        assert_near(values(&tight, [38.0, 40.0, 45.0, 50.0]), [0.3, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_sine_has_its_extremes_half_a_period_apart() {
        let span = Span::from_secs;
        let (peak, period) = (span(30), span(100));
        let sine = Profile::Sine { low: 0.2, high: 1.0, peak, period };
        let found = values(&sine, [30e9, 80e9, 130e9, 55e9]);
        assert_near(found, [1.0, 0.2, 1.0, 0.6]);
        assert_near([mean(&sine, span(1_000))], [0.6]);
        // Of the points: 1 for 10, 2 on average for 10, 1.5 for 20, and 0 for 10.
        assert_near([mean(&points(true, None), Span::from_ns(50))], [60.0 / 50.0]);
    }
}
