//! Both sides over time: mean and interval of every stretch of the run, over replications.

use crate::experiment::statistics::{Estimate, LEVEL};
use crate::model::outcome::Outcome;
use crate::observe::result::{RunResult, Series, SeriesRow, UserRow};

/// Of so many replications the course is kept: memory does not grow with their number.
pub const KEPT: u32 = 32;
/// At most so many stretches: more are a blur in a picture.
const MOST: usize = 240;

/// Values of one run: the middle of each stretch, seconds since the start, and its value if it has one.
type Values = Vec<(f64, Option<f64>)>;

/// One run over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trail {
    goodput: Values,
    p99: Values,
    affected: Values,
}

/// All runs of one side over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Requests succeeded per second.
    pub goodput: Vec<Moment>,
    /// 99th percentile of the latency of successes, milliseconds: mean over the windows of the stretch.
    pub p99: Vec<Moment>,
    /// Share of active users who are affected.
    pub affected: Vec<Moment>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Its middle, seconds since the start.
    pub at_s: f64,
    /// Mean over replications with its interval; `None` if none has a value.
    pub value: Option<Estimate>,
}

impl Trail {
    pub(super) fn of(result: &RunResult) -> Self {
        let Series { window_s, rows, user_window_s, users } = &result.series;
        let end = result.duration_s;
        let goodput = |rows: &[SeriesRow], length: f64| {
            let good: u64 = rows.iter().map(|row| row.outcomes[Outcome::Ok.index()]).sum();
            Some(good as f64 / length)
        };
        let p99 = |rows: &[SeriesRow], _: f64| {
            let values: Vec<f64> = rows.iter().filter_map(|row| row.p99_ms).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let affected = |rows: &[UserRow], _: f64| {
            let (affected, active) =
                rows.iter().fold((0, 0), |sum, row| (sum.0 + row.affected, sum.1 + row.active));
            (active > 0).then(|| affected as f64 / active as f64)
        };
        Self {
            goodput: stretches(rows, *window_s, end, goodput),
            p99: stretches(rows, *window_s, end, p99),
            affected: stretches(users, *user_window_s, end, affected),
        }
    }
}

/// The middle of each stretch with its value; `read` is given its windows and its length in seconds.
fn stretches<T>(
    rows: &[T],
    window_s: f64,
    end: f64,
    read: impl Fn(&[T], f64) -> Option<f64>,
) -> Values {
    let factor = rows.len().div_ceil(MOST).max(1);
    let stretch = |(number, rows): (usize, &[T])| {
        let from = (number * factor) as f64 * window_s;
        // The last window may be cut short by the end of the run.
        let until = (from + rows.len() as f64 * window_s).min(end.max(from));
        let length = until - from;
        (f64::midpoint(from, until), if length > 0.0 { read(rows, length) } else { None })
    };
    rows.chunks(factor).enumerate().map(stretch).collect()
}

impl Course {
    pub(super) fn of(trails: &[Trail]) -> Self {
        let join = |read: fn(&Trail) -> &Values| {
            let lists: Vec<_> = trails.iter().map(read).collect();
            let moment = |(place, &(at_s, _)): (usize, &(f64, Option<f64>))| {
                let values: Vec<f64> = lists.iter().filter_map(|list| list.get(place)?.1).collect();
                Moment { at_s, value: Estimate::of(&values, LEVEL) }
            };
            lists.first().map(|list| list.iter().enumerate().map(moment).collect())
        };
        Self {
            goodput: join(|trail| &trail.goodput).unwrap_or_default(),
            p99: join(|trail| &trail.p99).unwrap_or_default(),
            affected: join(|trail| &trail.affected).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_joined_until_they_can_be_seen() {
        let rows: Vec<u64> = (0..1_201).collect();
        let sum = |rows: &[u64], length: f64| Some(rows.iter().sum::<u64>() as f64 / length);
        // The last of the windows of 2 s ends at 2401 s, half way.
        let found = stretches(&rows, 2.0, 2_401.0, sum);
        assert_eq!(found.len(), 1_201_usize.div_ceil(6));
        assert_eq!(found[0], (6.0, Some(15.0 / 12.0)));
        assert_eq!(*found.last().unwrap(), (2_400.5, Some(1_200.0)));
    }

    #[test]
    fn a_moment_is_the_mean_over_runs() {
        let trail =
            |value| Trail { goodput: vec![(0.5, Some(value)), (1.5, None)], ..Trail::default() };
        let course = Course::of(&[trail(1.0), trail(3.0)]);
        assert!((course.goodput[0].value.unwrap().mean - 2.0).abs() < 1e-12);
        assert_eq!(course.goodput[1], Moment { at_s: 1.5, value: None });
        assert_eq!(course.p99, []);
    }
}
