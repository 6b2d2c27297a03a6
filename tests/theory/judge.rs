//! When a case passes, and when it counts as tested.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Twenty replications of one figure.
pub(super) struct Sample {
    pub(super) mean: f64,
    standard_error: f64,
    count: usize,
}

impl Sample {
    /// Of one value per replication.
    pub(super) fn of(values: &[f64]) -> Self {
        let k = values.len() as f64;
        let mean = values.iter().sum::<f64>() / k;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self { mean, standard_error: (squares / (k - 1.0) / k).sqrt(), count: values.len() }
    }

    /// Half width of the confidence interval that leaves out a share 1 - `q` above.
    fn half_width(&self, q: f64) -> f64 {
        let t = StudentsT::new(0.0, 1.0, self.count as f64 - 1.0).expect("at least two values");
        t.inverse_cdf(q) * self.standard_error
    }

    /// Half width of the 95% confidence interval, as a share of the stated value.
    pub(super) fn relative_half_width(&self, expected: f64) -> f64 {
        let half = self.half_width(0.975);
        if half == 0.0 { 0.0 } else { half / expected.abs() }
    }

    /// Accepts the stated value if it is within the 99.9% interval and `delta`, the error of the
    /// statement itself.
    pub(super) fn accepts(&self, expected: f64, delta: f64) -> bool {
        (self.mean - expected).abs() <= self.half_width(0.9995) + delta
    }
}

#[test]
fn the_interval_is_student_s() {
    let sample = Sample::of(&[1.0, 2.0, 3.0, 4.0]);
    // t(0.975; 3) = 3.182446, s/sqrt(4) = 0.645497.
    assert!((sample.relative_half_width(1.0) - 3.182_446 * 0.645_497).abs() < 1e-5);
    assert!(sample.accepts(2.5 + 8.0, 0.0), "t(0.9995; 3) = 12.92");
    assert!(!sample.accepts(2.5 + 8.5, 0.0));
}
