//! A heat map: a figure over two axes of numbers, one coloured cell for each pair of values; several
//! panels share one scale of colours.
//!
//! Cells are equally large whatever the distances of the values, as the cells of a table are.

use super::colors::{self, Colors};
use super::frame::{self, LABEL_SIZE, MARGIN};
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Point, Rect, WIDTH};
use super::shade;
use crate::observe::metric::Unit;
use crate::report::quantity;

/// Cells in colours.
#[derive(Clone, Debug)]
pub(super) struct HeatMap {
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
    /// What stands below.
    pub(super) x: Side,
    /// What stands on the left, from the bottom up.
    pub(super) y: Side,
    /// At most [`MOST_PANELS`].
    pub(super) panels: Vec<Panel>,
    /// Small print: what the reader must know.
    pub(super) left_note: String,
    /// Small print: what reproduces it.
    pub(super) right_note: String,
}

/// An axis of cells.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// What it is.
    pub(super) label: String,
    /// One per cell.
    pub(super) values: Vec<String>,
}

/// One map.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// What sets it apart; empty if it is the only one.
    pub(super) name: String,
    /// Row by row from the bottom, each as long as `x` has values.
    pub(super) cells: Vec<Option<f64>>,
}

/// More panels than this are too small.
pub(super) const MOST_PANELS: usize = 4;

const VALUE_SIZE: f64 = 11.0;
/// Between panels, points.
const GAP: f64 = 14.0;
const NAME_ROW: f64 = 18.0;
/// Labels of rows are at most so wide, points.
const ROW_ROOM: f64 = 110.0;

impl HeatMap {
    fn cell(&self, panel: &Panel, column: usize, row: usize) -> Option<f64> {
        let cell = panel.cells.get(row * self.x.values.len() + column).copied().flatten();
        cell.filter(|&value| colors::shows(self.logarithmic, value))
    }
}

/// Draws it.
pub(super) fn draw(map: &HeatMap) -> Picture {
    let mut picture =
        Picture { title: format!("{}: {}", map.title, map.subtitle), ..Picture::default() };
    frame::draw_title(&mut picture, &map.title, &map.subtitle);
    frame::draw_notes(&mut picture, &map.left_note, &map.right_note);
    let cells = map.x.values.len() * map.y.values.len();
    let values: Vec<Option<f64>> = map
        .panels
        .iter()
        .flat_map(|panel| (0..cells).map(|index| panel.cells.get(index).copied().flatten()))
        .collect();
    let colors = Colors::of(map.unit, map.logarithmic, &values);
    colors.head(&mut picture, &map.y.label, &map.label);
    let rows: Vec<String> = map
        .y
        .values
        .iter()
        .map(|value| picture::shorten(value, LABEL_SIZE, false, ROW_ROOM))
        .collect();
    let left = MARGIN + 7.0 + frame::widest(rows.iter(), LABEL_SIZE);
    let (top, bottom) = (colors::TOP, HEIGHT - 62.0);
    let whole = Rect { left, top, right: colors.left() - 20.0, bottom };
    let places = places(whole, map.panels.len(), map.panels.iter().any(|p| !p.name.is_empty()));
    let mut canvas = Canvas { picture, map, colors, rows };
    for (index, (panel, place)) in map.panels.iter().zip(&places).enumerate() {
        canvas.cells(panel, *place);
        let first_of_row = index % columns(map.panels.len()) == 0;
        let last_of_column = index + columns(map.panels.len()) >= map.panels.len();
        canvas.labels(panel, *place, first_of_row, last_of_column);
    }
    canvas.colors.bar(&mut canvas.picture, bottom);
    let middle = f64::midpoint(whole.left, whole.right);
    let words = picture::shorten(&map.x.label, LABEL_SIZE, false, WIDTH / 2.0);
    canvas.label((middle, bottom + 36.0), Anchor::Middle, words);
    canvas.picture
}

/// Panels beside each other.
fn columns(panels: usize) -> usize {
    if panels > 1 { 2 } else { 1 }
}

/// Where the cells of each panel go.
fn places(whole: Rect, panels: usize, are_named: bool) -> Vec<Rect> {
    let columns = columns(panels);
    let rows = panels.div_ceil(columns).max(1);
    let name = if are_named { NAME_ROW } else { 0.0 };
    let width = (whole.right - whole.left + GAP) / columns as f64 - GAP;
    let height = (whole.bottom - whole.top + GAP) / rows as f64 - GAP;
    (0..panels)
        .map(|index| {
            let left = whole.left + (index % columns) as f64 * (width + GAP);
            let top = whole.top + (index / columns) as f64 * (height + GAP);
            Rect { left, top: top + name, right: left + width, bottom: top + height }
        })
        .collect()
}

struct Canvas<'a> {
    picture: Picture,
    map: &'a HeatMap,
    colors: Colors,
    rows: Vec<String>,
}

impl Canvas<'_> {
    fn label(&mut self, at: Point, anchor: Anchor, words: String) {
        self.picture.text(frame::label(at, anchor, words, LABEL_SIZE, palette::MUTED));
    }

    fn cell_place(&self, place: Rect, column: usize, row: usize) -> Rect {
        let width = (place.right - place.left) / self.map.x.values.len() as f64;
        let height = (place.bottom - place.top) / self.map.y.values.len() as f64;
        let left = place.left + column as f64 * width;
        let bottom = place.bottom - row as f64 * height;
        Rect { left, top: bottom - height, right: left + width, bottom }
    }

    /// The cells, with their values if all of them have room.
    fn cells(&mut self, panel: &Panel, place: Rect) {
        let (columns, rows) = (self.map.x.values.len(), self.map.y.values.len());
        let value = |column, row| self.map.cell(panel, column, row);
        let all = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let all: Vec<(usize, usize)> = all.collect();
        let words = |value: f64| quantity::show(self.map.unit, value);
        let shown = all.iter().filter_map(|&(column, row)| value(column, row)).map(words);
        let shown: Vec<String> = shown.collect();
        let widest = frame::widest(shown.iter(), VALUE_SIZE);
        let size = self.cell_place(place, 0, 0);
        let has_room =
            size.right - size.left >= widest + 8.0 && size.bottom - size.top >= VALUE_SIZE + 6.0;
        for &(column, row) in &all {
            let cell = self.cell_place(place, column, row);
            let Some(value) = value(column, row) else {
                colors::hatch(&mut self.picture, cell);
                continue;
            };
            let share = self.colors.share(value);
            self.picture.area(cell.corners(), shade::color(share));
            if has_room {
                let at = (
                    f64::midpoint(cell.left, cell.right),
                    f64::midpoint(cell.top, cell.bottom) + 0.365 * VALUE_SIZE,
                );
                let is_dark = shade::lightness(share) < 58.0;
                let color = if is_dark { palette::WHITE } else { palette::INK };
                let text = frame::label(at, Anchor::Middle, words(value), VALUE_SIZE, color);
                self.picture.text(text);
            }
        }
    }

    fn labels(&mut self, panel: &Panel, place: Rect, rows: bool, columns: bool) {
        if !panel.name.is_empty() {
            let room = place.right - place.left;
            let words = picture::shorten(&panel.name, LABEL_SIZE, false, room);
            let at = (place.left, place.top - 5.0);
            let text = frame::label(at, Anchor::Start, words, LABEL_SIZE, palette::INK);
            self.picture.text(text);
        }
        if rows {
            let cell = self.cell_place(place, 0, 0);
            let stride = (16.0 / (cell.bottom - cell.top).max(1e-9)).ceil().max(1.0) as usize;
            for (row, words) in self.rows.clone().into_iter().enumerate().step_by(stride) {
                let cell = self.cell_place(place, 0, row);
                let y = f64::midpoint(cell.top, cell.bottom) + 0.365 * LABEL_SIZE;
                self.label((place.left - 7.0, y), Anchor::End, words);
            }
        }
        if columns {
            for (words, middle) in self.column_labels(place) {
                self.label((middle, place.bottom + 17.0), Anchor::Middle, words);
            }
        }
    }

    /// As many of the columns' labels as have room, and where their middles are.
    fn column_labels(&self, place: Rect) -> Vec<(String, f64)> {
        let room = place.right - place.left;
        let label = |(column, value): (usize, &String)| {
            let cell = self.cell_place(place, column, 0);
            let words = picture::shorten(value, LABEL_SIZE, false, room);
            let half = picture::width(&words, LABEL_SIZE, false) / 2.0;
            let middle = f64::midpoint(cell.left, cell.right);
            (words, middle.min(place.right - half).max(place.left + half), half)
        };
        let all: Vec<(String, f64, f64)> =
            self.map.x.values.iter().enumerate().map(label).collect();
        let are_apart = |stride: usize| {
            let shown: Vec<&(String, f64, f64)> = all.iter().step_by(stride).collect();
            shown.windows(2).all(|pair| pair[0].1 + pair[0].2 + 8.0 <= pair[1].1 - pair[1].2)
        };
        let stride = (1..=all.len()).find(|&stride| are_apart(stride)).unwrap_or(1);
        all.into_iter().step_by(stride).map(|(words, middle, _)| (words, middle)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::inspect::texts_are_apart;
    use crate::report::plot::picture::Shape;
    use plotters::style::RGBColor;
    use proptest::prelude::*;

    fn side(label: &str, values: &[&str]) -> Side {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Side { label: label.into(), values }
    }

    fn map(cells: Vec<Option<f64>>) -> HeatMap {
        HeatMap {
            title: "Success ratio".into(),
            subtitle: "two-of-five".into(),
            label: "share".into(),
            unit: Unit::Ratio,
            logarithmic: false,
            x: side("load", &["half", "whole", "more"]),
            y: side("timeout", &["1s", "2s"]),
            panels: vec![Panel { name: String::new(), cells }],
            left_note: String::new(),
            right_note: String::new(),
        }
    }

    /// The areas of a colour.
    fn areas(picture: &Picture, wanted: RGBColor) -> Vec<&[Point]> {
        let is = |shape: &'_ Shape| matches!(shape, Shape::Area { color, .. } if *color == wanted);
        picture.shapes.iter().filter(|shape| is(shape)).filter_map(Shape::points).collect()
    }

    /// Where a text is.
    fn at(picture: &Picture, words: &str) -> Point {
        let found = picture.texts().find(|text| text.words == words);
        found.unwrap_or_else(|| panic!("no text {words}")).at
    }

    #[test]
    fn a_cell_lies_at_its_values_and_has_the_colour_of_its_own() {
        let cells = [1.0, 0.9, 0.5, 1.0, 0.2, 0.0];
        let picture = draw(&map(cells.map(Some).to_vec()));
        // The least and the greatest are the ends of the scale; the bar has neither exactly.
        let lowest = areas(&picture, shade::color(0.0));
        assert_eq!(lowest.len(), 1);
        let x = at(&picture, "more").0;
        let y = at(&picture, "2s").1;
        assert!(
            lowest[0][0].0 < x && x < lowest[0][1].0 && lowest[0][0].1 < y && y < lowest[0][2].1
        );
        assert_eq!(areas(&picture, shade::color(1.0)).len(), 2);
        // The cell of 90% says so, in its column.
        let (label, column) = (at(&picture, "90.0%"), at(&picture, "whole"));
        assert!((label.0 - column.0).abs() < 1e-6);
        texts_are_apart(&picture).unwrap();
    }

    #[test]
    fn a_cell_without_a_value_is_hatched_and_explained() {
        let whole = draw(&map(vec![Some(0.5); 6]));
        assert!(areas(&whole, palette::BLANK).is_empty());
        let mut cells = vec![Some(0.5); 6];
        cells[4] = None;
        let picture = draw(&map(cells));
        assert_eq!(areas(&picture, palette::BLANK).len(), 2, "the cell and the key");
        assert!(picture.texts().any(|text| text.words == "nothing observed"));
        texts_are_apart(&picture).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn texts_of_random_maps_are_apart(
            values in prop::collection::vec(prop::option::of(-1e4..1e7), 1..200),
            (columns, rows, panels) in (1..30_usize, 1..30_usize, 1..=MOST_PANELS),
            (x, y) in ("[a-z.]{0,40}", "[a-z.]{0,40}"),
            name in "[a-z0-9%]{0,30}",
            logarithmic in any::<bool>(),
        ) {
            let cells: Vec<Option<f64>> =
                values.iter().copied().cycle().take(columns * rows).collect();
            let side = |label: &str, n: usize| Side {
                label: label.into(),
                values: (0..n).map(|index| format!("{index}{name}")).collect(),
            };
            let map = HeatMap {
                unit: Unit::Milliseconds,
                logarithmic,
                x: side(&x, columns),
                y: side(&y, rows),
                label: name.repeat(2),
                panels: vec![Panel { name: y.clone(), cells }; panels],
                left_note: x.repeat(4),
                right_note: y.repeat(4),
                ..map(Vec::new())
            };
            let apart = texts_are_apart(&draw(&map));
            prop_assert!(apart.is_ok(), "{:?}", apart);
        }
    }
}
