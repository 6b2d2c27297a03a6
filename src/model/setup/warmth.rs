//! How a process that has just started gets up to speed.

use crate::engine::time::Span;

/// Slowness after a start: work takes so many times as long, in equal steps that end at full speed.
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
            let left = |step| f64::from(STEPS - step) / f64::from(STEPS);
            (0..STEPS).map(move |step| to + (from - to) * left(step)).collect::<Vec<f64>>()
        };
        Self { factors: points.iter().zip(ends).flat_map(line).collect(), fades }
    }

    /// What the factor is above 1 decays exponentially; `constant`: to 1/e of it.
    pub fn exponential(slowdown: f64, constant: Fading) -> Self {
        let left = |step: u32| libm::exp(-f64::from(step) / f64::from(STEPS));
        let factor = |step| 1.0 + (slowdown - 1.0) * left(step);
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
        assert!(close(curve.factor(0).unwrap(), 8.0));
        assert!(close(curve.factor(5).unwrap(), 5.0));
        assert!(close(curve.factor(10).unwrap(), 2.0));
        assert!(close(curve.factor(19).unwrap(), 1.1));
        assert_eq!(curve.factor(20), None);
        // Two served attempts a step.
        assert_eq!([0, 1, 2, 39, 40].map(|n| curve.step_after(n)), [0, 0, 1, 19, 20].map(Some));
        let decay = ColdStart::exponential(5.0, Fading::Over(Span::from_secs(10)));
        assert!(close(decay.factor(0).unwrap(), 5.0));
        assert!(close(decay.factor(10).unwrap(), 1.0 + 4.0 / std::f64::consts::E));
        assert_eq!(decay.step_time(), Some(Span::from_secs(1)));
        assert_eq!((decay.factor(49).is_some(), decay.factor(50)), (true, None));
    }
}
