//! How the points of a sweep lie: which axis has numbers, and which points make a line along it.

use crate::experiment::statistics::Estimate;
use crate::experiment::sweep::result::{AxisResult, PointResult, SweepResult};
use crate::observe::metric::Unit;
use std::collections::BTreeMap;

/// Points that differ along one axis only.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// The values on all other axes; empty if there is no other.
    pub(crate) name: String,
    /// In the order of their places on the axis.
    pub(crate) points: Vec<(f64, &'a PointResult)>,
}

/// The positions of the axes whose values are numbers.
pub(crate) fn numeric_axes(result: &SweepResult) -> Vec<usize> {
    let numeric = |axis: &AxisResult| {
        axis.numbers.as_ref().is_some_and(|numbers| numbers.len() == axis.values.len())
    };
    (0..result.axes.len()).filter(|&index| numeric(&result.axes[index])).collect()
}

/// The unit of an axis' numbers, which only its values tell.
pub(crate) fn unit(axis: &AxisResult) -> Unit {
    let ends_with = |units: &[&str]| {
        let is = |value: &String| {
            let number = value.trim_end_matches(|c: char| !c.is_ascii_digit());
            units.contains(&value[number.len()..].trim())
        };
        !axis.values.is_empty() && axis.values.iter().all(is)
    };
    if ends_with(&["%"]) {
        Unit::Ratio
    } else if ends_with(&["/s", "/min", "/m", "/h"]) {
        Unit::Rate
    } else if ends_with(&["ns", "us", "µs", "ms", "s", "m", "min", "h", "d"]) {
        Unit::Milliseconds
    } else {
        Unit::Number
    }
}

/// Whether an axis is how much is asked of the system.
pub(crate) fn is_demand(axis: &AxisResult) -> bool {
    axis.path == "load" || axis.path.rsplit('.').next() == Some("rate")
}

/// A point's place on an axis.
pub(crate) fn place(result: &SweepResult, point: &PointResult, axis: usize) -> Option<f64> {
    let value = point.values.get(axis)?;
    let axis = &result.axes[axis];
    let index = axis.values.iter().position(|other| other == value)?;
    axis.numbers.as_ref()?.get(index).copied()
}

/// A value with as much of its axis' name as it needs: a number says nothing by itself.
fn named(axis: &AxisResult, value: &str) -> String {
    let name = axis.path.rsplit('.').next().unwrap_or(&axis.path);
    if axis.numbers.is_some() { format!("{name} {value}") } else { value.to_owned() }
}

/// A point's values on all axes but some, in words.
pub(crate) fn name(result: &SweepResult, point: &PointResult, without: &[usize]) -> String {
    let parts = result.axes.iter().zip(&point.values).enumerate();
    let parts = parts.filter(|(index, _)| !without.contains(index));
    parts.map(|(_, (axis, value))| named(axis, value)).collect::<Vec<_>>().join(", ")
}

/// The points in groups that have the same values on all axes but some, in the design's order.
pub(crate) fn groups<'a>(
    result: &'a SweepResult,
    without: &[usize],
) -> Vec<(String, Vec<&'a PointResult>)> {
    let mut groups: Vec<(String, Vec<&PointResult>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for point in &result.points {
        let name = name(result, point, without);
        let place = *places.entry(name.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((name, Vec::new()));
        }
        groups[place].1.push(point);
    }
    groups
}

/// The lines along an axis, in the design's order.
pub(crate) fn lines(result: &SweepResult, along: usize) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (name, points) in groups(result, &[along]) {
        let mut points: Vec<(f64, &PointResult)> = points
            .into_iter()
            .filter_map(|point| Some((place(result, point, along)?, point)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        lines.push(Line { name, points });
    }
    lines
}

/// The position of a column.
pub(crate) fn column(result: &SweepResult, name: &str) -> Option<usize> {
    result.columns.iter().position(|column| column.name == name)
}

/// A figure of a point by name.
pub(crate) fn figure<'a>(
    result: &SweepResult,
    point: &'a PointResult,
    name: &str,
) -> Option<&'a Estimate> {
    point.figures.get(column(result, name)?)?.as_ref()
}

/// `10`, or `10 to 40`: how often the points were run.
pub(crate) fn replications(result: &SweepResult) -> String {
    let counts = || result.points.iter().map(|point| point.replications);
    match (counts().min(), counts().max()) {
        (Some(1), Some(1)) => "1 replication".into(),
        (Some(low), Some(high)) if low == high => format!("{low} replications"),
        (Some(low), Some(high)) => format!("{low} to {high} replications"),
        _ => "no replication".into(),
    }
}

/// An estimate with no more of its interval than can be: nothing that is measured is below zero, and
/// no share above one. Student's interval does not know that.
pub(crate) fn possible(unit: Unit, estimate: Option<&Estimate>) -> Option<Estimate> {
    let Estimate { mean, low, high, n } = *estimate?;
    let most = if unit == Unit::Ratio && mean <= 1.0 { 1.0 } else { f64::INFINITY };
    let least = if mean >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    Some(Estimate {
        mean,
        low: low.map(|low| low.max(least)),
        high: high.map(|high| high.min(most)),
        n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::sample;

    #[test]
    fn lines_differ_along_one_axis_and_are_in_its_order() {
        let mut result = sample::algorithms();
        result.points.reverse();
        let lines = lines(&result, 0);
        let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["least-connections", "round-robin"]);
        for line in &lines {
            assert_eq!(line.points.len(), 11);
            assert!(line.points.is_sorted_by(|a, b| a.0 < b.0));
            assert!(line.points.iter().all(|(_, point)| point.values[1] == line.name));
        }
    }

    #[test]
    fn the_values_of_an_axis_tell_its_unit() {
        let axis = |values: &[&str]| sample::words("anything", values);
        assert_eq!(unit(&axis(&["50%", "12.5%"])), Unit::Ratio);
        assert_eq!(unit(&axis(&["400/s", "1.5/s"])), Unit::Rate);
        assert_eq!(unit(&axis(&["10ms", "1s", "2m"])), Unit::Milliseconds);
        assert_eq!(unit(&axis(&["1", "20"])), Unit::Number);
        assert_eq!(unit(&axis(&["1", "20%"])), Unit::Number);
        assert_eq!(unit(&axis(&[])), Unit::Number);
    }

    #[test]
    fn an_interval_ends_where_nothing_can_be() {
        let wide = Estimate { mean: 0.25, low: Some(-0.5), high: Some(1.05), n: 4 };
        let cut = |unit| possible(unit, Some(&wide)).map(|cut| (cut.low, cut.high));
        assert_eq!(cut(Unit::Ratio), Some((Some(0.0), Some(1.0))));
        assert_eq!(cut(Unit::Rate), Some((Some(0.0), Some(1.05))));
        assert_eq!(possible(Unit::Rate, None), None);
    }
}
