//! How a process that has just started gets up to speed.

use crate::engine::time::Span;

/// Slowness after a start: work takes so many times as long, in equal steps that end at full speed. In each
/// a busy worker does as much as it would along the curve: 1/factor, integrated over time, or with the
/// same number of requests takes as long as they would.
#[derive(Clone, Debug, PartialEq)]
pub struct ColdStart {
    /// The factor in each step; at least one.
    factors: Vec<f64>,
    /// What the steps are made of, all together.
    pub fades: Fading,
}

/// What makes a cold process warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fading {
    /// Time since it began to accept connections.
    Over(Span),
    /// Attempts it has served: a cache that they fill.
    Requests(u32),
}

impl Fading {
    /// The factor of a step in which it goes from one to the other along a line: the mean of the two
    /// where requests make the steps; where time does, the reciprocal of the mean of 1/factor, which is
    /// ln(from / to) / (from - to).
    fn over_line(self, from: f64, to: f64) -> f64 {
        let is_flat = (from - to).abs() < 1e-6 * to;
        match self {
            Self::Over(_) if !is_flat => (from - to) / libm::log(from / to),
            _ => f64::midpoint(from, to),
        }
    }
}

/// Steps from one point of a curve to the next, and in one constant of a decay.
const STEPS: u32 = 10;
/// A decay is over after so many of its constants: what is left is below 1% of what there was.
const CONSTANTS: u32 = 5;

impl ColdStart {
    /// The factor falls from `slowdown` to 1 along a line.
    pub fn linear(slowdown: f64, fades: Fading) -> Self {
        Self::curve(&[slowdown], fades)
    }

    /// The factor goes through `points`, which lie equally far apart, and from the last of them to 1,
    /// along lines.
    pub fn curve(points: &[f64], fades: Fading) -> Self {
        let ends = points.iter().skip(1).copied().chain(std::iter::once(1.0));
        let line = |(&from, to): (&f64, f64)| {
            let at = move |step| to + (from - to) * f64::from(STEPS - step) / f64::from(STEPS);
            (0..STEPS).map(move |step| fades.over_line(at(step), at(step + 1))).collect::<Vec<_>>()
        };
        Self { factors: points.iter().zip(ends).flat_map(line).collect(), fades }
    }

    /// What the factor is above 1 decays exponentially; `constant`: to 1/e of it.
    pub fn exponential(slowdown: f64, constant: Fading) -> Self {
        let above = slowdown - 1.0;
        let ends = |step: u32| {
            let at = |step: u32| f64::from(step) / f64::from(STEPS);
            (at(step), at(step + 1))
        };
        let factor = |step: u32| {
            let (from, to) = ends(step);
            match constant {
                // The mean over the step of 1 + a e^-x is 1 + a (e^-from - e^-to) / (to - from),
                Fading::Requests(_) => {
                    1.0 + above * (libm::exp(-from) - libm::exp(-to)) / (to - from)
                }
                // and the integral of 1 / (1 + a e^-x) is ln(e^x + a).
                Fading::Over(_) => {
                    let integral = |x: f64| libm::log(libm::exp(x) + above);
                    (to - from) / (integral(to) - integral(from))
                }
            }
        };
        let fades = match constant {
            Fading::Over(span) => Fading::Over(span.scaled(f64::from(CONSTANTS))),
            Fading::Requests(n) => Fading::Requests(n.saturating_mul(CONSTANTS)),
        };
        Self { factors: (0..STEPS * CONSTANTS).map(factor).collect(), fades }
    }

    /// The factor in a step, from 0; `None` when it is over.
    pub fn factor(&self, step: u32) -> Option<f64> {
        self.factors.get(step as usize).copied()
    }

    /// How long a step takes, if time makes it warm.
    pub fn step_time(&self) -> Option<Span> {
        match self.fades {
            Fading::Over(span) => Some(span.scaled(1.0 / self.factors.len() as f64)),
            Fading::Requests(_) => None,
        }
    }

    /// In which step it is after so many served attempts, if they make it warm.
    pub fn step_after(&self, served: u32) -> Option<u32> {
        match self.fades {
            Fading::Over(_) => None,
            Fading::Requests(all) => {
                let steps = self.factors.len() as u64;
                Some((u64::from(served) * steps / u64::from(all.max(1))) as u32)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn curves_go_through_their_points_and_end_at_full_speed() {
        let curve = ColdStart::curve(&[8.0, 2.0], Fading::Requests(40));
        // Halfway through the first step of ten, and so on.
        assert!(close(curve.factor(0).unwrap(), 7.7));
        assert!(close(curve.factor(5).unwrap(), 4.7));
        assert!(close(curve.factor(10).unwrap(), 1.95));
        assert!(close(curve.factor(19).unwrap(), 1.05));
        assert_eq!(curve.factor(20), None);
        // Two served attempts a step.
        assert_eq!([0, 1, 2, 39, 40].map(|n| curve.step_after(n)), [0, 0, 1, 19, 20].map(Some));
        let decay = ColdStart::exponential(5.0, Fading::Over(Span::from_secs(10)));
        assert_eq!(decay.step_time(), Some(Span::from_secs(1)));
        assert_eq!((decay.factor(49).is_some(), decay.factor(50)), (true, None));
    }

    /// Along a line from s to 1 over T, a worker does T ln(s) / (s - 1) of work; with N requests of work w it
    /// takes N w (s + 1) / 2. A decay with constant c: by t = 5 c it does c ln((e^5 + s - 1) / s); N requests
    /// take N w (1 + (s - 1) (1 - e^-5) / 5).
    #[test]
    fn steps_do_the_work_of_the_curve() {
        let ten = Span::from_secs(10);
        let work = |cold: &ColdStart| {
            let factors = (0..).map_while(|step| cold.factor(step));
            factors.map(|factor| cold.step_time().unwrap().as_secs_f64() / factor).sum::<f64>()
        };
        let mean = |cold: &ColdStart| {
            let factors: Vec<f64> = (0..).map_while(|step| cold.factor(step)).collect();
            factors.iter().sum::<f64>() / factors.len() as f64
        };
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        for s in [0.5_f64, 10.0, 100.0, 1000.0] {
            let line = work(&ColdStart::linear(s, Fading::Over(ten)));
            assert!(near(line, 10.0 * libm::log(s) / (s - 1.0)), "{s}: {line}");
            let decay = work(&ColdStart::exponential(s, Fading::Over(ten)));
            let expected = 10.0 * libm::log((libm::exp(5.0) + s - 1.0) / s);
            assert!(near(decay, expected), "{s}: {decay} {expected}");
            assert!(near(mean(&ColdStart::linear(s, Fading::Requests(9))), f64::midpoint(s, 1.0)));
            let decay = mean(&ColdStart::exponential(s, Fading::Requests(9)));
            assert!(near(decay, 1.0 + (s - 1.0) * (1.0 - libm::exp(-5.0)) / 5.0));
        }
        assert_eq!(ColdStart::linear(1.0, Fading::Over(ten)).factor(3), Some(1.0));
    }
}
