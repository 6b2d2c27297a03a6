//! How far each conclusion reaches: over which part of an assumption's range it holds.
//!
//! Each value of an assumption is run with several seeds; what holds in more than half of the runs
//! holds there. Where it changes between two neighbouring values that are quantities, bisection
//! finds up to which value it goes, to a sixteenth of their distance. What changes twice between two
//! neighbours is not seen.

use super::judge::judge;
use crate::engine::random::Seed;
use crate::engine::time::Span;
use crate::model::run::simulate;
use crate::observe::recorder::Recorder;
use crate::observe::result::{RunResult, ScenarioId, Verdict};
use crate::scenario::{Assumption, Diagnostics, Override, Scenario, units};
use rayon::prelude::*;
use std::sync::Arc;

/// Halvings of the distance between two values.
const HALVINGS: u32 = 4;
/// The conclusion that users end as they do in the scenario as it is.
pub const VERDICT: &str = "recovery.verdict";

/// How it is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The number the user gives.
    pub seed: u64,
    /// Runs at each value. At least 1.
    pub replications: u32,
}

/// How far the conclusions reach along one assumption.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The value that is assumed.
    pub path: String,
    /// The value in the file.
    pub value: String,
    /// The range, or the values, that are plausible.
    pub range: String,
    /// Whether the values are quantities, in order.
    pub is_range: bool,
    /// One entry per expectation, and one for the verdict.
    pub conclusions: Vec<Conclusion>,
}

/// A conclusion along an assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// The expectation's name, or [`VERDICT`].
    pub name: String,
    /// Whether it holds at every value tried.
    pub everywhere: bool,
    /// Where it holds: first and last value of each stretch; of values that are no quantities, each.
    pub stretches: Vec<(String, String)>,
    /// How many of the assumption's own values it holds at, and of how many.
    pub at: (usize, usize),
}

/// A value and what holds there: the expectations in order, then the verdict.
#[derive(Clone, Debug)]
struct Point {
    text: String,
    /// Whether it is one of the assumption's own values.
    own: bool,
    holds: Vec<bool>,
}

/// Finds out how far every conclusion reaches along every assumption, one at a time.
///
/// # Errors
/// If a value makes no valid scenario.
pub fn explore(
    scenario: &Scenario,
    plan: Plan,
    progress: impl Fn(f64),
) -> Result<Vec<Reach>, Diagnostics> {
    let verdict = usual_verdict(scenario, plan);
    let count = scenario.assumptions.len();
    let mut reaches = Vec::new();
    for (index, assumption) in scenario.assumptions.iter().enumerate() {
        reaches.push(along(scenario, plan, verdict, assumption)?);
        progress((index + 1) as f64 / count as f64);
    }
    Ok(reaches)
}

fn along(
    scenario: &Scenario,
    plan: Plan,
    verdict: Verdict,
    assumption: &Assumption,
) -> Result<Reach, Diagnostics> {
    let look = |text: &str, own: bool| -> Result<Point, Diagnostics> {
        let set = Override::Set { path: assumption.path.clone(), value: text.to_owned() };
        let holds = holds(&scenario.with(&[set])?, plan, verdict);
        Ok(Point { text: text.to_owned(), own, holds })
    };
    let mut points = Vec::new();
    for value in &assumption.values {
        points.push(look(value, true)?);
    }
    let is_range = assumption.values.windows(2).all(|pair| rises(&pair[0], &pair[1]));
    for _ in 0..if is_range { HALVINGS } else { 0 } {
        let mut next: Vec<Point> = Vec::new();
        for point in points {
            if let Some(before) = next.last()
                && before.holds != point.holds
                && let Some(text) = middle(&before.text, &point.text)
                && text != before.text
                && text != point.text
            {
                let between = look(&text, false)?;
                next.push(between);
            }
            next.push(point);
        }
        points = next;
    }
    let names = scenario.expects.iter().map(|expect| expect.name.clone());
    let names: Vec<String> = names.chain([VERDICT.to_owned()]).collect();
    let conclusion = |(index, name)| conclusion(&points, index, name, is_range);
    Ok(Reach {
        path: assumption.path.clone(),
        value: assumption.value.clone(),
        range: if is_range { assumption.range() } else { assumption.values.join(", ") },
        is_range,
        conclusions: names.into_iter().enumerate().map(conclusion).collect(),
    })
}

fn conclusion(points: &[Point], index: usize, name: String, is_range: bool) -> Conclusion {
    let mut stretches: Vec<(String, String)> = Vec::new();
    let mut is_open = false;
    for point in points {
        if point.holds[index] {
            match stretches.last_mut().filter(|_| is_open) {
                Some(stretch) => stretch.1.clone_from(&point.text),
                None => stretches.push((point.text.clone(), point.text.clone())),
            }
        }
        is_open = is_range && point.holds[index];
    }
    let own = points.iter().filter(|point| point.own);
    let at = own.clone().filter(|point| point.holds[index]).count();
    let everywhere = points.iter().all(|point| point.holds[index]);
    Conclusion { name, everywhere, stretches, at: (at, own.count()) }
}

/// What holds in more than half of the runs.
fn holds(scenario: &Scenario, plan: Plan, verdict: Verdict) -> Vec<bool> {
    let runs: Vec<Vec<bool>> = results(scenario, plan, |result| {
        let judged = judge(scenario, &result);
        let same = result.recovery.verdict == verdict;
        judged.iter().map(super::judge::Judgement::holds).chain([same]).collect()
    });
    let count = |index: usize| runs.iter().filter(|run| run[index]).count();
    (0..=scenario.expects.len()).map(|index| 2 * count(index) > runs.len()).collect()
}

/// How most runs of the scenario as it is end.
fn usual_verdict(scenario: &Scenario, plan: Plan) -> Verdict {
    let verdicts = results(scenario, plan, |result| result.recovery.verdict);
    let count = |verdict| verdicts.iter().filter(|other| **other == verdict).count();
    let first = verdicts[0];
    verdicts.iter().copied().fold(first, |a, b| if count(b) > count(a) { b } else { a })
}

fn results<T: Send>(
    scenario: &Scenario,
    plan: Plan,
    read: impl Fn(RunResult) -> T + Sync,
) -> Vec<T> {
    let setup = Arc::new(scenario.setup.clone());
    let one = |replication| {
        let seed = Seed::new(plan.seed).replication(replication);
        let mut recorder = Recorder::new(&setup);
        let world = simulate(&setup, seed, &mut recorder);
        let id = ScenarioId { name: scenario.name.clone(), digest: scenario.digest.clone() };
        read(recorder.into_result(&world, seed, id, None))
    };
    (0..plan.replications).into_par_iter().map(one).collect()
}

/// A value as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Quantity {
    kind: Kind,
    value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    Number,
    Ratio,
    Rate,
    Time,
}

impl Quantity {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim_matches('"');
        let quantity = |kind, value| Some(Self { kind, value });
        if let Ok(whole) = text.parse::<u32>() {
            return quantity(Kind::Whole, f64::from(whole));
        }
        if let Ok(number) = text.parse::<f64>() {
            return quantity(Kind::Number, number);
        }
        if let Ok(span) = units::duration(text) {
            return quantity(Kind::Time, span.as_ns() as f64);
        }
        if let Ok(rate) = units::rate(text) {
            return quantity(Kind::Rate, rate);
        }
        units::ratio(text).ok().and_then(|ratio| quantity(Kind::Ratio, ratio))
    }

    fn show(self) -> String {
        // Four digits: nobody assumes more.
        let short: f64 = format!("{:.3e}", self.value).parse().unwrap_or(self.value);
        match self.kind {
            Kind::Whole => format!("{:.0}", self.value.floor()),
            Kind::Number => short.to_string(),
            Kind::Ratio => units::show_ratio(short),
            Kind::Rate => units::show_rate(short),
            Kind::Time => Span::from_ns_f64(short).to_string(),
        }
    }
}

/// Whether both are quantities of a kind, and the second is larger.
fn rises(a: &str, b: &str) -> bool {
    let quantities = Quantity::of(a).zip(Quantity::of(b));
    middle(a, b).is_some() && quantities.is_some_and(|(a, b)| a.value < b.value)
}

/// The value in the middle, if both are quantities of a kind.
fn middle(a: &str, b: &str) -> Option<String> {
    let (a, b) = (Quantity::of(a)?, Quantity::of(b)?);
    let kind = match (a.kind, b.kind) {
        (a, b) if a == b => a,
        (Kind::Whole, Kind::Number) | (Kind::Number, Kind::Whole) => Kind::Number,
        _ => return None,
    };
    Some(Quantity { kind, value: f64::midpoint(a.value, b.value) }.show())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_are_written_as_their_ends_are() {
        let cases = [
            ("350/s", "450/s", Some("400/s")),
            ("100ms", "1s", Some("550ms")),
            ("3", "6", Some("4")),
            ("1", "1.5", Some("1.25")),
            ("10%", "20%", Some("15%")),
            ("10%", "20/s", None),
            ("round-robin", "random", None),
        ];
        for (a, b, expected) in cases {
            assert_eq!(middle(a, b).as_deref(), expected, "{a} and {b}");
        }
    }

    #[test]
    fn stretches_are_where_it_holds() {
        let point = |text: &str, own, holds| Point { text: text.into(), own, holds: vec![holds] };
        let points = [
            point("1", true, false),
            point("2", false, true),
            point("3", true, true),
            point("4", true, false),
            point("5", true, true),
        ];
        let found = conclusion(&points, 0, "x".into(), true);
        assert_eq!(found.stretches, [("2".into(), "3".into()), ("5".into(), "5".into())]);
        assert_eq!((found.everywhere, found.at), (false, (2, 4)));
    }
}
