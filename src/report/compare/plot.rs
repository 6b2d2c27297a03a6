//! Both sides of a comparison over time.

use super::notes;
use crate::experiment::compare::Comparison;
use crate::experiment::compare::course::{Course, KEPT, Moment};
use crate::observe::metric::Unit;
use crate::report::plot::Picture;
use crate::report::plot::graph::{Curve, Dot, Graph, Mark, Scale, draw};

/// A figure over time: the name of its file, its title, its axis and where its numbers are.
type Kind = (&'static str, &'static str, &'static str, Unit, fn(&Course) -> &Vec<Moment>);

const KINDS: [Kind; 3] = [
    ("goodput", "Goodput before and after", "requests succeeded per second", Unit::Rate, |c| {
        &c.goodput
    }),
    (
        "p99",
        "p99 latency before and after",
        "99th percentile of successes",
        Unit::Milliseconds,
        |c| &c.p99,
    ),
    ("users", "Affected users before and after", "share of active users", Unit::Ratio, |c| {
        &c.affected
    }),
];

/// The pictures with the names of their files.
pub(super) fn pictures(comparison: &Comparison) -> Vec<(&'static str, Picture)> {
    let picture = |(name, title, axis, unit, read): Kind| {
        let (before, after) = &comparison.courses;
        let curve = |name: &str, moments: &[Moment]| Curve {
            name: name.to_owned(),
            points: moments
                .iter()
                .map(|moment| Dot::estimated(moment.at_s, moment.value.as_ref()))
                .collect(),
            dashed: false,
        };
        let clock = notes::clock(comparison);
        let graph = Graph {
            title: title.to_owned(),
            subtitle: subtitle(comparison),
            x: Scale::time("", clock),
            y: Scale::linear(axis, unit),
            curves: vec![curve("before", read(before)), curve("after", read(after))],
            marks: comparison
                .marks
                .iter()
                .map(|(at, label)| Mark::at(*at, label.clone()))
                .collect(),
            left_note: left_note(comparison),
            right_note: format!("seed {} · misroute {}", comparison.seed, comparison.version),
        };
        (name, draw(&graph))
    };
    KINDS.into_iter().map(picture).collect()
}

fn subtitle(comparison: &Comparison) -> String {
    let (before, after) = (&comparison.before.scenario.name, &comparison.after.scenario.name);
    if before != after {
        return format!("{before} against {after}");
    }
    match comparison.changes.as_slice() {
        [] => before.clone(),
        [only] => format!("{before}, {}", notes::change(only)),
        changes => format!("{before}, {} changes", changes.len()),
    }
}

fn left_note(comparison: &Comparison) -> String {
    match comparison.replications.min(KEPT) {
        0 | 1 => String::new(),
        n => format!("mean of {n} replications with its 95% interval, moment by moment"),
    }
}
