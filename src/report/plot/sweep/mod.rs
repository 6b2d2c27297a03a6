//! Pictures of a sweep: degradation curves, heat maps, and values side by side; one table of them.

mod curves;
mod maps;
mod rows;

use super::picture::Picture;
use crate::experiment::column::HEADLINES;
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::observe::metric::Unit;
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
        label: "share of users with a request that failed or was slow",
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

/// A figure of a sweep that has it.
struct Drawn<'a> {
    name: String,
    title: &'a str,
    label: &'a str,
    /// Position of its column.
    column: usize,
    logarithmic: bool,
    mapped: bool,
}

/// The figures of the table, then those that were asked for by name; what no point has is left out.
fn drawn(result: &SweepResult) -> Vec<Drawn<'_>> {
    let of_table = SWEEP_FIGURES.iter().filter_map(|figure| {
        Some(Drawn {
            name: figure.name.to_owned(),
            title: figure.title,
            label: figure.label,
            column: shape::column(result, figure.column)?,
            logarithmic: figure.logarithmic,
            mapped: figure.mapped,
        })
    });
    let asked = result.columns.iter().enumerate().filter(|(_, column)| {
        !HEADLINES.contains(&column.name.as_str()) && !column.name.starts_with("expect.")
    });
    let of_names = asked.map(|(index, column)| Drawn {
        name: file_name(&column.name),
        title: &column.name,
        label: "",
        column: index,
        logarithmic: column.unit == Unit::Milliseconds,
        mapped: true,
    });
    let is_known = |figure: &Drawn<'_>| {
        let known =
            |point: &PointResult| point.figures.get(figure.column).is_some_and(Option::is_some);
        result.points.iter().any(known)
    };
    of_table.chain(of_names).filter(is_known).collect()
}

/// A metric's name as the name of a file, whatever its backends are called.
fn file_name(metric: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    metric.chars().map(plain).collect()
}

/// Every picture of a sweep by the name of its files.
pub fn draw_all(result: &SweepResult) -> Vec<(String, Picture)> {
    let numeric = shape::numeric_axes(result);
    // Of points scattered over two axes no two share a line, or a row of a map.
    let is_scattered = numeric.len() > 1
        && shape::groups(result, &numeric[..1]).iter().all(|(_, points)| points.len() < 2);
    let mut pictures = Vec::new();
    for figure in drawn(result) {
        let name = figure.name.clone();
        match numeric[..] {
            [] => pictures.push((name, rows::draw(result, &figure))),
            [across, up, ..] if is_scattered => {
                pictures.push((name, maps::scattered(result, &figure, (across, up))));
            }
            [along] => pictures.push((name, curves::draw(result, &figure, along))),
            [across, up, ..] => {
                pictures.push((name.clone(), curves::draw(result, &figure, across)));
                if figure.mapped {
                    let map = maps::draw(result, &figure, (across, up));
                    pictures.push((format!("{name}-map"), map));
                }
            }
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
    use crate::report::plot::frame::LABEL_SIZE;
    use crate::report::plot::inspect::{texts_are_apart, well_formed};
    use crate::report::plot::palette;
    use crate::report::plot::picture::{Point, Shape};
    use crate::report::plot::render;
    use crate::report::sweep::sample;

    fn samples() -> Vec<SweepResult> {
        let mut gaps = sample::two_numbers();
        gaps.points.retain(|point| point.index % 7 != 3);
        let four = sample::four_systems();
        let scattered = sample::scattered();
        let algorithms = sample::algorithms();
        vec![algorithms, sample::words_only(), sample::two_numbers(), gaps, four, scattered]
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

    fn names(result: &SweepResult) -> Vec<String> {
        draw_all(result).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_is_drawn_follows_from_the_axes() {
        let plain: Vec<&str> = SWEEP_FIGURES.iter().map(|figure| figure.name).collect();
        assert_eq!(names(&sample::algorithms()), plain);
        assert_eq!(names(&sample::words_only()), plain);
        assert_eq!(names(&sample::scattered()), plain);
        let maps = ["goodput-map", "success-map", "latency-p99-map", "users-map"];
        let with_maps = names(&sample::two_numbers());
        assert!(maps.iter().all(|map| with_maps.iter().any(|name| name == map)));
        assert_eq!(with_maps.len(), plain.len() + maps.len());
    }

    #[test]
    fn a_metric_that_was_asked_for_is_drawn_and_what_no_point_has_is_not() {
        let mut result = sample::algorithms();
        result.columns[4].name = "backends.a/b.share".into();
        let p99 = shape::column(&result, "latency.p99").unwrap();
        for point in &mut result.points {
            point.figures[p99] = None;
        }
        let names = names(&result);
        assert!(names.iter().any(|name| name == "backends-a-b-share"));
        assert!(names.iter().all(|name| name != "latency-p99"));
    }

    #[test]
    fn curves_lie_at_the_values_of_the_points() {
        let result = sample::algorithms();
        let (_, picture) = draw_all(&result).swap_remove(1);
        let tick = |words: &str| {
            let (x, baseline) = picture.texts().find(|text| text.words == words).unwrap().at;
            (x, baseline - 0.365 * LABEL_SIZE)
        };
        let strokes: Vec<Vec<Point>> = picture
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Line { points, color, .. } if *color == palette::CURVES[0] => {
                    Some(points.clone())
                }
                _ => None,
            })
            .collect();
        // The success ratio of round robin is 1 up to 100% and 9/11 at 110%: see sample::figures.
        let curve = &strokes[1];
        let (zero, fifth) = (tick("0").1, tick("20%").1);
        let share = |point: Point| (zero - point.1) / (zero - fifth) / 5.0;
        assert_eq!(curve.len(), 11);
        assert!(
            (share(curve[5]) - 1.0).abs() < 1e-6 && (share(curve[6]) - 9.0 / 11.0).abs() < 1e-6
        );
        assert!((curve[9].0 - tick("140%").0).abs() < 1e-6);
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
