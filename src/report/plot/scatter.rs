//! A figure over two axes of numbers whose points make no grid: a coloured dot for each.

use super::axis::{self, ValueAxis};
use super::colors::{self, Colors};
use super::frame::{self, LABEL_SIZE, MARGIN};
use super::graph::{Numbers, Scale};
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Rect, WIDTH};
use super::shade;
use crate::observe::metric::Unit;

/// Dots in colours.
#[derive(Clone, Debug)]
pub(super) struct Scatter {
    /// What it shows.
    pub(super) title: String,
    /// Of what.
    pub(super) subtitle: String,
    /// What the colours measure.
    pub(super) label: String,
    /// How values are written.
    pub(super) unit: Unit,
    /// Whether equal steps of colour are equal factors.
    pub(super) logarithmic: bool,
    /// Along the lower edge.
    pub(super) x: Scale,
    /// Along the left edge.
    pub(super) y: Scale,
    /// Where each is, and its value.
    pub(super) dots: Vec<(f64, f64, Option<f64>)>,
    /// Small print: what the reader must know.
    pub(super) left_note: String,
    /// Small print: what reproduces it.
    pub(super) right_note: String,
}

const RADIUS: f64 = 6.5;

/// The axis that holds the values.
fn axis(scale: &Scale, values: impl Iterator<Item = f64>, most: usize) -> ValueAxis {
    let unit = match scale.unit {
        Numbers::Of(unit) => unit,
        Numbers::Time(_) => Unit::Instant,
    };
    let range = values.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    axis::padded(unit, scale.logarithmic, range.unwrap_or((1.0, 2.0)), 0.04, most)
}

/// Draws it.
pub(super) fn draw(scatter: &Scatter) -> Picture {
    let mut picture =
        Picture { title: format!("{}: {}", scatter.title, scatter.subtitle), ..Picture::default() };
    frame::draw_title(&mut picture, &scatter.title, &scatter.subtitle);
    frame::draw_notes(&mut picture, &scatter.left_note, &scatter.right_note);
    let has_place = |&&(x, y, _): &&(f64, f64, Option<f64>)| {
        colors::shows(scatter.x.logarithmic, x) && colors::shows(scatter.y.logarithmic, y)
    };
    let dots: Vec<&(f64, f64, Option<f64>)> = scatter.dots.iter().filter(has_place).collect();
    let values: Vec<Option<f64>> = dots.iter().map(|dot| dot.2).collect();
    let colors = Colors::of(scatter.unit, scatter.logarithmic, &values);
    colors.head(&mut picture, &scatter.y.label, &scatter.label);
    let y_axis = axis(&scatter.y, dots.iter().map(|dot| dot.1), 7);
    let x_axis = |most| axis(&scatter.x, dots.iter().map(|dot| dot.0), most);
    let labels = y_axis.ticks.iter().map(|tick| &tick.label);
    let left = MARGIN + 7.0 + frame::widest(labels, LABEL_SIZE);
    let right = colors.left() - 20.0;
    let plot = Rect { left, top: colors::TOP, right, bottom: HEIGHT - 62.0 };
    let x = x_axis(8);
    let place_x = |at: f64| plot.left + x.fraction(at) * (plot.right - plot.left);
    let place_y = |at: f64| plot.bottom - y_axis.fraction(at) * (plot.bottom - plot.top);
    let write = |picture: &mut Picture, at, anchor, words: String| {
        picture.text(frame::label(at, anchor, words, LABEL_SIZE, palette::MUTED));
    };
    for tick in &y_axis.ticks {
        let y = place_y(tick.at);
        picture.line(vec![(plot.left, y), (plot.right, y)], palette::GRID, 1.0);
        let at = (plot.left - 7.0, y + 0.365 * LABEL_SIZE);
        write(&mut picture, at, Anchor::End, tick.label.clone());
    }
    for tick in frame::fitting(|most| x_axis(most).ticks, place_x) {
        let x = place_x(tick.at);
        picture.line(vec![(x, plot.top), (x, plot.bottom)], palette::GRID, 1.0);
        let at = (frame::kept_inside(x, frame::label_width(&tick)), plot.bottom + 17.0);
        write(&mut picture, at, Anchor::Middle, tick.label);
    }
    let words = picture::shorten(&scatter.x.label, LABEL_SIZE, false, WIDTH - 2.0 * MARGIN);
    let middle = f64::midpoint(plot.left, plot.right);
    let middle = frame::kept_inside(middle, picture::width(&words, LABEL_SIZE, false));
    write(&mut picture, (middle, plot.bottom + 36.0), Anchor::Middle, words);
    for &&(x, y, value) in &dots {
        let center = (place_x(x), place_y(y));
        picture.disc(center, RADIUS + 1.0, palette::MUTED);
        match value.filter(|&value| colors::shows(scatter.logarithmic, value)) {
            Some(value) => picture.disc(center, RADIUS, shade::color(colors.share(value))),
            None => picture.disc(center, RADIUS, palette::BLANK),
        }
    }
    colors.bar(&mut picture, plot.bottom);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::inspect::texts_are_apart;
    use crate::report::plot::picture::Shape;
    use proptest::prelude::*;

    fn scatter(dots: Vec<(f64, f64, Option<f64>)>) -> Scatter {
        Scatter {
            title: "Goodput".into(),
            subtitle: "two-of-five".into(),
            label: "requests that succeeded".into(),
            unit: Unit::Rate,
            logarithmic: false,
            x: Scale::linear("load", Unit::Ratio),
            y: Scale::logarithmic("clients.web.timeout", Unit::Milliseconds),
            dots,
            left_note: String::new(),
            right_note: String::new(),
        }
    }

    #[test]
    fn a_dot_lies_at_its_values_and_has_the_colour_of_its_own() {
        let dots = vec![(0.5, 100.0, Some(250.0)), (1.0, 1_000.0, Some(500.0)), (0.8, 500.0, None)];
        let picture = draw(&scatter(dots));
        let at = |words: &str| picture.texts().find(|text| text.words == words).unwrap().at;
        let discs: Vec<_> = picture
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Disc { center, color, .. } if *color != palette::MUTED => {
                    Some((*center, *color))
                }
                _ => None,
            })
            .collect();
        assert_eq!([discs[0].1, discs[1].1], [shade::color(0.0), shade::color(1.0)]);
        assert_eq!(discs[2].1, palette::BLANK);
        assert!((discs[1].0.0 - at("100%").0).abs() < 1e-6);
        assert!((discs[1].0.1 - (at("1 s").1 - 0.365 * LABEL_SIZE)).abs() < 1e-6);
        assert!((discs[0].0.1 - (at("100 ms").1 - 0.365 * LABEL_SIZE)).abs() < 1e-6);
        texts_are_apart(&picture).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn texts_of_random_dots_are_apart(
            dots in prop::collection::vec((-1e3..1e6, 0.0..1e6, prop::option::of(0.0..1e5)), 0..40),
            (x, y) in ("[a-z.]{0,120}", "[a-z.]{0,60}"),
            logarithmic in any::<bool>(),
        ) {
            let scatter = Scatter {
                logarithmic,
                label: y.repeat(2),
                x: Scale::linear(x, Unit::Number),
                y: Scale::logarithmic(y, Unit::Milliseconds),
                ..scatter(dots)
            };
            let apart = texts_are_apart(&draw(&scatter));
            prop_assert!(apart.is_ok(), "{:?}", apart);
        }
    }
}
