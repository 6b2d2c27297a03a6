//! The study as a section of `docs/validation.md`.

use super::study::{self, PAIRS, Row, Study};
use misroute::experiment::statistics::Paired;
use std::fmt::Write;

const HEAD: &str = "
# What 95% means

Intervals of confidence, where the truth is known: queues of exponential arrivals and service, through
scenario files, with the warm-up found out. Each row counts in how many independent experiments the 95% interval
contains the true value; by chance alone that share has a standard deviation of 1.1 points.
`MISROUTE_SLOW=1 cargo test --test all coverage` asserts 92% to 97.5% of replications and pairs.

";

const TABLE: &str =
    "| model | figure | true | mean estimate | half width | experiments | contain it |
|---|---|---:|---:|---:|---:|---:|
";

/// The section, from so many experiments.
pub(crate) fn page(experiments: u64) -> String {
    let study = Study::run(experiments);
    let mut page = HEAD.to_owned();
    section(&mut page, "Ten replications: mean and Student's t", &study.replicated);
    section(&mut page, "Differences of ten pairs on common random numbers", &study.paired);
    section(
        &mut page,
        "One long run: batch means; experiments without an interval are left out",
        &study.batched,
    );
    page.push_str("## Pairing pays\n\n");
    let _ = writeln!(
        page,
        "Ten servers of one worker at 80% load, round robin, {PAIRS} pairs of 20 s, mean latency:\n"
    );
    page.push_str("| change | difference | narrower than unpaired |\n|---|---:|---:|\n");
    gain(&mut page, "one member 10% slower", &study::slower_member());
    gain(&mut page, "least connections instead", &study::other_algorithm());
    page
}

fn section(page: &mut String, title: &str, rows: &[Row]) {
    let _ = write!(page, "## {title}\n\n{TABLE}");
    for row in rows {
        let _ = writeln!(
            page,
            "| {} | {} | {:.2} ms | {:.2} ms | {:.1}% | {} of {} | {:.1}% |",
            row.model,
            row.figure,
            row.truth_ms,
            row.mean_ms,
            row.half_width * 100.0,
            row.intervals,
            row.experiments,
            row.share() * 100.0
        );
    }
    page.push('\n');
}

fn gain(page: &mut String, change: &str, paired: &Paired) {
    let half = paired.difference.half_width().unwrap_or_default();
    let (mean, ratio) = (paired.difference.mean, paired.gain().unwrap_or_default());
    let _ = writeln!(page, "| {change} | {mean:+.2} ± {half:.2} ms | {ratio:.1} times |");
}
