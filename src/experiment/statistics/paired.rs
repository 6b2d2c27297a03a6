//! The difference of two figures on the same demand.

use super::estimate::{Estimate, variance};
use super::student::student_quantile;
use schemars::JsonSchema;
use serde::Serialize;

/// The difference of two figures, measured pair by pair on common random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Paired {
    /// After minus before, with the paired interval.
    pub difference: Estimate,
    /// Half the width that the interval would have if the two were independent (Welch's); absent if
    /// there are fewer than two pairs.
    pub unpaired_half_width: Option<f64>,
}

impl Paired {
    /// Of equally many values before and after, pair by pair (Law, section 10.2.1); `None` of
    /// nothing.
    ///
    /// # Panics
    /// If they are not equally many.
    pub fn of(before: &[f64], after: &[f64], level: f64) -> Option<Self> {
        assert_eq!(before.len(), after.len(), "pairs need both halves");
        let differences: Vec<f64> = before.iter().zip(after).map(|(b, a)| a - b).collect();
        let difference = Estimate::of(&differences, level)?;
        Some(Self { difference, unpaired_half_width: welch(before, after, level) })
    }

    /// How many times narrower pairing makes the interval; `None` if there is none, or if the pairs
    /// do not differ in their differences.
    pub fn gain(&self) -> Option<f64> {
        let paired = self.difference.half_width().filter(|half| *half > 0.0)?;
        Some(self.unpaired_half_width? / paired)
    }

    /// Whether the interval leaves zero out.
    pub fn is_real(&self) -> bool {
        match (self.difference.low, self.difference.high) {
            (Some(low), Some(high)) => low > 0.0 || high < 0.0,
            _ => false,
        }
    }
}

/// Half the width of Welch's interval of a difference of two independent means; the degrees of
/// freedom are rounded down.
fn welch(before: &[f64], after: &[f64], level: f64) -> Option<f64> {
    if before.len() < 2 {
        return None;
    }
    let n = before.len() as f64;
    let (u, v) = (variance(before) / n, variance(after) / n);
    if u + v == 0.0 {
        return Some(0.0);
    }
    let freedom = (u + v) * (u + v) / ((u * u + v * v) / (n - 1.0));
    let t = student_quantile(0.5 + level / 2.0, (freedom as u32).max(1));
    Some(t * libm::sqrt(u + v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_share_cancels() {
        let before = [10.0, 20.0, 30.0, 40.0];
        let after = [11.0, 21.5, 30.5, 41.0];
        let paired = Paired::of(&before, &after, 0.95).unwrap();
        assert!((paired.difference.mean - 1.0).abs() < 1e-12);
        // s = 0.408248, t(0.975; 3) = 3.182446.
        assert!((paired.difference.half_width().unwrap() - 0.649_61).abs() < 1e-4);
        assert!(paired.gain().unwrap() > 20.0 && paired.is_real());
    }

    #[test]
    fn of_equal_variances_welch_has_all_degrees_of_freedom() {
        let values = [1.0, 2.0, 3.0, 4.0];
        // t(0.975; 6) = 2.446912, variance 5/3 over 4, twice.
        let half = welch(&values, &values, 0.95).unwrap();
        assert!((half - 2.446_912 * (2.0_f64 * 5.0 / 12.0).sqrt()).abs() < 1e-5);
        assert!(!Paired::of(&values, &values, 0.95).unwrap().is_real());
    }
}
