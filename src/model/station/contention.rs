//! Slowness that comes with concurrency: work gets in each other's way.

/// By which factor work takes longer, by the number of attempts that are worked on.
#[derive(Clone, Debug, PartialEq)]
pub enum Slowdown {
    /// The universal scalability law: N attempts are worked on at C(N) = N / (1 + alpha (N - 1) +
    /// beta N (N - 1)) times the rate of one, so that each takes N / C(N) times as long. C is largest
    /// at N = sqrt((1 - alpha) / beta). Gunther, A General Theory of Computational Scalability Based
    /// on Rational Functions, arXiv:0808.1431 (2008).
    Scalability {
        /// Contention: the share of work that only one can do at a time, 0 to 1.
        alpha: f64,
        /// Coherence: what keeping each pair in step costs, 0 to 1.
        beta: f64,
    },
    /// Straight lines between points (attempts worked on, factor); before the first and after the
    /// last, that point's factor. At least one point; attempts grow, factors are at least 0.01.
    Curve(Vec<(f64, f64)>),
}

/// How concurrency slows a station down.
#[derive(Clone, Debug, PartialEq)]
pub struct Contention {
    /// By how much.
    pub slowdown: Slowdown,
    /// Whether work keeps the factor that it began with, whoever comes or goes; otherwise the factor
    /// of all work changes with every attempt that is taken up or done.
    pub at_start: bool,
}

impl Contention {
    /// How many times as long work takes while `working` attempts are worked on, itself included.
    pub fn factor(&self, working: u32) -> f64 {
        let n = f64::from(working.max(1));
        match &self.slowdown {
            Slowdown::Scalability { alpha, beta } => 1.0 + alpha * (n - 1.0) + beta * n * (n - 1.0),
            Slowdown::Curve(points) => interpolated(points, n),
        }
    }
}

fn interpolated(points: &[(f64, f64)], n: f64) -> f64 {
    let next = points.partition_point(|&(attempts, _)| attempts <= n);
    let Some(&(high, top)) = points.get(next) else {
        return points.last().map_or(1.0, |&(_, factor)| factor);
    };
    let Some(&(low, bottom)) = next.checked_sub(1).and_then(|before| points.get(before)) else {
        return top;
    };
    bottom + (top - bottom) * (n - low) / (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contention(slowdown: Slowdown) -> Contention {
        Contention { slowdown, at_start: false }
    }

    /// With alpha 0.02 and beta 0.0005 the peak is at sqrt(0.98 / 0.0005) = 44.27, of 15.68.
    #[test]
    fn throughput_peaks_where_gunther_says() {
        let law = contention(Slowdown::Scalability { alpha: 0.02, beta: 0.0005 });
        let capacity = |n: u32| f64::from(n) / law.factor(n);
        assert!((capacity(1) - 1.0).abs() < 1e-12);
        assert!((capacity(44) - 15.68).abs() < 0.005);
        let best = (1..200).max_by(|&a, &b| capacity(a).total_cmp(&capacity(b)));
        assert_eq!(best, Some(44));
        // Without coherence it is Amdahl's law: 1 / (alpha + (1 - alpha) / N).
        let law = contention(Slowdown::Scalability { alpha: 0.1, beta: 0.0 });
        assert!((50.0 / law.factor(50) - 1.0 / (0.1 + 0.9 / 50.0)).abs() < 1e-12);
    }

    #[test]
    fn a_curve_is_straight_between_its_points_and_level_outside() {
        let curve = contention(Slowdown::Curve(vec![(2.0, 1.0), (10.0, 3.0), (20.0, 2.0)]));
        for (n, factor) in
            [(1, 1.0), (2, 1.0), (6, 2.0), (10, 3.0), (15, 2.5), (20, 2.0), (99, 2.0)]
        {
            assert!((curve.factor(n) - factor).abs() < 1e-12, "{n}: {}", curve.factor(n));
        }
    }
}
