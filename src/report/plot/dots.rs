//! Values side by side: one row for each, a dot with its interval, and the figure in words.
//!
//! Dots instead of bars, because their axis need not begin at zero, and differences can be seen.

use super::axis::{self, ValueAxis};
use super::frame::{self, LABEL_SIZE, MARGIN};
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Rect, WIDTH};
use crate::experiment::statistics::Estimate;
use crate::observe::metric::Unit;
use crate::report::quantity;

/// Rows of estimates.
#[derive(Clone, Debug)]
pub(super) struct Dots {
    /// What it shows.
    pub(super) title: String,
    /// Of what.
    pub(super) subtitle: String,
    /// What the axis measures.
    pub(super) label: String,
    /// How values are written.
    pub(super) unit: Unit,
    /// Whether equal distances are equal factors.
    pub(super) logarithmic: bool,
    /// From the top; more than [`MOST_ROWS`] have no room.
    pub(super) rows: Vec<(String, Option<Estimate>)>,
    /// Small print: what the reader must know.
    pub(super) left_note: String,
    /// Small print: what reproduces it.
    pub(super) right_note: String,
}

/// As many rows have room.
pub(super) const MOST_ROWS: usize = 20;

const TOP: f64 = 64.0;
const BOTTOM: f64 = HEIGHT - 62.0;
/// Rows are at most so high, points.
const ROW: f64 = 52.0;
/// Names are at most so wide, points.
const NAME_ROOM: f64 = 260.0;
const RADIUS: f64 = 4.0;

impl Dots {
    /// The ends of what a row shows, if it has a place on the axis.
    fn ends(&self, estimate: &Estimate) -> Option<(f64, f64)> {
        let Estimate { mean, low, high, .. } = *estimate;
        let fits = mean.is_finite() && (!self.logarithmic || mean > 0.0);
        // An interval that reaches zero must not make the scale endless.
        let least = if self.logarithmic { mean / 5.0 } else { f64::MIN };
        fits.then(|| (low.unwrap_or(mean).max(least), high.unwrap_or(mean)))
    }

    fn axis(&self, most: usize) -> ValueAxis {
        let ends = self.rows.iter().filter_map(|(_, estimate)| self.ends(estimate.as_ref()?));
        let whole = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let nothing = if self.logarithmic { (10.0, 1_000.0) } else { (0.0, 1.0) };
        axis::padded(self.unit, self.logarithmic, whole.unwrap_or(nothing), 0.04, most)
    }

    fn written(&self, estimate: Option<&Estimate>) -> String {
        estimate.map_or_else(
            || "nothing observed".into(),
            |estimate| quantity::show_within(self.unit, estimate.mean, estimate.half_width()),
        )
    }
}

/// Draws it.
pub(super) fn draw(dots: &Dots) -> Picture {
    let mut picture =
        Picture { title: format!("{}: {}", dots.title, dots.subtitle), ..Picture::default() };
    frame::draw_title(&mut picture, &dots.title, &dots.subtitle);
    frame::draw_notes(&mut picture, &dots.left_note, &dots.right_note);
    let rows: Vec<&(String, Option<Estimate>)> = dots.rows.iter().take(MOST_ROWS).collect();
    let names: Vec<String> =
        rows.iter().map(|(name, _)| picture::shorten(name, LABEL_SIZE, false, NAME_ROOM)).collect();
    let values: Vec<String> =
        rows.iter().map(|(_, estimate)| dots.written(estimate.as_ref())).collect();
    let height = ((BOTTOM - TOP) / rows.len().max(1) as f64).min(ROW);
    let plot = Rect {
        left: MARGIN + frame::widest(names.iter(), LABEL_SIZE) + 12.0,
        top: TOP,
        right: WIDTH - MARGIN - frame::widest(values.iter(), LABEL_SIZE) - 12.0,
        bottom: TOP + height * rows.len().max(1) as f64,
    };
    let axis = dots.axis(6);
    let place = |value: f64| plot.left + axis.fraction(value) * (plot.right - plot.left);
    let text = |picture: &mut Picture, at, anchor, words, color| {
        picture.text(frame::label(at, anchor, words, LABEL_SIZE, color));
    };
    for tick in frame::fitting(|most| dots.axis(most).ticks, place) {
        let x = place(tick.at);
        picture.line(vec![(x, plot.top), (x, plot.bottom)], palette::GRID, 1.0);
        let at = (frame::kept_inside(x, frame::label_width(&tick)), plot.bottom + 17.0);
        text(&mut picture, at, Anchor::Middle, tick.label, palette::MUTED);
    }
    let base = vec![(plot.left, plot.bottom), (plot.right, plot.bottom)];
    picture.line(base, palette::MUTED, 1.0);
    let scale = if dots.logarithmic { ", logarithmic" } else { "" };
    let words = format!("{}{scale}", dots.label);
    let words = picture::shorten(&words, LABEL_SIZE, false, WIDTH - 2.0 * MARGIN);
    let middle = f64::midpoint(plot.left, plot.right);
    let middle = frame::kept_inside(middle, picture::width(&words, LABEL_SIZE, false));
    text(&mut picture, (middle, plot.bottom + 36.0), Anchor::Middle, words, palette::MUTED);
    for (index, (_, estimate)) in rows.into_iter().enumerate() {
        let y = plot.top + (index as f64 + 0.5) * height;
        let baseline = y + 0.365 * LABEL_SIZE;
        let (name, value) = (names[index].clone(), values[index].clone());
        text(&mut picture, (MARGIN, baseline), Anchor::Start, name, palette::INK);
        let at = (WIDTH - MARGIN, baseline);
        text(&mut picture, at, Anchor::End, value, palette::MUTED);
        picture.line(vec![(plot.left, y), (plot.right, y)], palette::GRID, 1.0);
        let Some(estimate) = estimate else { continue };
        let Some((low, high)) = dots.ends(estimate) else { continue };
        picture.line(vec![(place(low), y), (place(high), y)], palette::BLUE, 3.0);
        picture.disc((place(estimate.mean), y), RADIUS, palette::BLUE);
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::inspect::texts_are_apart;
    use crate::report::plot::picture::Shape;
    use proptest::prelude::*;

    fn dots(rows: Vec<(String, Option<Estimate>)>) -> Dots {
        Dots {
            title: "Goodput by balancer.algorithm".into(),
            subtitle: "two-of-five".into(),
            label: "goodput".into(),
            unit: Unit::Rate,
            logarithmic: false,
            rows,
            left_note: String::new(),
            right_note: String::new(),
        }
    }

    fn estimate(mean: f64, half: f64) -> Estimate {
        Estimate { mean, low: Some(mean - half), high: Some(mean + half), n: 10 }
    }

    #[test]
    fn dots_and_intervals_lie_where_the_ticks_say() {
        let rows = [("random", 400.0, 100.0), ("first", 200.0, 50.0)];
        let rows = rows.map(|(name, mean, half)| (name.to_owned(), Some(estimate(mean, half))));
        let picture = draw(&dots(rows.to_vec()));
        let tick = |words: &str| picture.texts().find(|text| text.words == words).unwrap().at.0;
        let unit = (tick("400/s") - tick("200/s")) / 200.0;
        let discs: Vec<(f64, f64)> = picture
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Disc { center, .. } => Some(*center),
                _ => None,
            })
            .collect();
        assert!((discs[0].0 - tick("400/s")).abs() < 1e-6 && discs[0].1 < discs[1].1);
        assert!((discs[1].0 - tick("200/s")).abs() < 1e-6);
        let interval = picture.shapes.iter().find_map(|shape| match shape {
            Shape::Line { points, color, .. } if *color == palette::BLUE => Some(points.clone()),
            _ => None,
        });
        let interval = interval.unwrap();
        assert!((interval[1].0 - interval[0].0 - 200.0 * unit).abs() < 1e-6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn texts_of_random_rows_are_apart(
            rows in prop::collection::vec(
                ("[a-zA-Z0-9, =%]{0,70}", prop::option::of((-1e3..1e7, 0.0..1e4))),
                0..30,
            ),
            logarithmic in any::<bool>(),
            label in "[a-z ]{0,120}",
        ) {
            let rows = rows
                .into_iter()
                .map(|(name, value)| (name, value.map(|(mean, half)| estimate(mean, half))))
                .collect();
            let dots = Dots { logarithmic, unit: Unit::Milliseconds, label, ..dots(rows) };
            let apart = texts_are_apart(&draw(&dots));
            prop_assert!(apart.is_ok(), "{:?}", apart);
        }
    }
}
