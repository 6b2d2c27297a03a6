//! Real balancers, measured, against the model with the same configuration files.

mod case;
mod convert;
mod envoy;
mod haproxy;
mod judge;
mod known;
mod nginx;
mod observe;
mod page;

use case::{CASES, Case};
use judge::Row;
use misroute::scenario::{Scenario, Source, load};

/// Runs of the model per case.
pub(crate) const RUNS: u32 = 30;

/// The scenario of a case.
fn scenario(case: &Case) -> Scenario {
    let text = convert::scenario(case);
    let source = Source::from_text(&format!("{}.toml", case.case), &text);
    load(&source, &[]).unwrap_or_else(|wrong| panic!("{}\n{text}\n{wrong}", case.case))
}

/// Every case with its rows; only those whose names begin so, if any are given.
pub(crate) fn compare(runs: u32, names: &[String]) -> Vec<(&'static Case, Vec<Row>)> {
    let wanted = |case: &&Case| names.is_empty() || names.contains(&case.case);
    let cases = CASES.iter().filter(wanted);
    cases.map(|case| (case, judge::rows(case, &scenario(case).setup, runs))).collect()
}

/// docs/validation.md.
#[cfg_attr(test, expect(dead_code, reason = "the example writes the page"))]
pub(crate) fn page(runs: u32, names: &[String]) -> String {
    page::write(&compare(runs, names))
}

/// The scenario of one case, as text.
#[cfg_attr(test, expect(dead_code, reason = "the example shows it"))]
pub(crate) fn text(name: &str) -> Option<String> {
    CASES.iter().find(|case| case.case == name).map(convert::scenario)
}

#[cfg(test)]
#[test]
fn real_balancers_do_what_the_model_predicts() {
    let mut wrong = Vec::new();
    for (case, rows) in compare(RUNS, &[]) {
        for row in rows {
            let name = format!("{} {}", row.window, row.figure);
            if row.holds() == known::contains(&case.case, &name) {
                wrong.push(format!("{} {name}: {row:?}", case.case));
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
