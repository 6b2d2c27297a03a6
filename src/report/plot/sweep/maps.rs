//! Heat maps: a figure over the first two axes of numbers, a panel for each combination of the others.

use super::{Drawn, provenance};
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::report::plot::graph::{Numbers, Scale};
use crate::report::plot::heat::{self, HeatMap, MOST_PANELS, Panel, Side};
use crate::report::plot::picture::Picture;
use crate::report::plot::scatter::{self, Scatter};
use crate::report::sweep::shape;

/// The positions of an axis' values, from the least.
fn order(result: &SweepResult, axis: usize) -> Vec<usize> {
    let axis = &result.axes[axis];
    let number = |&index: &usize| {
        axis.numbers.as_ref().and_then(|numbers| numbers.get(index)).copied().unwrap_or(f64::MAX)
    };
    let mut order: Vec<usize> = (0..axis.values.len()).collect();
    order.sort_by(|a, b| number(a).total_cmp(&number(b)));
    order
}

fn side(result: &SweepResult, axis: usize, order: &[usize]) -> Side {
    let axis = &result.axes[axis];
    let values = order.iter().map(|&index| axis.values[index].clone()).collect();
    Side { label: axis.path.clone(), values }
}

/// The column and row of a point in a map.
fn cell(
    point: &PointResult,
    (across, up): (usize, usize),
    (x, y): (&Side, &Side),
) -> Option<(usize, usize)> {
    let at = |side: &Side, axis: usize| {
        let value = point.values.get(axis)?;
        side.values.iter().position(|other| other == value)
    };
    Some((at(x, across)?, at(y, up)?))
}

pub(super) fn draw(result: &SweepResult, figure: &Drawn<'_>, axes: (usize, usize)) -> Picture {
    let (across, up) = axes;
    let x = side(result, across, &order(result, across));
    let y = side(result, up, &order(result, up));
    let groups = shape::groups(result, &[across, up]);
    let all = groups.len();
    let panel = |(name, points): (String, Vec<&PointResult>)| {
        let mut cells = vec![None; x.values.len() * y.values.len()];
        for point in points {
            let estimate = point.figures.get(figure.column).and_then(Option::as_ref);
            if let Some((column, row)) = cell(point, axes, (&x, &y)) {
                cells[row * x.values.len() + column] = estimate.map(|estimate| estimate.mean);
            }
        }
        Panel { name, cells }
    };
    let panels = groups.into_iter().take(MOST_PANELS).map(panel).collect();
    let left_out = if all > MOST_PANELS {
        format!("the first {MOST_PANELS} of {all} combinations · ")
    } else {
        String::new()
    };
    heat::draw(&HeatMap {
        title: title(result, figure, axes),
        subtitle: result.scenario.name.clone(),
        label: figure.label.into(),
        unit: result.columns[figure.column].unit,
        logarithmic: figure.logarithmic,
        x,
        y,
        panels,
        left_note: format!("{left_out}means of {}", shape::replications(result)),
        right_note: provenance(result),
    })
}

fn title(result: &SweepResult, figure: &Drawn<'_>, (across, up): (usize, usize)) -> String {
    format!("{} over {} and {}", figure.title, result.axes[across].path, result.axes[up].path)
}

/// The same of points that make no grid: a dot for each.
pub(super) fn scattered(result: &SweepResult, figure: &Drawn<'_>, axes: (usize, usize)) -> Picture {
    let dot = |point: &PointResult| {
        let x = shape::place(result, point, axes.0)?;
        let y = shape::place(result, point, axes.1)?;
        let estimate = point.figures.get(figure.column).copied().flatten();
        Some((x, y, estimate.map(|estimate| estimate.mean)))
    };
    let scale = |index: usize| {
        let axis = &result.axes[index];
        let unit = Numbers::Of(shape::unit(axis));
        Scale { label: axis.path.clone(), logarithmic: axis.logarithmic, unit }
    };
    scatter::draw(&Scatter {
        title: title(result, figure, axes),
        subtitle: result.scenario.name.clone(),
        label: figure.label.into(),
        unit: result.columns[figure.column].unit,
        logarithmic: figure.logarithmic,
        x: scale(axes.0),
        y: scale(axes.1),
        dots: result.points.iter().filter_map(dot).collect(),
        left_note: format!("means of {}", shape::replications(result)),
        right_note: provenance(result),
    })
}
