//! Sentences that follow from a sweep, and warnings about what does not.

use super::shape::{self, Line};
use crate::experiment::statistics::Estimate;
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::observe::metric;
use crate::report::quantity::show;
use crate::report::words;

/// Goodput follows the offered load if so much of it succeeds. The rest is what the end of a run
/// finds in flight, and chance.
const FOLLOWS: f64 = 0.99;
/// Goodput has fallen from its peak if it has lost so much of it, beyond both intervals.
const FALLEN: f64 = 0.95;
/// A quantile rests on what lies beyond it: fewer samples than this leave it to chance.
const ENOUGH_BEYOND: f64 = 100.0;

const GOODPUT: &str = "requests.goodput_rps";
const OFFERED: &str = "requests.offered_rps";

/// A point of a line: its value on the axis, goodput and offered load.
struct Served<'a> {
    value: &'a str,
    goodput: &'a Estimate,
    offered: &'a Estimate,
}

impl Served<'_> {
    fn follows(&self) -> bool {
        self.goodput.high.unwrap_or(self.goodput.mean) >= FOLLOWS * self.offered.mean
    }
}

fn served<'a>(result: &SweepResult, line: &Line<'a>, axis: usize) -> Vec<Served<'a>> {
    let of = |(_, point): &(f64, &'a PointResult)| {
        Some(Served {
            value: point.values.get(axis)?,
            goodput: shape::figure(result, point, GOODPUT)?,
            offered: shape::figure(result, point, OFFERED)?,
        })
    };
    line.points.iter().filter_map(of).collect()
}

/// Where goodput stops following offered load; nothing if it comes and goes.
fn knee(points: &[Served<'_>], axis: &str) -> Option<String> {
    let (first, last) = (points.first()?, points.last()?);
    let stops = points.iter().position(|point| !point.follows());
    match stops {
        None => Some(format!(
            "goodput follows offered load from {axis} {} to {}",
            first.value, last.value
        )),
        Some(_) if points.iter().all(|point| !point.follows()) => Some(format!(
            "goodput stays below offered load from {axis} {} to {}",
            first.value, last.value
        )),
        Some(at) if at > 0 && points[at..].iter().all(|point| !point.follows()) => {
            let (before, after) = (points[at - 1].value, points[at].value);
            Some(format!(
                "goodput stops following offered load between {axis} {before} and {after}"
            ))
        }
        Some(_) => None,
    }
}

/// How far goodput falls beyond its peak.
fn fall(points: &[Served<'_>], axis: &str) -> Option<String> {
    let peak = points.iter().max_by(|a, b| a.goodput.mean.total_cmp(&b.goodput.mean))?;
    let last = points.last()?;
    let apart = last.goodput.high.zip(peak.goodput.low).is_some_and(|(high, low)| high < low);
    if !apart || last.goodput.mean >= FALLEN * peak.goodput.mean {
        return None;
    }
    let rate = |value: f64| show(metric::Unit::Rate, value);
    let (from, to) = (rate(peak.goodput.mean), rate(last.goodput.mean));
    Some(format!("goodput falls from {from} at {axis} {} to {to} at {}", peak.value, last.value))
}

/// What follows from the sweep, a sentence each.
pub(crate) fn sentences(result: &SweepResult) -> Vec<String> {
    let Some(&axis) = shape::numeric_axes(result).first() else { return Vec::new() };
    let path = &result.axes[axis].path;
    if !shape::is_demand(&result.axes[axis]) {
        return Vec::new();
    }
    // Lines of which the same is true share a sentence.
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in shape::lines(result, axis) {
        let points = served(result, &line, axis);
        if points.len() < 2 {
            continue;
        }
        for sentence in knee(&points, path).into_iter().chain(fall(&points, path)) {
            match found.iter_mut().find(|(other, _)| *other == sentence) {
                Some((_, names)) => names.push(line.name.clone()),
                None => found.push((sentence, vec![line.name.clone()])),
            }
        }
    }
    let whole = |(sentence, mut names): (String, Vec<String>)| {
        names.retain(|name| !name.is_empty());
        if names.is_empty() { sentence } else { format!("{sentence} ({})", names.join("; ")) }
    };
    found.into_iter().map(whole).collect()
}

/// Some points by their values.
fn which(points: &[&PointResult]) -> String {
    const MOST: usize = 3;
    let name = |point: &&PointResult| point.values.join(" ");
    let named: Vec<String> = points.iter().take(MOST).map(name).collect();
    let rest = points.len().saturating_sub(MOST);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// What a reader of the figures should not trust, a sentence each.
pub(crate) fn warnings(result: &SweepResult) -> Vec<String> {
    let that = |is: &dyn Fn(&PointResult) -> bool| -> Vec<&PointResult> {
        result.points.iter().filter(|point| is(point)).collect()
    };
    let of = |points: &[&PointResult]| {
        format!("{} of {}", words::count(points.len() as u64), points_in_all(result))
    };
    let mut warnings = Vec::new();
    for column in &result.columns {
        let digits = column.name.strip_prefix("latency.p").and_then(metric::quantile);
        let Some(quantile) = digits else { continue };
        let beyond = |point: &PointResult| point.successes as f64 * (1.0 - quantile);
        let few = that(&|point| beyond(point) < ENOUGH_BEYOND);
        let least = few.iter().map(|&point| beyond(point)).fold(f64::MAX, f64::min);
        if !few.is_empty() {
            let name = column.name.trim_start_matches("latency.");
            let samples = words::plural(least.round() as u64, "sample");
            warnings.push(format!(
                "{} rests on only {samples} beyond it at {} ({}): run longer, or more replications",
                decimal_quantile(name),
                of(&few),
                which(&few),
            ));
        }
    }
    let unsettled = that(&|point| !point.settled);
    if !unsettled.is_empty() {
        warnings.push(format!(
            "{} did not settle in the first half of the run ({}): overloaded, or too short",
            of(&unsettled),
            which(&unsettled),
        ));
    }
    let imprecise = that(&|point| !point.precise);
    if !imprecise.is_empty() {
        warnings.push(format!(
            "{} did not reach the wanted precision ({}): --max-replications allows more",
            of(&imprecise),
            which(&imprecise),
        ));
    }
    warnings
}

fn points_in_all(result: &SweepResult) -> String {
    words::plural(result.points.len() as u64, "point")
}

/// `p99.9` for `p999`.
fn decimal_quantile(name: &str) -> String {
    match name.split_at_checked(3) {
        Some((whole, rest)) if !rest.is_empty() => format!("{whole}.{rest}"),
        _ => name.to_owned(),
    }
}
