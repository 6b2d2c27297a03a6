//! Sentences that follow from a sweep, and warnings about what does not.

use super::shape::{self, Line};
use crate::experiment::statistics::{Estimate, quantile};
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::observe::metric;
use crate::observe::result::Verdict;
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

/// From where on every replication ends metastable, if none does before.
fn tipping(points: &[(f64, &PointResult)], axis: usize, path: &str) -> Option<String> {
    let count =
        |point: &PointResult| point.verdicts.get(&Verdict::Metastable).copied().unwrap_or_default();
    let first = points.iter().position(|(_, point)| count(point) > 0)?;
    let all = |(_, point): &(f64, &PointResult)| {
        point.replications > 0 && count(point) == point.replications
    };
    let from = first + points[first..].iter().position(all)?;
    if !points[from..].iter().all(all) {
        return None;
    }
    let value = |index: usize| points[index].1.values.get(axis);
    let some =
        if first < from { format!(", and some from {} on", value(first)?) } else { String::new() };
    Some(format!("every replication ends metastable from {path} {} on{some}", value(from)?))
}

/// What follows from the sweep, a sentence each.
pub(crate) fn sentences(result: &SweepResult) -> Vec<String> {
    let Some(&axis) = shape::numeric_axes(result).first() else { return Vec::new() };
    let path = &result.axes[axis].path;
    let is_demand = shape::is_demand(&result.axes[axis]);
    // Lines of which the same is true share a sentence.
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in shape::lines(result, axis) {
        if line.points.len() < 2 {
            continue;
        }
        let points = if is_demand { served(result, &line, axis) } else { Vec::new() };
        let about_goodput = [knee(&points, path), fall(&points, path)];
        let about_verdicts = tipping(&line.points, axis, path);
        for sentence in about_goodput.into_iter().flatten().chain(about_verdicts) {
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
    if result.points.iter().any(|point| point.replications == 1) {
        let advice = "one replication has no interval: --replications 10, or --precision 2%";
        warnings.push(advice.to_owned());
    }
    warnings.extend(few(result));
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

/// Quantiles that rest on few samples: the one that rests on least, then the others.
fn few(result: &SweepResult) -> Option<String> {
    let beyond = |point: &PointResult, quantile: f64| quantile::beyond(quantile, point.successes);
    // Of nothing there is no figure to be warned of.
    let is_few = |point: &&PointResult, quantile: f64| {
        point.successes > 0 && beyond(point, quantile) < ENOUGH_BEYOND
    };
    let found = result.columns.iter().filter_map(|column| {
        let quantile = metric::quantile(column.name.strip_prefix("latency.p")?)?;
        let points: Vec<&PointResult> =
            result.points.iter().filter(|point| is_few(point, quantile)).collect();
        let least = points.iter().map(|point| beyond(point, quantile)).reduce(f64::min)?;
        Some((column.name.trim_start_matches("latency."), points, least))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (name, points, least) = found.first()?;
    let other = |(name, points, _): &(&str, Vec<&PointResult>, f64)| {
        format!("; {} at {}", decimal_quantile(name), points.len())
    };
    let others: Vec<String> = found[1..].iter().map(other).collect();
    let others = others.concat();
    Some(format!(
        "{} rests on {} at {} of {} ({}){others}: run longer, or with more replications",
        decimal_quantile(name),
        words::plural(least.round() as u64, "sample"),
        words::count(points.len() as u64),
        points_in_all(result),
        which(points),
    ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::sample;

    #[test]
    fn sentences_follow_from_the_figures_and_only_then() {
        let mut result = sample::algorithms();
        let found = sentences(&result);
        let expected =
            "goodput stops following offered load between load 100% and 110% (round-robin)";
        assert_eq!(found[0], expected);
        assert!(found[1].contains("falls from 500/s at load 100% to 250/s at 150%"), "{found:?}");
        assert!(found[2].contains("metastable from load 110% on (round-robin)"), "{found:?}");
        // Up to 100% nothing is lost, with either algorithm: one sentence for both.
        let below = |point: &PointResult| point.index < 12;
        result.points.retain(below);
        let both = "goodput follows offered load from load 50% to 100% \
                    (round-robin; least-connections)";
        assert_eq!(sentences(&result), [both]);
        // A loss in the middle is neither.
        let goodput = shape::column(&result, GOODPUT).unwrap();
        result.points[4].figures[goodput] =
            Some(Estimate { mean: 1.0, low: None, high: None, n: 1 });
        assert_eq!(sentences(&result), [both.replace("round-robin; ", "")]);
    }

    #[test]
    fn what_is_uncertain_is_no_finding() {
        let mut result = sample::algorithms();
        let goodput = shape::column(&result, GOODPUT).unwrap();
        for point in &mut result.points {
            let estimate = point.figures[goodput].as_mut().unwrap();
            (estimate.low, estimate.high) = (Some(0.0), Some(1_000.0));
            point.verdicts.clear();
        }
        let all = ["goodput follows offered load from load 50% to 150% \
                    (round-robin; least-connections)"];
        assert_eq!(sentences(&result), all, "the intervals hold it");
    }

    #[test]
    fn figures_on_too_little_are_named() {
        let mut result = sample::words_only();
        for point in &mut result.points {
            (point.settled, point.successes) = (true, 1_000_000);
        }
        assert_eq!(warnings(&result), Vec::<String>::new());
        result.points[1].successes = 37_000;
        result.points[2].settled = false;
        result.points[3].precise = false;
        let found = warnings(&result);
        assert_eq!(
            found[0],
            "p99.9 rests on 37 samples at 1 of 4 points (random): run longer, or with more \
             replications"
        );
        assert!(found[1].starts_with("1 of 4 points did not settle"), "{found:?}");
        assert!(found[2].starts_with("1 of 4 points did not reach the wanted precision"));
        assert_eq!(found.len(), 3);
        // Of 9,000 successes 90 are beyond p99, and 9 beyond p99.9.
        result.points[1].successes = 9_000;
        let found = warnings(&result);
        let both = "p99.9 rests on 9 samples at 1 of 4 points (random); p99 at 1: run longer";
        assert!(found[0].starts_with(both), "{}", found[0]);
    }
}
