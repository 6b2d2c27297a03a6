//! Pictures of a run: one figure a file, and one table of them.
//!
//! Each figure is drawn once, as shapes, and written as SVG (800 by 450 points) and PNG (1600 by 900
//! pixels). The fonts are embedded, so a machine without any shows the same.

mod axis;
mod chart;
mod coarse;
mod colors;
mod dots;
mod frame;
pub mod graph;
mod heat;
#[cfg(test)]
mod inspect;
mod latency;
mod markers;
mod palette;
mod picture;
mod render;
mod requests;
mod scatter;
mod shade;
mod share;
pub mod sweep;
mod users;

use super::ReportError;
use super::files::Batch;
use crate::observe::result::RunResult;
pub use picture::Picture;
use std::path::{Path, PathBuf};

/// A kind of picture.
pub struct Figure {
    /// Name of its files, without the ending.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    draw: fn(&RunResult) -> Picture,
}

/// Every figure, in the order in which a reader wants them.
pub const FIGURES: &[Figure] = &[
    Figure { name: "goodput", title: requests::TITLE, draw: requests::draw },
    Figure { name: "latency", title: latency::TITLE, draw: latency::draw },
    Figure { name: "share", title: share::TITLE, draw: share::draw },
    Figure { name: "users", title: users::TITLE, draw: users::draw },
];

impl Figure {
    /// The figure as an SVG document.
    pub fn svg(&self, result: &RunResult) -> String {
        render::svg(&(self.draw)(result))
    }
}

impl Picture {
    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        render::svg(self)
    }
}

/// Adds `NAME.svg` and `NAME.png` in a directory that exists.
pub(crate) fn add(
    figure: &Figure,
    result: &RunResult,
    directory: &Path,
    batch: &mut Batch,
) -> Result<(), ReportError> {
    add_picture(figure.name, &(figure.draw)(result), directory, batch)
}

/// Adds a picture as `NAME.svg` and `NAME.png` in a directory that exists.
pub(crate) fn add_picture(
    name: &str,
    picture: &Picture,
    directory: &Path,
    batch: &mut Batch,
) -> Result<(), ReportError> {
    let path = |ending: &str| directory.join(format!("{name}.{ending}"));
    batch.add(&path("svg"), render::svg(picture).as_bytes())?;
    batch.add_with(&path("png"), |part| render::write_png(picture, part))
}

/// Writes every figure into a directory that exists; answers the files, in order.
pub fn write_all(result: &RunResult, directory: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut batch = Batch::default();
    for figure in FIGURES {
        add(figure, result, directory, &mut batch)?;
    }
    batch.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::result::{Figures, Happening, HappeningKind, Series};
    use crate::report::sample;
    use inspect::{texts_are_apart, well_formed};
    use proptest::prelude::*;

    fn samples() -> [RunResult; 4] {
        [sample::outage(), sample::minute(), sample::dead(), sample::twenty()]
    }

    #[test]
    fn no_text_of_any_figure_lies_on_another() {
        for result in samples() {
            for figure in FIGURES {
                texts_are_apart(&(figure.draw)(&result)).unwrap_or_else(|why| {
                    panic!("{} of {}: {why}", figure.name, result.scenario.name)
                });
            }
        }
    }

    fn happenings() -> impl Strategy<Value = Vec<Happening>> {
        let kinds = [
            HappeningKind::Action,
            HappeningKind::AlertFired,
            HappeningKind::ActionEnded,
            HappeningKind::Adoption,
        ];
        let one = (0.0..8_400.0, prop::sample::select(kinds.to_vec()), "[a-zA-Z ]{0,60}");
        let one = one.prop_map(|(at, kind, name)| sample::happening(at, kind, &name, "adopts"));
        prop::collection::vec(one, 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn labels_of_random_markers_are_apart(happenings in happenings(), wall in any::<bool>()) {
            let mut result = sample::outage();
            result.series.rows.truncate(3);
            result.happenings = happenings;
            result.start = result.start.filter(|_| wall);
            let apart = texts_are_apart(&latency::draw(&result));
            prop_assert!(apart.is_ok(), "{:?}", apart);
        }
    }

    #[test]
    fn a_run_without_windows_users_or_backends_is_drawn_all_the_same() {
        let mut result = sample::minute();
        result.series = Series::default();
        result.figures = Figures::default();
        result.duration_s = 0.0;
        for figure in FIGURES {
            assert!(figure.svg(&result).contains("no "), "{} says why it is empty", figure.name);
        }
    }

    #[test]
    fn bitmaps_are_not_blank_and_show_the_colours_of_the_figure() {
        let picture = requests::draw(&sample::outage());
        let pixels = render::pixels(&picture);
        assert_eq!(pixels.len(), (render::PIXELS.0 * render::PIXELS.1 * 3) as usize);
        let share = |color: plotters::style::RGBColor| {
            let same = pixels.chunks_exact(3).filter(|p| **p == [color.0, color.1, color.2]);
            same.count() as f64 / (pixels.len() / 3) as f64
        };
        assert!((0.2..0.6).contains(&share(palette::WHITE)));
        assert!(share(palette::SKY) > 0.1 && share(palette::VERMILLION) > 0.1);
        assert!(share(palette::INK) > 0.005, "letters and lines");
    }

    #[test]
    fn svg_is_well_formed_and_asks_for_no_other_font() {
        let mut result = sample::outage();
        result.scenario.name = "<b>&\"'\u{7}".into();
        result.happenings[0].subject = "a < b & c".into();
        for figure in FIGURES {
            let svg = figure.svg(&result);
            well_formed(&svg).unwrap_or_else(|why| panic!("{}: {why}", figure.name));
            assert!(
                svg.starts_with("<svg width=\"800\" height=\"450\" viewBox="),
                "{}",
                &svg[..80]
            );
            assert!(svg.contains("a &lt; b &amp; c") && !svg.contains('\u{7}'));
            let fonts: Vec<&str> = svg.split("font-family=\"").skip(1).collect();
            assert!(!fonts.is_empty() && fonts.iter().all(|font| font.starts_with("sans-serif\"")));
        }
    }
}
