//! The picture: goodput against load, with the knees and the objective marked.

use super::LimitsReport;
use crate::experiment::limits::{Limit, Measure, Status};
use crate::observe::metric::Unit;
use crate::report::plot::graph::{Curve, Dot, Graph, Mark, Scale};

/// The limits that are marked, and what the marks say.
const MARKS: [(&str, &str); 5] = [
    ("knee", "knee"),
    ("knee-n-1", "N-1"),
    ("knee-n-2", "N-2"),
    ("objective", "objective"),
    ("edge", "edge"),
];

/// Goodput against load; `None` if no goodput is known.
pub(super) fn graph(report: &LimitsReport<'_>) -> Option<Graph> {
    let found = report.limits;
    if found.curve.is_empty() {
        return None;
    }
    let goodput = found.curve.iter().map(|at| Dot {
        x: at.load,
        y: Some(at.goodput_rps),
        low: Some(at.low),
        high: Some(at.high),
    });
    let offered = found.curve.iter().map(|at| Dot::new(at.load, at.offered_rps));
    let mark = |(name, label): (&str, &str)| {
        let limit = found.limits.iter().find(|limit| limit.name == name)?;
        let is_place = limit.status == Status::Found && limit.measure == Measure::Load;
        let between = Limit::interval(limit)?;
        is_place.then(|| Mark {
            x: limit.value().unwrap_or(between.0),
            label: label.into(),
            between: Some(between),
        })
    };
    let mut marks: Vec<Mark> = MARKS.into_iter().filter_map(mark).collect();
    marks.push(Mark { x: found.load, label: "you".into(), between: None });
    Some(Graph {
        title: "Goodput against load".into(),
        subtitle: report.title.unwrap_or(report.name).to_owned(),
        x: Scale::linear("load", Unit::Ratio),
        y: Scale::linear("requests per second", Unit::Rate),
        curves: vec![
            Curve { name: "offered".into(), points: offered.collect(), dashed: true },
            Curve { name: "goodput".into(), points: goodput.collect(), dashed: false },
        ],
        marks,
        left_note: "bands and marks: 99% confidence".into(),
        right_note: report.command.to_owned(),
    })
}
