//! A figure of a sweep without numbers on its axes: a row for each point.

use super::{Drawn, provenance, what};
use crate::experiment::sweep::result::SweepResult;
use crate::report::plot::dots::{self, Dots, MOST_ROWS};
use crate::report::plot::picture::Picture;
use crate::report::sweep::shape;

pub(super) fn draw(result: &SweepResult, figure: &Drawn<'_>) -> Picture {
    let unit = result.columns[figure.column].unit;
    let rows: Vec<_> = result
        .points
        .iter()
        .map(|point| {
            let estimate = point.figures.get(figure.column).and_then(Option::as_ref);
            (shape::name(result, point, &[]), shape::possible(unit, estimate))
        })
        .collect();
    let left_out = if rows.len() > MOST_ROWS {
        format!("the first {MOST_ROWS} of {} points · ", rows.len())
    } else {
        String::new()
    };
    let paths: Vec<&str> = result.axes.iter().map(|axis| axis.path.as_str()).collect();
    dots::draw(&Dots {
        title: format!("{} by {}", figure.title, paths.join(" and ")),
        subtitle: result.scenario.name.clone(),
        label: figure.label.into(),
        unit,
        logarithmic: figure.logarithmic,
        rows,
        left_note: format!("{left_out}{}", what(result)),
        right_note: provenance(result),
    })
}
