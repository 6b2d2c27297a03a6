//! docs/validation.md: every row.

use super::case::Case;
use super::judge::Row;
use super::known;
use std::fmt::Write as _;

const HEAD: &str = "# The model against real balancers

HAProxy 2.6.12, nginx 1.22.1 and Envoy 1.40.0, each in front of four or five servers that wait for a drawn time, were
measured under load and in failure; `tests/data/real/README.md` says how. Each case's own configuration file
is read by a converter (`tests/real/`) into a scenario of that vendor's dialect, without any parameter that is
fitted, and simulated thirty times. A row compares the mean of the measured repetitions with the band:

- shares of outcomes: 2 percentage points about the predicted mean, or 3 standard deviations of the repetitions;
- shares of the servers: 1.5 percentage points;
- latencies of successes (mean, p50, p90, p99): the 99% prediction interval of a mean of so many runs, widened by 5%
  of its centre, p99 by 8%. What the balancer and the servers' timers cost (their medians, about 0.3 ms, are in
  the measurements) is added to every predicted latency;
- the median time to a failure: the same as a median latency's band, and a millisecond;
- the time at which a server gets requests again: one second, the interval of the checks.

This page is the output of `cargo run --release --example validation > docs/validation.md`;
`cargo test real` fails if a row leaves its band.
";

/// The page.
pub(crate) fn write(cases: &[(&Case, Vec<Row>)]) -> String {
    let mut text = HEAD.to_owned();
    let rows = cases.iter().flat_map(|(_, rows)| rows);
    let (all, held) = (rows.clone().count(), rows.filter(|row| row.holds()).count());
    write!(text, "\n**{held} of {all} rows of {} cases are within their bands.**\n", cases.len())
        .expect("a string takes everything");
    for (case, rows) in cases {
        write!(
            text,
            "\n## {}: {}\n\n| window | figure | measured | predicted | band | |\n\
             |---|---|---:|---:|---:|---|\n",
            case.name, case.description
        )
        .expect("a string takes everything");
        for row in rows {
            text += &line(&case.name, row);
        }
        for (_, reason) in known::of(&case.name) {
            write!(text, "\n{reason}\n").expect("a string takes everything");
        }
    }
    text
}

fn line(case: &str, row: &Row) -> String {
    let verdict = match row.holds() {
        true => "within",
        false if known::contains(case, &row.name()) => "outside, see below",
        false => "**outside**",
    };
    format!(
        "| {} | {} | {:.2} ± {:.2} | {:.2} | {:.2} to {:.2} | {verdict} |\n",
        row.window,
        row.figure,
        row.measured.0,
        row.measured.1,
        row.predicted,
        row.band.0,
        row.band.1
    )
}
