//! Figures of one long run: how long it warms up, and what its batches say.

/// How many leading values to drop, so that what is left has the mean with the least standard error
/// (MSER: White, Simulation 1997); `None` if that is more than half of them: the run is too short.
///
/// Fed with means of batches of five observations it is MSER-5 (White, Cobb & Spratt 2000). Values
/// that are absent are batches without an observation, and are passed over.
pub fn mser(values: &[Option<f64>]) -> Option<usize> {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    let mut best: Option<(f64, usize)> = None;
    // From the back, so that each value is looked at once; of equal ones the earliest wins.
    for (dropped, value) in values.iter().enumerate().rev() {
        if let Some(value) = value {
            sum += value;
            squares += value * value;
            n += 1.0;
        }
        // The last few agree with each other by chance (Hoad, Robinson & Davies 2010).
        if n < 5.0 {
            continue;
        }
        let error = (squares - sum * sum / n).max(0.0) / (n * n);
        if best.is_none_or(|(least, _)| error <= least) {
            best = Some((error, dropped));
        }
    }
    best.map(|(_, dropped)| dropped).filter(|dropped| dropped * 2 <= values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl Iterator<Item = f64>) -> Vec<Option<f64>> {
        values.map(Some).collect()
    }

    #[test]
    fn a_steady_series_keeps_everything() {
        let steady = series((0..100).map(|i| f64::from(i % 7)));
        assert!(mser(&steady).unwrap() <= 7);
        assert_eq!(mser(&series((0..100).map(|_| 1.0))), Some(0));
    }

    #[test]
    fn a_transient_is_cut_off() {
        let rising = series((0..200).map(|i| f64::from(i.min(40)) + f64::from(i % 3)));
        let dropped = mser(&rising).unwrap();
        assert!((35..=50).contains(&dropped), "{dropped}");
    }

    #[test]
    fn a_series_that_never_settles_is_too_short() {
        assert_eq!(mser(&series((0..100).map(f64::from))), None);
        assert_eq!(mser(&[]), None);
    }
}
