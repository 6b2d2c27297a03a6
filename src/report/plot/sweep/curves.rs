//! Degradation curves: a figure along one axis of numbers, a line for each combination of the others.

use super::{Drawn, provenance, what};
use crate::experiment::statistics::Estimate;
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::observe::metric::Unit;
use crate::report::plot::graph::{self, Curve, Dot, Graph, Numbers, Scale};
use crate::report::plot::picture::Picture;
use crate::report::sweep::shape::{self, Line};

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 8;

const GOODPUT: &str = "requests.goodput_rps";
const OFFERED: &str = "requests.offered_rps";

fn offered<'a>(result: &SweepResult, point: &'a PointResult) -> Option<&'a Estimate> {
    shape::figure(result, point, OFFERED)
}

/// What is offered, to compare goodput with: along the axis, or along itself.
fn all_of_it(result: &SweepResult, lines: &[Line<'_>], by_offered: bool) -> Curve {
    let mut points: Vec<(f64, f64)> = lines
        .iter()
        .flat_map(|line| &line.points)
        .filter_map(|&(x, point)| {
            let offered = offered(result, point)?.mean;
            Some((if by_offered { offered } else { x }, offered))
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Lines that are offered different loads at the same place: the first will do.
    points.dedup_by(|a, b| a.0.to_bits() == b.0.to_bits());
    let points = points.into_iter().map(|(x, y)| Dot::new(x, y)).collect();
    Curve { name: "offered".into(), points, dashed: true }
}

pub(super) fn draw(result: &SweepResult, figure: &Drawn<'_>, along: usize) -> Picture {
    let axis = &result.axes[along];
    let mut lines = shape::lines(result, along);
    let all = lines.len();
    lines.truncate(MOST_LINES);
    let is_goodput = result.columns[figure.column].name == GOODPUT;
    let knows_offered = lines
        .iter()
        .flat_map(|line| &line.points)
        .all(|(_, point)| offered(result, point).is_some());
    let by_offered = is_goodput && shape::is_demand(axis) && knows_offered;
    let unit = result.columns[figure.column].unit;
    let curve = |line: &Line<'_>| {
        let dot = |&(place, point): &(f64, &PointResult)| {
            let x = if by_offered { offered(result, point)?.mean } else { place };
            let estimate = point.figures.get(figure.column).and_then(Option::as_ref);
            Some(Dot::estimated(x, shape::possible(unit, estimate).as_ref()))
        };
        let points = line.points.iter().filter_map(dot).collect();
        Curve { name: line.name.clone(), points, dashed: false }
    };
    let mut curves: Vec<Curve> = lines.iter().map(curve).collect();
    if is_goodput {
        curves.insert(0, all_of_it(result, &lines, by_offered));
    }
    let x = if by_offered {
        let (first, last) = (axis.values.first(), axis.values.last());
        let ends = first.zip(last).map(|(first, last)| format!(": {first} to {last}"));
        let path = &axis.path;
        let label = format!("requests offered ({path}{})", ends.unwrap_or_default());
        Scale { logarithmic: axis.logarithmic, ..Scale::linear(label, Unit::Rate) }
    } else {
        let unit = Numbers::Of(shape::unit(axis));
        Scale { label: axis.path.clone(), logarithmic: axis.logarithmic, unit }
    };
    let y = Scale {
        label: figure.label.into(),
        logarithmic: figure.logarithmic,
        unit: Numbers::Of(unit),
    };
    let against = if by_offered { "offered load" } else { axis.path.as_str() };
    let left_out = if all > MOST_LINES {
        format!("the first {MOST_LINES} of {all} lines · ")
    } else {
        String::new()
    };
    graph::draw(&Graph {
        title: format!("{} against {against}", figure.title),
        subtitle: result.scenario.name.clone(),
        x,
        y,
        curves,
        marks: Vec::new(),
        left_note: format!("{left_out}{}", what(result)),
        right_note: provenance(result),
    })
}
