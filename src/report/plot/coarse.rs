//! Windows joined until each is wide enough to see.

use crate::observe::result::{BackendRow, Series, SeriesRow};

/// More windows than this across a plot are a blur.
const MOST: usize = 330;

/// The counts of a series in windows that are a multiple as long. Latencies are left out: quantiles
/// of joined windows do not follow from theirs.
pub(super) fn coarse(series: &Series) -> Series {
    let factor = series.rows.len().div_ceil(MOST).max(1);
    Series {
        window_s: series.window_s * factor as f64,
        rows: series.rows.chunks(factor).map(joined).collect(),
        ..Series::default()
    }
}

fn joined(rows: &[SeriesRow]) -> SeriesRow {
    let mut sum = SeriesRow { at_s: rows[0].at_s, ..SeriesRow::default() };
    for row in rows {
        sum.offered += row.offered;
        sum.attempts += row.attempts;
        for (sum, count) in sum.outcomes.iter_mut().zip(row.outcomes) {
            *sum += count;
        }
        sum.backends.resize(sum.backends.len().max(row.backends.len()), BackendRow::default());
        for (sum, backend) in sum.backends.iter_mut().zip(&row.backends) {
            sum.attempts = sum.attempts.saturating_add(backend.attempts);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn joining_windows_keeps_every_count() {
        let fine = sample::outage().series;
        let coarse = coarse(&fine);
        assert!(coarse.rows.len() <= MOST && coarse.window_s > fine.window_s);
        let sums = |series: &Series| {
            series.rows.iter().fold((0, 0, 0), |sum, row| {
                let backends: u64 =
                    row.backends.iter().map(|backend| u64::from(backend.attempts)).sum();
                (sum.0 + row.offered, sum.1 + row.outcomes.iter().sum::<u64>(), sum.2 + backends)
            })
        };
        assert_eq!(sums(&fine), sums(&coarse));
    }
}
