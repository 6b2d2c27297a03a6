//! Comparisons: the same requests on both sides, differences that theory knows, and the command.

mod demand;
mod theory;

use misroute::experiment::column::columns;
use misroute::experiment::compare::{Compared, Comparison, Threshold, compare};
use misroute::experiment::replicate::Plan;
use misroute::scenario::{Override, Scenario, Source, load};

/// A scenario in this text.
fn scenario(text: &str) -> Scenario {
    load(&Source::from_text("scenario", text), &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// A scenario with these changes.
fn with(scenario: &Scenario, changes: &[&str]) -> Scenario {
    let overrides: Vec<Override> =
        changes.iter().map(|change| Override::parse(change).unwrap()).collect();
    scenario.with(&overrides).unwrap_or_else(|error| panic!("{error}"))
}

/// What comes of comparing two scenarios so often.
fn compared(before: &Scenario, after: &Scenario, plan: &Plan, thresholds: &[&str]) -> Comparison {
    let thresholds: Vec<Threshold> =
        thresholds.iter().map(|text| Threshold::parse(text, after).unwrap()).collect();
    let metrics: Vec<String> = thresholds.iter().map(|t| t.metric.clone()).collect();
    let [first, second] = [before, after].map(|side| columns(side, &metrics).unwrap());
    compare(
        Compared { scenario: before, columns: &first },
        Compared { scenario: after, columns: &second },
        plan,
        &thresholds,
        "misroute compare".to_owned(),
        |_, _, _| {},
    )
}
