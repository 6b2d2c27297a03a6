//! `series.csv`: one row per window, for spreadsheets and notebooks.
//!
//! The columns, in order:
//!
//! | column | meaning |
//! |---|---|
//! | `at_s` | start of the window, seconds since the start of the run |
//! | `clock` | the same as RFC 3339; empty without a wall clock |
//! | `offered_rps` | requests born, per second |
//! | `attempts_rps` | attempts sent, per second |
//! | `goodput_rps` | requests that succeeded, per second |
//! | `http_500_rps` ... `no_connection_rps` | requests that failed, per second, by outcome |
//! | `p50_ms`, `p95_ms`, `p99_ms` | latency of successes; empty if there were none |
//! | `in_flight` | requests in flight at the end of the window |
//! | `database_utilization` | occupied share of the database's connections; empty without one |
//! | `users_active`, `users_affected`, `users_unable` | people in the user window that contains `at_s` |
//! | `NAME.share`, `NAME.utilization`, `NAME.queue` | per backend: share of the window's attempts that reached a backend (empty if none did), occupied share of workers, waiting at the end |

use super::clock::Clock;
use crate::model::outcome::Outcome;
use crate::observe::result::{RunResult, SeriesRow, UserRow};

/// Columns before the outcomes.
const FIRST: [&str; 4] = ["at_s", "clock", "offered_rps", "attempts_rps"];
/// Columns between the outcomes and the backends.
const MIDDLE: [&str; 8] = [
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "in_flight",
    "database_utilization",
    "users_active",
    "users_affected",
    "users_unable",
];

fn header(result: &RunResult) -> Vec<String> {
    let outcome = |outcome: Outcome| match outcome {
        Outcome::Ok => "goodput_rps".to_owned(),
        failure => format!("{}_rps", failure.name()),
    };
    let backends = result.figures.backends.iter().flat_map(|backend| {
        ["share", "utilization", "queue"].map(|column| format!("{}.{column}", backend.name))
    });
    FIRST
        .map(str::to_owned)
        .into_iter()
        .chain(Outcome::ALL.map(outcome))
        .chain(MIDDLE.map(str::to_owned))
        .chain(backends)
        .collect()
}

/// A number without the noise of its last digits.
pub(super) fn number(value: f64) -> String {
    ((value * 1e6).round() / 1e6).to_string()
}

pub(super) fn or_empty<T>(value: Option<T>, text: impl Fn(T) -> String) -> String {
    value.map_or_else(String::new, text)
}

fn record(result: &RunResult, clock: &Clock, row: &SeriesRow) -> Vec<String> {
    // The last window ends with the run, perhaps early.
    let length = (result.duration_s - row.at_s).min(result.series.window_s);
    let rate =
        |count: u64| if length > 0.0 { number(count as f64 / length) } else { String::new() };
    let user_window = (row.at_s / result.series.user_window_s) as usize;
    let users: Option<&UserRow> = result.series.users.get(user_window);
    let people = |count: fn(&UserRow) -> u64| or_empty(users, |row| count(row).to_string());
    let reached: u64 = row.backends.iter().map(|backend| u64::from(backend.attempts)).sum();
    let mut fields = vec![
        number(row.at_s),
        clock.rfc3339(row.at_s).unwrap_or_default(),
        rate(row.offered),
        rate(row.attempts),
    ];
    fields.extend(row.outcomes.map(rate));
    fields.extend([row.p50_ms, row.p95_ms, row.p99_ms].map(|ms| or_empty(ms, number)));
    fields.push(row.in_flight.to_string());
    fields.push(or_empty(row.database_utilization, number));
    fields.extend([people(|row| row.active), people(|row| row.affected), people(|row| row.unable)]);
    for index in 0..result.figures.backends.len() {
        let backend = row.backends.get(index);
        let share = |attempts: u32| (reached > 0).then(|| f64::from(attempts) / reached as f64);
        fields.push(or_empty(backend.and_then(|backend| share(backend.attempts)), number));
        fields.push(or_empty(backend.map(|backend| backend.utilization), number));
        fields.push(or_empty(backend.map(|backend| backend.queue), |queue| queue.to_string()));
    }
    fields
}

/// A table as text. Every record is as long as the header.
pub(super) fn written(
    header: Vec<String>,
    records: impl IntoIterator<Item = Vec<String>>,
) -> String {
    const IN_MEMORY: &str = "records of equal length go into memory";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect(IN_MEMORY);
    for record in records {
        writer.write_record(record).expect(IN_MEMORY);
    }
    let bytes = writer.into_inner().expect("memory is always flushed");
    String::from_utf8(bytes).expect("every field is UTF-8")
}

/// The table as text, with a header.
pub fn series(result: &RunResult) -> String {
    let clock = Clock::of(result);
    written(header(result), result.series.rows.iter().map(|row| record(result, &clock, row)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_is_written_can_be_read_again() {
        let outage = sample::outage();
        let text = series(&outage);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|column| column == name).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), outage.series.rows.len());
        for (row, original) in rows.iter().zip(&outage.series.rows) {
            let field = |name: &str| row[column(name)].parse::<f64>();
            let goodput = field("goodput_rps").unwrap() * outage.series.window_s;
            assert!((goodput - original.outcomes[0] as f64).abs() < 1e-3);
            assert_eq!(field("p99_ms").is_ok(), original.p99_ms.is_some());
            let shares = (1..=10).map(|n| field(&format!("api-{n}.share")).unwrap());
            assert!((shares.sum::<f64>() - 1.0).abs() < 1e-5);
        }
        assert_eq!(&rows[7][column("clock")], "2024-08-10T13:51:10Z");
        let users = outage.series.users[1];
        assert_eq!(rows[7][column("users_active")], users.active.to_string());
    }

    #[test]
    fn the_header_is_stable() {
        let text = series(&sample::minute());
        let header = "at_s,clock,offered_rps,attempts_rps,goodput_rps,http_500_rps,http_502_rps,\
                      http_503_rps,http_504_rps,refused_rps,timeout_rps,breaker_open_rps,\
                      throttled_rps,withheld_rps,no_connection_rps,p50_ms,p95_ms,p99_ms,in_flight,\
                      database_utilization,users_active,users_affected,users_unable,\
                      api-1.share,api-1.utilization,api-1.queue,";
        assert!(text.starts_with(header), "{}", text.lines().next().unwrap());
    }

    #[test]
    fn without_successes_or_attempts_fields_are_empty() {
        let dead = sample::dead();
        let text = series(&dead);
        assert!(text.lines().nth(1).unwrap().contains(",,,"), "no p50, p95, p99");
        assert!(!text.contains("NaN") && !text.contains("inf,"));
    }
}
