//! Pictures of a sweep: degradation curves, heat maps, and values side by side; one table of them.

mod curves;

use super::picture::Picture;
use crate::experiment::sweep::result::SweepResult;
use crate::report::sweep::shape;

/// A figure of a sweep.
pub struct SweepFigure {
    /// Name of its files, without the ending.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What stands beside its scale.
    pub label: &'static str,
    /// The column it is drawn from.
    pub column: &'static str,
    /// Whether equal distances are equal factors.
    pub logarithmic: bool,
    /// Whether two axes of numbers make a map of it.
    pub mapped: bool,
}

/// Every figure, in the order in which a reader wants them.
pub const SWEEP_FIGURES: &[SweepFigure] = &[
    SweepFigure {
        name: "goodput",
        title: "Goodput",
        label: "requests that succeeded",
        column: "requests.goodput_rps",
        logarithmic: false,
        mapped: true,
    },
    SweepFigure {
        name: "success",
        title: "Success ratio",
        label: "share of finished requests that succeeded",
        column: "requests.succeeded_ratio",
        logarithmic: false,
        mapped: true,
    },
    SweepFigure {
        name: "latency-p50",
        title: "Median latency",
        label: "p50 of successes",
        column: "latency.p50",
        logarithmic: true,
        mapped: false,
    },
    SweepFigure {
        name: "latency-p99",
        title: "99th percentile of latency",
        label: "p99 of successes",
        column: "latency.p99",
        logarithmic: true,
        mapped: true,
    },
    SweepFigure {
        name: "users",
        title: "Users affected",
        label: "share of active users of whom a request failed or was too slow",
        column: "users.affected_ratio",
        logarithmic: false,
        mapped: true,
    },
    SweepFigure {
        name: "amplification",
        title: "Amplification",
        label: "attempts per request",
        column: "requests.amplification",
        logarithmic: false,
        mapped: false,
    },
];

/// Every picture of a sweep by the name of its files; figures that no point has are left out.
pub fn draw_all(result: &SweepResult) -> Vec<(String, Picture)> {
    let mut pictures = Vec::new();
    for figure in SWEEP_FIGURES {
        let Some(column) = shape::column(result, figure.column) else { continue };
        let name = figure.name.to_owned();
        if let Some(&axis) = shape::numeric_axes(result).first() {
            pictures.push((name, curves::draw(result, figure, column, axis)));
        }
    }
    pictures
}

/// What reproduces the pictures.
fn provenance(result: &SweepResult) -> String {
    format!(
        "scenario {} · seed {} · misroute {}",
        result.scenario.digest, result.seed, result.version
    )
}

/// What the points are.
fn what(result: &SweepResult) -> String {
    let replications = shape::replications(result);
    if result.points.iter().any(|point| point.replications > 1) {
        format!("means with 95% intervals · {replications}")
    } else {
        replications
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::inspect::{texts_are_apart, well_formed};
    use crate::report::plot::render;
    use crate::report::sweep::sample;

    fn samples() -> Vec<SweepResult> {
        vec![sample::algorithms(), sample::words_only(), sample::two_numbers()]
    }

    #[test]
    fn no_text_of_any_figure_lies_on_another() {
        for result in samples() {
            for (name, picture) in draw_all(&result) {
                texts_are_apart(&picture).unwrap_or_else(|why| panic!("{name}: {why}"));
                well_formed(&render::svg(&picture)).unwrap_or_else(|why| panic!("{name}: {why}"));
            }
        }
    }

    /// Tests cannot tell whether a picture is good.
    #[test]
    #[ignore = "writes pictures into the directory MISROUTE_PICTURES, to look at"]
    fn pictures_to_look_at() {
        let Some(directory) = std::env::var_os("MISROUTE_PICTURES") else { return };
        for (index, result) in samples().iter().enumerate() {
            for (name, picture) in draw_all(result) {
                let path = std::path::Path::new(&directory).join(format!("{index}-{name}.png"));
                render::write_png(&picture, &path).unwrap();
            }
        }
    }
}
